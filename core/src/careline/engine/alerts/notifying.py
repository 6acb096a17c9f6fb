"""Notifying: brings queued alerts to staff.

Alerts fail open: one of which nobody knows whether it arrived is brought again, under the same id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Connection

from careline.contract.actions import Receipt
from careline.contract.context import Clock, Log
from careline.contract.staff import Notifier
from careline.engine.alerts.parcels import Parcel, end_all, next_parcel
from careline.engine.backoff import full_jitter
from careline.engine.facts import Micros
from careline.engine.health import Unavailable
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected
from careline.logs import redact
from careline.store.alerts import LANE, receiver_of
from careline.store.lanes import end, next_time, overdue, pending_lanes, postpone
from careline.store.outbox import State
from careline.store.store import Store
from careline.store.times import from_micros, to_micros

KEPT: Final[Micros] = 24 * 3600 * 1_000_000
"""Nobody is told of what is older."""
_SLICE: Final = 16
_LATE: Final = "nobody could be told in time"
_UNKNOWN: Final = "no notifier of this name runs: see [notifiers] of the configuration"


@dataclass(slots=True)
class Notifying:
    """The handler of `alert:{notifier}`."""

    store: Store
    clock: Clock
    random: Random
    supervisor: Supervisor
    notifiers: Mapping[str, Notifier[Any]]
    zones: Mapping[str, str]
    """The time zone of each brand."""
    log: Log
    own: int
    """This run, among those that share the database (store/presence.py)."""
    hide: Callable[[str], str] = redact
    """Takes secrets out of reasons."""
    patience: float = 30.0
    """Real seconds that a notifier may take."""

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes that have something to bring, or something that has become too old."""
        at, down = to_micros(now), self.supervisor.stops()

        def unit(conn: Connection) -> list[str]:
            lanes = pending_lanes(conn, at, LANE)
            return [
                key
                for key in lanes
                if receiver_of(key) not in down or overdue(conn, key, at - KEPT)
            ]

        return (await self.store.read(unit))[:limit]

    async def run(self, key: str) -> datetime | None:
        """Bring what waits, a slice of it; return when to come again."""
        await self._end_late(key)
        notifier = self.notifiers.get(key.partition(":")[2])
        if notifier is None:
            return None
        for _ in range(_SLICE):
            refusal = self.supervisor.refuses(receiver_of(key))
            if refusal is not None:
                return refusal.next_try
            parcel = await self._next(key)
            if parcel is None:
                at = await self.store.read(lambda conn: next_time(conn, key))
                return None if at is None else from_micros(at)
            await self._bring(key, notifier, parcel)
        return self.clock.now()

    async def _end_late(self, key: str) -> None:
        """End what nobody can be told of any more: it is too old, or no notifier takes it."""
        now, name = self._now, key.partition(":")[2]
        known = name in self.notifiers or receiver_of(key) in self.supervisor.stops()
        since, why = (now - KEPT, _LATE) if known else (now + 1, _UNKNOWN)
        late = await self.store.read(lambda conn: overdue(conn, key, since))
        if late:
            await self.store.write(lambda conn: end_all(conn, late, "transient", why, now))
            self.log.error("alerts reached nobody", lane=key, count=len(late), reason=why)

    async def _next(self, key: str) -> Parcel | None:
        reasons = {one.account: one.reason for one in self.supervisor.snapshot()}
        now = self._now
        return await self.store.write(
            lambda conn: next_parcel(conn, key, now, self.own, self.zones, reasons)
        )

    async def _bring(self, key: str, notifier: Notifier[Any], parcel: Parcel) -> None:
        async def notify() -> object:
            return await notifier.notify(parcel.alert)

        try:
            receipt = await self.supervisor.guard(receiver_of(key), notify, timeout=self.patience)
        except Rejected as error:
            await self._refused(key, parcel, error)
        except Unavailable as error:
            await self._put_off(parcel, error.next_try, error.reason)
        except Exception as error:  # a plugin's bug, raised on for whoever runs the tests
            await self._put_off(parcel, None, self.hide(str(error)))
            raise
        else:
            await self._brought(key, parcel, receipt)

    async def _brought(self, key: str, parcel: Parcel, receipt: object) -> None:
        """End the rows as sent. What raised nothing was brought, whatever it gave back."""
        now, kept = self._now, _kept(receipt)
        if kept is None:
            self.log.error("a notifier gave no receipt: it counts as told", lane=key)
            kept = {"ids": [], "sent_at": now}

        def unit(conn: Connection) -> None:
            for row in parcel.rows:
                end(conn, row, State.SENT, now, receipt=kept)

        await self.store.write(unit)
        self.log.info("staff told", lane=key, alert=parcel.alert.id, count=parcel.alert.count)

    async def _refused(self, key: str, parcel: Parcel, error: Rejected) -> None:
        now, why = self._now, self.hide(str(error))
        self.log.error("a notifier refuses an alert", lane=key, alert=parcel.alert.id, reason=why)
        await self.store.write(
            lambda conn: end_all(conn, parcel.rows, error.reason.value, why, now)
        )

    async def _put_off(self, parcel: Parcel, next_try: datetime | None, why: str) -> None:
        """Leave rows for later: the more often they failed, the later; others go before them."""
        at: Micros | None = None
        if next_try is not None:
            delay = full_jitter(max(row.attempts for row in parcel.rows), self.random)
            at = to_micros(max(next_try, self.clock.now() + timedelta(seconds=delay)))

        def unit(conn: Connection) -> None:
            for row in parcel.rows:
                postpone(conn, row, State.QUEUED, at, why)

        await self.store.write(unit)

    @property
    def _now(self) -> Micros:
        return to_micros(self.clock.now())


def _kept(receipt: object) -> dict[str, Any] | None:
    """Return a receipt as it is kept; None: it is none."""
    if not isinstance(receipt, Receipt) or receipt.sent_at.utcoffset() is None:
        return None
    return {"ids": [str(id) for id in receipt.ids], "sent_at": to_micros(receipt.sent_at)}
