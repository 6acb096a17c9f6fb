"""What the migrations make is what the code expects, and no database is taken by mistake."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect

from careline.errors import StoreError
from careline.store import migrations
from careline.store.bulk import put
from careline.store.search import find, index_pending
from careline.store.store import Store
from careline.store.tables import bodies, messages, meta, metadata


def shape(conn: Connection) -> dict[str, Any]:
    look = inspect(conn)
    return {
        table: {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in look.get_columns(table)
            ],
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "indexes": sorted((i["name"], i["column_names"]) for i in look.get_indexes(table)),
            "unique": sorted(u["column_names"] for u in look.get_unique_constraints(table)),
        }
        for table in look.get_table_names()
        if not table.startswith("search_")
    }


def at_version(store: Store, number: int) -> None:
    store.write_now(partial(migrations._climb, target=number))


def test_the_migrations_make_the_tables_of_the_code(empty: Store) -> None:
    migrations.ensure(empty)
    made = empty.read_now(shape)
    empty.write_now(_drop_all)
    empty.write_now(metadata.create_all)
    assert made == empty.read_now(shape), "tables.py changed: it takes a migration"


def _drop_all(conn: Connection) -> None:
    for table in inspect(conn).get_table_names():
        if table in metadata.tables:
            conn.exec_driver_sql(f'DROP TABLE "{table}"')


def test_each_step_lies_in_the_package_for_both_dialects() -> None:
    lying = {file.name for file in files("careline.store").joinpath("migrations_sql").iterdir()}
    assert lying == {
        f"{step}.{dialect}.sql" for step in migrations.STEPS for dialect in ("sqlite", "postgresql")
    }


def test_a_fresh_database_is_made_at_the_latest_version_and_opened_again(empty: Store) -> None:
    assert empty.read_now(migrations.version) == 0
    migrations.ensure(empty)
    assert empty.read_now(migrations.version) == migrations.LATEST
    migrations.ensure(empty)
    assert migrations.upgrade(empty) == (migrations.LATEST, migrations.LATEST)


def test_an_older_database_is_refused_with_the_command_that_helps(empty: Store) -> None:
    at_version(empty, 1)
    with pytest.raises(StoreError, match=r"version 1, this careline needs 3.*careline db upgrade"):
        migrations.ensure(empty)
    assert migrations.upgrade(empty) == (1, migrations.LATEST)
    migrations.ensure(empty)


def test_an_upgrade_keeps_all_rows_and_makes_old_words_searchable(empty: Store) -> None:
    at_version(empty, 1)
    ids = [f"m{number:04}" for number in range(2500)]
    empty.write_now(partial(_say, ids=ids))
    assert migrations.upgrade(empty) == (1, migrations.LATEST)
    while empty.write_now(index_pending):
        pass
    found = empty.read_now(lambda conn: find(conn, "anvil", limit=5000))
    assert sorted(found) == ids
    kept = empty.read_now(lambda conn: conn.execute(bodies.select()).all())
    assert {(row.owner, row.text) for row in kept} == {(one, f"anvil {one}") for one in ids}


def _say(conn: Connection, ids: list[str]) -> None:
    required = {c.name: c.type.python_type() for c in messages.columns if not c.nullable}
    rows = [tuple((required | {"id": one}).values()) for one in ids]
    put(conn, messages, tuple(required), rows)
    columns = ("owner", "revised_at", "text", "hash")
    put(conn, bodies, columns, [(one, 0, f"anvil {one}", "h") for one in ids])


def test_a_newer_database_is_refused_by_all_naming_both_versions(store: Store) -> None:
    newer = migrations.LATEST + 7
    store.write_now(lambda conn: conn.execute(meta.update().values(value=str(newer))))
    for refused in (migrations.ensure, migrations.upgrade):
        with pytest.raises(StoreError, match=f"version {newer}.* {migrations.LATEST} at the most"):
            refused(store)


def test_processes_that_start_at_once_make_one_database(url: str) -> None:
    starts = [subprocess.Popen([sys.executable, "-c", _START, url], stderr=-1) for _ in range(6)]
    assert [start.communicate(timeout=60)[1] for start in starts] == [b""] * 6
    store = Store(url)
    assert store.read_now(migrations.version) == migrations.LATEST
    store.close()


_START = """
import sys
from careline.store.migrations import ensure
from careline.store.store import Store
store = Store(sys.argv[1])
ensure(store)
store.close()
"""


def test_a_step_that_fails_leaves_nothing_behind(empty: Store) -> None:
    at_version(empty, 1)
    empty.write_now(_sql("CREATE TABLE search_rows (in_the_way INTEGER)"))
    with pytest.raises(StoreError, match="search_rows"):
        migrations.upgrade(empty)
    assert empty.read_now(migrations.version) == 1
    assert "search_queue" not in empty.read_now(lambda conn: inspect(conn).get_table_names())
    empty.write_now(_sql("DROP TABLE search_rows"))
    assert migrations.upgrade(empty) == (1, migrations.LATEST)


def _sql(statement: str) -> Callable[[Connection], Any]:
    return lambda conn: conn.exec_driver_sql(statement)


def test_tables_that_careline_did_not_make_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE messages (words TEXT)")
    other.close()
    store = Store(f"sqlite:///{file}")
    with pytest.raises(StoreError, match=r"did not make \(messages\)"):
        migrations.ensure(store)
    store.close()
