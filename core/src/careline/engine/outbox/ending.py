"""How a row of the outbox ends that does not leave us: nothing ends in silence."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from careline.engine.facts import Micros
from careline.store.lanes import end
from careline.store.log import log_event
from careline.store.outbox import Row, State

Tell = Callable[[Connection, Row, Micros], set[str]]
"""Tells staff of a row in the unit of work that ends it; returns the lanes to wake then."""


def fail(
    conn: Connection,
    row: Row,
    now: Micros,
    state: State,
    reason: str,
    why: str,
    tell: Tell | None = None,
) -> set[str]:
    """End a row as dead or parked, and tell staff; return the lanes to wake after the commit.

    `reason` is a word of ours, `why` may be the platform's: the log keeps the first alone.
    """
    if not end(conn, row, state, now, reason=reason, why=why):
        return set()
    log_row(conn, row, now, "system", state.value, reason)
    return tell(conn, replace(row, state=state, reason=reason, why=why), now) if tell else set()


def give_up(
    conn: Connection,
    row: Row,
    now: Micros,
    state: State,
    why: str,
    actor: str = "system",
    *,
    reason: str | None = None,
) -> bool:
    """End a row as withdrawn, undone or skipped: somebody or something decided so.

    `reason` is given where `why` may be a platform's words, and not ours.
    """
    if not end(conn, row, state, now, reason=reason, why=why):
        return False
    log_row(conn, row, now, actor, state.value, reason)
    return True


def log_row(
    conn: Connection, row: Row, now: Micros, actor: str, verb: str, reason: str | None = None
) -> None:
    """Log what was done to a row."""
    about = row.conversation or row.lane.partition(":")[2]
    data = {"action": row.id, "kind": row.kind} | ({"reason": reason} if reason else {})
    log_event(conn, now, actor, verb, about, data)
