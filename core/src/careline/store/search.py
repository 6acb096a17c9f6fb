"""Full-text search over messages: one function for both engines. It finds all that is committed."""

from typing import Any, Final

from sqlalchemy import Connection

from careline.errors import NotFound
from careline.store.bulk import mark
from careline.store.indexing import BITS, forget, index, index_pending, rowid, scrub
from careline.store.query import for_postgres, for_sqlite, parse
from careline.store.store import Store

__all__ = ["find", "forget", "index", "index_pending", "scrub", "search"]


async def search(
    store: Store,
    query: str,
    *,
    brand: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> list[str]:
    """Let the index catch up, then `find`."""
    while await store.read(_pending):
        await store.write(index_pending)
    return await store.read(lambda conn: find(conn, query, brand=brand, limit=limit, before=before))


def find(
    conn: Connection,
    query: str,
    *,
    brand: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> list[str]:
    """Return the ids of indexed messages that hold all of `query`, the newest posted first.

    Args:
        conn: a connection; it is only read from.
        query: words, "phrases", -unwanted ones, beginnings*; any text will do.
        brand: that brand's messages only.
        limit: ids to return at the most.
        before: the last id of the page before this one.

    Raises:
        NotFound: `before` is in the index no more.
    """
    terms = parse(query)
    if not terms:
        return []
    sqlite = conn.dialect.name == "sqlite"
    expression = for_sqlite(terms) if sqlite else for_postgres(terms)
    where, values = _where(conn, brand, before)
    statement = (_FIND_SQLITE if sqlite else _FIND_POSTGRES).format(where=where)
    return [row[0] for row in conn.exec_driver_sql(statement, (expression, *values, limit))]


_FIND_SQLITE: Final = (
    "SELECT r.message FROM search_words"
    f" CROSS JOIN search_rows r ON r.seq = search_words.rowid & {2**BITS - 1}"
    " WHERE search_words MATCH ?{where} ORDER BY search_words.rowid DESC LIMIT ?"
)
_FIND_POSTGRES: Final = (
    "SELECT r.message FROM search_rows r WHERE r.words @@ %s::tsquery{where}"
    " ORDER BY r.second DESC, r.seq DESC LIMIT %s"
)


def _where(conn: Connection, brand: str | None, before: str | None) -> tuple[str, list[Any]]:
    """Return what narrows a search, and its values."""
    where, values, sign = "", list[Any](), mark(conn)
    if brand is not None:
        where, values = f" AND r.brand = {sign}", [brand]
    if before is not None:
        second, seq = _place(conn, before)
        if conn.dialect.name == "sqlite":
            return f"{where} AND search_words.rowid < ?", [*values, rowid(second, seq)]
        return f"{where} AND (r.second, r.seq) < (%s, %s)", [*values, second, seq]
    return where, values


def _place(conn: Connection, message: str) -> tuple[int, int]:
    statement = f"SELECT second, seq FROM search_rows WHERE message = {mark(conn)}"
    found = conn.exec_driver_sql(statement, (message,)).first()
    if found is None:
        raise NotFound(f"the search cannot go on from {message}: search again")
    return found[0], found[1]


def _pending(conn: Connection) -> bool:
    return conn.exec_driver_sql("SELECT 1 FROM search_queue LIMIT 1").first() is not None
