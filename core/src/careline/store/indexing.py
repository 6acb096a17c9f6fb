"""What full-text search finds: words of messages, brought into the index by and by.

Indexing a message costs more than keeping it, so intake only notes whose words are new (`index`),
and the words follow in slices of their own (`index_pending`).
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from careline.store.bulk import mark, query_in
from careline.store.query import LONGEST, vector

BITS: Final = 31
"""Of a row's number in SQLite's index, those below its second: two billion rows, until 2106."""
_LOCK: Final = 7_236_002  # PostgreSQL: one indexer at a time, so that no older text comes last
_LAST_SECOND: Final = 2**32 - 1
_PAGES: Final = 500  # written in one transaction: about 0.05 s in which nobody else writes
_TEXTS: Final = (
    "SELECT m.id, m.brand, m.posted_at, b.title, "
    f"substr(b.text, 1, {LONGEST}) FROM messages m JOIN bodies b"
    " ON b.owner = m.id AND b.revised_at = coalesce(m.revised_at, 0) WHERE m.id IN"
)


def index(conn: Connection, messages: Sequence[str]) -> None:
    """Note that these messages are new, or read otherwise than before: their words are to come."""
    if messages:
        statement = f"INSERT INTO search_queue (messages) VALUES ({mark(conn)})"
        conn.exec_driver_sql(statement, (json.dumps(list(messages)),))


def index_pending(conn: Connection, limit: int = 2000) -> int:
    """Index about `limit` noted messages and return how many; 0: the index is complete."""
    _alone(conn)
    batches, messages = _take(conn, limit)
    if batches:
        _remove(conn, messages)
        _insert(conn, query_in(conn, _TEXTS, messages))
        sign = mark(conn)
        conn.exec_driver_sql(f"DELETE FROM search_queue WHERE id = {sign}", batches)
    return len(messages)


def forget(conn: Connection, messages: Sequence[str]) -> None:
    """Take messages out of the index, before or after their bodies are emptied: same unit.

    They are found no more at once. SQLite's index drops their words from its pages as it merges;
    `scrub` makes it do so soon.
    """
    _alone(conn)
    _remove(conn, messages)


def scrub(conn: Connection, *, begin: bool) -> bool:
    """Rewrite a slice of SQLite's index without what was forgotten; return whether more is to do.

    `begin`: all of it, from now on. PostgreSQL's vacuum does it by itself.
    """
    if conn.dialect.name != "sqlite":
        return False
    changes = "SELECT total_changes()"
    before = conn.exec_driver_sql(changes).scalar_one()
    pages = -_PAGES if begin else _PAGES  # less than nothing: from all that there is
    merge = "INSERT INTO search_words (search_words, rank) VALUES ('merge', ?)"
    conn.exec_driver_sql(merge, (pages,))
    done: int = conn.exec_driver_sql(changes).scalar_one() - before
    return done > 1


def rowid(second: int, seq: int) -> int:
    """Return the row's number in SQLite's index, which lies in the order of time."""
    return second << BITS | seq


def _alone(conn: Connection) -> None:
    """Wait for other indexers to commit. SQLite has one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _take(conn: Connection, limit: int) -> tuple[list[tuple[int]], list[str]]:
    """Return the oldest batches noted, and their messages: one batch at least."""
    batches, messages = list[tuple[int]](), dict[str, None]()
    noted = "SELECT id, messages FROM search_queue ORDER BY id LIMIT 100"
    for number, ids in conn.exec_driver_sql(noted).all():
        if len(messages) >= limit:
            break
        batches.append((number,))
        messages.update(dict.fromkeys(json.loads(ids)))
    return batches, list(messages)


def _remove(conn: Connection, messages: Sequence[str]) -> None:
    """Take out rows, if they are there."""
    rows = query_in(conn, "SELECT second, seq FROM search_rows WHERE message IN", messages)
    if rows:
        sign = mark(conn)
        seqs = [(seq,) for _, seq in rows]
        conn.exec_driver_sql(f"DELETE FROM search_rows WHERE seq = {sign}", seqs)
        if conn.dialect.name == "sqlite":
            rowids = [(rowid(second, seq),) for second, seq in rows]
            conn.exec_driver_sql("DELETE FROM search_words WHERE rowid = ?", rowids)


def _insert(conn: Connection, found: Sequence[Any]) -> None:
    """Index texts that are there: what was erased meanwhile has none."""
    last = conn.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM search_rows").scalar_one()
    texts = [
        (m, brand, _second(at), f"{title or ''} {text or ''}"[:LONGEST].strip())
        for m, brand, at, title, text in found
    ]
    rows = [(seq, *row) for seq, row in enumerate((r for r in texts if r[3]), last + 1)]
    if not rows:
        return
    if conn.dialect.name == "postgresql":
        statement = "INSERT INTO search_rows VALUES (%s, %s, %s, %s, %s::tsvector)"
        conn.exec_driver_sql(statement, [(*row[:4], vector(row[4])) for row in rows])
        return
    conn.exec_driver_sql("INSERT INTO search_rows VALUES (?, ?, ?, ?)", [r[:4] for r in rows])
    words = sorted((rowid(row[3], row[0]), row[4]) for row in rows)  # a step back makes FTS5 flush
    conn.exec_driver_sql("INSERT INTO search_words (rowid, words) VALUES (?, ?)", words)


def _second(at: int) -> int:
    """Return the second of a time in microseconds; one that no customer lives in is drawn near."""
    return min(max(at // 1_000_000, 0), _LAST_SECOND)
