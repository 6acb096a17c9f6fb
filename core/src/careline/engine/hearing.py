"""Hearing: asks each source of each account for what is new, and hands it to the intake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from careline.contract.context import Clock
from careline.contract.items import JSON, Batch, Seen, Source
from careline.engine.account import Account
from careline.engine.asking import Asking
from careline.engine.health import Unavailable
from careline.engine.intake import Summary, load_cursor
from careline.engine.keeping import Keeping
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected, StoreError
from careline.store.store import Store

_SLICE = 16
"""Batches in one run of a key, so that one source cannot hold a worker for ever."""
_LONGEST = timedelta(hours=1)
_QUIET = 5.0
"""Real seconds after which a stream has caught up, where that is all that is waited for."""


@dataclass(slots=True)
class Hearing:
    """The handler of `pull:{account}:{source}`."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    accounts: Mapping[str, Account]
    keeping: Keeping
    once: bool = False
    summary: dict[str, Summary] = field(default_factory=dict)
    """What became of all that this run heard, by account."""
    broken: StoreError | None = None
    """Why something that was heard in this run could not be kept."""
    asking: Asking = field(init=False)
    _next: dict[str, datetime | None] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Call plugins by way of the supervisor alone."""
        self.asking = Asking(self.supervisor)

    def begin(self, *, once: bool) -> None:
        """Begin a run: each source is asked anew, and its counts start from nothing."""
        self.once, self.summary, self.broken = once, {}, None
        quiet = min(_QUIET, self.asking.patience)
        self.asking.silence = quiet if once else _LONGEST.total_seconds()
        self._next.clear()
        self._asked.clear()

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the sources that were not asked yet, or whose time has come."""
        keys = [
            f"pull:{account.name}:{source.name}"
            for account in self.accounts.values()
            for source in account.sources.values()
        ]
        return [key for key in keys if self._is_due(key, now)][:limit]

    def asked_all(self) -> bool:
        """Tell whether this run has asked every source that can be polled."""
        return all(
            f"pull:{account.name}:{name}" in self._asked
            for account in self.accounts.values()
            for name in account.polls
        )

    def _is_due(self, key: str, now: datetime) -> bool:
        if key not in self._next:
            return True
        due = self._next[key]
        return due is not None and due <= now

    async def run(self, key: str) -> datetime | None:
        """Take a slice of a source; return when to ask again."""
        _, name, source_name = key.split(":", 2)
        account = self.accounts[name]
        source = account.sources[source_name]
        try:
            await self.open(account)
            again = await (self._poll if source.mode == "poll" else self._follow)(account, source)
        except Rejected as error:
            self.supervisor.disable(name, str(error), source_name)
            again = None
            self._asked.add(key)
        except Unavailable as error:
            again = None if self.once else error.next_try
            self._asked.add(key)  # no promise waits for an account that is down
        except Exception as error:
            self.broken = error if isinstance(error, StoreError) else self.broken
            self._asked.add(key)
            raise
        self._next[key] = again
        return again

    async def open(self, account: Account) -> None:
        """Open an account, once."""
        async with account.opening:
            if not account.opened:
                await self.asking.open(account.name, account.channel)
                account.opened = True

    async def _poll(self, account: Account, source: Source) -> datetime | None:
        for _ in range(_SLICE):
            cursor = await self._cursor(account, source)
            batch = await self.asking.poll(account.name, account.channel, source, cursor)
            await self.take(account, source.name, source.mode, batch)
            if not batch.more:
                self._asked.add(f"pull:{account.name}:{source.name}")
                return self._later(source, batch.again_at)
        return self.clock.now()

    async def _follow(self, account: Account, source: Source) -> datetime | None:
        """Take what a stream says. If that fails, it is opened anew from the committed cursor."""
        cursor = await self._cursor(account, source)
        async with self.asking.follow(account.name, account.channel, source, cursor) as listen:
            while batch := await listen():
                await self.take(account, source.name, source.mode, batch)
                if self.once and not batch.more:
                    break
        return self._later(source)

    async def _cursor(self, account: Account, source: Source) -> JSON:
        return await self.store.read(lambda conn: load_cursor(conn, account.name, source.name))

    def _later(self, source: Source, at: datetime | None = None) -> datetime | None:
        if self.once:
            return None
        now = self.clock.now()
        return min(
            at or now + timedelta(seconds=min(source.every, _LONGEST.total_seconds())),
            now + _LONGEST,
        )

    async def take(self, account: Account, source: str, found_by: str, batch: Batch) -> Summary:
        """Store what came of a source, and count it."""
        summary = await self.keeping.keep(account, source, found_by, batch)
        self.summary[account.name] = self.summary.get(account.name, Summary()) + summary
        if batch.items:
            self.supervisor.saw_item(account.name, _newest(batch) if summary.new else None)
        return summary

    async def close(self) -> None:
        """Let every channel go."""
        for account in self.accounts.values():
            if account.opened:
                account.opened = False
                await self.asking.close(account.name, account.channel)


def _newest(batch: Batch) -> datetime | None:
    posted = (item.message.posted_at for item in batch.items if isinstance(item, Seen))
    return max(posted, default=None)
