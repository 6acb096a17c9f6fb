"""Due: notices that a promise is about to be missed, or is, once for each stage."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from careline.contract.context import Clock
from careline.engine.facts import Micros
from careline.store.bulk import insert_new, mark
from careline.store.log import log_events
from careline.store.store import Store
from careline.store.tables import effects
from careline.store.times import to_micros

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """A promise that reached a stage: `warned:50%`-like shares are numbered, then `missed`."""

    anchor: str
    kind: str
    conversation: str
    stage: str
    at: Micros
    due_at: Micros


Alert = Callable[[Connection, Sequence[Stage], Micros], set[str]]


def fire_due(conn: Connection, now: Micros) -> tuple[list[Stage], bool]:
    """Note every stage that deadlines have reached by `now`, each once. One unit of work.

    Return what is new, and whether there may be more than one unit takes.
    """
    rows = _take(conn, now)
    fired: list[Stage] = []
    later: list[tuple[Micros | None, str, str, Micros]] = []
    for row in rows:
        reached, next_at = _reached(row[:5], now)
        fired += [stage for stage in reached if _is_new(conn, stage)]
        later.append((next_at, row[0], row[1], row[5]))
    _put_off(conn, later)
    log_events(conn, [_line(stage, now) for stage in fired])
    return fired, len(rows) == AT_ONCE


def _take(conn: Connection, now: Micros) -> Sequence[Any]:
    """Return what is due and nobody else writes: what a unit holds may be moving, and waits.

    It waits for no unit, so that none that holds what it wants can wait for it in turn.
    """
    lock = " FOR UPDATE SKIP LOCKED" if conn.dialect.name == "postgresql" else ""
    select = (
        "SELECT anchor, kind, conversation, due_at, warn_at, next_at FROM deadlines"
        f" WHERE next_at <= {mark(conn)} AND met_at IS NULL AND void IS NULL"
        f" ORDER BY next_at LIMIT {AT_ONCE}{lock}"
    )
    return conn.exec_driver_sql(select, (now,)).fetchall()


def _put_off(conn: Connection, later: Sequence[tuple[Micros | None, str, str, Micros]]) -> None:
    """Set when each speaks up next, as long as that is still what was read."""
    sign = mark(conn)
    where = f"WHERE anchor = {sign} AND kind = {sign} AND next_at = {sign}"
    if later:
        conn.exec_driver_sql(f"UPDATE deadlines SET next_at = {sign} {where}", later)


def _reached(row: Sequence[Any], now: Micros) -> tuple[list[Stage], Micros | None]:
    """Return the latest stage reached, and when the next one comes: who was away hears it once."""
    anchor, kind, conversation, due_at, warn_at = row
    stages = [(at, f"warned-{n}") for n, at in enumerate(sorted(json.loads(warn_at)), 1)]
    stages = [stage for stage in stages if stage[0] < due_at] + [(due_at, "missed")]
    past = [stage for stage in stages if stage[0] <= now]
    coming = min((at for at, _ in stages if at > now), default=None)
    latest = [Stage(anchor, kind, conversation, name, at, due_at) for at, name in past[-1:]]
    return latest, coming


def _is_new(conn: Connection, stage: Stage) -> bool:
    columns = ("anchor", "kind", "stage", "at", "conversation")
    row = (stage.anchor, stage.kind, stage.stage, stage.at, stage.conversation)
    return insert_new(conn, effects, columns, [row]) == 1


def _line(stage: Stage, now: Micros) -> tuple[Micros, str, str, str, dict[str, Any]]:
    verb = "missed" if stage.stage == "missed" else "warned"
    data = {
        "deadline": stage.kind,
        "stage": stage.stage,
        "message": stage.anchor,
        "due_at": stage.due_at,
    }
    return now, "system", verb, stage.conversation, data


@dataclass(slots=True)
class Due:
    """The handler of `due`: one indexed look a second."""

    store: Store
    clock: Clock
    told: Callable[[Sequence[Stage]], None] = lambda stages: None
    """Hears what was fired, after its commit."""
    ready: Callable[[], bool] = lambda: True
    """Whether all were asked for news since the start: an answer may have come meanwhile."""
    alert: Alert = lambda conn, stages, now: set()
    """Tells staff of what was fired, in the same unit; returns the lanes to wake."""
    wake: Callable[[Iterable[str]], None] = lambda lanes: None

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return `due` if any deadline reached a stage."""
        if not self.ready():
            return []
        sign = "?" if self.store.is_sqlite else "%s"
        select = f"SELECT 1 FROM deadlines WHERE next_at <= {sign} LIMIT 1"
        at = to_micros(now)
        found = await self.store.read(lambda c: c.exec_driver_sql(select, (at,)).scalar())
        return ["due"] if found else []

    async def run(self, key: str) -> datetime | None:
        """Fire what is due."""
        now = self.clock.now()
        fired, more, lanes = await self.store.write(lambda conn: self._fire(conn, to_micros(now)))
        self.wake(lanes)
        self.told(fired)
        return now if more else None

    def _fire(self, conn: Connection, now: Micros) -> tuple[list[Stage], bool, set[str]]:
        fired, more = fire_due(conn, now)
        return fired, more, self.alert(conn, fired, now)
