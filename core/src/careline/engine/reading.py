"""What people read of conversations: a page of the inbox, and one conversation whole.

The tables say what there is (store/inbox.py, store/views.py), the folded state where it stands,
the priority why it stands there.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from careline.engine import priority
from careline.engine.fold import State, load
from careline.models import Model, Status
from careline.store import parts, views
from careline.store.inbox import InboxQuery, cursor, last_words, listed, snippets
from careline.store.lookup import full_id
from careline.store.outbox_views import OutboxView, views_of
from careline.store.times import Stamp, to_micros


class Why(Model):
    """A part of the score: its minutes, and the reason in words."""

    part: str
    minutes: int
    text: str


class Standing(Model):
    """What the inbox and the page of a conversation both say of it."""

    id: str
    brand: str
    account: str
    channel: str
    """The plugin's kind."""
    visibility: str
    """Where the customer began: public or private."""
    customer: parts.Who
    status: Status
    intent: str | None
    urgent: bool
    assignee: str | None
    snoozed_until: Stamp | None
    opened_at: Stamp | None
    last_at: Stamp
    waiting_since: Stamp | None
    due_at: Stamp | None
    overdue: bool
    unanswered: int
    """How many of the customer's messages wait."""
    score: int
    """What orders the inbox, the highest first: the sum of `why`."""
    why: tuple[Why, ...]


class InboxRow(Standing):
    """A conversation in the inbox."""

    snippet: str
    """How the customer's last message begins; `(removed)` or `(erased)` where it is gone."""


class Page(Model):
    """A page of the inbox; `next` asks for the page that follows."""

    rows: tuple[InboxRow, ...]
    next: str | None


class ConversationView(Standing):
    """One conversation whole."""

    kind: str
    """What sort of message it began with."""
    reason: str | None
    """Why it is ignored."""
    reopened: int
    answered_at: Stamp | None
    public_answered_at: Stamp | None
    messages: tuple[parts.MessageView, ...]
    deadlines: tuple[parts.DeadlineView, ...]
    acts: tuple[parts.ActView, ...]
    notes: tuple[parts.NoteView, ...]
    spans: tuple[parts.SpanView, ...]
    outbox: tuple[OutboxView, ...]
    """What was to leave us, and what became of it."""
    drafts: tuple[parts.DraftView, ...]
    related: tuple[parts.RelatedView, ...]


def inbox(conn: Connection, query: InboxQuery, now: datetime) -> Page:
    """Return the conversations that `query` asks for, what is due first at the top.

    Raises `ValueError` where `query.after` is not what a page gave as its `next`.
    """
    found = listed(conn, query, now)
    rows = found[: query.limit]
    states = {row.conversation: load(row.state) for row in rows}
    words = _last_words(conn, states)
    texts = snippets(conn, words.values())
    shown = tuple(
        InboxRow(
            **_standing(row, states[row.conversation], now),
            snippet=texts.get(words.get(row.conversation, ""), ""),
        )
        for row in rows
    )
    return Page(rows=shown, next=cursor(rows[-1]) if len(found) > len(rows) else None)


def _last_words(conn: Connection, states: dict[str, State]) -> dict[str, str]:
    """Return each conversation's last message of the customer; mostly the state itself knows."""
    known = {id: s.waiting[-1].id for id, s in states.items() if s.waiting and not s.more}
    return known | last_words(conn, states.keys() - known.keys())


def conversation(conn: Connection, id: str, now: datetime) -> ConversationView:
    """Return one conversation whole; the beginning of its id is enough.

    Raises `NotFound` where no conversation, or more than one, begins so.
    """
    id = full_id(conn, id)
    row = views.head(conn, id)
    state = load(row.state)
    return ConversationView(
        **_standing(row, state, now),
        kind=row.kind,
        reason=state.reason,
        reopened=state.reopened,
        answered_at=row.answered_at,
        public_answered_at=row.public_answered_at,
        messages=views.message_views(conn, id),
        deadlines=views.deadline_views(conn, id, now),
        acts=views.act_views(conn, id),
        notes=views.note_views(conn, id),
        spans=views.span_views(conn, id),
        outbox=tuple(views_of(conn, views.action_ids(conn, id))),
        drafts=views.draft_views(conn, id),
        related=views.related_views(conn, id, row.brand),
    )


_PLAIN = (
    "brand", "account", "channel", "visibility", "status", "intent", "assignee", "snoozed_until",
    "opened_at", "last_at", "waiting_since", "due_at",
)  # fmt: skip


def _standing(row: Row[Any], state: State, now: datetime) -> dict[str, Any]:
    at = to_micros(now)
    why = _why(row, state, at)
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "id": row.conversation,
        "customer": views.who(row),
        "urgent": state.urgent,
        "overdue": row.due_at is not None and row.due_at < at,
        "unanswered": state.unanswered,
        "score": sum(part.minutes for part in why),
        "why": why,
    }


def _why(row: Row[Any], state: State, now: int) -> tuple[Why, ...]:
    parts = priority.explain(
        due_at=row.due_at,
        waiting_since=row.waiting_since,
        last_at=row.last_at,
        problem=state.problem,
        urgent=state.urgent,
        unanswered=state.unanswered,
        reach=row.reach,
        grew=row.grew,
        now=now,
    )
    return tuple(Why(part=name, minutes=minutes, text=text) for name, minutes, text in parts)
