"""Numbered, frozen steps from an empty database to today's, for both dialects.

A step is plain SQL in `migrations_sql/`, one file a dialect. It is never edited once released:
what it makes today it makes in ten years, whatever `tables.py` says then.
"""

from functools import partial
from importlib.resources import files
from typing import Final

from sqlalchemy import Connection, inspect

from careline.errors import StoreError
from careline.store.bulk import put
from careline.store.store import Store
from careline.store.tables import meta, metadata

STEPS: Final = ("0001_tables", "0002_search", "0003_way_out")
LATEST: Final = len(STEPS)
"""The version of the schema that this code reads and writes."""
_KEY: Final = "schema_version"
_LOCK: Final = 7_236_001
"""PostgreSQL's advisory lock: two processes never migrate one database at once."""


def version(conn: Connection) -> int:
    """Return the version of the schema; 0 where there is none yet.

    Raises:
        StoreError: the tables are there, but not by careline's hand.
    """
    look = inspect(conn)
    taken = metadata.tables.keys() & set(look.get_table_names())
    if not taken:
        return 0
    columns = look.get_columns(meta.name) if meta.name in taken else []
    if {column["name"] for column in columns} == set(meta.columns.keys()):
        found = conn.execute(meta.select().where(meta.c.name == _KEY)).first()
        if found is not None:
            return int(found.value)
    raise StoreError(
        f"this database has tables that careline did not make ({', '.join(sorted(taken))}):"
        " give careline a database of its own"
    )


def upgrade(store: Store) -> tuple[int, int]:
    """Bring the database to `LATEST`, each step in a transaction; return (from, to).

    Raises:
        StoreError: the database is newer than this code, or cannot be written.
    """
    before = store.read_now(version)
    _refuse_newer(before)
    for number in range(before + 1, LATEST + 1):
        store.write_now(partial(_climb, target=number))
    return before, max(before, LATEST)


def ensure(store: Store) -> None:
    """Make a fresh database, whole or not at all; refuse an older or a newer one.

    Raises:
        StoreError: it says which version the database has, and what to do.
    """
    found = store.read_now(version)
    _refuse_newer(found)
    if found == 0:
        store.write_now(partial(_climb, target=LATEST))
    elif found < LATEST:
        raise StoreError(
            f"the database has schema version {found}, this careline needs {LATEST}:"
            " back it up, then run `careline db upgrade`"
        )


def _refuse_newer(found: int) -> None:
    if found > LATEST:
        raise StoreError(
            f"the database has schema version {found}, this careline knows {LATEST} at the most:"
            " install the careline that wrote it, or a later one"
        )


def _climb(conn: Connection, target: int) -> None:
    """Run the steps up to `target` that are still to do: another process may have been faster."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    for number in range(version(conn) + 1, target + 1):
        for statement in statements(number, conn.dialect.name):
            conn.exec_driver_sql(statement)
        put(conn, meta, ("name", "value"), [(_KEY, str(number))])


def statements(number: int, dialect: str) -> list[str]:
    """Return the statements of one step; a line that ends in a semicolon ends one."""
    name = f"{STEPS[number - 1]}.{dialect}.sql"
    text = files("careline.store").joinpath("migrations_sql", name).read_text("utf-8")
    return [part.strip() for part in text.split(";\n") if part.strip()]
