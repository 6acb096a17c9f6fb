"""Who is at work: whatever a run holds, others can tell whether that run is still there.

On PostgreSQL a run holds a lock for as long as its connection lives, however it ends. On SQLite one
run works at a time (store/lock.py), so that every other one is gone.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from careline.store.store import Store

_CLASS: Final = 7_236_003
"""PostgreSQL's advisory locks of runs."""


class Presence:
    """Held while a run is at work. `id`: 31 random bits."""

    def __init__(self, store: Store, id: int) -> None:
        self._store, self.id = store, id
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        """Be there."""
        self.ensure()
        return self

    def ensure(self) -> None:
        """Be there again, if the connection that said so is no more."""
        if self._store.is_sqlite:
            return
        if self._connection is not None:
            try:
                self._connection.exec_driver_sql("SELECT 1")
            except DBAPIError:
                self._connection.close()
                self._connection = None
            else:
                return
        autocommit = self._store.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection = autocommit.connect()
        self._connection.exec_driver_sql(f"SELECT pg_advisory_lock({_CLASS}, {self.id})")

    def __exit__(self, *exc: object) -> None:
        """Be there no more."""
        if self._connection is not None:
            with self._connection as connection, suppress(DBAPIError):  # it went with its server
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_CLASS}, {self.id})")
            self._connection = None


def gone(conn: Connection, runs: Iterable[int]) -> set[int]:
    """Return which of these other runs are not there any more."""
    others = set(runs)
    if conn.dialect.name == "sqlite":
        return others
    lock = "SELECT pg_try_advisory_xact_lock(%s, %s)"
    return {run for run in others if conn.exec_driver_sql(lock, (_CLASS, run)).scalar()}
