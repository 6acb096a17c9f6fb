"""Hearing: asks each source of each account for what is new, and hands it to the intake."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from json import dumps
from typing import Any

from careline.contract.channel import Channel
from careline.contract.context import Clock
from careline.contract.items import (
    JSON,
    Batch,
    Delivered,
    Malformed,
    Observed,
    Removed,
    Revised,
    Seen,
    Source,
)
from careline.engine.arrivals import Intake
from careline.engine.health import Unavailable
from careline.engine.intake import Summary, ingest, load_cursor
from careline.engine.supervisor import Supervisor
from careline.engine.unit import Policy
from careline.errors import Rejected
from careline.store.store import Store

_ITEMS = (Seen, Revised, Removed, Observed, Delivered, Malformed)
_SLICE = 16
"""Batches in one run of a key, so that one source cannot hold a worker for ever."""
_LONGEST = timedelta(hours=1)


@dataclass(slots=True)
class Account:
    """One channel at work."""

    name: str
    channel: Channel[Any]
    intake: Intake
    sources: Mapping[str, Source] = field(default_factory=dict)
    opened: bool = False


@dataclass(slots=True)
class Hearing:
    """The handler of `pull:{account}:{source}`."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    policy: Policy
    accounts: Mapping[str, Account]
    once: bool = False
    summary: dict[str, Summary] = field(default_factory=dict)
    """What became of all that was heard, by account."""
    _next: dict[str, datetime | None] = field(default_factory=dict)
    _streams: dict[str, AsyncIterator[Batch]] = field(default_factory=dict)

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the sources that were not asked yet, or whose time has come."""
        keys = [
            f"pull:{account.name}:{source.name}"
            for account in self.accounts.values()
            for source in account.sources.values()
        ]
        return [key for key in keys if self._is_due(key, now)][:limit]

    def _is_due(self, key: str, now: datetime) -> bool:
        if key not in self._next:
            return True
        due = self._next[key]
        return due is not None and due <= now

    async def run(self, key: str) -> datetime | None:
        """Take a slice of a source; return when to ask again."""
        _, name, source_name = key.split(":", 2)
        account = self.accounts[name]
        try:
            again = await self._pull(account, account.sources[source_name])
        except Rejected as error:
            self.supervisor.disable(name, str(error))
            again = None
        except Unavailable as error:
            again = None if self.once else error.next_try
        self._next[key] = again
        return again

    async def _pull(self, account: Account, source: Source) -> datetime | None:
        await self._open(account)
        for _ in range(_SLICE):
            cursor = await self.store.read(lambda c: load_cursor(c, account.name, source.name))
            batch = await self._next_batch(account, source, cursor)
            if batch is None:
                return self._later(source)
            await self._take(account, source, batch)
            if not batch.more and source.mode == "poll":
                return self._later(source, batch.again_at)
        return self.clock.now()

    def _later(self, source: Source, at: datetime | None = None) -> datetime | None:
        if self.once:
            return None
        now = self.clock.now()
        return min(at or now + timedelta(seconds=source.every), now + _LONGEST)

    async def _open(self, account: Account) -> None:
        if not account.opened:
            await self.supervisor.guard(account.name, account.channel.open, lane="open")
            account.opened = True

    async def _next_batch(self, account: Account, source: Source, cursor: JSON) -> Batch | None:
        """Ask the plugin for what follows; None: a stream has ended."""
        channel = account.channel

        async def ask() -> Batch | None:
            if source.mode == "poll":
                return checked(await channel.poll(source, cursor))
            stream = self._stream(account, source, cursor)
            found = await anext(stream, None)
            if found is None:
                del self._streams[f"{account.name}:{source.name}"]
                return None
            return checked(found)

        timeout = 30.0 if source.mode == "poll" else _LONGEST.total_seconds()
        return await self.supervisor.guard(account.name, ask, lane=source.name, timeout=timeout)

    def _stream(self, account: Account, source: Source, cursor: JSON) -> AsyncIterator[Batch]:
        key = f"{account.name}:{source.name}"
        if key not in self._streams:
            self._streams[key] = account.channel.stream(source, cursor)
        return self._streams[key]

    async def _take(self, account: Account, source: Source, batch: Batch) -> None:
        now, found_by = self.clock.now(), source.mode
        summary = await self.store.write(
            lambda conn: ingest(
                conn, account.intake, source.name, batch, now, self.policy, found_by
            )
        )
        self.summary[account.name] = self.summary.get(account.name, Summary()) + summary
        if batch.items:
            self.supervisor.saw_item(account.name)

    async def close(self) -> None:
        """Let every channel go; one that cannot even close is no reason to stop."""
        for account in self.accounts.values():
            if account.opened:
                account.opened = False
                try:
                    await self.supervisor.guard(account.name, account.channel.close, lane="close")
                except (Unavailable, Rejected):
                    continue


def checked(batch: object) -> Batch:
    """Refuse what a plugin returned if it is no batch of items with a cursor that JSON holds."""
    if not isinstance(batch, Batch):
        raise TypeError(f"a source returns a Batch, not {type(batch).__name__}")
    for item in batch.items:
        if not isinstance(item, _ITEMS):
            raise TypeError(f"a batch holds items, not {type(item).__name__}")
    dumps(batch.cursor)
    return batch
