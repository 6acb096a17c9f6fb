"""Reads stored messages back as arrivals, so that they can be classified again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from careline.engine import rows
from careline.engine.arrivals import Arrival
from careline.engine.changes import customers_of
from careline.engine.labelling import TURNS
from careline.engine.unit import Unit
from careline.models import Attachment, Direction, Kind, Message, Visibility
from careline.store.bulk import query_in, select_in
from careline.store.tables import messages

PERSON = "person:"
"""Labels said by a person begin so: no classifier replaces them."""

_SELECT = """
SELECT m.id, m.external_id, m.kind, m.visibility, m.author, m.parent, m.addressed, m.rating,
       coalesce(m.revised_at, 0), b.text, b.title, b.lang, b.attachments, m.hash
FROM messages m JOIN bodies b ON b.owner = m.id AND b.revised_at = coalesce(m.revised_at, 0)
WHERE m.direction = 'in' AND m.role <> 'context' AND b.erased_at IS {erased}
  AND (m.labelled_by IS NULL OR m.labelled_by NOT LIKE 'person:%%') AND m.id IN"""


def reread(unit: Unit) -> None:
    """Classify stored messages again: their words, or what was said before them, changed."""
    conn, to = unit.conn, unit.to
    arrivals = load_arrivals(conn, {*unit.reread, *_with_turns(unit)}) + _heard(unit)
    accounts = dict(select_in(conn, messages, ("id", "account"), "id", (a.id for a in arrivals)))
    for account in sorted(set(accounts.values())):
        own = [arrival for arrival in arrivals if accounts[arrival.id] == account]
        where = replace(to, account=account, channel=to.channels.get(account, to.channel))
        rows.put_readings(conn, unit.policy.labeller.label(conn, where, own, {}))
    rows.set_labels(conn, arrivals)
    rows.put_unread(conn, unit.policy.deferred, [a for a in arrivals if not a.hushed])
    unit.stale |= customers_of(conn, [arrival.id for arrival in arrivals])


def _with_turns(unit: Unit) -> set[str]:
    """Return what was reworded, and all to which that is one of the earlier turns."""
    found = level = unit.reworded
    for _ in range(TURNS):
        rows = select_in(unit.conn, messages, ("id",), "parent", level)
        level = {id for (id,) in rows}
        found = found | level
    return found


def _heard(unit: Unit) -> list[Arrival]:
    """Return messages whose words are not kept, with those of the edit that was just heard."""
    arrivals = load_arrivals(unit.conn, unit.heard, erased="NOT NULL")
    for arrival in arrivals:
        said = unit.heard[arrival.id].message
        words = {name: getattr(said, name) for name in ("text", "title", "lang", "attachments")}
        arrival.message = arrival.message.model_copy(update=words)
        arrival.hushed = True
    return arrivals


def load_arrivals(conn: Connection, ids: Iterable[str], *, erased: str = "NULL") -> list[Arrival]:
    """Return stored messages of customers as arrivals with their labels, but for a person's."""
    select = _SELECT.format(erased=erased)
    if conn.dialect.name == "sqlite":
        select = select.replace("%%", "%")
    return [_arrival(row) for row in query_in(conn, select, ids)]


def _arrival(row: Sequence[Any]) -> Arrival:
    (id, external_id, kind, visibility, author, parent, addressed, rating, revised_at, text, title,
     lang, attachments, digest) = row  # fmt: skip
    message = Message.model_construct(
        external_id=external_id, kind=Kind(kind), visibility=Visibility(visibility),
        direction=Direction.IN, text=text or "", title=title or "", lang=lang or "",
        addressed=bool(addressed), rating=rating, posted_at=datetime(1970, 1, 1, tzinfo=UTC),
        attachments=(Attachment(url="stored"),) if attachments else (),
    )  # fmt: skip
    return Arrival(
        message, id, author, None, parent, None, ours=False, context=False, posted=0, received=0,
        clock=0, live=False, hash=digest, revised_at=revised_at,
    )  # fmt: skip
