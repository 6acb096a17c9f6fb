"""A shop that fails in every way, a desk killed again and again: nothing lost, nothing twice.

Real processes and real HTTP on loopback. Half of the kills are on SQLite, half on PostgreSQL.
"""

import json
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import select

from careline.builtin.relay.signing import key_of, signed
from careline.desk import Desk
from careline.ids import conversation_id, message_id
from careline.store.tables import messages
from careline.testing.host import LoopbackHost

SECRET = "whsec_" + "c2hvcHMtc2VjcmV0LW9mLXRoaXMtdGVzdA=="
MESSAGES, ANSWERS, KILLS = 500, 150, 5
FAULTS = ("429", "500", "cut-before", "cut-after")
CONFIG = """
[store]
url = {{ env = "STORM_STORE" }}
[web]
listen = "127.0.0.1:{port}"
[brands.acme]
name = "Acme"
[agents.ann]
name = "Ann"
[notifiers.desk]
kind = "console"
[[alerts]]
to = "desk"
[channels.shop]
kind = "relay"
secret = {{ env = "STORM_SECRET" }}
url = "{host}/shop"
[channels.deaf]
kind = "relay"
secret = {{ env = "STORM_OTHER" }}
url = "{host}/deaf"
"""


class Shop(LoopbackHost):
    """Takes answers at two places: one that can be asked what it did, one that cannot."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance, self.effects = chance, Counter[str]()
        self.told: list[dict[str, Any]] = []
        """The answers that it did, as it tells them back: with its own time."""

    def fault(self, request: httpx.Request) -> Any:
        if request.method == "GET":
            return "500" if self.chance.random() < 0.1 else None
        return self.chance.choice(FAULTS) if self.chance.random() < 0.1 else None

    def refusal(self, how: Any) -> httpx.Response:
        headers = {"retry-after": "1"} if how == "429" else {}
        return httpx.Response(int(how), headers=headers, json={"message": "not now"})

    def answer(self, request: httpx.Request) -> httpx.Response:
        _, place, *id = request.url.path.split("/")
        if request.method == "GET":
            if place == "deaf":
                return httpx.Response(405)
            return self.receipt(id[0]) if self.effects[id[0]] else httpx.Response(404)
        said = json.loads(request.content)
        self.effects[said["id"]] += 1
        self.told.append({"account": place, **said})
        return self.receipt(said["id"])

    @staticmethod
    def receipt(id: str) -> httpx.Response:
        return httpx.Response(200, json={"ids": [f"out-{id}"]})


class Storm:
    """The desk's process, the shop's webhooks, and who sends them."""

    def __init__(self, folder: Any, url: str, shop: Shop, chance: Random) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder, self.shop, self.chance = folder, shop, chance
        self.file = folder / "careline.toml"
        self.file.write_text(CONFIG.format(port=self.port, host=shop.base_url))
        self.env = {"STORM_STORE": url, "STORM_SECRET": SECRET, "STORM_OTHER": "another-secret-1"}
        self.queue: list[bytes] = []
        self.kept: set[str] = set()
        self.over = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[anyio.abc.Process]:
        """Have `careline run` at work; it is killed at the end if it has not ended."""
        log = (self.folder / "log").open("ab")
        command = [sys.executable, "-m", "careline", "run", "-c", str(self.file)]
        env = {**os.environ, **self.env}
        async with await anyio.open_process(command, env=env, stdout=log, stderr=log) as run:
            try:
                yield run
            finally:
                if run.returncode is None:
                    run.kill()
                with anyio.CancelScope(shield=True):
                    await run.wait()
        log.close()

    async def push(self) -> None:
        """Send webhooks as the shop does: any order, again and again, until they are taken."""
        secrets = {"shop": SECRET, "deaf": self.env["STORM_OTHER"]}
        async with httpx.AsyncClient(timeout=10) as client:
            while not (self.over and not self.queue):
                if not self.queue:
                    await anyio.sleep(0.01)
                    continue
                at = self.chance.randrange(len(self.queue))
                body = self.queue[at]
                account = json.loads(body)["items"][0]["message"]["external_id"].split("-")[0]
                account = "deaf" if account.startswith("deaf") else "shop"
                headers = signed(key_of(secrets[account]), f"w{at}", datetime.now(UTC), body)
                url = f"http://127.0.0.1:{self.port}/hooks/relay"
                try:
                    answer = await client.post(url, content=body, headers=headers)
                except httpx.TransportError:
                    await anyio.sleep(0.05)
                    continue
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    self.queue.remove(body)
                    items = json.loads(body)["items"]
                    self.kept.update(item["message"]["external_id"] for item in items)


def said(id: str, number: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=30)
    return {
        "type": "seen",
        "message": {
            "external_id": id, "kind": "mention", "posted_at": at.isoformat(), "addressed": True,
            "author": {"id": f"u{number}", "handle": f"@u{number}"},
            "text": f"Lamp {number} is broken. What can I do?",
        },
    }  # fmt: skip


def echo(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "seen",
        "message": {
            "external_id": f"out-{told['id']}", "kind": "reply", "direction": "out",
            "posted_at": datetime.now(UTC).isoformat(), "parent": told["in_reply_to"],
            "text": told["text"], "author": {"id": "the-shop"},
        },
    }  # fmt: skip


def webhooks(chance: Random) -> Iterator[bytes]:
    """Yield the customers' words, one to five at a time, most of them more than once."""
    for account, count in (("shop", MESSAGES * 4 // 5), ("deaf", MESSAGES // 5)):
        items = [said(f"{account}-{n}", n) for n in range(count)]
        while items:
            some = [items.pop() for _ in range(min(len(items), chance.randint(1, 5)))]
            body = json.dumps({"items": some}).encode()
            yield from [body] * chance.randint(1, 3)


def case_of(external: str) -> str:
    account = external.partition("-")[0]
    return conversation_id(message_id("acme", f"relay:{account}", external))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's own; the processes are what is tested


@pytest.fixture
async def storm(url: str, tmp_path: Any) -> AsyncIterator[Storm]:
    chance = Random(7)
    async with Shop(chance) as shop:
        yield Storm(tmp_path, url, shop, chance)


async def answer_some(desk: Desk, storm: Storm, wanted: list[str]) -> None:
    """Answer those of the wanted words that the desk has."""
    for external in [one for one in wanted if one in storm.kept]:
        await desk.reply(case_of(external), f"We send you {external}.", actor="ann")
        wanted.remove(external)


async def waiting(desk: Desk) -> int:
    rows = await desk.outbox(limit=10_000)
    return sum(row.state in ("queued", "sending", "unsure") for row in rows)


async def test_a_thousand_words_three_hundred_answers_ten_kills(
    storm: Storm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in storm.env.items():
        monkeypatch.setenv(name, value)
    chance, shop = storm.chance, storm.shop
    storm.queue = list(webhooks(chance))
    words = {i["message"]["external_id"] for b in storm.queue for i in json.loads(b)["items"]}
    assert len(words) == MESSAGES
    wanted = chance.sample(sorted(words), ANSWERS)
    async with Desk(storm.file) as desk, anyio.create_task_group() as tasks:
        tasks.start_soon(storm.push)
        for _ in range(KILLS):
            async with storm.running() as run:
                for _ in range(chance.randint(4, 8)):
                    await anyio.sleep(0.2)
                    await answer_some(desk, storm, wanted)
                run.kill()
            assert run.returncode == -signal.SIGKILL
        async with storm.running() as run:
            with anyio.fail_after(120):
                while storm.queue or wanted or await waiting(desk):
                    await anyio.sleep(0.2)
                    await answer_some(desk, storm, wanted)
                told = [echo(one) for one in shop.told if one["account"] == "shop"]
                storm.queue += [json.dumps({"items": [one]}).encode() for one in told] * 2
                while storm.queue:  # noqa: ASYNC110 -- another process takes them
                    await anyio.sleep(0.05)
            storm.over = True
            run.terminate()
            assert await run.wait() == 0
        await judge(desk, storm, words)


async def judge(desk: Desk, storm: Storm, words: set[str]) -> None:
    """Each word once; each answer's effect once, or parked with its reason."""
    rows = [row for row in await desk.outbox(limit=10_000) if row.kind == "answer"]
    assert len(rows) == ANSWERS
    query = select(messages.c.external_id, messages.c.direction)
    kept = await desk.read(lambda conn: conn.execute(query).all())
    heard = Counter(id for id, direction in kept if direction == "in")
    assert heard == Counter(words)
    for row in rows:
        done = storm.shop.effects[row.id]
        if row.state == "sent":
            assert done == 1, row
        else:
            assert (row.state, row.receiver, row.reason) == ("parked", "deaf", "unknown"), row
            assert "cannot be asked" in (row.why or "")
            assert done <= 1, row
    sent = {f"out-{row.id}" for row in rows if row.state == "sent"}
    assert Counter(id for id, direction in kept if direction == "out") == Counter(sent)
    assert {row.state for row in rows} == {"sent", "parked"}
