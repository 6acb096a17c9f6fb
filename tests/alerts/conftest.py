"""A desk with two pagers, which note what they are told and fail as a test says."""

import importlib.util
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from careline.plugin import Alert, Notifier, PluginConfig, Receipt, hookimpl
from careline.store.outbox import Row, by
from careline.store.tables import alerts, outbox


def _stories() -> ModuleType:
    """Return the desk that stories are told of: alerts are a part of them."""
    path = Path(__file__).parents[1] / "stories/conftest.py"
    spec = importlib.util.spec_from_file_location("stories_conftest", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


stories = _stories()
Failure = Exception | Callable[[Alert], Awaitable[Any]]


class Pager(Notifier[PluginConfig]):
    """Notes what it is told, unless it is to fail."""

    kind = "pager"
    title = "Pager"
    Config = PluginConfig
    told: ClassVar[list[tuple[str, Alert]]]
    tried: ClassVar[list[tuple[str, str]]]
    fails: ClassVar[dict[str, list[Failure]]]
    poison: ClassVar[set[str]]

    async def notify(self, alert: Alert) -> Receipt:
        name = self.context.account
        self.tried.append((name, alert.id))
        if self.fails[name]:
            failure = self.fails[name].pop(0)
            if isinstance(failure, Exception):
                raise failure
            given: Any = await failure(alert)
            return given  # type: ignore[no-any-return]
        if any(word in alert.body for word in self.poison):
            raise RuntimeError("a bug in this pager")
        self.told.append((name, alert))
        return Receipt((alert.id,), self.context.clock.now())


class Pagers:
    """The plugin that brings them, for one story."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Alert]] = []
        self.tried: list[tuple[str, str]] = []
        self.fails: dict[str, list[Failure]] = defaultdict(list)
        self.poison: set[str] = set()
        """Words at which a pager fails, each time."""
        made = {name: getattr(self, name) for name in ("told", "tried", "fails", "poison")}
        self.classes = [type("Pager", (Pager,), made)]
        self.careline_notifiers = hookimpl(lambda: self.classes)


class Told(stories.Story):  # type: ignore[name-defined, misc]
    """A story whose staff have pagers: `care` and `boss`."""

    def __init__(self, url: str, **config: Any) -> None:
        known = {"notifiers": {"care": {"kind": "pager"}, "boss": {"kind": "pager"}}}
        super().__init__(url, **(known | config))
        self.pagers = Pagers()
        self.extra.append(self.pagers)

    def told(self, name: str = "care") -> list[Alert]:
        """Return all that one pager was told, and forget it."""
        found = [alert for who, alert in self.pagers.told if who == name]
        self.pagers.told[:] = [pair for pair in self.pagers.told if pair[0] != name]
        return found

    def fails(self, *failures: Failure, name: str = "care") -> None:
        """Have a pager fail so, once for each."""
        self.pagers.fails[name] += failures

    async def rows(self, name: str = "care") -> Sequence[Row]:
        """Return what was ever queued for a pager."""
        lane = [f"alert:{name}"]
        found: Sequence[Row] = await self.desk.read(lambda conn: by(conn, "lane", lane))
        return found

    async def states(self, name: str = "care") -> list[tuple[str, str | None]]:
        """Return where all that was queued for a pager stands, and why."""
        return [(row.state.value, row.why) for row in await self.rows(name)]

    async def closed(self) -> list[str]:
        """Return why alerts were closed."""
        query = select(alerts.c.why).where(alerts.c.closed_at.is_not(None)).order_by(alerts.c.at)
        return [*(await self.desk.read(lambda conn: conn.scalars(query).all()))]

    async def kept(self) -> int:
        """Return how many alerts there are."""
        return len(await self.desk.read(lambda conn: conn.execute(select(alerts)).all()))

    async def queue_is(self, **values: Any) -> None:
        """Make the outbox look as a process left it that was killed."""
        await self.desk.store.write(lambda conn: conn.execute(outbox.update().values(**values)))


@pytest.fixture
async def closed(url: str, anyio_backend: str) -> AsyncIterator[Told]:
    """Return a story whose desk is still to be opened: `await closed.open(...)`."""
    told = Told(url)
    yield told
    await told.close()


@pytest.fixture
def opened(closed: Told) -> Callable[..., Awaitable[Told]]:
    """Return a function that opens a desk with these rules, which has caught up."""

    async def open(*rules: dict[str, Any], **config: Any) -> Told:
        await closed.open(alerts=[{"to": "care", **rule} for rule in rules], **config)
        await closed.passes(closed.start)
        return closed

    return open
