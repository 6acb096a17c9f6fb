"""One conversation whole, part by part, as its page or `careline show` needs it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from careline.errors import NotFound
from careline.store.labels import LabelView, labels_of, load_readings
from careline.store.parts import (
    ActView,
    DeadlineView,
    DraftView,
    MessageView,
    NoteView,
    Outcome,
    RelatedView,
    SpanView,
    Who,
)
from careline.store.tables import (
    acts,
    bodies,
    conversations,
    deadlines,
    drafts,
    identities,
    messages,
    notes,
    outbox,
    person_links,
    redirects,
    spans,
    states,
    threads,
)
from careline.store.times import from_micros, to_micros

ACT_TIMES: Final = ("until", "by")
"""Values of acts that are times."""
RELATED: Final = 20
"""So many related conversations are shown, the latest first."""


def head(conn: Connection, id: str) -> Row[Any]:
    """Return the conversation's own row with its state and its customer."""
    c, i = conversations.c, identities.c
    query = (
        select(states, c.account, c.channel, c.kind, c.visibility, i.user, i.name, i.handle)
        .join(conversations, c.id == states.c.conversation)
        .outerjoin(identities, i.id == c.customer)
        .where(c.id == id)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no conversation {id}")
    return row


def message_views(conn: Connection, id: str) -> tuple[MessageView, ...]:
    """Return the messages in their order: parents before their replies."""
    m, b, i = messages.c, bodies.c, identities.c
    current = and_(b.owner == m.id, b.revised_at == func.coalesce(m.revised_at, 0))
    query = (
        select(messages, b.text, b.title, b.lang, b.permalink, b.attachments, b.erased_at)
        .add_columns(_older(), i.user, i.name, i.handle)
        .outerjoin(bodies, current)
        .outerjoin(identities, i.id == m.author)
        .where(_inside(id))
        .order_by(m.fact_at, m.depth, m.id)
    )
    rows = conn.execute(query).all()
    readings = load_readings(conn, (row.id for row in rows))
    return tuple(_message(row, labels_of(row, readings.get(row.id, {}))) for row in rows)


def _inside(id: str) -> Any:
    """Match the conversation's messages by way of its threads, which are indexed."""
    inside = select(spans.c.thread).where(spans.c.conversation == id)
    return and_(messages.c.thread.in_(inside), messages.c.conversation == id)


def _older() -> Any:
    older = bodies.alias("older")
    before = older.c.revised_at < func.coalesce(messages.c.revised_at, 0)
    count = select(func.count()).where(older.c.owner == messages.c.id, before)
    return count.correlate(messages).scalar_subquery().label("revisions")


_PLAIN = (
    "id", "external_id", "account", "thread", "kind", "direction", "visibility", "role", "sent_by",
    "posted_at", "received_at", "live", "parent", "title", "text", "lang", "permalink", "rating",
    "revisions", "removed_at",
)  # fmt: skip


def _message(row: Row[Any], labels: dict[str, LabelView]) -> MessageView:
    return MessageView(
        **{name: getattr(row, name) for name in _PLAIN},
        author=who(row),
        attachments=tuple(json.loads(row.attachments)) if row.attachments else (),
        erased=row.erased_at is not None,
        labels=labels,
    )


def who(row: Row[Any]) -> Who:
    """Return whom a row that holds an identity's `user`, `name` and `handle` speaks of."""
    return Who(user=row.user or None, name=row.name, handle=row.handle)


def deadline_views(conn: Connection, id: str, now: datetime) -> tuple[DeadlineView, ...]:
    """Return the promises, as they came due."""
    d = deadlines.c
    query = select(deadlines).where(d.conversation == id).order_by(d.due_at, d.kind)
    return tuple(_deadline(row, to_micros(now)) for row in conn.execute(query))


def _deadline(row: Row[Any], now: int) -> DeadlineView:
    names = ("kind", "anchor", "starts_at", "due_at", "met_at", "void", "why")
    return DeadlineView(
        **{name: getattr(row, name) for name in names},
        outcome=outcome(row, now),
    )


def outcome(row: Row[Any], now: int) -> Outcome:
    """Return what became of a promise."""
    if row.met_at is not None:
        return "kept" if row.met_at <= row.due_at else "late"
    if row.void is not None:
        return "void"
    return "missed" if row.due_at < now and row.paused_at is None else "open"


def act_views(conn: Connection, id: str) -> tuple[ActView, ...]:
    """Return what was done, oldest first."""
    inside = select(messages.c.id).where(_inside(id))
    named = or_(acts.c.message.in_(inside), acts.c.other.in_(inside))
    rows = conn.execute(select(acts).where(named).order_by(acts.c.at, acts.c.id))
    names = ("at", "kind", "actor", "message", "other")
    return tuple(
        ActView(
            **{name: getattr(row, name) for name in names},
            value=_in_words(json.loads(row.value)) if row.value else {},
        )
        for row in rows
    )


def _in_words(value: dict[str, Any]) -> dict[str, Any]:
    """Return an act's values with its times as times."""
    return {
        name: from_micros(one).isoformat() if name in ACT_TIMES and one is not None else one
        for name, one in value.items()
    }


def note_views(conn: Connection, id: str) -> tuple[NoteView, ...]:
    """Return the notes, oldest first; they follow their message into another conversation."""
    n = notes.c
    query = (
        select(n.id, n.at, n.actor, n.message, bodies.c.text)
        .outerjoin(bodies, bodies.c.owner == n.id)
        .where(n.message.in_(select(messages.c.id).where(_inside(id))))
        .order_by(n.at, n.id)
    )
    return tuple(NoteView(**row._mapping) for row in conn.execute(query))


def span_views(conn: Connection, id: str) -> tuple[SpanView, ...]:
    """Return the threads that make up the conversation."""
    s, t = spans.c, threads.c
    query = (
        select(s.thread, t.visibility, t.place, s.to_position.is_(None).label("current"))
        .join(threads, t.id == s.thread)
        .where(s.conversation == id)
        .order_by(s.from_position)
    )
    return tuple(SpanView(**row._mapping) for row in conn.execute(query))


def draft_views(conn: Connection, id: str) -> tuple[DraftView, ...]:
    """Return what was written and not sent, oldest first."""
    d = drafts.c
    old = select(redirects.c.old).where(redirects.c.new == id)
    query = (
        select(d.id, d.at, d.actor, d.thread, d.kind, d.promised, bodies.c.text)
        .outerjoin(bodies, bodies.c.owner == d.id)
        .where(or_(d.conversation == id, d.conversation.in_(old)), d.state == "draft")
        .order_by(d.at, d.kind, d.id)
    )
    return tuple(DraftView(**row._mapping) for row in conn.execute(query))


def action_ids(conn: Connection, id: str) -> list[str]:
    """Return the rows of the outbox that are about the conversation's messages."""
    inside = select(messages.c.id).where(_inside(id))
    query = select(outbox.c.id).where(outbox.c.message.in_(inside)).order_by(outbox.c.number)
    return list(conn.scalars(query))


def related_views(conn: Connection, id: str, brand: str) -> tuple[RelatedView, ...]:
    """Return the customer's other conversations with the brand, and those of the same person."""
    own = set(conn.scalars(select(spans.c.customer).where(spans.c.conversation == id))) - {None}
    c, s = conversations.c, states.c
    query = (
        select(c.id, c.account, c.channel, s.status, s.intent, s.opened_at, s.last_at, c.customer)
        .join(states, s.conversation == c.id)
        .where(c.id.in_(_cases_of(own | _same_people(conn, own), brand)), c.id != id)
        .order_by(s.last_at.desc(), c.id)
        .limit(RELATED)
    )
    names = RelatedView.model_fields.keys() - {"through"}
    return tuple(
        RelatedView(
            **{name: getattr(row, name) for name in names},
            through="customer" if row.customer in own else "person",
        )
        for row in conn.execute(query)
    )


def _cases_of(customers: Iterable[str], brand: str) -> Any:
    """Select the conversations that these customers' threads are part of."""
    t = threads.c
    return (
        select(spans.c.conversation)
        .join(threads, t.id == spans.c.thread)
        .where(t.customer.in_(set(customers)), t.brand == brand)
    )


def _same_people(conn: Connection, identities_: Iterable[str]) -> set[str]:
    link, other = person_links.c, person_links.alias("other").c
    query = (
        select(other.identity)
        .where(link.person == other.person, link.identity.in_(set(identities_)))
        .where(link.undone_at.is_(None), other.undone_at.is_(None))
    )
    return set(conn.scalars(query))
