"""Emptying: words go, with all that was made of them; the rows that were counted stay.

A content hash goes with its words: a short text could be guessed by it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection

from careline.store import tables
from careline.store.bulk import delete_keys, query_in, set_where
from careline.store.indexing import forget
from careline.store.outbox import Row, State

_WORDS: Final = ("text", "title", "lang", "permalink", "attachments")


@contextmanager
def zeroing(conn: Connection) -> Iterator[None]:
    """Have SQLite overwrite what is deleted. PostgreSQL's vacuum comes by and by."""
    if conn.dialect.name != "sqlite":
        yield
        return
    before = conn.exec_driver_sql("PRAGMA secure_delete").scalar_one()
    conn.exec_driver_sql("PRAGMA secure_delete = 1").close()
    try:
        yield
    finally:
        conn.exec_driver_sql(f"PRAGMA secure_delete = {before}").close()


def worded(conn: Connection, owners: Iterable[str]) -> set[str]:
    """Return which of these still have words."""
    select = "SELECT DISTINCT owner FROM bodies WHERE erased_at IS NULL AND owner IN"
    return {owner for (owner,) in query_in(conn, select, owners)}


def empty_bodies(conn: Connection, owners: Iterable[str], now: int) -> set[str]:
    """Empty the words of messages, notes, drafts, actions; return which of them had any."""
    select = "SELECT owner, revised_at FROM bodies WHERE erased_at IS NULL AND owner IN"
    keys = [tuple(key) for key in query_in(conn, select, owners)]
    nothing = (*(None for _ in _WORDS), "", now)
    rows = [(*nothing, *key) for key in keys]
    columns = (*_WORDS, "hash", "erased_at")
    with zeroing(conn):
        set_where(conn, tables.bodies, columns, ("owner", "revised_at"), rows)
    return {owner for owner, _ in keys}


def empty_messages(conn: Connection, messages: Iterable[str], now: int) -> set[str]:
    """Empty every version of messages, and take them out of the search. Return which had words.

    Labels and scores stay.
    """
    ids = sorted(messages)
    if not ids:
        return set()
    emptied = empty_bodies(conn, ids, now)
    with zeroing(conn):
        set_where(conn, tables.messages, ("hash",), ("id",), [("", id) for id in ids])
        set_where(conn, tables.revisions, ("hash",), ("message",), [("", id) for id in ids])
        set_where(conn, tables.deliveries, ("why",), ("message",), [(None, id) for id in ids])
        _drop_evidence(conn, ids)
        delete_keys(conn, tables.unread, "message", ids)
        forget(conn, ids)
    return emptied


def _drop_evidence(conn: Connection, messages: Iterable[str]) -> None:
    """Leave of readings their values and scores: a plugin may name a cue by the words."""
    select = "SELECT message, classifier, revised_at, reading FROM readings WHERE message IN"
    found = [(key, json.loads(reading)) for *key, reading in query_in(conn, select, messages)]
    bare = [(_without_evidence(read), *key) for key, read in found if _has_evidence(read)]
    keys = ("message", "classifier", "revised_at")
    set_where(conn, tables.readings, ("reading",), keys, bare)


def _has_evidence(reading: dict[str, Any]) -> bool:
    return any(facet.get("evidence") for facet in reading.values())


def _without_evidence(reading: dict[str, Any]) -> str:
    return json.dumps({name: {**facet, "evidence": []} for name, facet in reading.items()})


def empty_actions(conn: Connection, rows: Iterable[Row], now: int) -> set[str]:
    """Empty ended rows of the outbox: their words, whom they are for, what the platform said.

    Return which had words.
    """
    ended = [row for row in rows if row.state not in (State.SENDING, State.UNSURE)]
    kept = [(_without_customer(row), _own_why(row), row.id) for row in ended]
    with zeroing(conn):
        set_where(conn, tables.outbox, ("payload", "why"), ("id",), kept)
    return empty_bodies(conn, [row.id for row in ended], now)


def _without_customer(row: Row) -> str:
    return json.dumps({name: one for name, one in row.payload.items() if name != "customer"})


def _own_why(row: Row) -> str | None:
    """Return why it ended, where that is in our own words: beside a reason are the platform's."""
    ours = row.state in (State.WITHDRAWN, State.UNDONE, State.SKIPPED) and row.reason is None
    return row.why if ours else None


_TOGETHER: Final = """
SELECT o.id FROM person_links o WHERE o.person IN (
  SELECT l.person FROM person_links l WHERE l.identity IN"""


def empty_identities(conn: Connection, ids: Iterable[str], now: int) -> None:
    """Take away who somebody is: what stays is the hash by which their messages are counted."""
    known = list(ids)
    columns = ("user", "name", "handle", "followers", "erased_at")
    rows = [("", None, None, None, now, id) for id in known]
    evidence = [(None, id) for (id,) in query_in(conn, _TOGETHER, known, ")")]
    with zeroing(conn):
        set_where(conn, tables.identities, columns, ("id",), rows)
        set_where(conn, tables.person_links, ("evidence",), ("id",), evidence)


def empty_rejected(conn: Connection, ids: Iterable[str]) -> None:
    """Empty what was set aside; a row that comes again is known by its id and stays empty."""
    with zeroing(conn):
        rows = [(b"", "erased", id) for id in ids]
        set_where(conn, tables.rejected, ("raw", "why"), ("id",), rows)
