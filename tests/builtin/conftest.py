"""A small stand-in for what the core hands to a plugin, and readers of an archive to its end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from careline.builtin.archive.channel import ArchiveChannel
from careline.plugin import Batch, Brand, Item

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIELDS = {"id": "id", "posted_at": "at", "text": "text"}


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class Log:
    def __init__(self) -> None:
        self.warnings: list[dict[str, Any]] = []

    def warning(self, event: str, **values: Any) -> None:
        self.warnings.append({"event": event, **values})


def _context(*handles: str) -> Any:
    brand = Brand(id="acme", name="Acme", handles=handles or ("@acme",))
    return SimpleNamespace(account="history", brand=brand, clock=Clock(), log=Log())


def _archive(path: Any, **settings: Any) -> ArchiveChannel:
    """Return a channel over `path`; `rows` is how many it reads in one poll."""
    rows = settings.pop("rows", 1000)
    context = settings.pop("context", None) or _context()
    settings["fields"] = FIELDS | settings.get("fields", {})
    config = ArchiveChannel.Config.model_validate({"path": str(path), **settings})
    sliced = type("Sliced", (ArchiveChannel,), {"rows_per_poll": rows})
    channel: ArchiveChannel = sliced(config, context)
    return channel


async def _read(channel: ArchiveChannel, cursor: Any = None) -> tuple[list[Item], Any]:
    """Poll until there is no more; return all items and the last cursor."""
    items: list[Item] = []
    for _ in range(10_000):
        batch: Batch = await channel.poll(channel.sources[0], cursor)
        items += batch.items
        cursor = batch.cursor
        if not batch.more:
            await channel.close()
            return items, cursor
    raise AssertionError("it never ends")


@pytest.fixture(scope="session")
def make_context() -> Callable[..., Any]:
    return _context


@pytest.fixture(scope="session")
def archive() -> Callable[..., ArchiveChannel]:
    return _archive


@pytest.fixture(scope="session")
def read() -> Callable[..., Any]:
    return _read
