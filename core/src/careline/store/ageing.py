"""Ageing: finds what is old enough to be forgotten, a slice of a table at a time."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from careline.store.bulk import mark, query_in
from careline.store.outbox import State, load

ROWS: Final = 2000
"""Rows that a slice looks at, and forgets at the most."""
PEOPLE: Final = 100_000
"""Identities that a slice looks at: for each, all messages are gone through once."""


def aged(
    conn: Connection, after: str, *, table: str, column: str, before: int
) -> tuple[list[str], str | None]:
    """Return which rows of a slice are from before a time, and where the next slice begins.

    The slice follows the id `after`; None: there is no other.
    """
    sign = mark(conn)
    select = f"SELECT id, {column} FROM {table} WHERE id > {sign} ORDER BY id LIMIT {ROWS}"
    rows = conn.exec_driver_sql(select, (after,)).all()
    old = [id for id, at in rows if at is not None and at < before]
    return old, rows[-1][0] if len(rows) == ROWS else None


def silent(conn: Connection, after: str, *, before: int) -> tuple[list[str], str | None]:
    """Return the identities of a slice without a word since a time, by them or to them.

    Those of our accounts are nobody's.
    """
    sign = mark(conn)
    select = (
        f"SELECT i.id FROM identities i WHERE i.id > {sign} AND i.erased_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM accounts a"
        ' WHERE a.network = i.network AND a.identity = i."user")'
        f" ORDER BY i.id LIMIT {PEOPLE}"
    )
    ids = [id for (id,) in conn.exec_driver_sql(select, (after,))]
    if not ids:
        return [], None
    heard = " UNION ".join(
        f"SELECT {column} FROM messages WHERE posted_at >= {sign}"
        f" AND {column} BETWEEN {sign} AND {sign}"
        for column in ("author", "recipient")
    )
    found = conn.exec_driver_sql(heard, (before, ids[0], ids[-1]) * 2)
    young = {id for (id,) in found}
    return [id for id in ids if id not in young], ids[-1] if len(ids) == PEOPLE else None


def with_customer(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which rows of the outbox still say something, or to whom, and are not on their way."""
    rows = [row for row in load(conn, ids) if row.state not in (State.SENDING, State.UNSURE)]
    return {row.id for row in rows if row.text is not None or "customer" in row.payload}


def with_raw(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of what was set aside is still there."""
    select = "SELECT id FROM rejected WHERE length(raw) > 0 AND id IN"
    return {id for (id,) in query_in(conn, select, ids)}
