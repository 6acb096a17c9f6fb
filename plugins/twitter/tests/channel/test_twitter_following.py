"""The stream: its rules, its slot, its silence, and what is said while it is down."""

from contextlib import aclosing

import anyio
import pytest

from careline.plugin import Seen, Transient
from careline.testing import FakeClock
from careline_twitter.following import Ladder
from careline_twitter.outcome import Down

pytestmark = pytest.mark.anyio


async def listen(acme, heard, cursors):
    async with aclosing(acme.channel.stream(acme.source("stream"), cursors[-1])) as batches:
        async for batch in batches:
            cursors.append(batch.cursor)
            heard += [
                one.message.text for one in batch.items if isinstance(one, Seen) and not one.context
            ]


async def until(true):
    with anyio.fail_after(5):
        while not true():  # noqa: ASYNC110 -- the other side is a real connection
            await anyio.sleep(0.01)


def lines(x):
    return x.platform.streams.lines("filtered_stream")


async def test_what_the_stream_says_is_heard_and_a_gap_is_filled(x, hand):
    acme, heard, cursors = await hand(transport="stream"), [], [None]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, acme, heard, cursors)
        await until(lambda: lines(x))
        x.post("kim", "@acme one")
        await until(lambda: heard == ["@acme one"])
        x.cut()
        x.post("kim", "@acme missed")
        await until(lambda: lines(x))
        x.post("robin", "an acme anvil, live")
        await until(lambda: len(heard) >= 3)
        tasks.cancel_scope.cancel()
    assert set(heard) == {"@acme one", "@acme missed", "an acme anvil, live"}


async def test_rules_are_kept_by_their_tag_and_strangers_are_left_alone(x, hand):
    acme = await hand(transport="stream")
    api = acme.channel._api
    await api.change_rules(
        [{"value": "stale", "tag": "careline:test:0"}, {"value": "theirs", "tag": "other"}]
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, acme, [], [None])
        await until(lambda: lines(x))
        tasks.cancel_scope.cancel()
    values = {one.value for one in x.platform.rules.values()}
    assert "theirs" in values
    assert "stale" not in values
    assert len(values) == 2


async def test_a_slot_that_stayed_taken_is_freed_once(x, hand):
    acme, heard = await hand(transport="stream"), []
    x.linger()
    for _ in range(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen, acme, heard, [None])
            await until(lambda: lines(x))
            tasks.cancel_scope.cancel()
        await until(lambda: not lines(x))
    assert [str(one) for one in x.requests].count("DELETE /2/connections/all") == 1


async def test_a_silent_line_is_left_and_opened_again(x, hand):
    clock = FakeClock(auto=True)
    acme, heard = await hand(clock, transport="stream"), []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, acme, heard, [None])
        await until(
            lambda: (
                sum("search/stream" in str(one) and "rules" not in str(one) for one in x.requests)
                > 2
            )
        )
        tasks.cancel_scope.cancel()
    assert clock.monotonic() >= 50


async def test_an_operational_disconnect_is_a_line_that_ended(x, hand):
    acme, heard, cursors = await hand(transport="stream"), [], [None]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, acme, heard, cursors)
        await until(lambda: lines(x))
        x.disconnect()
        await until(lambda: lines(x))
        x.post("kim", "@acme back")
        await until(lambda: heard == ["@acme back"])
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(("how", "wait"), [("503", 5), ("429", 60)])
async def test_x_says_how_long_to_wait_before_the_line_is_opened_again(x, hand, how, wait):
    acme = await hand(transport="stream")
    x.fail(how, on="GET */search/stream")
    with pytest.raises(Transient) as error:
        await listen(acme, [], [None])
    assert error.value.retry_after == wait


def test_the_ladders_are_those_that_x_documents():
    ladder = Ladder()
    assert [ladder.dropped() for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    assert [ladder.failed(Down("503")) for _ in range(8)] == [5, 10, 20, 40, 80, 160, 320, 320]
    assert [ladder.failed(Transient(retry_after=7)) for _ in range(3)] == [60, 120, 240]
    ladder.drops = 1000
    assert ladder.dropped() == 16
    ladder.reset()
    assert (ladder.dropped(), ladder.failed(Down("503"))) == (0, 5)
