"""The audit log: one line for each thing done, append-only."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from careline.store.bulk import mark

_COLUMNS = "at, actor, verb, object, data"


def log_event(
    conn: Connection, at: int, actor: str, verb: str, object: str, data: Mapping[str, Any] | None
) -> None:
    """Write one line. `object` names what it was done to; `data` holds no words of customers."""
    log_events(conn, [(at, actor, verb, object, data)])


Line = tuple[int, str, str, str, Mapping[str, Any] | None]


def log_events(conn: Connection, lines: Sequence[Line]) -> None:
    """Write lines, in order."""
    if lines:
        marks = ", ".join([mark(conn)] * 5)
        rows = [(*line[:4], json.dumps(line[4], sort_keys=True)) for line in lines]
        conn.exec_driver_sql(f"INSERT INTO events ({_COLUMNS}) VALUES ({marks})", rows)
