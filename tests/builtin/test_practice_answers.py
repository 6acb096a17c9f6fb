"""The practice day takes answers: each once, heard again, and customers go on from them."""

from datetime import timedelta
from types import SimpleNamespace

import anyio
import pytest
from anyio.lowlevel import checkpoint

from careline.builtin.practice.channel import ECHO, PracticeChannel
from careline.builtin.practice.config import PracticeConfig
from careline.plugin import (
    Answer,
    Author,
    Delete,
    Direct,
    Direction,
    Hide,
    Kind,
    Post,
    Refusal,
    Rejected,
    Removed,
    Seen,
    ThreadFacts,
    Transient,
    Visibility,
    Word,
)
from careline.testing import FakeClock, MemoryContext, MemoryState

MAYA, UMA = Author(id="maya"), Author(id="uma")


class Shared(MemoryState):
    """Lets other workers in between a look and a write."""

    async def get(self, key):
        found = await super().get(key)
        await checkpoint()
        return found


@pytest.fixture
def day():
    """A day that begins now; `worker()` is one more channel of the same account."""
    clock, states = FakeClock(), {"practice:test": Shared()}
    config = PracticeConfig(start=clock.now(), answers="desk")

    def worker(config=config):
        return PracticeChannel(config, MemoryContext(clock=clock, states=states))

    return SimpleNamespace(clock=clock, worker=worker, start=clock.now(), config=config)


def answer(id, text, to="maya-1", customer=MAYA, place="maya-1", visibility=Visibility.PUBLIC):
    return Answer(
        id=id, actor="jo", place=place, visibility=visibility, customer=customer, in_reply_to=to,
        text=text,
    )  # fmt: skip


async def hear(day, cursor=None, *, at, config=None):
    """Return what is heard at a time of day, and the cursor after it."""
    hours, minutes = map(int, at.split(":"))
    day.clock.advance_to(day.start + timedelta(hours=hours - 9, minutes=minutes))
    channel = day.worker(config or day.config)
    batch = await channel.poll(channel.sources[0], cursor)
    return batch.items, batch.cursor


def ids(items):
    return [item.message.external_id for item in items if isinstance(item, Seen)]


async def test_what_we_say_is_heard_again_once_by_the_id_of_its_receipt(day):
    _, cursor = await hear(day, at="09:13")
    receipt = await day.worker().perform(answer("a1", "Is there a date? ^JO"))
    assert receipt.sent_at == day.clock.now()
    assert receipt.opened is None
    channel = day.worker()
    day.clock.advance(ECHO.total_seconds() / 2)
    early = await channel.poll(channel.sources[0], cursor)
    day.clock.advance(ECHO.total_seconds() / 2)
    batch = await channel.poll(channel.sources[0], early.cursor)
    assert early.items == ()
    (echo,) = batch.items
    said = echo.message
    assert (said.external_id,) == receipt.ids
    assert (said.text, said.parent, said.root) == ("Is there a date? ^JO", "maya-1", "maya-1")
    assert (said.direction, said.visibility, said.kind) == (
        Direction.OUT, Visibility.PUBLIC, Kind.REPLY,
    )  # fmt: skip
    assert said.author == channel.identity
    assert (await channel.poll(channel.sources[0], batch.cursor)).items == ()


async def test_a_private_word_opens_the_customers_own_room(day):
    direct = Direct(id="a1", actor="jo", customer=UMA, text="Is everybody well?")
    receipt = await day.worker().perform(direct)
    assert receipt.opened == "dm-uma"
    items, _ = await hear(day, at="09:01")
    said = items[-1].message
    assert (said.external_id, said.root, said.to.handle) == (*receipt.ids, "dm-uma", "@umabell")
    assert (said.kind, said.visibility) == (Kind.DIRECT, Visibility.PRIVATE)


async def test_an_action_tried_again_is_the_same_message(day):
    first = await day.worker().perform(answer("a1", "Hello."))
    day.clock.advance(60)
    assert await day.worker().perform(answer("a1", "Hello.")) == first
    assert await day.worker().find(answer("a1", "Hello."), day.start) == first
    assert await day.worker().find(answer("a2", "Hello."), day.start) is None
    items, _ = await hear(day, at="10:00")
    assert [item.message.text for item in items if isinstance(item, Seen)].count("Hello.") == 1


async def test_what_is_said_at_one_moment_by_several_workers_is_all_kept(day):
    async with anyio.create_task_group() as tasks:
        for number in range(8):
            action = Post(id=f"a{number}", actor="jo", text=f"News {number}.")
            tasks.start_soon(day.worker().perform, action)
    items, _ = await hear(day, at="09:01")
    news = [item.message for item in items if item.message.text.startswith("News")]
    assert sorted(one.text for one in news) == [f"News {number}." for number in range(8)]
    assert len({one.external_id for one in news}) == 8


async def test_customers_go_on_from_what_was_said_and_from_nothing_else(day):
    items, cursor = await hear(day, at="09:13")
    assert "maya-1" in ids(items)
    assert "ivo-2" in ids(items), "what a machine says is the day's own"
    await day.worker().perform(answer("a1", "Is there a date?"))
    items, cursor = await hear(day, cursor, at="09:41")
    assert {"maya-2", "maya-3"} <= set(ids(items))
    assert not {"maya-4", "maya-5"} & set(ids(items)), "nobody answered maya-3"


async def test_where_the_day_has_its_own_staff_all_is_said_whatever_we_say(day):
    own = PracticeConfig(start=day.start)
    _, cursor = await hear(day, at="09:13", config=own)
    receipt = await day.worker(own).perform(answer("a1", "Hello."))
    items, _ = await hear(day, cursor, at="09:41", config=own)
    assert {"maya-2", "maya-3", "maya-4", "maya-5", *receipt.ids} <= set(ids(items))


async def test_the_line_is_cut_where_the_day_says_so_and_once(day):
    _, cursor = await hear(day, at="16:01")
    before = answer("a1", "Unplug it.", to="uma-1", customer=UMA, place="uma-1")
    with pytest.raises(Transient, match="the line was cut") as told:
        await day.worker().perform(before)
    assert told.value.sent is None, "nobody can know"
    assert await day.worker().find(before, day.start) is None
    receipt = await day.worker().perform(before)
    assert receipt.ids == ("uma-2",)
    after = answer(
        "a2", "Done.", to="quentin-1", customer=Author(id="quentin"), place="dm-quentin",
        visibility=Visibility.PRIVATE,
    )  # fmt: skip
    with pytest.raises(Transient, match="the line was cut"):
        await day.worker().perform(after)
    found = await day.worker().find(after, day.start)
    assert found.ids == ("quentin-2",)
    items, _ = await hear(day, cursor, at="16:02")
    texts = [item.message.text for item in items]
    assert (texts.count("Unplug it."), texts.count("Done.")) == (1, 1)


async def test_what_is_not_there_takes_no_answer(day):
    for action in (
        answer("a1", "Hello.", to="maya-99"),
        Hide(id="a2", actor="jo", message="said-1"),
        Delete(id="a3", actor="jo", message="said-1"),
    ):
        with pytest.raises(Rejected) as told:
            await day.worker().perform(action)
        assert told.value.reason is Refusal.GONE


async def test_a_message_of_ours_that_was_deleted_is_heard_to_be_gone(day):
    receipt = await day.worker().perform(Post(id="a1", actor="jo", text="We are closed."))
    (said,) = receipt.ids
    gone = await day.worker().perform(Delete(id="a2", actor="jo", message=said))
    hidden = await day.worker().perform(Hide(id="a3", actor="jo", message="wanda-1"))
    assert gone.ids == hidden.ids == ()
    items, _ = await hear(day, at="09:01")
    assert [(item.external_id, item.by) for item in items if isinstance(item, Removed)] == [
        (said, "us")
    ]


HIDE = Hide(id="a1", actor="jo", message="m")
DELETE = Delete(id="a1", actor="jo", message="m")


@pytest.mark.parametrize(
    ("action", "whose", "refusal"),
    [
        (HIDE, Direction.IN, ""),
        (HIDE, Direction.OUT, "That message is ours."),
        (DELETE, Direction.OUT, ""),
        (DELETE, Direction.IN, "That message is a customer's."),
    ],
)
def test_hiding_is_for_customers_words_and_deleting_for_ours(day, action, whose, refusal):
    word = Word("m", Kind.COMMENT, whose, day.start, addressed=True)
    thread = ThreadFacts("root", Visibility.PUBLIC, MAYA, (word,), day.start)
    permission = day.worker().check(thread, action)
    assert permission.allowed is not bool(refusal)
    assert permission.note == refusal or permission.allowed


async def test_the_echo_of_a_comment_is_a_comment(day):
    under = answer(
        "a1", "1.7 litres, Tom.", to="tom-1", customer=Author(id="tom"), place="post-green"
    )
    await day.worker().perform(under)
    items, _ = await hear(day, at="09:09")
    assert (items[-1].message.kind, items[-1].message.root) == (Kind.COMMENT, "post-green")
