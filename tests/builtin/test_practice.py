"""The practice day: told in time, in order, in public and in private."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from careline.builtin.practice.channel import PracticeChannel
from careline.builtin.practice.config import PracticeConfig
from careline.builtin.practice.story import Story, brightwater
from careline.plugin import Direction, Kind, Removed, Revised, Seen, Visibility
from careline.testing import MemoryContext

DAY = timedelta(hours=12)


@pytest.fixture
def make_context():
    return MemoryContext


def play(context, start=None):
    return PracticeChannel(PracticeConfig(start=start), context)


async def hear(channel, cursor=None):
    batch = await channel.poll(channel.sources[0], cursor)
    return list(batch.items), batch


async def whole_day(context):
    channel = play(context, start=context.clock.now())
    context.clock.advance(DAY.total_seconds())
    return (await hear(channel))[0]


def messages(items):
    return {item.message.external_id: item.message for item in items if isinstance(item, Seen)}


async def test_each_line_comes_at_its_own_time(make_context):
    context = make_context()
    channel, cursor, heard = play(context), None, []
    start = context.clock.now()
    while True:
        items, batch = await hear(channel, cursor)
        now = context.clock.now()
        assert items, "it was asked for again, and nothing had been said"
        times = [getattr(item, "at", None) or item.message.posted_at for item in items]
        assert times == [now] * len(items)
        heard += items
        cursor = json.loads(json.dumps(batch.cursor))
        if batch.again_at is None:
            break
        context.clock.advance_to(batch.again_at)
    assert len(heard) == len(brightwater().lines)
    assert start + timedelta(hours=8) < context.clock.now() < start + DAY
    assert (await hear(play(context), cursor))[0] == []


async def test_a_day_that_began_earlier_is_caught_up(make_context):
    context = make_context()
    start = context.clock.now() - timedelta(minutes=15)
    items, batch = await hear(play(context, start=start))
    assert items[0].message.posted_at == start
    assert all(item.message.posted_at <= context.clock.now() for item in items)
    assert batch.again_at > context.clock.now()
    assert not batch.more


async def test_a_day_that_is_over_is_heard_at_once_and_nothing_lies_ahead(make_context):
    context = make_context()
    items, batch = await hear(PracticeChannel(PracticeConfig(over=True), context))
    assert len(items) == len(brightwater().lines)
    assert all(said.posted_at <= context.clock.now() for said in messages(items).values())
    assert (batch.more, batch.again_at) == (False, None)


async def test_it_has_all_that_a_day_of_care_brings(make_context):
    items = await whole_day(make_context())
    said = messages(items)
    customers = {m.author.id for m in said.values() if m.direction is Direction.IN}
    assert len(customers) >= 25
    assert {m.kind for m in said.values()} == set(Kind) - {Kind.QUOTE}
    assert {m.visibility for m in said.values()} == set(Visibility)
    assert {m.sent_by for m in said.values() if m.direction is Direction.OUT} == {
        "elsewhere",
        "automation",
    }
    assert [item.of for item in items if isinstance(item, Revised)] == ["zoe-1"]
    assert [item.external_id for item in items if isinstance(item, Removed)] == ["kai-1"]
    assert {m.rating for m in said.values() if m.kind is Kind.REVIEW} == {2.0, 5.0}
    both = {v: {m.root for m in said.values() if m.visibility is v} for v in Visibility}
    assert not both[Visibility.PUBLIC] & both[Visibility.PRIVATE], "public and private never mix"


async def test_answers_name_whom_and_what_they_answer(make_context):
    said = messages(await whole_day(make_context()))
    for message in said.values():
        if message.parent:
            assert said[message.parent].posted_at <= message.posted_at
            assert said[message.parent].root == message.root
            assert said[message.parent].visibility is message.visibility
        if message.direction is Direction.OUT and message.visibility is Visibility.PRIVATE:
            assert message.root == f"dm-{message.to.id}"
    assert said["lena-1"].parent == "ruben-1"
    assert not said["lena-1"].addressed
    assert said["ruben-1"].addressed


async def test_some_are_answered_fast_some_late_some_never(make_context):
    said = messages(await whole_day(make_context()))
    waits = {}
    for message in sorted(said.values(), key=lambda m: m.posted_at):
        if message.direction is Direction.OUT and message.sent_by == "elsewhere":
            asked = said.get(message.parent or "")
            if asked and asked.direction is Direction.IN:
                waits.setdefault(asked.author.id, message.posted_at - asked.posted_at)
    hour = timedelta(hours=1)
    assert sum(wait <= hour for wait in waits.values()) >= 6
    assert sum(wait > hour for wait in waits.values()) >= 4
    assert (
        len({m.author.id for m in said.values() if m.direction is Direction.IN} - set(waits)) >= 6
    )


def test_a_story_that_does_not_hold_together_is_refused():
    person = {"name": "B", "handle": "@b"}
    base = {"begins": "09:00", "brand": person, "people": {"a": person}}
    line = {"at": "09:01", "who": "a", "id": "1", "where": "mention", "text": "hi"}
    assert Story.model_validate({**base, "line": [line]}).lines[0].text == "hi"
    for change in ({"who": "nobody"}, {"re": "2"}, {"at": "08:59"}):
        with pytest.raises(ValidationError, match="out of order, or names"):
            Story.model_validate({**base, "line": [line | change]})
