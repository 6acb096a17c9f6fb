"""Watching: staff are told of each account that only a person can get going, once until it works.

What is told follows from what the supervisor knows, not from when it said so: what cannot be kept
now the next sweep keeps.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from careline.contract.context import Clock
from careline.engine.alerts.alerting import Alerting
from careline.engine.supervisor import Supervisor
from careline.models import AlertReason
from careline.store.alerts import close_alerts, open_episodes
from careline.store.store import Store
from careline.store.times import to_micros

HEALTH: Final = "health"
_OVER = "the account works again"


@dataclass(slots=True)
class Watching:
    """The handler of `health`."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    alerting: Alerting
    brands: Mapping[str, str]
    """The brand of each channel."""
    wake: Callable[[Iterable[str]], None]
    concerns: Callable[[], Mapping[str, Sequence[str]]] = dict
    """What channels that work want a person to know, by account."""
    _concerned: set[tuple[str, date]] = field(default_factory=set)
    """Accounts whose concerns were told on a day."""
    _told: set[str] = field(default_factory=set)
    """Accounts that are stopped, and were told of."""
    _waits: dict[str, str] | None = None
    """Accounts that were told of and are not known to work yet: the lane that has to prove it."""

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return `health` if an account stopped, or works again, and that is not kept yet."""
        if self.alerting.tells(AlertReason.CONCERN) and self._anxious(now):
            return [HEALTH]
        if not self.alerting.tells(AlertReason.HEALTH):
            return []
        return [HEALTH] if self._waits is None or self._stopped() or self._working() else []

    def _anxious(self, now: datetime) -> dict[str, Sequence[str]]:
        """Return the concerns that were not told today."""
        day = now.date()
        self._concerned = {told for told in self._concerned if told[1] == day}
        known = self.concerns().items()
        return {name: said for name, said in known if said and (name, day) not in self._concerned}

    async def _tell_concerns(self) -> None:
        now = self.clock.now()
        anxious, at = self._anxious(now), to_micros(now)

        def unit(conn: Connection) -> set[str]:
            brands = self.brands
            told = (
                self.alerting.concerned(conn, name, brands.get(name, ""), said, at)
                for name, said in anxious.items()
            )
            return set().union(*told)

        if anxious:
            self.wake(await self.store.write(unit))
            self._concerned |= {(name, now.date()) for name in anxious}

    def _stopped(self) -> dict[str, str]:
        stops = self.supervisor.stops()
        self._told &= stops.keys()
        return {name: lane for name, lane in stops.items() if name not in self._told}

    def _working(self) -> list[str]:
        """Return the accounts of which staff were told, and that work again."""
        waits = (self._waits or {}).items()
        return [name for name, lane in waits if self.supervisor.works(name, lane)]

    async def run(self, key: str) -> datetime | None:
        """Tell of what stopped or is of concern, and close what is over."""
        await self._tell_concerns()
        if self._waits is None:
            known = await self.store.read(open_episodes)
            self._waits = {name: str(one.data["lane"]) for name, one in known.items()}
        stopped, working, now = self._stopped(), self._working(), to_micros(self.clock.now())
        if stopped or working:
            lanes = await self.store.write(lambda conn: self._keep(conn, stopped, working, now))
            self._told |= stopped.keys()
            self._waits = {n: lane for n, lane in self._waits.items() if n not in working} | stopped
            self.wake(lanes)
        return None

    def _keep(
        self, conn: Connection, stopped: Mapping[str, str], working: Sequence[str], now: int
    ) -> set[str]:
        known = open_episodes(conn)
        over = [(known[name].id, _OVER) for name in working if name in known]
        close_alerts(conn, over, now)
        lanes: set[str] = set()
        for name, lane in stopped.items():
            lanes |= self.alerting.stopped(conn, name, self.brands.get(name, ""), lane, now)
        return lanes
