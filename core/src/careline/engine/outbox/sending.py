"""Sending: takes what is queued for a channel to its platform, an account's rows one by one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anyio import to_thread
from sqlalchemy import Connection

from careline.contract.context import Clock
from careline.engine.account import Account
from careline.engine.facts import Micros
from careline.engine.health import Unavailable
from careline.engine.outbox.attempt import LANE, Attempt
from careline.engine.outbox.ending import fail
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected
from careline.store.lanes import lost, next_time, overdue, pending_lanes, recover, take
from careline.store.outbox import State
from careline.store.store import Store
from careline.store.times import from_micros, to_micros

_SLICE: Final = 16
_LEASE: Final[Micros] = 120 * 1_000_000
"""An attempt that has lasted longer than any call may is nobody's any more."""
_OLDEST: Final[Micros] = 24 * 3600 * 1_000_000
"""An answer that could not leave for a day is a person's to decide on."""


@dataclass(slots=True)
class Sending:
    """The handler of `send:{account}`."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    accounts: Mapping[str, Account]
    attempt: Attempt
    open: Callable[[Account], Awaitable[None]]
    """Opens an account that is not open yet."""
    still_here: Callable[[], None]
    """Makes sure that other runs know of this one."""

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes that have something to send, or something that has become too old."""
        at = to_micros(now)
        await to_thread.run_sync(self.still_here)
        await self._recover(at - _LEASE)

        def unit(conn: Connection) -> list[str]:
            lanes = pending_lanes(conn, at, LANE)
            return [k for k in lanes if self._may_send(k) or overdue(conn, k, at - _OLDEST)]

        return (await self.store.read(unit))[:limit]

    async def _recover(self, before: Micros) -> None:
        """Mark attempts as of unknown outcome whose run is no more, or that began so long ago."""
        run = self.attempt.run
        if await self.store.read(lambda conn: lost(conn, run, before)):
            await self.store.write(lambda conn: recover(conn, run, before))

    def _may_send(self, lane: str) -> bool:
        name = lane.partition(":")[2]
        return name in self.accounts and not self.supervisor.stopped(name)

    async def run(self, key: str) -> datetime | None:
        """Send a slice of an account's rows; return when to come again."""
        await self._end_late(key)
        if not self._may_send(key):
            return None
        account = self.accounts[key.partition(":")[2]]
        try:
            await self.open(account)
            return await self._slice(account, key)
        except Unavailable as error:
            return error.next_try
        except Rejected as error:  # it cannot be opened at all
            self.supervisor.disable(account.name, str(error))
            return None

    async def _slice(self, account: Account, lane: str) -> datetime | None:
        run = self.attempt.run
        for _ in range(_SLICE):
            refusal = self.supervisor.refuses(account.name, LANE)
            if refusal is not None:
                return refusal.next_try
            now = to_micros(self.clock.now())
            row = await self.store.write(lambda conn: take(conn, lane, now, run))  # noqa: B023
            if row is None:
                at = await self.store.read(lambda conn: next_time(conn, lane))
                return None if at is None else from_micros(at)
            await self.attempt.make(account, row)
        return self.clock.now()

    async def _end_late(self, lane: str) -> None:
        """Give to a person what could not leave for a day, whatever its account is doing."""
        now = to_micros(self.clock.now())
        if await self.store.read(lambda conn: overdue(conn, lane, now - _OLDEST)):
            self.attempt.wake(await self.store.write(lambda conn: self._late(conn, lane, now)))

    def _late(self, conn: Connection, lane: str, now: Micros) -> set[str]:
        lanes: set[str] = set()
        for row in overdue(conn, lane, now - _OLDEST):
            unknown = row.state is State.UNSURE
            state = State.PARKED if unknown else State.DEAD
            why = f"it could not be {'looked up' if unknown else 'sent'} for a day"
            why += f": {row.why}" if row.why else ""
            lanes |= fail(conn, row, now, state, "transient", why, self.attempt.tell)
        return lanes
