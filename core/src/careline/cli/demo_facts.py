"""What the demo tells: all that is new in the store, and what rang, as facts. Nothing else."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, func, select

from careline.cli.demo_fact import Fact, Promise
from careline.cli.demo_heard import heard, promise_of
from careline.cli.demo_phone import Phone
from careline.cli.demo_sent import WayOut
from careline.engine.reading import ConversationView, conversation
from careline.store.parts import MessageView
from careline.store.tables import acts, bodies, echoes, events, identities, messages, outbox


@dataclass(slots=True)
class Facts:
    """Remembers what was told, so that each fact is told once."""

    names: Mapping[str, str]
    """The names of the agents."""
    phones: Mapping[str, Phone]
    """By the agent whose it is."""
    way: WayOut
    _seen: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    _met: set[tuple[str, str]] = field(default_factory=set)
    _last: int = 0

    def fresh(self, conn: Connection, now: datetime) -> list[Fact]:
        """Return what is new at `now`: what was done and said first, then what came of it."""
        sent = self.way.fresh(conn, now)
        return [*sent, *self._words(conn, now), *self._deeds(conn, now), *self._rings(now)]

    def _words(self, conn: Connection, now: datetime) -> Iterator[Fact]:
        for row in conn.execute(_MESSAGES).all():
            before, seen = self._seen.get(row.id), (row.revised_at, row.removed_at)
            self._seen[row.id] = seen
            if before is None:
                yield self._said(conn, row, now)
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
        key = data.get("message"), "told" if event.verb == "promise" else data.get("deadline")
        promises = (promise_of(one) for one in view.deadlines if (one.anchor, one.kind) == key)
        return Fact(
            at=event.at,
            what=event.verb,
            by=self.names.get(event.actor, event.actor),
            customer=view.customer.handle,
            conversation=view.id,
            text=_reason(conn, data.get("act")) or next(notes, None),
            promise=next(promises, None),
            agent=self.names.get(agent, agent),
            until=data.get("until"),
        )

    def _rings(self, now: datetime) -> Iterator[Fact]:
        for name, phone in self.phones.items():
            for alert in phone.look():
                yield Fact(
                    at=now,
                    what="alert",
                    by=f"{self.names[name]}'s phone",
                    conversation=alert.conversation_id,
                    text=alert.title,
                    reason=alert.reason,
                    count=alert.count,
                )

    def _said(self, conn: Connection, row: Row[Any], now: datetime) -> Fact:
        plain = {"at": row.posted_at, "by": row.handle or "", "role": row.role, "text": row.text}
        if row.conversation is None:
            return Fact(what="post", visibility=row.visibility, **plain)
        view = conversation(conn, row.conversation, now)
        message = next(one for one in view.messages if one.id == row.id)
        met = tuple(self._meets(view, message)) if row.role == "ours" else ()
        return Fact(**plain, **heard(view, message), **self._left(row), met=met)

    def _meets(self, view: ConversationView, message: MessageView) -> Iterator[Promise]:
        """Yield what our message met: of two at one moment it was the first."""
        for one in view.deadlines:
            key = one.anchor, one.kind
            if one.met_at == message.posted_at and key not in self._met:
                self._met.add(key)
                yield promise_of(one)

    def _left(self, row: Row[Any]) -> dict[str, Any]:
        """Return how a message of ours left, if it did so from here."""
        if row.action is None:
            return {}
        return {
            "agent": self.names.get(row.actor, row.actor),
            "attempts": row.attempts,
            "looked_up": row.action in self.way.unsure,
        }


_MESSAGES = (
    select(
        messages, bodies.c.text, identities.c.handle, echoes.c.action, outbox.c.actor,
        outbox.c.attempts,
    )
    .outerjoin(
        bodies,
        and_(
            bodies.c.owner == messages.c.id,
            bodies.c.revised_at == func.coalesce(messages.c.revised_at, 0),
        ),
    )
    .outerjoin(identities, identities.c.id == messages.c.author)
    .outerjoin(echoes, echoes.c.message == messages.c.id)
    .outerjoin(outbox, outbox.c.id == echoes.c.action)
    .order_by(messages.c.fact_at, outbox.c.number, messages.c.depth, messages.c.id)
)  # fmt: skip
_TOLD: Final = ("warned", "missed", "note", "assign", "snooze", "resolve", "ignore", "promise")
_EVENTS = (
    select(events)
    .where(events.c.id > bindparam("last"), events.c.verb.in_(_TOLD))
    .order_by(events.c.id)
)


def _reason(conn: Connection, act: str | None) -> str | None:
    """Return the reason that staff gave for an act."""
    value = conn.execute(select(acts.c.value).where(acts.c.id == act)).scalar()
    return json.loads(value).get("reason") if value else None


def _changed(conn: Connection, row: Row[Any], now: datetime, *, removed: bool) -> Fact:
    view = conversation(conn, row.conversation, now)
    message = next(one for one in view.messages if one.id == row.id)
    found = heard(view, message) | {"what": "removal" if removed else "edit"}
    at = row.removed_at if removed else row.revised_at
    return Fact(at=at, by=row.handle or "", role=row.role, text=row.text, **found)
