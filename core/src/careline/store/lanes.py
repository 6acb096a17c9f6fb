"""Lanes: which rows of the outbox may go, whose attempt it is, and how a row goes on from there."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from careline.store.bulk import delete_keys, mark, select_in, set_where
from careline.store.outbox import (
    FAILED,
    SELECT,
    SETTLES,
    UNKNOWN,
    WAITING,
    Row,
    State,
    by,
    load,
    row_of,
    sql,
)
from careline.store.presence import gone
from careline.store.tables import claims

_WAITS: Final = "o.state IN ('queued', 'unsure')"  # as its index has it
_FREE: Final = f"""
NOT EXISTS (SELECT 1 FROM outbox b WHERE b.thread = o.thread AND b.lane = o.lane
            AND b.number < o.number AND b.state IN {sql(*WAITING)})
AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b."plan" = o."plan" AND b.step < o.step
                AND b.state NOT IN {sql(State.SENT, State.SKIPPED)})"""
"""Nothing before it in its thread waits, and each step of its plan before it is done."""


def _goes(sign: str) -> str:
    """Return what holds of a row that may go at a time."""
    return f"{_WAITS} AND (o.next_at IS NULL OR o.next_at <= {sign}) AND {_FREE}"


def pending_lanes(conn: Connection, now: int, prefix: str) -> list[str]:
    """Return the lanes of a prefix that have something to send at `now`."""
    sign = mark(conn)
    select = f"SELECT DISTINCT o.lane FROM outbox o WHERE o.lane LIKE {sign} AND {_goes(sign)}"
    return [lane for (lane,) in conn.exec_driver_sql(select, (f"{prefix}:%", now))]


def take(conn: Connection, lane: str, now: int, holder: int) -> Row | None:
    """Return the next row of a lane that may go, its attempt recorded; None: none may.

    One that is `unsure` stays so: it has to be looked up before it is tried. Those that were tried
    more often come later, so that one that fails holds up no other.
    """
    found = _ready(conn, lane, now, 1, "o.attempts, o.number")
    if not found or found[0].state is State.UNSURE:
        return found[0] if found else None
    return try_again(conn, found[0], now, holder)


def ready(conn: Connection, lane: str, now: int, limit: int) -> list[Row]:
    """Return the rows of a lane that may go, in no order but how often they were tried.

    Those that left as one before stand beside each other.
    """
    return _ready(conn, lane, now, limit, "o.attempts, coalesce(o.parcel, ''), o.number")


def _ready(conn: Connection, lane: str, now: int, limit: int, order: str) -> list[Row]:
    sign = mark(conn)
    select = (
        f"SELECT o.id FROM outbox o WHERE o.lane = {sign} AND {_goes(sign)}"
        f" ORDER BY {order} LIMIT {limit}"
    )
    ids = [id for (id,) in conn.exec_driver_sql(select, (lane, now))]
    rows = {row.id: row for row in load(conn, ids)}
    return [rows[id] for id in ids]


def try_again(conn: Connection, row: Row, now: int, holder: int) -> Row | None:
    """Record an attempt of this run at a row as it was read; None: another run was faster."""
    taken = send_together(conn, [row], row.parcel, now, holder)
    return taken[0] if taken else None


def send_together(
    conn: Connection, rows: Sequence[Row], parcel: str | None, now: int, holder: int
) -> list[Row]:
    """Record an attempt of this run at rows that leave as one; return those that it has taken."""
    sign = mark(conn)
    update = (
        f"UPDATE outbox SET state = '{State.SENDING}', attempts = attempts + 1, tried_at = {sign},"
        f" holder = {sign}, next_at = NULL, parcel = {sign}"
        f" WHERE id = {sign} AND state = {sign} AND attempts = {sign}"
    )
    taken = [
        row.id
        for row in rows
        if conn.exec_driver_sql(
            update, (now, holder, parcel, row.id, row.state.value, row.attempts)
        ).rowcount
    ]
    return load(conn, taken)


def overdue(conn: Connection, lane: str, before: int) -> list[Row]:
    """Return the rows of a lane that could have gone since before a time, and did not."""
    sign = mark(conn)
    select = f"{SELECT} WHERE o.lane = {sign} AND {_WAITS} AND o.at < {sign} AND {_FREE}"
    return [row_of(one) for one in conn.exec_driver_sql(select, (lane, before))]


def next_time(conn: Connection, lane: str) -> int | None:
    """Return when a lane has something to do that waits for a time."""
    select = f"SELECT min(o.next_at) FROM outbox o WHERE o.lane = {mark(conn)} AND {_WAITS}"
    found: int | None = conn.exec_driver_sql(select, (lane,)).scalar()
    return found


def postpone(conn: Connection, row: Row, state: State, next_at: int | None, why: str) -> None:
    """Leave a row for later, unless an echo has ended it, or another run has taken it meanwhile."""
    values = {"state": state.value, "next_at": next_at, "why": why}
    _set(conn, row, WAITING, values, fenced=True)


def give_back(conn: Connection, row: Row, next_at: int | None, why: str) -> None:
    """Take back an attempt that was recorded and never made."""
    attempts = max(0, row.attempts - 1)
    values = {"state": State.QUEUED.value, "next_at": next_at, "why": why, "attempts": attempts}
    _set(conn, row, WAITING, values, fenced=True)


def end(
    conn: Connection,
    row: Row,
    state: State,
    now: int,
    *,
    reason: str | None = None,
    why: str | None = None,
    receipt: Mapping[str, Any] | None = None,
) -> bool:
    """End a row, unless it has ended otherwise; return whether it did so now.

    One that was not sent gives back its claim on the message that it was to answer. What waited
    for one that was sent or skipped has its own day from now on.
    """
    said = None if receipt is None else json.dumps(receipt)
    values = {
        "state": state.value, "ended_at": now, "reason": reason, "why": why, "receipt": said,
        "next_at": None,
    }  # fmt: skip
    if not _set(conn, row, (*WAITING, *FAILED), values):
        return False
    if state not in (State.SENT, State.PARKED):
        _give_claim_back(conn, row)
    if state in (State.SENT, State.SKIPPED):
        _begin_day(conn, row, now)
    return True


def _give_claim_back(conn: Connection, row: Row) -> None:
    """Let another row that answers the same word have the claim; free the word if none does."""
    held = select_in(conn, claims, ("message",), "action", [row.id])
    still = (*WAITING, State.SENT, State.PARKED)
    for (message,) in held:
        others = by(conn, "message", [message])
        heir = next((one for one in others if one.id != row.id and one.state in still), None)
        if heir is None:
            delete_keys(conn, claims, "action", [row.id])
        else:
            set_where(
                conn, claims, ("action", "actor"), ("message",), [(heir.id, heir.actor, message)]
            )


def requeue(conn: Connection, row: Row, now: int) -> bool:
    """Have a row that failed tried again at once: a person says so."""
    values = {"state": State.QUEUED.value, "at": now}
    cleared = dict.fromkeys(("next_at", "ended_at", "reason", "why"))
    return _set(conn, row, FAILED, values | cleared)


def _begin_day(conn: Connection, row: Row, now: int) -> None:
    sign = mark(conn)
    update = f"UPDATE outbox SET at = {sign} WHERE \"plan\" = {sign} AND state = '{State.QUEUED}'"
    if row.plan is not None:
        conn.exec_driver_sql(update, (now, row.plan))


def lost(conn: Connection, holder: int, before: int) -> list[Row]:
    """Return the attempts that have not ended and never will.

    Their run is gone; or they began before a time, so long ago that no call lasts.
    """
    held = f"o.state IN {sql(*UNKNOWN)} AND o.state = '{State.SENDING}'"
    rows = [row_of(one) for one in conn.exec_driver_sql(f"{SELECT} WHERE {held}")]
    dead = gone(conn, {row.holder for row in rows if row.holder} - {holder})
    return [row for row in rows if row.holder in dead or (row.tried_at or 0) < before]


def recover(conn: Connection, holder: int, before: int) -> None:
    """Mark lost attempts as of unknown outcome."""
    for row in lost(conn, holder, before):
        later, why = (row.tried_at or 0) + SETTLES, "it was cut short"
        values = {"state": State.UNSURE.value, "next_at": later, "why": why}
        _set(conn, row, (State.SENDING,), values, fenced=True)


def _set(
    conn: Connection,
    row: Row,
    states: Sequence[State],
    values: Mapping[str, Any],
    *,
    fenced: bool = False,
) -> bool:
    """Change a row that is in one of `states`; `fenced`: and that is still as it was read."""
    sign = mark(conn)
    sets = ", ".join(f'"{name}" = {sign}' for name in values)
    where = f"id = {sign} AND state IN {sql(*states)}"
    given = [*values.values(), row.id]
    if fenced:
        where += f" AND attempts = {sign} AND coalesce(holder, -1) = {sign}"
        given += [row.attempts, -1 if row.holder is None else row.holder]
    return (
        conn.exec_driver_sql(f"UPDATE outbox SET {sets} WHERE {where}", tuple(given)).rowcount == 1
    )
