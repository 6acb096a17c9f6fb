"""The store: opens the database, and runs units of work in worker threads.

A unit of work is a function of a connection. On SQLite one writer commits what has queued in one
transaction, each unit in a savepoint; on PostgreSQL each unit is a transaction of its own.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

from anyio import to_thread
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from careline.errors import StoreBusy, StoreError

T = TypeVar("T")
Unit = Callable[[Connection], T]
BUSY_SECONDS: Final = 10.0
AT_ONCE: Final = 64
"""Units in one transaction at the most."""


def open_engine(url: str) -> Engine:
    """Return an engine for `url`, with the settings that careline's promises rest on."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    if parsed.get_backend_name() == "postgresql":
        try:
            return create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise StoreError(
                "PostgreSQL needs psycopg: pip install 'careline[postgres]'"
            ) from error
    raise StoreError(f"careline keeps its data in SQLite or PostgreSQL, not in {parsed.drivername}")


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_use_lifo=True,  # the same connection again: each has a page cache of its own
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None
        _set_wal(connection)
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "wal_autocheckpoint = 10000",
            "cache_size = -32768",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("careline_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _set_wal(connection: sqlite3.Connection) -> None:
    """Set the journal's mode; of two processes that do so on a fresh file, SQLite refuses one."""
    for last in (*[False] * 20, True):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN IMMEDIATE")  # this one waits for the other process
            connection.execute("ROLLBACK")
        else:
            return


class Store:
    """The database, for async callers (`read`, `write`) and sync ones (`read_now`, `write_now`)."""

    def __init__(self, url: str) -> None:
        """`url` is SQLAlchemy's: `sqlite:///careline.db`, `postgresql+psycopg://...`."""
        self.url = url
        self.engine = open_engine(url)
        self._writer = self.engine.execution_options(careline_write=True)
        self._queue: deque[tuple[Unit[Any], Future[Any]]] = deque()
        self._lock = Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether there is one writer only."""
        return self.engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file; None where there is none."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        return await to_thread.run_sync(self.read_now, unit)

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit and return after its commit."""
        return await to_thread.run_sync(self.write_now, unit)

    def read_now(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, in this thread."""
        try:
            with self.engine.connect() as connection:
                return unit(connection)
        except DBAPIError as error:
            raise explain(error, self.url) from error

    def write_now(self, unit: Unit[T]) -> T:
        """Run a unit in this thread, or let the writer at work take it; return after its commit."""
        if not self.is_sqlite:
            return self._alone(unit)
        future: Future[T] = Future()
        self._queue.append((unit, future))
        with self._lock:
            while self._queue and not future.done():
                self._commit_queued()
        return future.result()

    def _alone(self, unit: Unit[T]) -> T:
        try:
            with self._writer.begin() as connection:
                return unit(connection)
        except DBAPIError as error:
            raise explain(error, self.url) from error

    def _commit_queued(self) -> None:
        """Commit what has queued; a unit that fails takes no neighbour with it."""
        taken = [self._queue.popleft() for _ in range(min(len(self._queue), AT_ONCE))]
        try:
            with self._writer.begin() as connection:
                ends = [self._attempt(connection, unit) for unit, _ in taken]
        except BaseException as error:  # whoever waits for a future must hear of it
            lost = explained(error, self.url) if isinstance(error, DBAPIError) else error
            ends = [(None, lost)] * len(taken)
        for (_, future), (value, failure) in zip(taken, ends, strict=True):
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)

    def _attempt(self, connection: Connection, unit: Unit[Any]) -> tuple[Any, BaseException | None]:
        """Run a unit in a savepoint; return its value, or its own failure."""
        savepoint = connection.begin_nested()
        try:
            value = unit(connection)
        except BaseException as error:
            if isinstance(error, DBAPIError):
                if _ends_all(error):  # SQLite has let go of the savepoint too
                    raise
                error = explained(error, self.url)
            savepoint.rollback()
            return None, error
        savepoint.commit()
        return value, None

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _ends_all(error: DBAPIError) -> bool:
    """Whether the database itself failed (full, locked, damaged), not the one unit."""
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR


def explained(error: DBAPIError, url: str) -> StoreError:
    """Return what `explain` does, with the database's own error as its cause."""
    meant = explain(error, url)
    meant.__cause__ = error
    return meant


def explain(error: DBAPIError, url: str) -> StoreError:
    """Return what a database error means for its operator."""
    said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    where = make_url(url).render_as_string(hide_password=True)
    low = said.lower()
    if "locked" in low or "busy" in low:
        hint = "another process holds it: stop that one, or wait for it"
        return StoreBusy(f"{where}: {said} ({hint})")
    if "full" in low or "no space" in low or "disk i/o" in low:
        hint = "free some space and start again: nothing that was committed is lost"
    elif "unable to open" in low or "readonly" in low or "read-only" in low:
        hint = "check that its folder exists and that this user may write there"
    elif "not a database" in low or "malformed" in low:
        hint = "the file is damaged or no database: restore it from a backup"
    elif "connect" in low or "refused" in low:
        hint = "check that the server runs and that the URL is right"
    else:
        hint = "this is unexpected: please report it"
    return StoreError(f"{where}: {said} ({hint})")
