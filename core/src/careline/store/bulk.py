"""Many rows at once: set-based statements, as fast as the driver itself."""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Table

Row = Sequence[Any]


def mark(conn: Connection) -> str:
    """Return the driver's place-holder for a parameter."""
    return "?" if conn.dialect.name == "sqlite" else "%s"


@cache
def _insert(table: Table, columns: tuple[str, ...], update: tuple[str, ...], mark: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join([mark] * len(columns))
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    then = "NOTHING"
    if update:
        then = "UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in update)
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({keys}) DO {then}"


_first = itemgetter(0)  # rows go in by key: neighbours in an index are written together


def insert_new(
    conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> int:
    """Insert rows whose key is new, and return how many were; the others stay as they are."""
    if not rows:
        return 0
    statement = _insert(table, columns, (), mark(conn))
    return conn.exec_driver_sql(statement, sorted(rows, key=_first)).rowcount


def put(
    conn: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    update: tuple[str, ...] | None = None,
) -> None:
    """Insert rows; where the key is known, set `update` (all other columns by default)."""
    if not rows:
        return
    keys = {column.name for column in table.primary_key}
    chosen = update or tuple(name for name in columns if name not in keys)
    statement = _insert(table, columns, chosen, mark(conn))
    conn.exec_driver_sql(statement, sorted(rows, key=_first))


def set_where(
    conn: Connection,
    table: Table,
    values: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[Row],
) -> None:
    """Set columns `values` of the rows with `keys`; each row holds both, values first."""
    if not rows:
        return
    sign = mark(conn)
    sets = ", ".join(f'"{name}" = {sign}' for name in values)
    where = " AND ".join(f'"{name}" = {sign}' for name in keys)
    conn.exec_driver_sql(f"UPDATE {table.name} SET {sets} WHERE {where}", rows)


def delete_keys(conn: Connection, table: Table, column: str, keys: Iterable[str]) -> None:
    """Delete all rows whose `column` is one of `keys`."""
    rows = [(key,) for key in keys]
    if rows:
        conn.exec_driver_sql(f'DELETE FROM {table.name} WHERE "{column}" = {mark(conn)}', rows)


def select_in(
    conn: Connection, table: Table, columns: tuple[str, ...], key: str, values: Iterable[str]
) -> list[Any]:
    """Return `columns` of all rows whose `key` is one of `values`."""
    names = ", ".join(f'"{name}"' for name in columns)
    return query_in(conn, f'SELECT {names} FROM {table.name} WHERE "{key}" IN', values)


def query_in(conn: Connection, select: str, values: Iterable[str], tail: str = "") -> list[Any]:
    """Run `select`, which ends in IN, over any number of values."""
    wanted = list(dict.fromkeys(values))
    if not wanted:
        return []
    if conn.dialect.name == "sqlite":
        statement = f"{select} (SELECT value FROM json_each(?)) {tail}"
        return list(conn.exec_driver_sql(statement, (to_json(wanted).decode(),)).all())
    statement = f"{select} (SELECT unnest(%s::text[])) {tail}"
    return list(conn.exec_driver_sql(statement, (wanted,)).all())
