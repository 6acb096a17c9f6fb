"""X with Kim and Robin, and channels that speak to it: on asyncio and on trio."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from careline.plugin import Batch, Seen, Source
from careline.testing import FakeClock, MemoryContext
from careline_twitter.channel import TwitterChannel
from careline_twitter.config import TwitterConfig
from careline_twitter.sandbox import TOKENS, TwitterSandbox


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def x(anyio_backend: str, clock: FakeClock) -> AsyncIterator[TwitterSandbox]:
    async with TwitterSandbox(clock) as x:
        x.user("kim", name="Kim", followers=120)
        yield x


def config_of(x: TwitterSandbox, **more: Any) -> dict[str, Any]:
    """What an operator writes to speak to the sandbox."""
    return {
        "user_id": x.us.id,
        "handle": "@acme",
        "bearer": x.app.bearer,
        "consumer_key": x.app.consumer_key,
        "consumer_secret": x.app.consumer_secret,
        "access_token": TOKENS["oauth1"],
        "access_secret": TOKENS["oauth1_secret"],
        "base_url": x.base_url,
        **more,
    }


class Hand:
    """A channel, and how far its sources were heard."""

    def __init__(self, channel: TwitterChannel) -> None:
        self.channel, self.cursors = channel, dict[str, Any]()

    def source(self, name: str) -> Source:
        return next(one for one in self.channel.sources if one.name == name)

    async def page(self, name: str) -> Batch:
        batch = await self.channel.poll(self.source(name), self.cursors.get(name))
        self.cursors[name] = batch.cursor
        return batch

    async def items(self, name: str) -> list[Any]:
        """Poll until all is heard."""
        batch = await self.page(name)
        items = list(batch.items)
        while batch.more:
            batch = await self.page(name)
            items += batch.items
        return items

    async def texts(self, name: str) -> list[str]:
        found = await self.items(name)
        return [one.message.text for one in found if isinstance(one, Seen) and not one.context]


@pytest.fixture
async def hand(x: TwitterSandbox, clock: FakeClock) -> AsyncIterator[Callable[..., Any]]:
    """Opens a channel with a configuration of its own."""
    opened: list[TwitterChannel] = []
    states: dict[str, Any] = {}

    async def make(timer: FakeClock | None = None, **more: Any) -> Hand:
        luck = Random(len(opened))
        context = MemoryContext(clock=timer or clock, random=luck, states=states)
        channel = TwitterChannel(TwitterConfig(**config_of(x, **more)), context)
        await channel.open()
        opened.append(channel)
        return Hand(channel)

    yield make
    for channel in opened:
        await channel.close()


@pytest.fixture(scope="session")
def spec() -> Callable[[str], Any]:
    """Reads a file of the specifications, or skips the test and says what is missing."""

    def read(name: str) -> Any:
        beside = (folder / "shared" / "specs" for folder in Path(__file__).resolve().parents)
        found = next((one for one in beside if one.is_dir()), Path("no-specs"))
        path = Path(os.environ.get("CARELINE_SPECS", found)) / name
        if not path.is_file():
            pytest.skip(f"no {name} in ../shared/specs (CARELINE_SPECS names another folder)")
        return json.loads(path.read_text("utf-8"))

    return read
