"""Set aside: what could not be understood is kept with its reason, and counted."""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.contract.items import Malformed
from careline.ids import derive
from careline.store.bulk import mark
from careline.store.tables import rejected

MAX_RAW = 65_536
_COLUMNS = ("id", "account", "source", "place", "why", "raw", "times", "at", "last_at")


def set_aside(
    conn: Connection, account: str, source: str, items: Iterable[Malformed], at: int
) -> int:
    """Keep malformed items, each once however often it comes; return how many there were."""
    rows = [
        (
            _id(account, item), account, source, _storable(item.place), _storable(item.why),
            item.raw[:MAX_RAW], 1, at, at,
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


def _id(account: str, item: Malformed) -> str:
    return derive("x", account, item.place, item.raw.decode("utf-8", "backslashreplace"))
