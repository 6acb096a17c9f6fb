"""Sending: takes what is queued for a channel to its platform, an account's rows one by one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from careline.contract.context import Clock
from careline.engine.account import Account
from careline.engine.answers.aiming import aim_at_message
from careline.engine.facts import Micros
from careline.engine.health import Unavailable
from careline.engine.outbox.attempt import LANE, Attempt
from careline.engine.outbox.ending import fail, give_up
from careline.engine.outbox.outgoing import AUTOMATION, action_of
from careline.engine.supervisor import Supervisor
from careline.errors import NotFound, Refused, Rejected
from careline.store.outbox import Row, State, lost, next_time, pending_lanes, recover, take
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

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes that have something to send, of accounts that may be called."""
        at = to_micros(now)
        await self._recover(at - _LEASE)
        lanes = await self.store.read(lambda conn: pending_lanes(conn, at, LANE))
        return [lane for lane in lanes if self._may_send(lane)][:limit]

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
        for _ in range(_SLICE):
            now = to_micros(self.clock.now())
            row = await self.store.write(lambda conn: self._taken(conn, lane, now))  # noqa: B023
            if row is None:
                at = await self.store.read(lambda conn: next_time(conn, lane))
                return None if at is None else from_micros(at)
            fresh = row.state is State.SENDING and row.actor == AUTOMATION
            if fresh and (why := await self._against(account, row)):
                await self.store.write(
                    lambda conn: give_up(conn, row, now, State.WITHDRAWN, why)  # noqa: B023
                )
            else:
                await self.attempt.make(account, row)
        return self.clock.now()

    def _taken(self, conn: Connection, lane: str, now: Micros) -> Row | None:
        """Return the next row that may go, its attempt recorded; end those that are too old."""
        while row := take(conn, lane, now, self.attempt.run):
            if now - row.at <= _OLDEST:
                return row
            unknown = row.state is State.UNSURE
            state = State.PARKED if unknown else State.DEAD
            why = f"it could not be {'looked up' if unknown else 'sent'} for a day: {row.why}"
            fail(conn, row, now, state, "transient", why, self.attempt.tell)
        return None

    async def _against(self, account: Account, row: Row) -> str | None:
        """Return why an automatic receipt should not go any more; None: it should."""
        try:
            target = await self.store.read(lambda conn: aim_at_message(conn, row.message or ""))
        except (NotFound, Refused) as error:
            return str(error)
        if target.answered is not None:
            return "a person was faster"
        permission = account.channel.check(target.facts(self.clock.now()), action_of(row))
        return None if permission.allowed else permission.note or "the channel does not allow it"
