"""Each archive of real threads, heard once by the command line."""

import pytest

from .desks import ALL, Replay, data, open_desk


@pytest.fixture(scope="session", params=ALL)
def replay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """An archive, and the desk that has heard it once."""
    path = data(request.param)
    desk = open_desk(tmp_path_factory.mktemp(request.param), path)
    return Replay(request.param, path, desk, desk.run())
