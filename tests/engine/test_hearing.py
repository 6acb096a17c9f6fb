"""How sources are asked: opened once, in turn, from the committed cursor, closed at the end."""

import json
from contextlib import aclosing
from datetime import timedelta

import anyio
import pytest
from sqlalchemy import event, select

from careline.desk import Desk
from careline.errors import StoreError
from careline.plugin import (
    AuthFailed,
    Author,
    Batch,
    Capability,
    Channel,
    Kind,
    Message,
    PluginConfig,
    Refusal,
    Rejected,
    Seen,
    Source,
    Transient,
    hookimpl,
)
from careline.registry import Registry
from careline.store.tables import events, messages
from careline.testing import FakeClock, settle
from careline.testing.clock import START


def said(number, text=""):
    message = {"external_id": number, "kind": Kind.MENTION, "posted_at": START, "text": text}
    return Seen(Message(author=Author(id=f"u{number}"), **message))


class Board(Channel[PluginConfig]):
    """Three messages in each source, one a batch; tests change what they must."""

    kind = "board"
    title = "Board"
    Config = PluginConfig
    capabilities = frozenset({Capability.POLL, Capability.STREAM})
    names = ("posts",)
    mode = "poll"
    ends = 3
    text = "Hello?"

    def __init__(self, config, context):
        super().__init__(config, context)
        self.log = []

    @property
    def sources(self):
        return tuple(Source(name, self.mode, every=60.0) for name in self.names)

    async def open(self):
        self.log.append("open")
        await anyio.lowlevel.checkpoint()
        self.log.append("opened")

    async def close(self):
        self.log.append("close")

    async def poll(self, source, cursor):
        at = cursor or 0
        self.log.append(f"{source.name} {at}")
        if at >= self.ends:
            return Batch((), at)
        return Batch((said(f"{source.name}-{at}", self.text),), at + 1, more=at + 1 < self.ends)

    async def stream(self, source, cursor):
        self.log.append(f"stream {cursor or 0}")
        try:
            for at in range(cursor or 0, self.ends):
                yield Batch(
                    (said(f"{source.name}-{at}", self.text),), at + 1, more=at + 1 < self.ends
                )
                await anyio.lowlevel.checkpoint()
            await anyio.sleep_forever()
        finally:
            self.log.append("stream closed")


class Plugin:
    def __init__(self, *channels):
        self.careline_channels = hookimpl(lambda: channels)


@pytest.fixture
def desk(tmp_path, anyio_backend):
    """Return a function that makes a desk of one `board` account, of this class."""

    def made(channel=Board, clock=None):
        config = {
            "store": {"url": f"sqlite:///{tmp_path / 'careline.db'}"},
            "channels": {"board": {"kind": "board"}},
        }
        registry = Registry.load(extra=[Plugin(channel)])
        return Desk(config, registry=registry, clock=clock or FakeClock())

    return made


async def stored(desk):
    rows = await desk.read(lambda conn: conn.scalars(select(messages.c.external_id)).all())
    return sorted(rows)


async def caught_up(desk):
    query = select(events.c.data).where(events.c.verb == "caught_up")
    return [json.loads(text) for text in await desk.read(lambda c: c.scalars(query).all())]


def log_of(desk):
    return desk.accounts["board"].channel.log


async def test_a_channel_is_opened_once_however_many_sources_it_has(desk):
    class Two(Board):
        names = ("posts", "mail")

    async with desk(Two) as one:
        await one.run(once=True)
        log = log_of(one)
        assert log[:2] == ["open", "opened"]
        assert log.count("open") == 1
        assert {line for line in log if line.endswith(" 0")} == {"posts 0", "mail 0"}
        assert len(await stored(one)) == 6
    assert log[-1] == "close"
    assert log.count("close") == 1


async def test_each_poll_goes_on_from_the_committed_cursor_after_a_restart_too(desk):
    async with desk() as one:
        await one.run(once=True)
        assert log_of(one)[2:] == ["posts 0", "posts 1", "posts 2"]
    async with desk() as two:
        ran = await two.run(once=True)
        assert log_of(two)[2:] == ["posts 3"]
        assert (ran.fine, len(await stored(two))) == (True, 3)


async def test_a_long_way_to_go_is_gone_in_slices_to_its_end(desk):
    class Long(Board):
        ends = 100

    async with desk(Long) as one:
        await one.run(once=True)
        assert len(await stored(one)) == 100


async def test_a_source_is_asked_again_when_its_time_has_come_and_not_before(desk):
    minutes = []

    class Patient(Board):
        async def poll(self, source, cursor):
            minutes.append(clock.monotonic() // 60)
            batch = await super().poll(source, cursor)
            again = self.context.clock.now() + timedelta(minutes=10) if cursor == 3 else None
            return Batch(batch.items, batch.cursor, batch.more, again)

    clock = FakeClock()
    async with desk(Patient, clock) as one, anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await settle()
        assert log_of(one)[-1] == "posts 2"
        first = list(minutes)
        await clock.elapse(59)
        assert log_of(one)[-1] == "posts 2"
        await clock.elapse(2)
        assert minutes == [*first, 1]
        await clock.elapse(9 * 60)
        assert minutes == [*first, 1]  # it asked for ten minutes
        await clock.elapse(61)
        assert minutes == [*first, 1, 11]
        tasks.cancel_scope.cancel()


async def test_the_same_desk_can_run_once_again_and_again(desk):
    async with desk() as one:
        first = await one.run(once=True)
        second = await one.run(once=True)
    assert (first.heard["board"].new, second.heard["board"].new) == (3, 0)


@pytest.mark.parametrize("error", [AuthFailed("revoked"), Rejected(Refusal.NOT_PERMITTED)])
async def test_a_stopped_account_is_closed_all_the_same(desk, error):
    class Stops(Board):
        async def poll(self, source, cursor):
            raise error

    async with desk(Stops) as one:
        ran = await one.run(once=True)
        assert ran.health[0].state.stopped
        log = log_of(one)
    assert log[-1] == "close"


async def test_what_raises_or_hangs_while_closing_stops_nothing(desk):
    class Stuck(Board):
        async def close(self):
            self.log.append("close")
            await anyio.sleep_forever()

    async with desk(Stuck) as one:
        await one.run(once=True)
        one.hearing.asking.patience = 0.1
        log = log_of(one)
    assert log[-1] == "close"


async def test_opening_is_tried_again_when_the_platform_is_back(desk):
    class Down(Board):
        async def open(self):
            await super().open()
            if self.log.count("open") == 1:
                raise Transient("down for repair")

    clock = FakeClock()
    async with desk(Down, clock) as one:
        ran = await one.run(once=True)
        assert (ran.fine, await stored(one)) == (False, [])
        clock.advance(600)
        assert (await one.run(once=True)).fine
        assert len(await stored(one)) == 3


class Live(Board):
    mode = "stream"


async def test_a_stream_is_heard_until_it_has_nothing_more_and_closed(desk):
    async with desk(Live) as one:
        ran = await one.run(once=True)
        assert (ran.fine, len(await stored(one))) == (True, 3)
        assert log_of(one)[2:] == ["stream 0", "stream closed"]
        assert [told["conversations"] for told in await caught_up(one)] == [3]


async def test_a_silent_stream_has_caught_up_and_its_account_is_well(desk):
    class Silent(Live):
        ends = 0

    async with desk(Silent) as one:
        one.hearing.asking.patience = 0.05
        ran = await one.run(once=True)
        assert (ran.fine, log_of(one)[2:]) == (True, ["stream 0", "stream closed"])


async def test_a_stream_whose_line_is_lost_goes_on_from_its_cursor(desk):
    class Breaks(Live):
        async def stream(self, source, cursor):
            async with aclosing(super().stream(source, cursor)) as batches:
                async for batch in batches:
                    yield batch
                    if (cursor, batch.cursor) == (None, 2):
                        raise Transient("line lost")

    clock = FakeClock()
    async with desk(Breaks, clock) as one, anyio.create_task_group() as tasks:
        tasks.start_soon(one.run)
        await settle()
        assert await stored(one) == ["posts-0", "posts-1"]
        assert one.supervisor.snapshot()[0].state.value == "retrying"
        await clock.elapse(300)
        assert await stored(one) == ["posts-0", "posts-1", "posts-2"]
        assert "stream 2" in log_of(one)
        assert one.supervisor.snapshot()[0].state.value == "ok"
        tasks.cancel_scope.cancel()
    assert log_of(one)[-1] == "close"
    assert log_of(one)[-2] == "stream closed"


async def test_what_a_stream_said_while_the_disk_was_full_is_asked_for_again(desk):
    class Filling(Live):
        text = "x" * 200_000

    def pages(most):
        return lambda raw, *_: raw.execute(f"PRAGMA max_page_count = {most}")

    clock = FakeClock()
    async with desk(Filling, clock) as one:
        count = "PRAGMA page_count"
        used = await one.read(lambda conn: conn.exec_driver_sql(count).scalar())
        full, free = pages(used + 80), pages(1_000_000)
        event.listen(one.store.engine, "checkout", full)
        with pytest.raises(StoreError, match="full"):
            await one.run(once=True)
        kept = await stored(one)
        assert kept in (["posts-0"], ["posts-0", "posts-1"])
        event.remove(one.store.engine, "checkout", full)
        event.listen(one.store.engine, "checkout", free)
        clock.advance(600)
        assert (await one.run(once=True)).fine
        assert await stored(one) == ["posts-0", "posts-1", "posts-2"]
        assert f"stream {len(kept)}" in log_of(one)


async def test_the_first_catch_up_is_told_when_the_last_source_has_caught_up(desk):
    class Two(Board):
        names = ("posts", "mail")

        async def poll(self, source, cursor):
            if source.name == "mail" and self.context.clock.now() == START:
                raise Transient("not now")
            return await super().poll(source, cursor)

    clock = FakeClock()
    async with desk(Two, clock) as one:
        await one.run(once=True)
        assert await caught_up(one) == []
        clock.advance(600)
        await one.run(once=True)
        await one.run(once=True)
        told = await caught_up(one)
    assert told == [{"conversations": 6, "waiting": 6, "overdue": 0}]
