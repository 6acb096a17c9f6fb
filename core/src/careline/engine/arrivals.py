"""Arrivals: what a batch brings, with its ids derived and its times counted."""

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from careline.contract.items import (
    Batch,
    Delivered,
    Item,
    Malformed,
    Observed,
    Removed,
    Revised,
    Seen,
)
from careline.engine.facts import NO_LABELS, Labels, Micros
from careline.engine.placement import Chained, Placement
from careline.ids import content_hash, identity_id, message_id
from careline.models import Author, Direction, Kind, Message, Visibility
from careline.store.times import to_micros

KINDS = {kind: kind.value for kind in Kind}
"""Text of each kind, without an enum's detour: it is asked for each message."""
VISIBILITIES = {visibility: visibility.value for visibility in Visibility}
LIVE_WITHIN: Micros = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Intake:
    """What an account's intake needs to know about it."""

    account: str
    brand: str
    channel: str
    network: str
    scope: str = ""
    ours: frozenset[str] = frozenset()
    """Identities of the brand's own accounts: what they say is ours."""
    since: Micros | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    """Each account of the desk and its channel's kind."""
    opens: frozenset[str] = frozenset(kind.value for kind in Kind if kind is not Kind.POST)
    """Kinds that open a case; all others are context."""
    same_text: Callable[[str, str], bool] = operator.eq
    """Whether what was seen is what we sent, as the platform rewrites it."""
    receipt: str = ""
    """What a machine tells a customer at once; empty: nothing."""


class Facts(NamedTuple):
    """What a message's place and case rest on. Two rows of one id may differ in it."""

    root: str | None
    posted_at: Micros
    parent: str | None
    author: str
    recipient: str | None
    quoted: str | None
    kind: str
    visibility: str
    direction: str
    addressed: bool
    sent_by: str | None

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return by what two rows of one id are ordered: the least one holds."""
        return (*((value is None, value) for value in self[:9]), not self.addressed, self[10] or "")


@dataclass(slots=True)
class Arrival:
    """One message on its way into the store."""

    message: Message
    id: str
    author: str
    recipient: str | None
    parent: str | None
    quoted: str | None
    ours: bool
    context: bool
    posted: Micros
    received: Micros
    clock: Micros
    """When its clock starts: seen, where the platform gives only the day."""
    live: bool
    hash: str
    revised_at: Micros = 0
    hushed: bool = False
    """Its words were erased before: they are read, and not kept (engine/erasure/hushing.py)."""
    placement: Placement | None = None
    conversation: str | None = None
    labels: Labels = NO_LABELS
    pii: str | None = None
    labelled_by: str | None = None

    @property
    def facts(self) -> Facts:
        """Return what two rows of one id are compared by."""
        m = self.message
        return Facts(
            m.root, self.posted, self.parent, self.author, self.recipient, self.quoted,
            KINDS[m.kind], VISIBILITIES[m.visibility], "out" if self.ours else "in", m.addressed,
            m.sent_by if self.ours else None,
        )  # fmt: skip

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return by what two different rows of one id are ordered: the least one holds."""
        return (*self.facts.rank, self.clock, self.hash)

    @property
    def placed(self) -> Placement:
        """Return its placement, once it has one."""
        if self.placement is None:
            raise RuntimeError(f"message {self.id} was not placed")
        return self.placement

    def chained(self, brand: str, network: str) -> Chained:
        """Return what its placement asks of it."""
        m = self.message
        return Chained(
            self.id, brand, network, m.external_id, self.author, self.recipient, self.ours,
            m.visibility is Visibility.PRIVATE, self.context, m.addressed, self.parent, self.quoted,
            m.root, min(self.posted, self.received),
        )  # fmt: skip


@dataclass(slots=True)
class Arrivals:
    """A batch, sorted by what its items are."""

    messages: dict[str, Arrival] = field(default_factory=dict)
    revised: list[Arrival] = field(default_factory=list)
    """Later words of messages, each under the id of the message that it revises."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Ids that edits brought, and the messages that they mean."""
    names: dict[str, str] = field(default_factory=dict)
    """The platform's ids of the messages that were revised."""
    removed: list[tuple[str, Removed]] = field(default_factory=list)
    observed: list[tuple[str, Observed]] = field(default_factory=list)
    delivered: list[tuple[str, Delivered]] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    authors: dict[str, Author] = field(default_factory=dict)
    before_since: int = 0


def sort_items(batch: Batch, to: Intake, now: datetime, caught_up_at: Micros | None) -> Arrivals:
    """Sort a batch's items, and derive their ids."""
    found = Arrivals()
    reader = _Reader(to, to_micros(now), caught_up_at, found)
    for item in batch.items:
        reader.take(item)
    return found


@dataclass(slots=True)
class _Reader:
    to: Intake
    now: Micros
    caught_up_at: Micros | None
    found: Arrivals

    def take(self, item: Item) -> None:
        match item:
            case Seen():
                self._seen(item)
            case Revised():
                self._revised(item)
            case Removed():
                self.found.removed.append((self._id(item.external_id), item))
            case Observed():
                self.found.observed.append((self._id(item.external_id), item))
            case Delivered():
                self.found.delivered.append((self._id(item.external_id), item))
            case _:
                self.found.malformed.append(item)

    def _seen(self, item: Seen) -> None:
        if self.to.since is not None and to_micros(item.message.posted_at) < self.to.since:
            self.found.before_since += 1
            return
        arrival = self._arrival(item.message, item.context)
        known = self.found.messages.get(arrival.id)
        if known is not None:
            context = known.context and arrival.context
            arrival = min(known, arrival, key=lambda one: one.rank)
            arrival.context = context
        self.found.messages[arrival.id] = arrival

    def _revised(self, item: Revised) -> None:
        original = item.message.model_copy(update={"external_id": item.of})
        arrival = self._arrival(original, context=False)
        arrival.revised_at = max(to_micros(item.at), 1)
        self.found.revised.append(arrival)
        self.found.names[arrival.id] = item.of
        alias = self._id(item.message.external_id)
        if alias != arrival.id:
            self.found.aliases[alias] = arrival.id

    def _id(self, external_id: str) -> str:
        return message_id(self.to.brand, self.to.network, external_id)

    def _arrival(self, message: Message, context: bool) -> Arrival:
        author = self._identity(message.author, message.external_id)
        ours = message.direction is Direction.OUT or author in self.to.ours
        posted = to_micros(message.posted_at)
        opens = message.kind in self.to.opens or ours
        return Arrival(
            message=message,
            id=self._id(message.external_id),
            author=author,
            recipient=self._identity(message.to, "") if message.to else None,
            parent=self._id(message.parent) if message.parent else None,
            quoted=self._id(message.quoted) if message.quoted else None,
            ours=ours,
            context=context or not opens,
            posted=posted,
            received=self.now,
            clock=self.now if message.precision == "day" else min(posted, self.now),
            live=self._live(posted),
            hash=content_hash(f"{message.title}\n{message.text}"),
        )

    def _live(self, posted: Micros) -> bool:
        if self.caught_up_at is None or posted < self.caught_up_at:
            return False
        return self.now - posted <= LIVE_WITHIN

    def _identity(self, author: Author | None, external_id: str) -> str:
        """Return the author's identity; one unknown is the message's own."""
        author = author or Author(id=f"anon:{external_id}")
        scope = author.scope or self.to.scope
        id = identity_id(self.to.network, scope, author.id)
        self.found.authors.setdefault(id, author)
        return id


def attachments_text(message: Message) -> str | None:
    """Return a message's attachments as JSON; None where it has none."""
    if not message.attachments:
        return None
    return json.dumps([file.model_dump() for file in message.attachments])


def all_ids(found: Arrivals) -> Iterable[str]:
    """Return every message id that a batch speaks of."""
    for arrival in (*found.messages.values(), *found.revised):
        yield arrival.id
        if arrival.parent:
            yield arrival.parent
        if arrival.quoted:
            yield arrival.quoted
    for target, _ in (*found.removed, *found.observed, *found.delivered):
        yield target
