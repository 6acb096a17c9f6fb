"""Strangers' plugins that do all there is to do pass the suites: HTTP, streams, deferred work."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from pydantic import Field, SecretStr

from careline.plugin import (
    JSON,
    AnyAction,
    AuthFailed,
    Author,
    Batch,
    Capability,
    Channel,
    DeferredClassifier,
    Evidence,
    Facet,
    Kind,
    Malformed,
    Message,
    Observed,
    Permission,
    PluginConfig,
    Post,
    Reading,
    Receipt,
    Refusal,
    Rejected,
    Removed,
    Revised,
    Seen,
    Source,
    ThreadFacts,
    Transient,
    Unsupported,
    Utterance,
)
from careline.testing import ChannelSuite, ClassifierSuite, LoopbackHost

AT = datetime(2026, 1, 4, tzinfo=UTC)


class Board(LoopbackHost):
    """A notice board: five notes, two a page, a key in the query string; notes of ours by POST."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.done.append((request.headers["note-key"], request.content))
            return httpx.Response(201, json={"id": "n9"})
        query = request.url.params
        if query["api_key"] != "board-key-1234":
            return httpx.Response(401)
        page = int(query["page"])
        notes = [{"id": f"n{n}", "by": "kim", "text": "?", "at": n} for n in range(5)]
        return httpx.Response(200, json=notes[page * 2 : page * 2 + 2])


class BoardConfig(PluginConfig):
    url: str = Field(description="Where the board is.")
    api_key: SecretStr = Field(description="The key of the account.")


class BoardChannel(Channel[BoardConfig]):
    kind: ClassVar[str] = "board"
    title: ClassVar[str] = "Notice board"
    Config: ClassVar[type[PluginConfig]] = BoardConfig
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.POLL, Capability.POST})

    @property
    def sources(self) -> tuple[Source, ...]:
        return (Source("notes"),)

    async def open(self) -> None:
        self._http = self.context.http(self.config.url)

    async def close(self) -> None:
        if http := self.__dict__.pop("_http", None):
            await http.aclose()

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        page = cursor if isinstance(cursor, int) else 0
        key = self.config.api_key.get_secret_value()
        response = await self._http.get("/notes", params={"page": page, "api_key": key})
        _refuse(response)
        await self.context.clock.sleep(3600)
        notes = response.json()
        full = len(notes) == 2
        return Batch(tuple(map(_seen, notes)), page + 1 if full else 3, more=full)

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        if isinstance(action, Post):
            return Permission.yes(max_length=80)
        return Permission.no(Refusal.UNSUPPORTED, "A board has no threads.")

    async def perform(self, action: AnyAction) -> Receipt:
        if not isinstance(action, Post):
            raise Unsupported(type(action).__name__)
        key = self.config.api_key.get_secret_value()
        headers = {"note-key": action.id, "authorization": f"Bearer {key}"}
        response = await self._http.post("/notes", json={"text": action.text}, headers=headers)
        _refuse(response)
        try:
            return Receipt((response.json()["id"],), self.context.clock.now())
        except ValueError as error:
            raise Transient("the board answers no JSON") from error


def _refuse(response: httpx.Response) -> None:
    status, said = response.status_code, f"the board says {response.status_code}"
    if status == 401 or (status == 403 and "token" in response.text):
        raise AuthFailed(said)
    if status in (404, 410):
        raise Rejected(Refusal.GONE, said)
    if status == 429:
        raise Transient(said, retry_after=float(response.headers["retry-after"]), sent=False)
    if status >= 500:
        raise Transient(said)
    if status >= 400:
        raise Rejected(Refusal.UNKNOWN, said)


def _seen(note: dict[str, Any]) -> Seen:
    posted = AT + timedelta(hours=note["at"])
    author = Author(id=note["by"])
    return Seen(
        Message(
            external_id=note["id"],
            kind=Kind.COMMENT,
            root="board",
            posted_at=posted,
            author=author,
            text=note["text"],
        )
    )


class TestBoard(ChannelSuite):
    channel = BoardChannel
    config = {"url": "http://127.0.0.1:9", "api_key": "board-key-1234"}  # noqa: RUF012
    bad_configs = ({}, {"url": 1}, {"url": "x", "api_key": None})

    def platform(self) -> Board:
        return Board()


class RadioConfig(PluginConfig):
    """Nothing to configure."""


class Radio(Channel[RadioConfig]):
    """Streams what is on the air, and can look back; it gives every kind of item."""

    kind: ClassVar[str] = "radio"
    title: ClassVar[str] = "Radio"
    Config: ClassVar[type[PluginConfig]] = RadioConfig
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.STREAM, Capability.BACKFILL}
    )

    @property
    def sources(self) -> tuple[Source, ...]:
        return (Source("air", mode="stream"),)

    async def stream(self, source: Source, cursor: JSON) -> AsyncIterator[Batch]:
        items = (
            Seen(_spoken(1)),
            Revised(_spoken(2), of="r1", at=AT),
            Removed("r1", AT),
            Observed("r2", AT, likes=3),
            Malformed(b"\xff", "noise"),
        )
        for number, item in enumerate(items):
            await self.context.clock.sleep(10)
            yield Batch((item,), {"at": number})
        await self.context.clock.sleep(float("inf"))

    async def backfill(
        self, source: Source, since: datetime, until: datetime
    ) -> AsyncIterator[Batch]:
        for number in range(3):
            message = _spoken(number)
            if since <= message.posted_at <= until:
                yield Batch((Seen(message),))


def _spoken(number: int) -> Message:
    posted, by = AT + timedelta(seconds=number), Author(id="caller")
    return Message(external_id=f"r{number}", kind=Kind.MENTION, posted_at=posted, author=by)


class TestRadio(ChannelSuite):
    channel = Radio
    quiet = 0.1


class Wire(Radio):
    """Speaks at once, so that its listeners leave it in the middle; to hang up takes a moment."""

    lines: ClassVar[list[object]] = []
    kind: ClassVar[str] = "wire"
    title: ClassVar[str] = "Wire"

    async def stream(self, source: Source, cursor: JSON) -> AsyncIterator[Batch]:
        line = object()
        self.lines.append(line)
        try:
            for number in range(3):
                yield Batch((Seen(_spoken(number)),), {"at": number})
            await self.context.clock.sleep(float("inf"))
        finally:
            with anyio.CancelScope(shield=True):
                await checkpoint()
                self.lines.remove(line)


class TestWire(ChannelSuite):
    channel = Wire
    quiet = 0.1

    @pytest.fixture(autouse=True)
    async def hung_up(self, anyio_backend: object) -> AsyncIterator[None]:
        Wire.lines.clear()
        yield
        assert not Wire.lines, "the suite left a stream before its end, and did not close it"


class Oracle(DeferredClassifier[RadioConfig]):
    """Takes its time."""

    kind: ClassVar[str] = "oracle"
    title: ClassVar[str] = "Oracle"
    Config: ClassVar[type[PluginConfig]] = RadioConfig

    async def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        await self.context.clock.sleep(60)
        return [_wise(item.text) for item in items]


def _wise(text: str) -> Reading:
    if not text:
        return Reading()
    return Reading({"topic": Facet("fate", {"fate": 1.0}, (Evidence("fate", "all", 0, 1),))})


class TestOracle(ClassifierSuite):
    classifier = Oracle
