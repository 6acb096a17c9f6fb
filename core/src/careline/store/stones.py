"""Tombstones: what is gone for good, so that a second look cannot bring it back.

    removed   a message is gone from its platform; its words are kept
    erased    its words were erased here; it may still stand on its platform
    purged    both

An identity's stone is `erased`: what its person said or showed until then is not kept any more.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection

from careline.store.bulk import mark, query_in

REMOVED, ERASED, PURGED = "removed", "erased", "purged"


class Stone(NamedTuple):
    """One tombstone: since when, by whose word, and why."""

    object: str
    at: int
    by: str | None
    why: str


_EARLIER: Final = """
tombstones.why = 'erased' AND excluded.why <> 'erased'
OR (tombstones.why = 'erased') = (excluded.why = 'erased') AND excluded.at < tombstones.at"""
"""The earlier of two words holds; but when a message went from its platform holds above all."""


def put_stones(conn: Connection, stones: Iterable[Stone]) -> None:
    """Lay stones; on one that lies there, both words hold, whichever came first."""
    rows = sorted(stones)
    if rows:
        conn.exec_driver_sql(
            f'INSERT INTO tombstones (object, at, "by", why) VALUES ({_marks(conn)})'
            f" ON CONFLICT (object) DO UPDATE SET at = CASE WHEN {_EARLIER} THEN excluded.at"
            f' ELSE tombstones.at END, "by" = CASE WHEN {_EARLIER} THEN excluded."by"'
            ' ELSE tombstones."by" END, why = CASE WHEN excluded.why = tombstones.why'
            " THEN tombstones.why ELSE 'purged' END",
            rows,
        )


def put_person_stones(conn: Connection, identities: Iterable[str], at: int, by: str) -> None:
    """Lay stones on identities; of two times the later one holds."""
    rows = [Stone(identity, at, by, ERASED) for identity in sorted(identities)]
    if rows:
        conn.exec_driver_sql(
            f'INSERT INTO tombstones (object, at, "by", why) VALUES ({_marks(conn)})'
            ' ON CONFLICT (object) DO UPDATE SET at = excluded.at, "by" = excluded."by"'
            " WHERE excluded.at > tombstones.at",
            rows,
        )


def _marks(conn: Connection) -> str:
    return ", ".join([mark(conn)] * len(Stone._fields))


def stones_of(conn: Connection, objects: Iterable[str]) -> dict[str, Stone]:
    """Return the stones that lie on these."""
    select = 'SELECT object, at, "by", why FROM tombstones WHERE object IN'
    return {row[0]: Stone(*row) for row in query_in(conn, select, objects)}


def any_person(conn: Connection) -> bool:
    """Whether any identity was ever erased: mostly that spares a look at each of a batch."""
    select = "SELECT 1 FROM tombstones WHERE object >= 'i' AND object < 'j' LIMIT 1"
    return conn.exec_driver_sql(select).first() is not None
