"""Export: every message as one plain record, any number of them in flat memory."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, select

from careline.store.labels import labels_of, load_readings
from careline.store.tables import bodies, identities, messages
from careline.store.times import from_micros

CHUNK: Final = 1000
"""Messages that are held at a time."""
_LABEL: Final = ("values", "primary", "score", "by")


def export_rows(conn: Connection, *, brand: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield one record per message, in the order of their ids, which never changes.

    The words are the current ones; those that were erased are null. `author` is the platform's
    user id; null where the platform does not say, or they were erased.
    """
    last = ""
    while rows := _chunk(conn, brand, last):
        readings = load_readings(conn, (row.id for row in rows))
        for row in rows:
            yield _record(row, readings.get(row.id, {}))
        last = rows[-1].id


def _chunk(conn: Connection, brand: str | None, last: str) -> list[Row[Any]]:
    m, b = messages.c, bodies.c
    current = and_(b.owner == m.id, b.revised_at == func.coalesce(m.revised_at, 0))
    query = (
        select(messages, b.text, identities.c.user)
        .outerjoin(bodies, current)
        .outerjoin(identities, identities.c.id == m.author)
        .where(m.id > last)
        .order_by(m.id)
        .limit(CHUNK)
    )
    if brand is not None:
        query = query.where(m.brand == brand)
    return list(conn.execute(query))


def _record(row: Row[Any], readings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "message_id": row.id,
        "external_id": row.external_id,
        "account": row.account,
        "conversation_id": row.conversation,
        "thread_id": row.thread,
        "author": row.user or None,
        "direction": row.direction,
        "visibility": row.visibility,
        "kind": row.kind,
        "posted_at": from_micros(row.posted_at).isoformat().replace("+00:00", "Z"),
        "text": row.text,
        "labels": {
            facet: {name: getattr(label, name) for name in _LABEL}
            for facet, label in labels_of(row, readings).items()
        },
    }
