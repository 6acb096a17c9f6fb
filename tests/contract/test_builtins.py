"""The built-in plugins pass the suites, as a stranger's plugin would."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Judge

from careline.builtin.archive.channel import ArchiveChannel
from careline.builtin.console.notifier import Console
from careline.builtin.cues.classifier import Cues
from careline.builtin.practice.book import read
from careline.builtin.practice.channel import PracticeChannel
from careline.builtin.relay.channel import RelayChannel
from careline.builtin.relay.signing import key_of, signed
from careline.plugin import AnyAction, Capability, Receipt, State, Transient, Webhook
from careline.testing import (
    ChannelSuite,
    ClassifierSuite,
    Fault,
    MemoryContext,
    NotifierSuite,
)
from careline.testing.clock import START
from careline.testing.host import LoopbackHost
from careline.testing.samples import ACTIONS

FIELDS = {"id": "id", "author": "who", "parent": "to", "posted_at": "at", "text": "text"}


def rows(start: int, count: int) -> Iterable[dict[str, Any]]:
    for number in range(start, start + count):
        at = (START - timedelta(days=30) + timedelta(minutes=number)).isoformat()
        to = f"{number - 1}" if number % 3 else None
        who = "us" if number % 3 == 1 else f"c{number // 3}"
        yield {"id": f"{number}", "who": who, "to": to, "at": at, "text": f"Word {number}."}


class TestCues(ClassifierSuite):
    classifier = Cues


class TestConsole(NotifierSuite):
    notifier = Console
    bad_configs = ({"stream": "stdout"},)


class Day:
    """The practice day as its own platform: its durable records, and a line that can be cut."""

    config: Mapping[str, Any] = {}

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.done: list[Any] = []
        self.failing: Fault | None = None

    def fail(self, how: Fault | None) -> None:
        self.failing = how

    async def __aenter__(self) -> "Day":
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass


class OnALine(PracticeChannel):
    """Practice, on a line that is cut when its platform is told so."""

    day: Day | None = None

    async def perform(self, action: AnyAction) -> Receipt:
        assert self.day is not None
        if self.day.failing == "cut-before":
            raise Transient("the line was cut")
        state = self.context.state("practice:test")
        before = len((await read(state)).done)
        receipt = await super().perform(action)
        self.day.done += (await read(state)).done[before:]
        if self.day.failing == "cut-after":
            raise Transient("the line was cut")
        return receipt


class PracticeSuite(ChannelSuite):
    """What goes out of practice goes over no network: what is said of one is left out."""

    channel = PracticeChannel
    actions = {  # noqa: RUF012 -- each about somebody of the day
        Capability.ANSWER: replace(ACTIONS[Capability.ANSWER], id="a1", in_reply_to="maya-1"),
        Capability.DIRECT: replace(ACTIONS[Capability.DIRECT], id="a2"),
        Capability.POST: replace(ACTIONS[Capability.POST], id="a3"),
        Capability.HIDE: replace(ACTIONS[Capability.HIDE], id="a4", message="wanda-1"),
        Capability.DELETE: replace(ACTIONS[Capability.DELETE], id="a5", message="maya-2"),
    }
    test_performing_takes_the_contexts_http = None
    test_401_is_a_dead_credential = None
    test_403_of_the_token_is_a_dead_credential = None
    test_403_of_the_item_is_its_refusal = None
    test_what_is_gone_is_gone = None
    test_haste_waits_as_long_as_it_is_told = None
    test_a_failure_of_the_platform_is_an_unknown_outcome = None
    test_a_silent_platform_is_left = None
    test_an_answer_that_is_no_json_is_no_bug = None
    test_a_look_that_fails_is_no_answer = None

    def platform(self) -> Day:
        return Day()

    def make_context(self, seed: int = 1, **overrides: Any) -> MemoryContext:
        if isinstance(self._at, Day):
            overrides["states"] = self._at.states
        return super().make_context(seed, **overrides)

    def make(self, context: MemoryContext) -> PracticeChannel:
        channel = OnALine(self.make_config(), context)
        channel.day = self._at if isinstance(self._at, Day) else None
        return channel


class TestPracticeWhenTheDayIsOver(PracticeSuite):
    config = {"start": (START - timedelta(days=1)).isoformat()}  # noqa: RUF012
    bad_configs = ({"start": "2026-01-05T09:00:00"}, {"start": "at dawn"}, {"answers": "nobody"})


class TestPracticeInTheMorning(PracticeSuite):
    config = {"start": (START - timedelta(hours=1)).isoformat(), "answers": "desk"}  # noqa: RUF012


class TestArchiveOfOneFile(ChannelSuite):
    channel = ArchiveChannel
    bad_configs = ({}, {"path": "x"}, {"path": "", "fields": FIELDS}, {"path": "x", "fields": {}})

    @pytest.fixture(autouse=True)
    def archive(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(0, 2500))
        ours = {"field": "who", "equals": "us"}
        self.config = {"path": str(path), "fields": FIELDS, "ours": ours}


class TestArchiveOfAFolder(ChannelSuite):
    channel = ArchiveChannel

    @pytest.fixture(autouse=True)
    def archive(self, tmp_path: Path) -> None:
        for name, start in (("a.jsonl", 0), ("b.jsonl", 50)):
            lines = [json.dumps(row) for row in rows(start, 50)]
            lines.insert(7, '{"id": "half a r')
            (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.config = {"path": str(tmp_path), "fields": FIELDS}


SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")


class Shop(LoopbackHost):
    """Does what it is told once, and remembers by which key; the library checks each signature."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        id = request.headers["webhook-id"]
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        signed = Judge(SECRETS[0]).sign(id, at, request.content.decode())
        assert request.headers["webhook-signature"] == signed
        known = [key for key, _ in self.done]
        if request.method == "POST" and id not in known:
            self.done.append((id, json.loads(request.content)))
        elif id not in known:
            return httpx.Response(404)
        return httpx.Response(200, json={"ids": [f"done-{id}"]})


class TestRelay(ChannelSuite):
    channel = RelayChannel
    config = {"secret": SECRETS[0], "url": "http://127.0.0.1:9", "max_length": 280}  # noqa: RUF012
    other_config = {"secret": SECRETS[1]}  # noqa: RUF012
    bad_configs = ({}, {"secret": "short"}, {"secret": SECRETS[0], "url": "shop.example"})

    def platform(self) -> Shop:
        return Shop()

    def payloads(self, config: Any) -> Sequence[bytes]:
        at = (START - timedelta(minutes=5)).isoformat()
        said = {"external_id": "1", "kind": "direct", "posted_at": at, "text": "Hello?"}
        gone = {"type": "removed", "external_id": "1", "at": at, "by": "author"}
        items = [{"type": "seen", "message": said | {"author": {"id": "kim"}}}, gone]
        return (json.dumps({"items": items}).encode(), json.dumps({"items": items[1:]}).encode())

    def signed(self, body: bytes, config: Any, at: datetime) -> Webhook:
        headers = signed(key_of(config.secret.get_secret_value()), "w1", at, body)
        return Webhook("POST", "/hooks/relay", "", headers, body, at)
