"""A desk and its customers: a story says who wrote what and when, and asks what staff would see."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import pytest
from sqlalchemy import Connection, select

from careline.desk import Desk, Ran
from careline.engine.acts import act
from careline.engine.reading import ConversationView, InboxRow, conversation, inbox
from careline.ids import conversation_id, message_id, thread_id
from careline.plugin import (
    JSON,
    Answer,
    AnyAction,
    Author,
    Batch,
    Capability,
    Channel,
    Classifier,
    Direct,
    Direction,
    Facet,
    Item,
    Kind,
    Message,
    Permission,
    PluginConfig,
    PrivateReply,
    Reading,
    Receipt,
    Refusal,
    Seen,
    Source,
    ThreadFacts,
    Unsupported,
    Utterance,
    Visibility,
    hookimpl,
)
from careline.registry import Registry
from careline.store.inbox import InboxQuery
from careline.store.report import Report, report
from careline.store.tables import effects, events
from careline.store.times import to_micros
from careline.testing import FakeClock
from careline.testing.clock import START

T = TypeVar("T")
_CUES = {
    "broken": ("intent", "problem"),
    "?": ("intent", "question"),
    "thanks": ("intent", "praise"),
    "pills": ("intent", "spam"),
}


class Tags(Classifier[PluginConfig]):
    """Reads a few words, so that a story says by its texts which labels it wants."""

    kind: ClassVar[str] = "tags"
    title: ClassVar[str] = "Tags"
    Config: ClassVar[type[PluginConfig]] = PluginConfig

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        return [Reading({f: Facet(v, {v: 1.0}) for f, v in _facets(item.text)}) for item in items]


def _facets(text: str) -> Iterator[tuple[str, str]]:
    yield from reversed([said for cue, said in _CUES.items() if cue in text])
    yield "needs_reply", "yes" if "broken" in text or "?" in text else "no"


class Platform:
    """What the accounts of a story did on their platform, and how it fails them."""

    def __init__(self) -> None:
        self.done: list[AnyAction] = []
        """Each effect, in the order in which it happened."""
        self.faults: list[tuple[str, BaseException | Callable[[], None]]] = []
        """What happens at the next calls: `before` or `after` the effect, raised or called."""
        self.looked = 0
        """How often somebody looked whether something was done."""
        self.answer: Permission = Permission.yes(max_length=60, cost="0.01 USD")
        """What `check` says of whatever is allowed at all."""
        self.unknowable = False
        """It cannot be asked what was done."""

    def said(self) -> list[tuple[str, str]]:
        """Return the kind and the text of each effect."""
        return [(type(a).__name__, getattr(a, "text", "")) for a in self.done]

    def receipt(self, action: AnyAction, at: datetime) -> Receipt:
        """Return what the platform says of an effect."""
        number = 1 + next(n for n, one in enumerate(self.done) if one.id == action.id)
        opened = None
        if isinstance(action, PrivateReply | Direct) and getattr(action, "place", None) is None:
            opened = f"dm-{action.customer.id.removeprefix('u-')}"
        return Receipt((f"out-{number}",), at, opened)


class Scripted(Channel[PluginConfig]):
    """A channel that gives what the story wrote for its account, and speaks on its platform."""

    title = "Scripted"
    Config = PluginConfig
    capabilities = frozenset(Capability) - {
        Capability.STREAM, Capability.BACKFILL, Capability.WEBHOOK, Capability.PRIVATE_REPLY,
    }  # fmt: skip
    platform: ClassVar[Platform]
    script: ClassVar[Mapping[str, list[Sequence[Item]]]]
    errors: ClassVar[Mapping[str, list[Exception]]]
    asked: ClassVar[Counter[str]]
    us: ClassVar[Author] = Author(id="u-acme", name="Acme")

    @property
    def identity(self) -> Author | None:
        return self.us

    @property
    def sources(self) -> tuple[Source, ...]:
        return (Source("posts", every=10.0),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        name, at = self.context.account, cursor or 0
        batches = self.script[name]
        self.asked[name] += 1
        if self.errors[name]:
            raise self.errors[name].pop(0)
        if at >= len(batches):
            return Batch((), at)
        return Batch(tuple(batches[at]), at + 1, more=at + 1 < len(batches))

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        if isinstance(action, Answer) and thread.words[-1].removed:
            return Permission.no(Refusal.GONE, "It is gone.")
        return self.platform.answer

    async def perform(self, action: AnyAction) -> Receipt:
        when, error = self.platform.faults.pop(0) if self.platform.faults else ("", None)
        if error is not None and when == "before":
            raise error
        self.platform.done.append(action)
        if callable(error):
            error()
        elif error is not None:
            raise error
        return self.platform.receipt(action, self.context.clock.now())

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        self.platform.looked += 1
        if self.platform.unknowable:
            raise Unsupported("find")
        done = any(one.id == action.id for one in self.platform.done)
        return self.platform.receipt(action, self.context.clock.now()) if done else None


class Plugin:
    """A plugin that brings these classes."""

    def __init__(self, channels: Sequence[Any] = (), classifiers: Sequence[Any] = ()) -> None:
        self.careline_channels = hookimpl(lambda: channels)
        self.careline_classifiers = hookimpl(lambda: classifiers)


class Story:
    """A brand's desk as its staff have it, and the customers who write to it."""

    start = START
    Plugin = Plugin

    def __init__(self, url: str, **config: Any) -> None:
        self.clock = FakeClock()
        self.script: dict[str, list[Sequence[Item]]] = defaultdict(list)
        self.errors: dict[str, list[Exception]] = defaultdict(list)
        """What an account raises when it is asked next, one error each time."""
        self.platform = Platform()
        self.asked: Counter[str] = Counter()
        """How often each account was asked."""
        self.extra: list[object] = []
        """More plugins."""
        self.strict = True
        self.config = {
            "store": {"url": url},
            "brands": {"acme": {"name": "Acme"}},
            "agents": {"ann": {"name": "Ann"}},
            "channels": {"acme-x": {"kind": "x"}},
            "classifiers": {"tags": {"kind": "tags"}},
        } | config
        self._open = AsyncExitStack()
        self.desk: Desk

    def registry(self) -> Registry:
        """Return the installed plugins, and this story's channels: `x` and `page`."""
        told = {
            "script": self.script, "errors": self.errors, "asked": self.asked,
            "platform": self.platform,
        }  # fmt: skip
        tied = Scripted.capabilities | {Capability.PRIVATE_REPLY}
        kinds = [
            type("x", (Scripted,), {**told, "kind": "x"}),
            type("page", (Scripted,), {**told, "kind": "page", "capabilities": tied}),
        ]
        return Registry.load(extra=[Plugin(kinds, [Tags]), *self.extra])

    async def open(self, **config: Any) -> None:
        """Open the desk, or close it and open it with another configuration."""
        await self.close()
        self.config |= config
        desk = Desk(self.config, registry=self.registry(), clock=self.clock, strict=self.strict)
        self.desk = await self._open.enter_async_context(desk)

    async def close(self) -> None:
        await self._open.aclose()

    # -- what happens

    @classmethod
    def at(cls, minutes: float = 0, **more: float) -> datetime:
        """Return the time so long after the start: Monday, 9 o'clock UTC."""
        return cls.start + timedelta(minutes=minutes, **more)

    async def hears(
        self, *said: Message | Item, on: str = "acme-x", at: datetime | None = None
    ) -> Ran:
        """Have the desk hear these in one batch, when the last was posted or later."""
        self.plan(*said, on=on)
        posted = [one.posted_at for one in said if isinstance(one, Message)]
        return await self.passes(at or max(posted, default=self.clock.now()))

    def plan(self, *said: Message | Item, on: str = "acme-x") -> None:
        """Have an account give these as one batch when it is asked next."""
        self.script[on].append([Seen(one) if isinstance(one, Message) else one for one in said])

    async def passes(self, until: datetime) -> Ran:
        """Let time pass, and the desk do what is to be done by then."""
        ran = await self.runs(until)
        assert ran.fine, ran
        return ran

    async def runs(self, until: datetime | None = None) -> Ran:
        """Let time pass and the desk run, well or not."""
        self.clock.advance_to(max(self.clock.now(), until or self.clock.now()))
        return await self.desk.run(once=True)

    async def act(self, kind: str, on: str, /, *, other: str | None = None, **value: Any) -> str:
        """Have Ann do what the desk has no verb for yet."""
        case, now, rules = self.id(on), to_micros(self.clock.now()), self.desk._rules
        return await self.desk.store.write(
            lambda conn: act(conn, case, kind, "ann", value, now, rules, other=other)
        )

    # -- who says what

    @classmethod
    def said(
        cls, id: str, text: str = "It is broken", minutes: float = 0, by: str = "kim", **fields: Any
    ) -> Message:
        """Return a customer's public mention."""
        author = Author(id=f"u-{by}", name=by.title(), handle=f"@{by}")
        known: dict[str, Any] = {
            "kind": Kind.MENTION, "addressed": True, "posted_at": cls.at(minutes),
            "author": author,
        }  # fmt: skip
        return Message(external_id=id, text=text, **(known | fields))

    @classmethod
    def reply(cls, id: str, to: str, text: str, minutes: float, by: str, **fields: Any) -> Message:
        """Return somebody's reply that does not address us."""
        fields = {"kind": Kind.REPLY, "addressed": False, "parent": to} | fields
        return cls.said(id, text, minutes, by, **fields)

    @classmethod
    def direct(cls, id: str, text: str, minutes: float, by: str = "kim", **fields: Any) -> Message:
        """Return a customer's private message."""
        private = {
            "kind": Kind.DIRECT, "visibility": Visibility.PRIVATE, "root": f"dm-{by}",
            "addressed": False,
        }  # fmt: skip
        return cls.said(id, text, minutes, by, **(private | fields))

    @classmethod
    def ours(cls, id: str, to: str | None, minutes: float, /, **fields: Any) -> Message:
        """Return what we say: an answer to `to`, or a broadcast."""
        known: dict[str, Any] = {
            "kind": Kind.REPLY if to else Kind.POST, "posted_at": cls.at(minutes),
            "text": "We look into it.", "author": Scripted.us,
        }  # fmt: skip
        direction = Direction.OUT
        return Message(external_id=id, parent=to, direction=direction, **(known | fields))

    @classmethod
    def our_direct(cls, id: str, to: str, minutes: float, /, **fields: Any) -> Message:
        """Return our private message to a customer."""
        known: dict[str, Any] = {
            "kind": Kind.DIRECT, "visibility": Visibility.PRIVATE, "root": f"dm-{to}",
            "to": Author(id=f"u-{to}"),
        }  # fmt: skip
        return cls.ours(id, None, minutes, **(known | fields))

    # -- what staff see

    @staticmethod
    def id(first: str, brand: str = "acme", network: str = "x") -> str:
        """Return the id of the conversation that begins with a message of this platform id."""
        return conversation_id(message_id(brand, network, first))

    @staticmethod
    def private_thread(place: str, network: str = "x") -> str:
        """Return the id of a private thread."""
        return thread_id("acme", network, place, "private")

    async def case(self, first: str, network: str = "x") -> ConversationView:
        """Return the conversation that begins with this message, as `careline show` does."""
        return await self.page(self.id(first, network=network))

    async def page(self, id: str) -> ConversationView:
        """Return a conversation by its id."""
        now = self.clock.now()
        return await self.desk.read(lambda conn: conversation(conn, id, now))

    async def inbox(self, **query: Any) -> Sequence[InboxRow]:
        """Return the inbox, what is due first at the top."""
        asked, now = InboxQuery(**query), self.clock.now()
        return (await self.desk.read(lambda conn: inbox(conn, asked, now))).rows

    async def report(self) -> Report:
        """Return the report over all time."""
        now = self.clock.now()
        return await self.desk.read(lambda conn: report(conn, None, None, now=now))

    async def fired(self) -> list[str]:
        """Return all that staff would have been alerted to, by deadline and stage."""
        query = select(effects.c.kind, effects.c.stage).order_by(effects.c.at, effects.c.kind)
        rows = await self.desk.read(lambda conn: conn.execute(query).all())
        return [f"{kind} {stage}" for kind, stage in rows]

    async def outbox(self) -> list[tuple[str, str]]:
        """Return the kind and the state of each row of the outbox, in the order of queueing."""
        return [(row.kind, row.state) for row in reversed(await self.desk.outbox())]

    async def events(self, verb: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the lines of the audit log with this verb."""
        query = select(events.c.object, events.c.data).where(events.c.verb == verb)
        rows = await self.desk.read(lambda conn: conn.execute(query.order_by(events.c.id)).all())
        return [(what, json.loads(data)) for what, data in rows]

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit that reads."""
        return await self.desk.read(unit)


@pytest.fixture
async def closed(url: str, anyio_backend: str) -> AsyncIterator[Story]:
    """Return a story whose desk is still to be opened: `await closed.open(...)`."""
    told = Story(url)
    yield told
    await told.close()


@pytest.fixture
async def story(closed: Story) -> Story:
    """Return a desk that has caught up, so that whatever comes is live."""
    await closed.open()
    await closed.passes(closed.start)
    return closed
