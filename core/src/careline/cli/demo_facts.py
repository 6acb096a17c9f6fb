"""What the demo tells: all that is new in the store, as facts. Nothing is told from elsewhere."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, func, select

from careline.engine.reading import ConversationView, conversation
from careline.models import Model
from careline.store.labels import CueView
from careline.store.parts import DeadlineView, MessageView
from careline.store.tables import bodies, events, identities, messages
from careline.store.times import Stamp

WAITS: Final = ("new", "open")


class Promise(Model):
    """An answer that is due, or was: times in seconds since the customer's word."""

    kind: str
    due_at: Stamp
    promised_s: int
    answered_s: int | None = None
    outcome: str


class Cue(Model):
    """What told an intent: the name of the cue, and the customer's words that were it."""

    cue: str
    words: str


class Fact(Model):
    """One thing that happened, as `--json` writes it."""

    at: Stamp
    what: str
    """post, word, answer, edit, removal, warned, missed, or what staff did."""
    by: str
    """A handle, or the name of an agent."""
    customer: str | None = None
    """Whose case it is."""
    conversation: str | None = None
    role: str | None = None
    """customer, onlooker, ours or context."""
    visibility: str | None = None
    text: str | None = None
    automatic: bool = False
    intent: str | None = None
    cues: tuple[Cue, ...] = ()
    promise: Promise | None = None
    met: tuple[Promise, ...] = ()
    """The promises that this answer met."""
    waiting: int = 0
    """How many messages of this customer wait in this conversation."""
    also: tuple[str, ...] = ()
    """The customer's other conversations that wait."""
    agent: str | None = None
    until: Stamp | None = None


@dataclass(slots=True)
class Facts:
    """Remembers what was told, so that each fact is told once."""

    names: Mapping[str, str]
    """The names of the agents."""
    _seen: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    _last: int = 0

    def fresh(self, conn: Connection, now: datetime) -> list[Fact]:
        """Return what is new at `now`: what was said first, then what came of it."""
        return [*self._words(conn, now), *self._deeds(conn, now)]

    def _words(self, conn: Connection, now: datetime) -> Iterator[Fact]:
        for row in conn.execute(_MESSAGES).all():
            before, seen = self._seen.get(row.id), (row.revised_at, row.removed_at)
            self._seen[row.id] = seen
            if before is None:
                yield _said(conn, row, now)
            elif before != seen:
                yield _changed(conn, row, now, removed=before[1] != seen[1])

    def _deeds(self, conn: Connection, now: datetime) -> Iterator[Fact]:
        for event in conn.execute(_EVENTS, {"last": self._last}).all():
            self._last = event.id
            yield self._done(conn, event, now)

    def _done(self, conn: Connection, event: Row[Any], now: datetime) -> Fact:
        view, data = conversation(conn, event.object, now), json.loads(event.data)
        agent = data.get("agent")
        notes = (note.text for note in view.notes if note.id == data.get("note"))
        key = data.get("message"), data.get("deadline")
        promises = (_promise(one) for one in view.deadlines if (one.anchor, one.kind) == key)
        return Fact(
            at=event.at,
            what=event.verb,
            by=self.names.get(event.actor, event.actor),
            customer=view.customer.handle,
            conversation=view.id,
            text=data.get("reason") or next(notes, None),
            promise=next(promises, None),
            agent=self.names.get(agent, agent),
            until=data.get("until"),
        )


_MESSAGES = (
    select(messages, bodies.c.text, identities.c.handle)
    .outerjoin(
        bodies,
        and_(
            bodies.c.owner == messages.c.id,
            bodies.c.revised_at == func.coalesce(messages.c.revised_at, 0),
        ),
    )
    .outerjoin(identities, identities.c.id == messages.c.author)
    .order_by(messages.c.fact_at, messages.c.depth, messages.c.id)
)
_TOLD: Final = ("warned", "missed", "note", "assign", "snooze", "resolve", "ignore")
_EVENTS = (
    select(events)
    .where(events.c.id > bindparam("last"), events.c.verb.in_(_TOLD))
    .order_by(events.c.id)
)


def _said(conn: Connection, row: Row[Any], now: datetime) -> Fact:
    plain = {"at": row.posted_at, "by": row.handle or "", "role": row.role, "text": row.text}
    if row.conversation is None:
        return Fact(what="post", visibility=row.visibility, **plain)
    view = conversation(conn, row.conversation, now)
    message = next(one for one in view.messages if one.id == row.id)
    return Fact(**plain, **_heard(view, message))


def _heard(view: ConversationView, message: MessageView) -> dict[str, Any]:
    """Return what a message of a conversation was taken for, and what it brought about."""
    ours, label = message.role == "ours", message.labels.get("intent")
    made = (d for d in view.deadlines if d.anchor == message.id)
    met = (d for d in view.deadlines if ours and d.met_at == message.posted_at)
    waits = (one.id for one in view.related if one.status in WAITS)
    return {
        "what": "answer" if ours else "word",
        "customer": view.customer.handle,
        "conversation": view.id,
        "visibility": message.visibility,
        "automatic": message.sent_by == "automation",
        "intent": label and label.primary,
        "cues": _cues(message.text or "", label.evidence) if label else (),
        "promise": next(map(_promise, made), None),
        "met": tuple(map(_promise, met)),
        "waiting": view.unanswered if message.role == "customer" else 0,
        "also": tuple(waits) if message.role == "customer" else (),
    }


def _cues(text: str, evidence: Iterable[CueView]) -> tuple[Cue, ...]:
    return tuple(Cue(cue=one.cue, words=text[one.start : one.end]) for one in evidence)


def _changed(conn: Connection, row: Row[Any], now: datetime, *, removed: bool) -> Fact:
    view = conversation(conn, row.conversation, now)
    message = next(one for one in view.messages if one.id == row.id)
    found = _heard(view, message) | {"what": "removal" if removed else "edit"}
    at = row.removed_at if removed else row.revised_at
    return Fact(at=at, by=row.handle or "", role=row.role, text=row.text, **found)


def _promise(one: DeadlineView) -> Promise:
    answered = None if one.met_at is None else one.met_at - one.starts_at
    return Promise(
        kind=one.kind,
        due_at=one.due_at,
        promised_s=round((one.due_at - one.starts_at).total_seconds()),
        answered_s=None if answered is None else round(answered.total_seconds()),
        outcome=one.outcome,
    )
