"""What was set aside: items that could not be understood, each with its reason."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, LargeBinary, func, select

from careline.models import Model
from careline.store.tables import rejected
from careline.store.times import Stamp

_SHOWN: Final = 65_536
"""Bytes shown of each."""


class RejectedView(Model):
    """An item that was set aside. It is kept once, however often it comes."""

    id: str
    account: str
    source: str
    place: str | None
    """Where it was: a file and line, a page, a webhook."""
    why: str
    times: int
    at: Stamp
    last_at: Stamp
    raw: str
    """Its beginning; bytes that are no text are shown as `\\xNN`."""


def rejected_views(
    conn: Connection, *, account: str | None = None, limit: int = 100
) -> tuple[tuple[RejectedView, ...], int]:
    """Return what was set aside, the latest first, and how many there are in all."""
    r = rejected.c
    shown = func.substr(r.raw, 1, _SHOWN, type_=LargeBinary).label("raw")
    plain = (column for column in r if column is not r.raw)
    wanted = select(*plain, shown).order_by(r.last_at.desc(), r.id).limit(limit)
    counted = select(func.count()).select_from(rejected)
    if account is not None:
        wanted, counted = wanted.where(r.account == account), counted.where(r.account == account)
    rows = (row._asdict() for row in conn.execute(wanted))
    found = (RejectedView(**(row | {"raw": _text(row["raw"])})) for row in rows)
    return tuple(found), conn.execute(counted).scalar_one()


def unread(conn: Connection, account: str, place: str) -> tuple[int, int]:
    """Return how many webhooks are set aside whole for an account, and how many bytes they have.

    `place` is where all of them came from. What was emptied since does not count.
    """
    r, size = rejected.c, func.length(rejected.c.raw)
    found = select(func.count(), func.coalesce(func.sum(size), 0)).where(
        r.account == account, r.source == place, r.place == place, size > 0
    )
    rows, length = conn.execute(found).one()
    return int(rows), int(length)


def _text(raw: bytes | None) -> str:
    return bytes(raw or b"").decode("utf-8", "backslashreplace")  # SQLite cuts nothing to NULL


def rejected_of(conn: Connection, ids: Iterable[str]) -> tuple[RejectedView, ...]:
    """Return what was set aside by its ids, each whole, the earliest first."""
    r = rejected.c
    query = select(rejected).where(r.id.in_(list(ids))).order_by(r.at, r.id)
    rows = (row._asdict() for row in conn.execute(query))
    return tuple(RejectedView(**(row | {"raw": _text(row["raw"])})) for row in rows)
