"""A brand with customers, heard by the real intake."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import pytest
from sqlalchemy import Connection, select

from careline.config.policy import DEFAULT_DEADLINES
from careline.engine.arrivals import Intake
from careline.engine.casework import Work, refold
from careline.engine.deadlines import RuleBook
from careline.engine.intake import ingest
from careline.engine.labelling import Labeller
from careline.engine.rows import write_work
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.unit import Policy
from careline.ids import conversation_id, derive, message_id
from careline.plugin import (
    Author,
    Batch,
    Classifier,
    Direction,
    Evidence,
    Facet,
    Item,
    Kind,
    Message,
    PluginConfig,
    Reading,
    Seen,
    Utterance,
    Visibility,
)
from careline.store.bulk import put
from careline.store.search import index, index_pending
from careline.store.store import Store
from careline.store.tables import acts, messages, threads
from careline.store.times import to_micros

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
_CUES = {
    "broken": ("intent", "problem"),
    "?": ("intent", "question"),
    "lovely": ("intent", "praise"),
    "now": ("urgency", "high"),
}


class Tags(Classifier[PluginConfig]):
    """Reads a few words, so that a test says by its texts which labels it wants."""

    kind: ClassVar[str] = "tags"
    title: ClassVar[str] = "Tags"
    Config: ClassVar[type[PluginConfig]] = PluginConfig

    def __init__(self) -> None:
        """Needs nothing."""

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        return [Reading(dict(_facets(item.text))) for item in items]


def _facets(text: str) -> Iterator[tuple[str, Facet]]:
    for word, (facet, value) in reversed(_CUES.items()):
        at = text.find(word)
        if at >= 0:
            seen = (Evidence(value, word, at, at + len(word)),)
            yield facet, Facet(value, {value: 0.75, "chatter": 0.1}, seen)
    asks = "broken" in text or "?" in text
    yield "needs_reply", Facet("yes" if asks else "no", {"yes" if asks else "no": 0.5})
    yield "topic", Facet("anvils", {"anvils": 0.9})


@dataclass
class World:
    """Hears messages, and lets staff act, as the desk will."""

    store: Store
    rules: StoredRules = field(default_factory=StoredRules)

    def hear(
        self,
        *messages: Message | Item,
        at: datetime | None = None,
        account: str = "acme-x",
        brand: str = "acme",
        network: str = "x",
        found_by: str = "poll",
        source: str = "mentions",
    ) -> None:
        """Take messages in, all at one time: when the last was posted, unless told otherwise."""
        items = tuple(Seen(m) if isinstance(m, Message) else m for m in messages)
        posted = [m.posted_at for m in messages if isinstance(m, Message)]
        now = at or max(posted, default=START)
        to = Intake(account, brand, "twitter", network, channels={account: "twitter"})

        def unit(conn: Connection) -> None:
            policy = self._policy(conn)
            ingest(conn, to, source, Batch(items), now, policy, found_by)

        self.store.write_now(unit)

    def _policy(self, conn: Connection) -> Policy:
        book = RuleBook(rules=DEFAULT_DEADLINES, calendars={})
        rules = keep_rules(conn, book, to_micros(START))
        self.rules[rules.id] = rules
        return Policy(Labeller({"tags": Tags()}), rules, self.rules)

    def act(self, kind: str, on: str, at: datetime, actor: str = "agent:ann", **value: Any) -> None:
        """Do something to the conversation that holds a message, by its id on the platform."""
        message = message_id("acme", "x", on)
        row = (derive("a", kind, message, str(at)), kind, message, actor, to_micros(at))
        with_value = (*row, json.dumps(value))

        def unit(conn: Connection) -> None:
            put(conn, acts, ("id", "kind", "message", "actor", "at", "value"), [with_value])
            work = Work()
            refold(conn, "acme", {_customer(conn, message)}, self.rules, work)
            write_work(conn, Intake("acme-x", "acme", "twitter", "x"), work)

        self.store.write_now(unit)

    def index(self) -> None:
        """Bring all words into the search."""

        def unit(conn: Connection) -> None:
            index(conn, list(conn.scalars(select(messages.c.id))))
            while index_pending(conn):
                pass

        self.store.write_now(unit)

    def read(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit that reads."""
        return self.store.read_now(unit)

    def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit that writes."""
        return self.store.write_now(unit)

    @staticmethod
    def at(**later: float) -> datetime:
        """Return a time so long after the start of the story."""
        return START + timedelta(**later)

    @staticmethod
    def id(first: str, brand: str = "acme", network: str = "x") -> str:
        """Return the id of the conversation that begins with this platform id."""
        return conversation_id(message_id(brand, network, first))

    @staticmethod
    def said(id: str, text: str, at: datetime, by: str = "ann", **fields: Any) -> Message:
        """Return a customer's public mention."""
        author = Author(id=f"u-{by}", name=by.title(), handle=f"@{by}")
        shape: dict[str, Any] = {"kind": Kind.MENTION, "addressed": True} | fields
        return Message(external_id=id, text=text, posted_at=at, author=author, **shape)

    @staticmethod
    def answer(id: str, to: str, at: datetime, **fields: Any) -> Message:
        """Return our public answer to a message."""
        us = Author(id="u-acme", name="Acme", handle="@acme")
        shape: dict[str, Any] = {"text": "We look into it. ^AN", "kind": Kind.REPLY} | fields
        return Message(
            external_id=id, posted_at=at, author=us, parent=to, direction=Direction.OUT, **shape
        )

    @staticmethod
    def direct(id: str, text: str, at: datetime, by: str = "ann", **fields: Any) -> Message:
        """Return a customer's private message."""
        private = {"kind": Kind.DIRECT, "visibility": Visibility.PRIVATE, "root": f"dm-{by}"}
        return World.said(id, text, at, by, **{**private, **fields})


def _customer(conn: Connection, message: str) -> str:
    query = select(threads.c.customer).join(messages, messages.c.thread == threads.c.id)
    customer: str = conn.execute(query.where(messages.c.id == message)).scalar_one()
    return customer


@pytest.fixture
def world(store: Store) -> World:
    """Return an empty desk."""
    return World(store)
