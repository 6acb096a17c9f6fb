"""Set aside: what could not be understood is kept with its reason, and counted."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row

from careline.contract.items import Malformed
from careline.ids import derive
from careline.store.bulk import mark
from careline.store.tables import rejected

MAX_RAW = 65_536
"""Bytes kept of what lies somewhere else, too. What was pushed comes once: it is kept whole."""
_COLUMNS = ("id", "account", "source", "place", "why", "raw", "times", "at", "last_at")


def set_aside(
    conn: Connection,
    account: str,
    source: str,
    items: Iterable[Malformed],
    at: int,
    *,
    whole: bool = False,
) -> int:
    """Keep malformed items, each once however often it comes; return how many there were."""
    most = None if whole else MAX_RAW
    rows = [
        (
            _id(account, item, pushed=whole), account, source, _storable(item.place),
            _storable(item.why), item.raw[:most], 1, at, at,
        )
        for item in items
    ]  # fmt: skip
    if rows:
        marks = ", ".join([mark(conn)] * len(_COLUMNS))
        conn.exec_driver_sql(
            f"INSERT INTO {rejected.name} ({', '.join(_COLUMNS)}) VALUES ({marks})"
            " ON CONFLICT (id) DO UPDATE SET times = rejected.times + 1,"
            " last_at = excluded.last_at",
            rows,
        )
    return len(rows)


def _storable(text: str) -> str:
    """Spell out what no database can hold."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _id(account: str, item: Malformed, *, pushed: bool) -> str:
    """Return its id. What is pushed has no place: a replay comes under another name."""
    raw = item.raw.decode("utf-8", "backslashreplace")
    return derive("x", account, raw) if pushed else derive("x", account, item.place, raw)


_CHUNK: Final = 500


def naming(conn: Connection, names: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of what was set aside and holds one of `names`: each a network and a name.

    An account that no configuration knows any more may be of any network.
    """
    for row in _kept_raw(conn) if names else ():
        here = {name for network, name in names if row.network in (None, network)}
        text = bytes(row.raw).decode("utf-8", "backslashreplace").casefold()
        if any(_holds(text, form) for name in here for form in (name, json.dumps(name)[1:-1])):
            yield row.id


def _kept_raw(conn: Connection) -> Iterator[Row[Any]]:
    select = (
        "SELECT r.id, r.raw, a.network FROM rejected r LEFT JOIN accounts a ON a.id = r.account"
        f" WHERE length(r.raw) > 0 AND r.id > {mark(conn)} ORDER BY r.id LIMIT {_CHUNK}"
    )
    last = ""
    while rows := conn.exec_driver_sql(select, (last,)).all():
        yield from rows
        last = rows[-1].id


def _holds(text: str, name: str) -> bool:
    """Tell whether a text in small letters holds a name as a word of its own."""
    small = name.casefold()
    return small in text and re.search(rf"(?<!\w){re.escape(small)}(?!\w)", text) is not None
