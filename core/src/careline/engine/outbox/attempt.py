"""One attempt at a row of a channel's lane, and what becomes of the row.

platform says       the row is
a receipt           sent
Rejected            dead, with its typed reason
surely not done     queued again (429, no connection, a dead credential)
anything else       unsure: looked up by `find` before it is tried again, else parked
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from anyio import CancelScope
from pydantic import TypeAdapter
from sqlalchemy import Connection

from careline.contract.actions import Answer, AnyAction, Direct, Post, PrivateReply, Receipt
from careline.contract.channel import Capability
from careline.contract.context import Clock
from careline.engine.account import Account
from careline.engine.answers.acknowledging import objection
from careline.engine.facts import Micros
from careline.engine.health import Unavailable
from careline.engine.outbox.ending import Tell, fail, give_up
from careline.engine.outbox.landing import land, mistaken
from careline.engine.outbox.outgoing import AUTOMATION, SPEAKING, action_of
from careline.engine.supervisor import Supervisor
from careline.engine.unit import Policy
from careline.errors import AuthFailed, Refusal, Rejected, StoreError, Transient, Unsupported
from careline.http import was_sent
from careline.models import PlatformId
from careline.store.lanes import give_back, postpone, try_again
from careline.store.outbox import SETTLES, SKEW, Row, State
from careline.store.store import Store, Unit
from careline.store.times import from_micros, to_micros

T = TypeVar("T")
LANE = "send"
_AHEAD = timedelta(minutes=10)
"""A platform's clock may be so far before ours."""
_LATEST: Micros = 300 * 1_000_000
"""What failed again and again is tried this often all the same."""
_UNKNOWN = "nobody knows whether it was done"


@dataclass(slots=True)
class Attempt:
    """Takes one row to its platform."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    policy: Policy
    tell: Tell
    wake: Callable[[Iterable[str]], None]
    run: int
    """This run, among those that share the database (store/presence.py)."""
    patience: float = 20.0
    """Real seconds that a platform may take."""

    async def make(self, account: Account, row: Row) -> None:
        """Do what the row asks for; one of unknown outcome is looked up first.

        Raises `Unavailable` where the account has to wait; what becomes of the row is kept before.
        """
        ready: Row | None = row
        if row.state is State.UNSURE:
            ready = await self._looked_up(account, row)
        if ready is not None and not await self._withdrawn(account, ready):
            await self._perform(account, ready)

    async def _withdrawn(self, account: Account, row: Row) -> bool:
        """Withdraw what a machine was to say, if it should not go any more."""
        if row.actor != AUTOMATION:
            return False
        said = await objection(self.store, account.channel, row, self.clock.now())
        if said is not None:
            await self._give_up(row, *said)
        return said is not None

    async def _looked_up(self, account: Account, row: Row) -> Row | None:
        """Return a row, its next attempt recorded, that the platform says was not done."""
        if Capability.FIND not in account.channel.capabilities:
            await self._park(row, f"{_UNKNOWN}, and this platform cannot be asked")
            return None
        action, since = action_of(row), from_micros(row.at - SKEW)

        async def ask() -> Receipt | None:
            found = await account.channel.find(action, since)
            return None if found is None else self._checked(found, action)

        try:
            receipt = await self._call(account, ask)
        except Unsupported:
            await self._park(row, f"{_UNKNOWN}, and this platform cannot be asked")
            return None
        except Rejected as error:
            await self._park(row, f"{_UNKNOWN}, and the platform does not tell: {error}")
            return None
        except Unavailable as error:
            if error.called:
                await self._put_off(row, State.UNSURE, error)
            raise
        if receipt is None:
            return await self.store.write(lambda conn: try_again(conn, row, self._now, self.run))
        await self._land(account, row, receipt)
        return None

    async def _perform(self, account: Account, row: Row) -> None:
        action = action_of(row)

        async def do() -> Receipt:
            return self._checked(await account.channel.perform(action), action)

        try:
            receipt = await self._call(account, do)
        except Rejected as error:
            if row.actor == AUTOMATION:  # no person's words: nobody has to look at it
                await self._give_up(row, error.reason.value, str(error))
            else:
                await self._end(row, State.DEAD, error.reason.value, str(error))
        except Unavailable as error:
            await self._failed(account, row, error)
            raise
        else:
            await self._land(account, row, receipt)

    async def _failed(self, account: Account, row: Row, error: Unavailable) -> None:
        if not error.called:
            at = None if error.next_try is None else to_micros(error.next_try)
            await self._record(lambda conn: give_back(conn, row, at, error.reason))
        elif _surely_not(error.__cause__):
            await self._put_off(row, State.QUEUED, error)
        elif Capability.FIND in account.channel.capabilities:
            await self._put_off(row, State.UNSURE, error)
        else:
            await self._park(row, f"{_UNKNOWN} ({error.reason}), and this platform cannot be asked")

    async def _call(self, account: Account, call: Callable[[], Awaitable[T]]) -> T:
        return await self.supervisor.guard(account.name, call, lane=LANE, timeout=self.patience)

    async def _put_off(self, row: Row, state: State, error: Unavailable) -> None:
        at = None if error.next_try is None else to_micros(error.next_try)
        if at is not None or state is State.UNSURE:
            later = min(SETTLES * 2 ** min(row.attempts - 1, 10), _LATEST)
            at = max(at or 0, self._now + later)
        await self._record(lambda conn: postpone(conn, row, state, at, error.reason))

    async def _park(self, row: Row, why: str) -> None:
        await self._end(row, State.PARKED, Refusal.UNKNOWN.value, why)

    async def _end(self, row: Row, state: State, reason: str, why: str) -> None:
        now = self._now
        self.wake(
            await self._record(lambda conn: fail(conn, row, now, state, reason, why, self.tell))
        )

    async def _give_up(self, row: Row, reason: str, why: str) -> None:
        now, state = self._now, State.WITHDRAWN
        await self._record(lambda conn: give_up(conn, row, now, state, why, reason=reason))

    async def _land(self, account: Account, row: Row, receipt: Receipt) -> None:
        to, us, now = account.intake, account.channel.identity, self.clock.now()

        def unit(conn: Connection) -> set[str]:
            if row.kind in SPEAKING and (wrong := mistaken(conn, to, row, receipt)):
                at, reason = to_micros(now), Refusal.UNKNOWN.value
                return fail(conn, row, at, State.PARKED, reason, wrong, self.tell)
            land(conn, to, row, receipt, us, now, self.policy)
            return set()

        self.wake(await self._record(unit))

    async def _record(self, unit: Unit[T]) -> T:
        """Keep what became of a call, whoever stops us now; a database may fail once."""
        with CancelScope(shield=True):
            try:
                kept = await self.store.write(unit)
            except StoreError:
                kept = await self.store.write(unit)
        return kept

    @property
    def _now(self) -> Micros:
        return to_micros(self.clock.now())

    def _checked(self, receipt: object, action: AnyAction) -> Receipt:
        """Refuse what a plugin returned if it is no receipt: it may have done it all the same."""
        if not isinstance(receipt, Receipt):
            raise TypeError(f"perform returns a Receipt, not {type(receipt).__name__}")
        if receipt.sent_at.utcoffset() is None:
            raise ValueError("a receipt's `sent_at` has a zone")
        if isinstance(action, _MESSAGES) and not receipt.ids:
            raise ValueError("a receipt names what now exists, by its id on the platform")
        _IDS.validate_python((*receipt.ids, *filter(None, [receipt.opened])))
        if receipt.sent_at > self.clock.now() + _AHEAD:
            raise ValueError(f"a receipt's `sent_at` is {receipt.sent_at}: that is yet to come")
        return receipt


_MESSAGES = (Answer, Direct, PrivateReply, Post)
_IDS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[PlatformId, ...])


def _surely_not(cause: BaseException | None) -> bool:
    """Whether what failed with `cause` was surely not done."""
    if isinstance(cause, AuthFailed):
        return True
    if not isinstance(cause, Transient):
        return False
    return cause.sent is False or (cause.sent is None and was_sent(cause) is False)
