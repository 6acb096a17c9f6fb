"""Vacuum: the database's files are written anew, without a byte of what was erased."""

from functools import partial
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from careline.errors import StoreBusy
from careline.store.emptying import zeroing
from careline.store.indexing import scrub
from careline.store.lock import RunLock
from careline.store.store import Store, explain

_WORDS: Final = (
    "bodies", "messages", "revisions", "readings", "search_rows", "identities", "person_links",
    "outbox", "rejected",
)  # fmt: skip
"""Tables in which words, names or what was made of them stood."""


async def scrub_search(store: Store) -> None:
    """Rewrite the search's index without what was forgotten, slice by slice."""
    begin = True
    while await store.write(partial(_scrub, begin=begin)):
        begin = False


def _scrub(conn: Connection, *, begin: bool) -> bool:
    with zeroing(conn):
        return scrub(conn, begin=begin)


def vacuum(store: Store) -> None:
    """Write the database anew; nothing else can use it meanwhile.

    SQLite: the file, and the WAL is emptied. PostgreSQL: the tables that held words, each locked
    while it is rewritten.

    Raises:
        StoreError: `careline run` works on the SQLite file, or the disk is full.
        StoreBusy: another command holds it.
    """
    with RunLock(store.path):
        try:
            _sqlite(store) if store.is_sqlite else _postgres(store)
        except DBAPIError as error:
            raise explain(error, store.url) from error


def _sqlite(store: Store) -> None:
    with store.engine.connect() as conn:
        conn.exec_driver_sql("ROLLBACK")  # VACUUM stands in no transaction
        conn.exec_driver_sql("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
        conn.exec_driver_sql("VACUUM")
        busy = conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    if busy:
        raise StoreBusy(f"{store.path} is read by another process: try again when that has ended")


def _postgres(store: Store) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for table in _WORDS:
            conn.exec_driver_sql(f"VACUUM FULL {table}")
