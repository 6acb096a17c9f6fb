"""The filtered stream: lines, keep-alives, silence, and how it ends."""

from contextlib import aclosing

import anyio
import anyio.lowlevel
import pytest

from careline.plugin import Refusal, Rejected, Transient
from careline.testing import settle

from .conftest import BEARER

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]


async def until(happened):
    """Let all go on until something has happened on the real line."""
    with anyio.fail_after(5):
        while not happened():
            await anyio.lowlevel.checkpoint()


@pytest.fixture
async def api(desk, x):
    api = desk.api(**BEARER, user_id=x.us.id)
    await api.change_rules([{"value": "acme", "tag": "a"}])
    return api


class Heard:
    """Takes lines in the background, until the stream ends."""

    def __init__(self, lines):
        self.lines, self.told, self.failure, self.ended = lines, [], None, anyio.Event()

    async def run(self):
        async with aclosing(self.lines) as lines:
            try:
                async for line in lines:
                    self.told.append(line)
            except (Transient, Rejected) as error:
                self.failure = error
        self.ended.set()

    async def has(self, count):
        await until(lambda: len(self.told) >= count)


@pytest.fixture
async def heard(api, x):
    heard = Heard(api.stream())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heard.run)
        await until(lambda: x.platform.streams.open)
        yield heard
        tasks.cancel_scope.cancel()


async def ended(heard):
    with anyio.fail_after(5):
        await heard.ended.wait()


async def test_posts_come_with_what_stands_beside_them_and_are_paid(heard, x, api):
    x.post("kim", "acme is broken")
    x.post("robin", "acme, naïve 😀")
    await heard.has(2)
    assert [line["data"]["text"] for line in heard.told] == ["acme is broken", "acme, naïve 😀"]
    assert heard.told[0]["matching_rules"][0]["tag"] == "a"
    x.post("kim", "acme again")
    await heard.has(3)
    await settle()
    rows = {row.kind: row for row in await api.ledger.usage()}
    assert (rows["post.read"].objects, rows["user.read"].objects) == (3, 2)
    assert rows["post.read"].dollars + rows["user.read"].dollars == x.spend.total


async def test_keep_alives_keep_it_alive(heard, x, clock):
    for count in range(1, 4):
        await clock.elapse(20)
        await heard.has(count)
    assert heard.told == [None] * 3
    assert not heard.ended.is_set()


async def test_a_line_that_is_silent_is_dead(heard, x, clock):
    x.fail("silent")
    await clock.elapse(26)
    await ended(heard)
    assert "silent for 25 s" in str(heard.failure)
    await until(lambda: not x.platform.streams.open)


async def test_a_disconnect_is_a_disconnect_though_it_comes_as_an_object(heard, x):
    x.disconnect()
    await ended(heard)
    assert "operational" in str(heard.failure)


async def test_a_line_that_is_cut_is_lost(heard, x):
    x.cut()
    await ended(heard)
    assert isinstance(heard.failure, Transient)
    assert heard.failure.sent is False


async def test_who_leaves_early_hangs_up(api, x):
    async with aclosing(api.stream()) as lines, anyio.create_task_group() as tasks:

        async def speak():
            await until(lambda: x.platform.streams.open)
            x.post("kim", "acme!")

        tasks.start_soon(speak)
        assert (await anext(lines))["data"]["text"] == "acme!"
    await until(lambda: not x.platform.streams.open)


async def test_a_stream_without_rules_is_refused(desk, x):
    with pytest.raises((Rejected, Transient), match="must define rules"):
        await anext(desk.api(**BEARER, user_id=x.us.id).stream())


async def test_the_stream_stops_before_the_budget_is_passed(desk, x):
    api = desk.api(**BEARER, user_id=x.us.id, budget={"day_objects": 8})
    await api.change_rules([{"value": "acme"}])
    heard = Heard(api.stream())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heard.run)
        await until(lambda: x.platform.streams.open)
        for name in ("kim", "robin", "kim"):
            x.post(name, f"acme {name} {len(x.spend.charges)}")
            await settle()
            await settle()
        await ended(heard)
    assert heard.failure.reason is Refusal.BUDGET_EXHAUSTED
    assert sum(x.spend.objects.values()) <= 8


async def test_rules_are_deleted_then_added_and_a_dry_run_changes_nothing(api, x):
    (held,) = (await api.rules())["data"]
    told = await api.change_rules([{"value": "anvil", "tag": "b"}], [held["id"]], dry_run=True)
    assert told["meta"]["summary"]["created"] == 1
    assert [one["value"] for one in (await api.rules())["data"]] == ["acme"]
    await api.change_rules([{"value": "anvil", "tag": "b"}], [held["id"]])
    assert [one["value"] for one in (await api.rules())["data"]] == ["anvil"]
