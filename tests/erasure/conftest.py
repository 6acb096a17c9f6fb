"""A desk that knows all sorts of things about one customer, and how to see what is left of them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, text

from careline.desk import Desk
from careline.errors import Answered
from careline.ids import conversation_id, identity_id, message_id
from careline.plugin import (
    JSON,
    AnyAction,
    Attachment,
    Author,
    Batch,
    Capability,
    Channel,
    Classifier,
    Direction,
    Evidence,
    Facet,
    Item,
    Kind,
    Malformed,
    Message,
    Permission,
    PluginConfig,
    Reading,
    Receipt,
    Refusal,
    Rejected,
    Revised,
    Seen,
    Source,
    ThreadFacts,
    Transient,
    Turn,
    Utterance,
    Visibility,
    hookimpl,
)
from careline.registry import Registry
from careline.store.inbox import InboxQuery
from careline.store.tables import metadata
from careline.testing import FakeClock
from careline.testing.clock import START

SECRETS = ("zanzibar", "u4711k", "kimhandle", "kimberly", "k-on-page")
"""All words of Kim's story hold the first; the others are her names."""
KIM = Author(id="u4711k", name="Kimberly Zed", handle="@kimhandle", followers=9000)
KIM_ON_PAGE = Author(id="k-on-page", name="Kimberly on the page")
LEE = Author(id="u-lee", name="Lee", handle="@lee")
US = Author(id="u-acme", name="Acme")
_CUES = {"broken": "problem", "?": "question", "thanks": "praise"}


class Tags(Classifier[PluginConfig]):
    """Reads a few words, and names its cues by the customer's own."""

    kind: ClassVar[str] = "tags"
    title: ClassVar[str] = "Tags"
    Config: ClassVar[type[PluginConfig]] = PluginConfig

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        return [Reading(self._facets(item.text, item.earlier)) for item in items]

    def _facets(self, said: str, earlier: Sequence[Turn]) -> Mapping[str, Facet]:
        found = {value: cue for cue, value in _CUES.items() if cue in said}
        cue = (Evidence("yes", said[:20], 0, len(said[:20])),)
        facets = {"needs_reply": Facet("yes" if found else "no", {"yes": 0.5, "no": 0.5}, cue)}
        if any("broken" in turn.text for turn in earlier):
            facets["urgency"] = Facet("high", {"high": 1.0})
        for value in list(found)[:1]:
            facets["intent"] = Facet(value, {value: 1.0})
        return facets


class Scripted(Channel[PluginConfig]):
    """A channel that hears what a test wrote for its account, and answers as it is told to."""

    title = "Scripted"
    Config = PluginConfig
    capabilities = frozenset(
        {Capability.POLL, Capability.ANSWER, Capability.DIRECT, Capability.FIND}
    )
    script: ClassVar[Mapping[str, list[Sequence[Item]]]]
    errors: ClassVar[list[Exception]]

    @property
    def identity(self) -> Author | None:
        return US

    @property
    def sources(self) -> tuple[Source, ...]:
        return (Source("posts", every=10.0),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        at, batches = cursor or 0, self.script[self.context.account]
        if at >= len(batches):
            return Batch((), at)
        return Batch(tuple(batches[at]), at + 1, more=at + 1 < len(batches))

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        return Permission.yes()

    async def perform(self, action: AnyAction) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        return Receipt((f"sent-{action.id}",), self.context.clock.now())

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        raise Transient("it does not tell", retry_after=600)


class Plugin:
    """Brings the channels and the classifier."""

    def __init__(self, channels: Sequence[Any]) -> None:
        self.careline_channels = hookimpl(lambda: channels)
        self.careline_classifiers = hookimpl(lambda: [Tags])


class Place:
    """A brand's desk, its customers, and the tables behind it."""

    def __init__(self, url: str) -> None:
        self.clock = FakeClock()
        self.script: dict[str, list[Sequence[Item]]] = defaultdict(list)
        self.errors: list[Exception] = []
        self.plugins: list[object] = []
        self.config: dict[str, Any] = {
            "store": {"url": url},
            "brands": {"acme": {"name": "Acme"}},
            "agents": {"ann": {"name": "Ann"}, "bob": {"name": "Bob"}},
            "channels": {"acme-x": {"kind": "x"}, "acme-page": {"kind": "page"}},
            "classifiers": {"tags": {"kind": "tags"}},
        }
        self.desk: Desk
        self._open = AsyncExitStack()

    async def open(self, **config: Any) -> None:
        """Open the desk, or close it and open it with another configuration."""
        await self.close()
        told = {"script": self.script, "errors": self.errors}
        kinds = [type(k, (Scripted,), {**told, "kind": k}) for k in ("x", "page")]
        registry = Registry.load(extra=[Plugin(kinds), *self.plugins])
        self.config |= config
        desk = Desk(self.config, registry=registry, clock=self.clock, strict=True)
        self.desk = await self._open.enter_async_context(desk)

    async def close(self) -> None:
        await self._open.aclose()

    # -- what happens

    @staticmethod
    def at(minutes: float = 0, **more: float) -> datetime:
        """Return the time so long after the start."""
        return START + timedelta(minutes=minutes, **more)

    async def hears(
        self, *said: Message | Item, on: str = "acme-x", at: datetime | None = None
    ) -> None:
        """Have an account hear these in one batch, when the last was posted or later."""
        posted = [one.posted_at for one in said if isinstance(one, Message)]
        self.plan(*said, on=on)
        await self.passes(at or max(posted, default=self.clock.now()))

    def plan(self, *said: Message | Item, on: str = "acme-x") -> None:
        """Have an account give these as one batch when it is asked next."""
        self.script[on].append([Seen(one) if isinstance(one, Message) else one for one in said])

    async def passes(self, until: datetime | None = None) -> None:
        """Let time pass and the desk run."""
        self.clock.advance_to(max(self.clock.now(), until or self.clock.now()))
        await self.desk.run(once=True)

    @classmethod
    def said(
        cls, id: str, words: str, minutes: float, by: Author = KIM, /, **fields: Any
    ) -> Message:
        """Return a customer's public mention."""
        known = {"kind": Kind.MENTION, "addressed": True, "posted_at": cls.at(minutes)} | fields
        return Message(external_id=id, text=words, author=by, **known)

    @classmethod
    def ours(cls, id: str, on: str | None, minutes: float, words: str, /, **fields: Any) -> Message:
        """Return what we said to somebody from elsewhere."""
        known = {"kind": Kind.REPLY, "direction": Direction.OUT, "author": US} | fields
        return Message(external_id=id, parent=on, posted_at=cls.at(minutes), text=words, **known)

    @classmethod
    def room(cls, name: str) -> Mapping[str, Any]:
        """Return what makes a message one of a private room."""
        return {"kind": Kind.DIRECT, "visibility": Visibility.PRIVATE, "root": name}

    # -- what is kept

    async def all(self, select: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return await self.desk.read(
            lambda conn: [tuple(row) for row in conn.execute(text(select), values)]
        )

    async def dump(self, *but: str) -> dict[str, list[str]]:
        """Return every row of every table, but for some tables."""
        return await self.desk.read(lambda conn: _dump(conn, but))

    async def counted(self) -> tuple[Any, ...]:
        """Return all that must not move: the report, and where each case stands."""
        whole = await self.desk.report(self.at(-9), self.at(days=4000))
        tables = "states", "conversations", "spans", "threads", "deadlines", "effects", "acts"
        facts = (
            "SELECT id, author, recipient, answers, role, thread, conversation, posted_at,"
            " revised_at, removed_at, intent, urgency, needs_reply, labelled_by FROM messages"
            " ORDER BY id"
        )
        dumped = await self.dump()
        return (
            whole.model_dump_json(),
            {table: dumped[table] for table in tables},
            await self.all(facts),
        )

    @staticmethod
    def case(first: str, network: str = "x") -> str:
        return conversation_id(message_id("acme", network, first))

    @staticmethod
    def message(id: str, network: str = "x") -> str:
        return message_id("acme", network, id)

    @staticmethod
    def identity(who: Author = KIM, network: str = "x") -> str:
        return identity_id(network, who.scope, who.id)


def _dump(conn: Connection, but: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for table in [*metadata.tables, "search_rows", "search_queue"]:
        if table not in but:
            rows = conn.exec_driver_sql(f"SELECT * FROM {table}").all()
            found[table] = sorted(str(tuple(row)).lower() for row in rows)
    return found


def holding(dump: Mapping[str, Sequence[str]], *words: str) -> dict[str, list[str]]:
    """Return the rows that hold one of some words, by table."""
    found = {
        table: [row for row in rows if any(word in row for word in words)]
        for table, rows in dump.items()
    }
    return {table: rows for table, rows in found.items() if rows}


def kims_story() -> list[tuple[str, list[Message | Item]]]:
    """Return all that is heard of Kim and of Lee: account and batch, in some order."""
    said, ours, room = Place.said, Place.ours, Place.room
    first = said(
        "1", "It is broken, says zanzibar", 0, title="Zanzibar",
        permalink="https://x.example/kimhandle/1", lang="en",
        attachments=(Attachment(url="https://x.example/zanzibar.png"),),
    )  # fmt: skip
    return [
        ("acme-x", [first, said("20", "Is it open? (lee)", 1, LEE)]),
        ("acme-x", [ours("2", "1", 5, "We look into it, zanzibar")]),
        (
            "acme-x",
            [
                said("3", "Mine, too (lee)", 6, LEE, parent="1", kind=Kind.REPLY, addressed=False),
                ours("4", "3", 7, "And yours (lee)"),
                said("21", "thanks zanzibar", 8, parent="20", kind=Kind.REPLY, addressed=False),
                ours("22", "21", 9, "Glad, zanzibar"),
            ],
        ),
        (
            "acme-x",
            [
                said("5", "Why? Zanzibar", 10, **room("dm-1")),
                ours("6", None, 11, "Because, zanzibar", **room("dm-1")),
                ours("7", None, 12, "And so, zanzibar", to=KIM, **room("dm-1")),
            ],
        ),
        (
            "acme-x",
            [
                Revised(said("1", "It is broken still, zanzibar", 0), "1", Place.at(13)),
                Malformed(b'{"who": "U4711K", "text": "zanzibar"}', "zanzibar is no time", "a:1"),
                Malformed(b'{"who": "u-lee", "text": "(lee)"}', "no time", "a:2"),
            ],
        ),
        ("acme-page", [said("1", "Where is it? zanzibar", 14, KIM_ON_PAGE)]),
    ]


@pytest.fixture
async def place(url: str, anyio_backend: str) -> AsyncIterator[Place]:
    """Return an open desk that has heard nothing yet."""
    made = Place(url)
    await made.open()
    await made.passes()
    yield made
    await made.close()


@pytest.fixture
async def told(place: Place) -> Place:
    """Return a desk that has heard Kim's story, and whose staff have done their part in it."""
    for account, batch in kims_story():
        place.plan(*batch, on=account)
    await place.passes(place.at(14))
    desk = place.desk
    await desk.link("x:u4711k", "page:k-on-page", "zanzibar, both times", actor="ann")
    await desk.note(place.case("1"), "Zanzibar is upset", actor="ann")
    await desk.reply(place.case("1", "page"), "Sent, zanzibar", actor="ann")
    await place.passes(place.at(15))
    place.errors.append(Rejected(Refusal.NOT_PERMITTED, "@kimhandle takes nothing"))
    await desk.direct(place.case("1", "page"), "Dead, zanzibar", actor="ann")
    await place.passes(place.at(16))
    place.errors.append(Transient("later", retry_after=3600, sent=False))
    [(room,)] = await place.all("SELECT id FROM threads WHERE visibility = 'private'")
    await desk.reply(room, "Queued, zanzibar", actor="ann", also=True)
    with pytest.raises(Answered):
        await desk.reply(room, "Draft, zanzibar", actor="bob")
    await place.passes(place.at(25))
    await desk.inbox(InboxQuery(search="zanzibar"))
    return place
