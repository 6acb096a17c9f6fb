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
from careline.store.presence import gone
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
UNKNOWN: Final = (State.SENDING, State.UNSURE, State.PARKED)
"""What may have been done, or not."""
SETTLES: Final = 5_000_000
"""In microseconds: what a platform did may not be seen at once by whoever looks for it."""
_OPEN: Final = "o.state IN ('queued', 'sending', 'unsure', 'parked')"  # as the index has it


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
    holder: int | None
    """The run that tried it last (store/presence.py)."""
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
_KEPT = ("number", "attempts", "tried_at", "holder", "ended_at", "reason", "why", "parcel")
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
        f"SELECT DISTINCT o.lane FROM outbox o WHERE {_OPEN}"
        f" AND o.state IN {_sql(State.QUEUED, State.UNSURE)}"
        f" AND o.lane LIKE {sign} AND (o.next_at IS NULL OR o.next_at <= {sign})"
    )
    return [lane for (lane,) in conn.exec_driver_sql(select, (f"{prefix}:%", now))]


_FREE = f"""
NOT EXISTS (SELECT 1 FROM outbox b WHERE b.thread = o.thread AND b.lane = o.lane
            AND b.number < o.number AND b.state IN {{waiting}})
AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b."plan" = o."plan" AND b.step < o.step
                AND b.state NOT IN ('{State.SENT}', '{State.SKIPPED}'))"""


def take(conn: Connection, lane: str, now: int, holder: int) -> Row | None:
    """Return the next row of a lane that may go, its attempt recorded; None: none may.

    One that is `unsure` stays so: it has to be looked up before it is tried. Those that were tried
    more often come later, so that one that fails holds up no other.
    """
    sign = mark(conn)
    free = _FREE.format(waiting=_sql(*WAITING))
    select = (
        f"{_SELECT} WHERE o.lane = {sign} AND {_OPEN}"
        f" AND o.state IN {_sql(State.QUEUED, State.UNSURE)}"
        f" AND (o.next_at IS NULL OR o.next_at <= {sign}) AND {free}"
        " ORDER BY o.attempts, o.number LIMIT 1"
    )
    found = conn.exec_driver_sql(select, (lane, now)).first()
    if found is None:
        return None
    row = _row(found)
    return row if row.state is State.UNSURE else try_again(conn, row, now, holder)


def try_again(conn: Connection, row: Row, now: int, holder: int) -> Row | None:
    """Record an attempt of this run at a row as it was read; None: another run was faster."""
    sign = mark(conn)
    update = (
        f"UPDATE outbox SET state = '{State.SENDING}', attempts = attempts + 1, tried_at = {sign},"
        f" holder = {sign}, next_at = NULL"
        f" WHERE id = {sign} AND state = {sign} AND attempts = {sign}"
    )
    values = (now, holder, row.id, row.state.value, row.attempts)
    if conn.exec_driver_sql(update, values).rowcount != 1:
        return None
    return load(conn, [row.id])[0]


def ready(conn: Connection, lane: str, now: int, limit: int) -> list[Row]:
    """Return the rows of a lane that may go, in no order but how often they were tried.

    Those that left as one before stand beside each other.
    """
    sign = mark(conn)
    select = (
        f"{_SELECT} WHERE o.lane = {sign} AND {_OPEN}"
        f" AND o.state IN {_sql(State.QUEUED, State.UNSURE)}"
        f" AND (o.next_at IS NULL OR o.next_at <= {sign})"
        f" ORDER BY o.attempts, coalesce(o.parcel, ''), o.number LIMIT {limit}"
    )
    return [_row(one) for one in conn.exec_driver_sql(select, (lane, now))]


def send_together(
    conn: Connection, rows: Sequence[Row], parcel: str, now: int, holder: int
) -> list[Row]:
    """Record an attempt of this run at rows that leave as one; return those that it has taken."""
    sign = mark(conn)
    update = (
        f"UPDATE outbox SET state = '{State.SENDING}', attempts = attempts + 1, tried_at = {sign},"
        f" holder = {sign}, next_at = NULL, parcel = {sign}"
        f" WHERE id = {sign} AND state = {sign} AND attempts = {sign}"
    )
    values = [(now, holder, parcel, row.id, row.state.value, row.attempts) for row in rows]
    conn.exec_driver_sql(update, values)
    now_so = load(conn, [row.id for row in rows])
    return [row for row in now_so if row.state is State.SENDING and row.holder == holder]


def overdue(conn: Connection, lane: str, before: int) -> list[Row]:
    """Return the rows of a lane that have waited since before a time."""
    select = (
        f"{_SELECT} WHERE o.lane = {mark(conn)} AND {_OPEN}"
        f" AND o.state IN {_sql(State.QUEUED, State.UNSURE)} AND o.at < {mark(conn)}"
    )
    return [_row(one) for one in conn.exec_driver_sql(select, (lane, before))]


def load(conn: Connection, ids: Iterable[str]) -> list[Row]:
    """Return rows by their ids, in the order in which they were queued."""
    return [
        _row(one) for one in query_in(conn, f"{_SELECT} WHERE o.id IN", ids, "ORDER BY o.number")
    ]


def hold(conn: Connection, ids: Iterable[str]) -> list[Row]:
    """Return rows as they are now; until the commit nobody takes one to its platform."""
    wanted = sorted(ids)
    if conn.dialect.name == "postgresql":
        query_in(conn, "SELECT id FROM outbox WHERE id IN", wanted, "ORDER BY id FOR UPDATE")
    return load(conn, wanted)


def by(conn: Connection, column: str, values: Iterable[str]) -> list[Row]:
    """Return the rows of threads, conversations, plans, parcels or states."""
    select = f'{_SELECT} WHERE o."{column}" IN'
    return [_row(one) for one in query_in(conn, select, values, "ORDER BY o.number")]


def latest(conn: Connection, states: Sequence[State], limit: int) -> list[Row]:
    """Return rows in some states (none given: in any), the latest queued first."""
    where = f"WHERE o.state IN {_sql(*states)}" if states else ""
    select = f"{_SELECT} {where} ORDER BY o.number DESC LIMIT {mark(conn)}"
    return [_row(one) for one in conn.exec_driver_sql(select, (limit,))]


def in_doubt(conn: Connection, brand: str) -> list[Row]:
    """Return the rows of a brand's channels that may have been done, or not."""
    select = (
        f"{_SELECT} WHERE {_OPEN} AND o.state IN {_sql(*UNKNOWN)}"
        f" AND substr(o.lane, 1, 5) = 'send:' AND o.brand = {mark(conn)} ORDER BY o.number"
    )
    return [_row(one) for one in conn.exec_driver_sql(select, (brand,))]


def is_used(conn: Connection) -> bool:
    """Whether anything was ever to leave us."""
    return conn.exec_driver_sql("SELECT 1 FROM outbox LIMIT 1").first() is not None


def next_time(conn: Connection, lane: str) -> int | None:
    """Return when a lane has something to do that waits for a time."""
    select = (
        f"SELECT min(o.next_at) FROM outbox o WHERE o.lane = {mark(conn)} AND {_OPEN}"
        f" AND o.state IN {_sql(State.QUEUED, State.UNSURE)}"
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


def lost(conn: Connection, holder: int, before: int) -> list[Row]:
    """Return the attempts that have not ended and never will.

    Their run is gone; or they began before a time, so long ago that no call lasts.
    """
    select = f"{_SELECT} WHERE {_OPEN} AND o.state = '{State.SENDING}'"
    rows = [_row(one) for one in conn.exec_driver_sql(select)]
    dead = gone(conn, {row.holder for row in rows if row.holder} - {holder})
    return [row for row in rows if row.holder in dead or (row.tried_at or 0) < before]


def recover(conn: Connection, holder: int, before: int) -> None:
    """Mark lost attempts as of unknown outcome."""
    for row in lost(conn, holder, before):
        later, why = (row.tried_at or 0) + SETTLES, "it was cut short"
        _set(conn, row, (State.SENDING,), state=State.UNSURE.value, next_at=later, why=why)


def _set(conn: Connection, row: Row, states: Sequence[State], **values: Any) -> bool:
    sign = mark(conn)
    sets = ", ".join(f'"{name}" = {sign}' for name in values)
    update = f"UPDATE outbox SET {sets} WHERE id = {sign} AND state IN {_sql(*states)}"
    return conn.exec_driver_sql(update, (*values.values(), row.id)).rowcount == 1


def _sql(*states: State) -> str:
    return "(" + ", ".join(f"'{state.value}'" for state in states) + ")"
