"""The outbox: whatever leaves us is a row first, and these are its states.

    queued ──▶ sending ──▶ sent
      ▲  │        │  ╲
      │  │        ▼   ╲──▶ dead        the platform refuses it, or it waited for a day
      │  │      unsure ──▶ parked      whether it was done nobody can tell but a person
      │  ▼        │
      │ undone,   │ looked up: it was not done
      │ skipped,  │
      │ withdrawn │
      └───────────┘

`undone` by its author; `skipped` by staff, so that what waits for it may go; `withdrawn` because
its reason was gone. A plan's rows go in the order of their steps, those of a thread as queued.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from careline.ids import content_hash
from careline.store.bulk import delete_keys, insert_new, mark, query_in
from careline.store.tables import bodies, claims


class State(StrEnum):
    """Where a row of the outbox stands."""

    QUEUED = "queued"
    SENDING = "sending"
    UNSURE = "unsure"
    SENT = "sent"
    PARKED = "parked"
    DEAD = "dead"
    SKIPPED = "skipped"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"


WAITING: Final = (State.QUEUED, State.SENDING, State.UNSURE)
"""What is still to leave."""
FAILED: Final = (State.PARKED, State.DEAD)
"""What a person has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A row to be: `lane` is the key under which it is sent, `send:ACCOUNT` or `alert:NOTIFIER`."""

    id: str
    lane: str
    kind: str
    brand: str
    actor: str
    at: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    """All but the words: who, where, what."""
    text: str | None = None
    """The words. They lie in `bodies`, and can be erased."""
    thread: str | None = None
    conversation: str | None = None
    message: str | None = None
    """The message that it answers or is about."""
    plan: str | None = None
    step: int = 0
    next_at: int | None = None
    """Not before this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Outgoing):
    """A row as it is stored, with its words."""

    number: int
    state: State
    attempts: int
    tried_at: int | None
    ended_at: int | None
    reason: str | None
    why: str | None
    receipt: Mapping[str, Any] | None
    parcel: str | None
    """Alerts that leave as one share it."""


_PLAIN = (
    "id", "lane", "kind", "brand", "thread", "conversation", "message", "actor", "at", "plan",
    "step", "next_at",
)  # fmt: skip
_KEPT = ("number", "attempts", "tried_at", "ended_at", "reason", "why", "parcel")
_SELECT = (
    "SELECT "
    + ", ".join(f'o."{name}"' for name in (*_PLAIN, *_KEPT, "state", "payload", "receipt"))
    + ", b.text FROM outbox o LEFT JOIN bodies b ON b.owner = o.id"
)


def _row(found: Any) -> Row:
    names = found._mapping
    return Row(
        **{name: names[name] for name in (*_PLAIN, *_KEPT, "text")},
        state=State(found.state),
        payload=json.loads(found.payload),
        receipt=json.loads(found.receipt) if found.receipt else None,
    )


def enqueue(conn: Connection, rows: Sequence[Outgoing]) -> set[str]:
    """Queue what is new by its id; return the lanes to wake after the commit."""
    names = (*_PLAIN, "state", "payload", "attempts")
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join([mark(conn)] * len(names))
    statement = f"INSERT INTO outbox ({columns}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING"
    lanes: set[str] = set()
    for row in rows:
        plain = [getattr(row, name) for name in _PLAIN]
        values = (*plain, State.QUEUED.value, json.dumps(row.payload), 0)
        if conn.exec_driver_sql(statement, values).rowcount:
            lanes.add(row.lane)
            _put_words(conn, row)
    return lanes


def _put_words(conn: Connection, row: Outgoing) -> None:
    if row.text is not None:
        body = (row.id, 0, row.text, content_hash(row.text))
        insert_new(conn, bodies, ("owner", "revised_at", "text", "hash"), [body])


def pending_lanes(conn: Connection, now: int, prefix: str) -> list[str]:
    """Return the lanes of a prefix that have something to send at `now`."""
    sign = mark(conn)
    select = (
        f"SELECT DISTINCT lane FROM outbox WHERE state IN {_sql(WAITING[0], WAITING[2])}"
        f" AND lane LIKE {sign} AND (next_at IS NULL OR next_at <= {sign})"
    )
    return [lane for (lane,) in conn.exec_driver_sql(select, (f"{prefix}:%", now))]


_FREE = f"""
NOT EXISTS (SELECT 1 FROM outbox b WHERE b.thread = o.thread AND b.lane = o.lane
            AND b.number < o.number AND b.state IN {{waiting}})
AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b."plan" = o."plan" AND b.step < o.step
                AND b.state NOT IN ('{State.SENT}', '{State.SKIPPED}'))"""


def take(conn: Connection, lane: str, now: int) -> Row | None:
    """Return the next row of a lane that may go, its attempt recorded; None: none may.

    One that is `unsure` stays so: it has to be looked up before it is tried.
    """
    sign = mark(conn)
    free = _FREE.format(waiting=_sql(*WAITING))
    select = (
        f"{_SELECT} WHERE o.lane = {sign} AND o.state IN {_sql(State.QUEUED, State.UNSURE)}"
        f" AND (o.next_at IS NULL OR o.next_at <= {sign}) AND {free} ORDER BY o.number LIMIT 1"
    )
    found = conn.exec_driver_sql(select, (lane, now)).first()
    if found is None:
        return None
    row = _row(found)
    return row if row.state is State.UNSURE else try_again(conn, row, now)


def try_again(conn: Connection, row: Row, now: int) -> Row | None:
    """Record an attempt at a row as it was read; None: another process was faster."""
    sign = mark(conn)
    update = (
        f"UPDATE outbox SET state = '{State.SENDING}', attempts = attempts + 1, tried_at = {sign},"
        f" next_at = NULL WHERE id = {sign} AND state = {sign} AND attempts = {sign}"
    )
    values = (now, row.id, row.state.value, row.attempts)
    if conn.exec_driver_sql(update, values).rowcount != 1:
        return None
    return load(conn, [row.id])[0]


def load(conn: Connection, ids: Iterable[str]) -> list[Row]:
    """Return rows by their ids, in the order in which they were queued."""
    return [
        _row(one) for one in query_in(conn, f"{_SELECT} WHERE o.id IN", ids, "ORDER BY o.number")
    ]


def by(conn: Connection, column: str, values: Iterable[str]) -> list[Row]:
    """Return the rows of threads, conversations, plans, parcels or states."""
    select = f'{_SELECT} WHERE o."{column}" IN'
    return [_row(one) for one in query_in(conn, select, values, "ORDER BY o.number")]


def next_time(conn: Connection, lane: str) -> int | None:
    """Return when a lane has something to do that waits for a time."""
    select = (
        f"SELECT min(next_at) FROM outbox WHERE lane = {mark(conn)}"
        f" AND state IN {_sql(State.QUEUED, State.UNSURE)}"
    )
    found: int | None = conn.exec_driver_sql(select, (lane,)).scalar()
    return found


def postpone(conn: Connection, row: Row, state: State, next_at: int | None, why: str) -> None:
    """Leave a row for later, unless an echo has ended it meanwhile."""
    _set(conn, row, WAITING, state=state.value, next_at=next_at, why=why)


def give_back(conn: Connection, row: Row, next_at: int | None, why: str) -> None:
    """Take back an attempt that was recorded and never made."""
    _set(
        conn, row, WAITING, state=State.QUEUED.value, next_at=next_at, why=why,
        attempts=max(0, row.attempts - 1),
    )  # fmt: skip


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

    One that was not sent gives back its claim on the message that it was to answer.
    """
    said = None if receipt is None else json.dumps(receipt)
    from_ = (*WAITING, *FAILED)
    values = {"state": state.value, "ended_at": now, "reason": reason, "why": why, "receipt": said}
    done = _set(conn, row, from_, next_at=None, **values)
    if done and state not in (State.SENT, State.PARKED):
        delete_keys(conn, claims, "action", [row.id])
    return done


def requeue(conn: Connection, row: Row, now: int) -> bool:
    """Have a row that failed tried again at once: a person says so."""
    values = {"state": State.QUEUED.value, "at": now, "next_at": None, "ended_at": None}
    return _set(conn, row, FAILED, reason=None, why=None, **values)


def recover(conn: Connection, before: int) -> list[Row]:
    """Mark attempts begun before a time as of unknown outcome: who made them is no more."""
    sign = mark(conn)
    select = f"{_SELECT} WHERE o.state = '{State.SENDING}' AND o.tried_at < {sign}"
    lost = [_row(one) for one in conn.exec_driver_sql(select, (before,))]
    for row in lost:
        _set(conn, row, (State.SENDING,), state=State.UNSURE.value, why="it was cut short")
    return lost


def _set(conn: Connection, row: Row, states: Sequence[State], **values: Any) -> bool:
    sign = mark(conn)
    sets = ", ".join(f'"{name}" = {sign}' for name in values)
    update = f"UPDATE outbox SET {sets} WHERE id = {sign} AND state IN {_sql(*states)}"
    return conn.exec_driver_sql(update, (*values.values(), row.id)).rowcount == 1


def _sql(*states: State) -> str:
    return "(" + ", ".join(f"'{state.value}'" for state in states) + ")"
