"""How a row of the outbox ends that does not leave us: nothing ends in silence."""

from collections.abc import Callable

from sqlalchemy import Connection

from careline.engine.facts import Micros
from careline.store.log import log_event
from careline.store.outbox import FAILED, Row, State, end

Tell = Callable[[Connection, Row, Micros], None]
"""Tells staff of a row that a person has to look at, in the unit of work that ends it."""


def fail(
    conn: Connection,
    row: Row,
    now: Micros,
    state: State,
    reason: str,
    why: str,
    tell: Tell,
) -> None:
    """End a row as dead or parked; staff are told."""
    if state not in FAILED:
        raise ValueError(f"{state} is no failure")
    if end(conn, row, state, now, reason=reason, why=why):
        _log(conn, row, now, "system", state, reason)
        tell(conn, row, now)


def give_up(
    conn: Connection, row: Row, now: Micros, state: State, why: str, actor: str = "system"
) -> bool:
    """End a row as withdrawn, undone or skipped: somebody or something decided so."""
    if not end(conn, row, state, now, why=why):
        return False
    _log(conn, row, now, actor, state, why)
    return True


def _log(conn: Connection, row: Row, now: Micros, actor: str, state: State, reason: str) -> None:
    about = row.conversation or row.lane.partition(":")[2]
    data = {"action": row.id, "kind": row.kind, "reason": reason}
    log_event(conn, now, actor, state.value, about, data)
