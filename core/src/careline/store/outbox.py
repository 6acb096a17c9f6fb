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
from careline.store.bulk import insert_new, mark, query_in
from careline.store.tables import bodies


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
SKEW: Final = 300_000_000
"""In microseconds: a platform's clock may be so far behind ours."""


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
SELECT: Final = (
    "SELECT "
    + ", ".join(f'o."{name}"' for name in (*_PLAIN, *_KEPT, "state", "payload", "receipt"))
    + ", b.text FROM outbox o LEFT JOIN bodies b ON b.owner = o.id"
)


def row_of(found: Any) -> Row:
    """Return what `SELECT` found."""
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


def load(conn: Connection, ids: Iterable[str]) -> list[Row]:
    """Return rows by their ids, in the order in which they were queued."""
    return [
        row_of(one) for one in query_in(conn, f"{SELECT} WHERE o.id IN", ids, "ORDER BY o.number")
    ]


def hold(conn: Connection, ids: Iterable[str]) -> list[Row]:
    """Return rows as they are now; until the commit nobody takes one to its platform."""
    wanted = sorted(ids)
    if conn.dialect.name == "postgresql":
        query_in(conn, "SELECT id FROM outbox WHERE id IN", wanted, "ORDER BY id FOR UPDATE")
    return load(conn, wanted)


def by(conn: Connection, column: str, values: Iterable[str]) -> list[Row]:
    """Return the rows of threads, conversations, plans, parcels or states."""
    select = f'{SELECT} WHERE o."{column}" IN'
    return [row_of(one) for one in query_in(conn, select, values, "ORDER BY o.number")]


def latest(conn: Connection, states: Sequence[State], limit: int) -> list[Row]:
    """Return rows in some states (none given: in any), the latest queued first."""
    where = f"WHERE o.state IN {sql(*states)}" if states else ""
    select = f"{SELECT} {where} ORDER BY o.number DESC LIMIT {mark(conn)}"
    return [row_of(one) for one in conn.exec_driver_sql(select, (limit,))]


def in_doubt(conn: Connection, brand: str) -> list[Row]:
    """Return the rows of a brand's channels that may have been done, or not."""
    select = (
        f"{SELECT} WHERE o.state IN {sql(*UNKNOWN)} AND o.brand = {mark(conn)}"
        " AND substr(o.lane, 1, 5) = 'send:' ORDER BY o.number"
    )
    return [row_of(one) for one in conn.exec_driver_sql(select, (brand,))]


def is_used(conn: Connection) -> bool:
    """Whether anything was ever to leave us."""
    return conn.exec_driver_sql("SELECT 1 FROM outbox LIMIT 1").first() is not None


def sql(*states: State) -> str:
    """Return states as SQL lists them."""
    return "(" + ", ".join(f"'{state.value}'" for state in states) + ")"
