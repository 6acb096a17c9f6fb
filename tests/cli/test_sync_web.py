"""A sync host takes webhooks, too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from careline.errors import NotFound
from careline.plugin import Denied, Webhook
from careline.sync import SyncDesk


@pytest.fixture(params=["asyncio", "trio"])
def sync(
    desk: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncDesk]:
    monkeypatch.setenv("SHOP_SECRET", "a secret known to both")
    with (desk / "careline.toml").open("a", encoding="utf-8") as file:
        file.write('[channels.shop]\nkind = "relay"\nsecret = {env = "SHOP_SECRET"}\n')
    with SyncDesk(desk / "careline.toml", backend=request.param) as opened:
        yield opened


def test_plain_code_takes_webhooks_and_tells_how_the_desk_does(sync: SyncDesk) -> None:
    forged = Webhook("POST", "/care/shop", "", {}, b"{}", datetime.now(UTC))
    answer = sync.receive("relay", forged)
    assert isinstance(answer, Denied)
    with pytest.raises(NotFound, match="no channel of kind 'archive' takes webhooks here"):
        sync.receive("archive", forged)
    assert [one.account for one in sync.health().accounts] == ["history", "shop"]
