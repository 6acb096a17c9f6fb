"""Units of work: whole or not at all, none lost, none at a neighbour's cost; what goes wrong."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection

from careline.errors import StoreError
from careline.store import migrations
from careline.store.bulk import delete_keys, insert_new, put, query_in, select_in, set_where
from careline.store.store import Store
from careline.store.tables import cursors, messages, meta, redirects

OLD_NEW = ("old", "new")


def add(*rows: tuple[str, str]) -> Callable[[Connection], int]:
    return lambda conn: insert_new(conn, redirects, OLD_NEW, rows)


def kept(store: Store) -> dict[str, str]:
    return {row.old: row.new for row in store.read_now(lambda c: c.execute(redirects.select()))}


# -- set-based statements


def test_a_known_key_is_left_alone_and_not_counted(store: Store) -> None:
    assert store.write_now(add(("a", "1"), ("b", "1"))) == 2
    assert store.write_now(add(("b", "2"), ("c", "2"), ("c", "3"))) == 1
    assert kept(store) == {"a": "1", "b": "1", "c": "2"}
    assert store.write_now(add()) == 0


def test_put_sets_all_columns_or_only_those_named(store: Store) -> None:
    columns = ("account", "source", "cursor", "at")
    store.write_now(lambda c: put(c, cursors, columns, [("a", "s", "1", 1), ("b", "s", "1", 1)]))
    store.write_now(lambda c: put(c, cursors, columns, [("a", "s", "2", 2)]))
    store.write_now(lambda c: put(c, cursors, columns, [("b", "s", "9", 2)], update=("at",)))
    rows = store.read_now(lambda c: c.execute(cursors.select().order_by(cursors.c.account)).all())
    assert [tuple(row)[:4] for row in rows] == [("a", "s", "2", 2), ("b", "s", "1", 2)]


def test_rows_are_set_and_deleted_by_key(store: Store) -> None:
    store.write_now(add(("a", "1"), ("b", "1"), ("c", "1")))
    store.write_now(lambda c: set_where(c, redirects, ("new",), ("old",), [("7", "a"), ("8", "x")]))
    store.write_now(lambda c: delete_keys(c, redirects, "old", ["b", "x"]))
    assert kept(store) == {"a": "7", "c": "1"}


def test_any_number_of_keys_is_asked_for_at_once(store: Store) -> None:
    keys = [f"k{number}" for number in range(70_000)]
    store.write_now(add(*((key, "x") for key in keys)))
    asked = [*keys, *keys[:10], "unknown", "o\"dd'", "\N{PILE OF POO}"]
    assert len(store.read_now(lambda c: select_in(c, redirects, ("old",), "old", asked))) == 70_000
    assert store.read_now(lambda c: query_in(c, "SELECT 1 FROM redirects WHERE old IN", [])) == []


# -- units


def test_a_unit_that_fails_writes_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store.write_now(lambda conn: (add(("a", "1"))(conn), 1 / 0))
    with pytest.raises(StoreError, match=r"NULL|null"):
        store.write_now(lambda conn: [step(conn) for step in (add(("b", "1")), insert_nothing)])
    assert kept(store) == {}


def insert_nothing(conn: Connection) -> int:
    return insert_new(conn, messages, ("id",), [("m",)])


@pytest.mark.parametrize(
    "fault",
    [
        lambda conn: 1 / 0,
        insert_nothing,
        lambda conn: conn.exec_driver_sql("SELECT * FROM nowhere"),
        lambda conn: sys.exit("interrupted"),
    ],
    ids=["bug", "constraint", "statement", "exit"],
)
def test_a_failing_unit_takes_no_neighbour_with_it(
    store: Store, fault: Callable[[Connection], Any]
) -> None:
    """The first unit holds the writer until all have queued, so that they share a transaction."""
    go, begun = Event(), Event()

    def first(conn: Connection) -> None:
        begun.set()
        go.wait(30)

    def bad(conn: Connection) -> None:
        add(("bad", "1"))(conn)
        fault(conn)

    with ThreadPoolExecutor(22) as pool:
        opening = pool.submit(store.write_now, first)
        begun.wait(30)
        before = [pool.submit(store.write_now, add((f"a{n}", "1"))) for n in range(10)]
        failing = pool.submit(store.write_now, bad)
        after = [pool.submit(store.write_now, add((f"b{n}", "1"))) for n in range(10)]
        go.set()
        assert [one.result(30) for one in (*before, *after)] == [1] * 20
        assert failing.exception(30) is not None
        assert opening.result(30) is None
    assert sorted(kept(store)) == sorted(
        [*(f"a{n}" for n in range(10)), *(f"b{n}" for n in range(10))]
    )


async def test_async_callers_write_and_read(store: Store) -> None:
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(store.write, add((f"k{number}", "1")))
    assert len(await store.read(lambda conn: conn.execute(redirects.select()).all())) == 50


def test_threads_and_processes_that_write_at_once_lose_nothing(store: Store) -> None:
    """Each adds to one counter, read and written in one unit, and rows of its own."""
    store.write_now(lambda conn: put(conn, meta, ("name", "value"), [("count", "0")]))
    ends = [_writing(store.url, name) for name in ("p", "q")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.write_now(lambda conn: _count(conn, f"t{n}")), range(100)))
    for end in ends:
        assert end.wait(60) == 0
    assert len(kept(store)) == 300
    count = store.read_now(
        lambda conn: conn.execute(meta.select().where(meta.c.name == "count")).one().value
    )
    assert count == "300"


def _count(conn: Connection, name: str) -> None:
    lock = "" if conn.dialect.name == "sqlite" else " FOR UPDATE"
    read = f"SELECT value FROM meta WHERE name = 'count'{lock}"
    count = int(conn.exec_driver_sql(read).scalar_one())
    set_where(conn, meta, ("value",), ("name",), [(str(count + 1), "count")])
    add((name, "1"))(conn)


_WRITER = """
import importlib.util, sys
from careline.store.store import Store
spec = importlib.util.spec_from_file_location("test_store", sys.argv[1])
module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
store = Store(sys.argv[2])
for number in range(100):
    store.write_now(lambda conn: module._count(conn, f"{sys.argv[3]}{number}"))
store.close()
"""


def _writing(url: str, name: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _WRITER, __file__, url, name])


# -- what goes wrong


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "careline.db"


@pytest.fixture
def sqlite_store(file: Path) -> Any:
    opened = Store(f"sqlite:///{file}")
    migrations.ensure(opened)
    yield opened
    opened.close()


def test_a_full_disk_is_said_and_loses_nothing_committed(sqlite_store: Store) -> None:
    store = sqlite_store
    store.write_now(add(("safe", "1")))
    pages = store.read_now(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())

    def fill(conn: Connection) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        for number in range(1000):
            add((f"lost{number}", "x" * 5000))(conn)

    with pytest.raises(StoreError, match=r"disk is full .*nothing that was committed is lost"):
        store.write_now(fill)
    assert kept(store) == {"safe": "1"}
    store.write_now(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    store.write_now(add(("later", "1")))
    assert kept(store) == {"safe": "1", "later": "1"}


def test_a_database_that_another_process_keeps_locked_is_said(
    sqlite_store: Store, file: Path
) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = Store(f"sqlite:///{file}")
    impatient.read_now(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout = 50"))
    with pytest.raises(StoreError, match=r"locked .*another process holds it"):
        impatient.write_now(add(("a", "1")))
    other.execute("COMMIT")
    other.close()
    impatient.write_now(add(("a", "1")))
    assert kept(sqlite_store) == {"a": "1"}
    impatient.close()


def refused(url: str) -> str:
    store = Store(url)
    with pytest.raises(StoreError) as caught:
        migrations.ensure(store)
    store.close()
    return str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"a letter to a customer, not a database\n" * 100)
    before = file.read_bytes()
    assert "not a database" in (said := refused(f"sqlite:///{file}"))
    assert "restore it from a backup" in said
    assert file.read_bytes() == before


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    said = refused(f"sqlite:///{tmp_path / 'nowhere' / 'careline.db'}")
    assert "nowhere" in said
    assert "check that its folder exists" in said


def test_a_read_only_file_is_said_and_can_still_be_read(sqlite_store: Store, file: Path) -> None:
    sqlite_store.write_now(add(("a", "1")))
    sqlite_store.close()
    file.chmod(0o444)
    url = f"sqlite:///file:{file}?uri=true"
    store = Store(url + "&mode=ro" if os.access(file, os.W_OK) else url)  # root writes anywhere
    assert kept(store) == {"a": "1"}
    with pytest.raises(StoreError, match=r"readonly .*this user may write there"):
        store.write_now(add(("b", "1")))
    store.close()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreError, match="SQLite or PostgreSQL, not in mysql"):
        Store("mysql://localhost/careline")


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    said = refused("postgresql+psycopg://ann:pw-1234@127.0.0.1:1/careline?connect_timeout=2")
    assert "check that the server runs" in said
    assert "pw-1234" not in said
