"""X on a clock that a test moves, and Kim on it."""

from collections.abc import AsyncIterator

import pytest

from careline.testing import FakeClock
from careline_twitter.sandbox import TwitterSandbox


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def x(anyio_backend: str, clock: FakeClock) -> AsyncIterator[TwitterSandbox]:
    async with TwitterSandbox(clock) as x:
        x.user("kim", name="Kim", followers=120)
        yield x
