"""What is to leave us when platforms, plugins, accounts and the desk itself fail."""

from datetime import timedelta

import anyio
import pytest

from careline.errors import Answered, Refused
from careline.plugin import AuthFailed, Permission, Receipt, Refusal, Rejected, Transient

AGENTS = {"ann": {"name": "Ann"}, "bob": {"name": "Bob"}}
CUT = Transient("the line was cut")
NO = Rejected(Refusal.DUPLICATE, "said before")
RECEIPT = {"acme-x": {"kind": "x", "receipt": "We have it."}}


@pytest.fixture
async def desk(closed):
    """Return a story with two agents and a customer whose lamp is broken."""
    await closed.open(agents=AGENTS)
    await closed.passes(closed.start)
    await closed.hears(closed.said("1", minutes=10))
    return closed


async def test_a_plan_that_failed_is_retried_days_later_and_goes_on(desk):
    desk.platform.faults = [("before", NO)]
    one, _ = await desk.desk.take_private(desk.id("1"), "We write.", "Order?", actor="ann")
    await desk.passes(desk.at(20))
    await desk.passes(desk.at(20, days=2))
    assert await desk.outbox() == [("answer", "dead"), ("direct", "queued")]
    await desk.desk.retry(one.id, actor="ann")
    await desk.passes(desk.at(21, days=2))
    assert await desk.outbox() == [("answer", "sent"), ("direct", "sent")]


async def test_what_waits_for_a_part_that_failed_wakes_nobody(desk):
    desk.platform.faults = [("before", NO)]
    await desk.desk.take_private(desk.id("1"), "We write.", "Order?", actor="ann")
    await desk.passes(desk.at(20))
    assert await desk.desk.sending.pending(desk.at(days=9), 10) == []


async def test_what_failed_is_not_retried_once_a_colleague_answered(desk):
    desk.platform.faults = [("before", NO)]
    first = await desk.desk.reply(desk.id("1"), "From Ann", actor="ann")
    await desk.passes(desk.at(20))
    await desk.desk.reply(desk.id("1"), "From Bob", actor="bob")
    await desk.passes(desk.at(21))
    with pytest.raises(Refused, match="bob answers that word meanwhile: 'From Bob'"):
        await desk.desk.retry(first.id, actor="ann")
    assert desk.platform.said() == [("Answer", "From Bob")]


async def test_what_an_account_left_behind_that_is_gone_ends_after_a_day(desk):
    desk.platform.faults = [("after", CUT)]
    order = await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.runs(desk.at(20))
    await desk.open(channels={"acme-page": {"kind": "page"}})
    await desk.passes(desk.at(21))
    assert await desk.outbox() == [("answer", "unsure")]
    await desk.passes(desk.at(20, days=2))
    assert await desk.outbox() == [("answer", "parked")]
    await desk.desk.skip(order.id, actor="ann")
    await desk.desk.erase("x:u-kim", actor="ann")


async def test_what_a_dead_credential_held_up_for_a_day_is_told(desk):
    desk.platform.faults = [("before", AuthFailed("the token is refused"))]
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.runs(desk.at(20))
    await desk.runs(desk.at(20, days=2))
    (row,) = await desk.desk.outbox()
    assert (row.state, row.why) == (
        "dead", "it could not be sent for a day: the token is refused",
    )  # fmt: skip


async def test_what_never_got_a_turn_for_a_day_says_no_more_than_that(desk):
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.passes(desk.at(days=2))
    assert (await desk.desk.outbox())[0].why == "it could not be sent for a day"


async def test_a_receipt_is_kept_though_we_are_stopped_at_that_moment(desk):
    scope = anyio.CancelScope()
    desk.platform.faults = [("after", scope.cancel)]
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    desk.clock.advance_to(desk.at(20))
    with scope:
        await desk.desk.run(once=True)
    assert await desk.outbox() == [("answer", "sent")]


async def test_an_attempt_of_an_earlier_run_of_the_same_desk_is_looked_up(desk):
    class Killed(BaseException):
        pass

    desk.platform.faults = [("after", Killed())]
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    with pytest.raises(BaseExceptionGroup):
        await desk.desk.run(once=True)
    assert await desk.outbox() == [("answer", "sending")]
    await desk.passes(desk.at(20))
    assert await desk.outbox() == [("answer", "sent")]
    assert len(desk.platform.done) == 1


async def test_a_draft_is_sent_once(desk):
    await desk.desk.reply(desk.id("1"), "From Ann", actor="ann")
    with pytest.raises(Answered) as told:
        await desk.desk.reply(desk.id("1"), "From Bob", actor="bob")
    (draft,) = told.value.drafts
    await desk.desk.send_draft(draft, actor="bob", also=True)
    with pytest.raises(Refused, match="was sent or dropped already"):
        await desk.desk.send_draft(draft, actor="bob", also=True)
    await desk.passes(desk.at(20))
    assert len(desk.platform.done) == 2


async def test_a_private_message_goes_to_no_other_accounts_room(closed):
    await closed.open(agents=AGENTS, channels={"acme-x": {"kind": "x"}, "acme-x2": {"kind": "x"}})
    await closed.passes(closed.start)
    await closed.hears(closed.direct("d1", "It is broken?", 5), on="acme-x2")
    await closed.hears(closed.said("1", minutes=10))
    thread = next(s.thread for s in (await closed.case("1")).spans if s.visibility == "public")
    await closed.desk.direct(thread, "Hello.", actor="ann")
    await closed.passes(closed.at(12))
    assert closed.platform.done[0].place is None


async def test_a_secret_in_a_refusal_is_not_kept(desk):
    refused = "https://x.example/?access_token=SEKRETTOKENABCDEF1234 is refused"
    desk.platform.faults = [("before", Rejected(Refusal.INVALID, refused))]
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.passes(desk.at(20))
    assert "SEKRET" not in ((await desk.desk.outbox())[0].why or "")


async def test_what_was_done_a_little_before_it_was_queued_by_the_platforms_clock_is_found(desk):
    asked = []

    async def find(action, since):
        asked.append(since)

    desk.desk.accounts["acme-x"].channel.find = find
    queued = desk.clock.now()
    desk.platform.faults = [("before", CUT)]
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.runs(desk.at(20))
    await desk.passes(desk.at(30))
    assert asked == [queued - timedelta(minutes=5)]


# -- what a machine says


async def receipts(closed):
    await closed.open(agents=AGENTS, channels=RECEIPT)
    await closed.passes(closed.start)


async def test_a_receipt_in_doubt_yields_to_a_person(closed):
    await receipts(closed)
    closed.platform.faults = [("before", CUT)]
    closed.plan(closed.said("1", minutes=10))
    await closed.runs(closed.at(10))
    await closed.desk.reply(closed.id("1"), "I am a person.", actor="ann")
    await closed.runs(closed.at(12))
    await closed.passes(closed.at(20))
    assert closed.platform.said() == [("Answer", "I am a person.")]


async def test_a_receipt_in_doubt_is_asked_about_again(closed):
    await receipts(closed)
    closed.platform.faults = [("before", CUT)]
    closed.plan(closed.said("1", minutes=10))
    await closed.runs(closed.at(10))
    closed.platform.answer = Permission.no(Refusal.NOT_SUMMONED, "Only whoever names us.")
    await closed.passes(closed.at(20))
    assert closed.platform.done == []
    assert await closed.outbox() == [("answer", "withdrawn")]


async def test_a_receipt_that_a_plugin_cannot_judge_does_not_go_and_holds_up_nobody(closed):
    await receipts(closed)
    closed.platform.answer = None
    await closed.hears(closed.said("1", minutes=10))
    assert await closed.outbox() == [("answer", "withdrawn")]
    closed.platform.answer = Permission.yes()
    await closed.desk.reply(closed.id("1"), "Hello.", actor="ann")
    await closed.passes(closed.at(12))
    assert closed.platform.said() == [("Answer", "Hello.")]


async def test_a_receipt_that_is_too_long_does_not_go(closed):
    await receipts(closed)
    closed.platform.answer = Permission.yes(max_length=5)
    await closed.hears(closed.said("1", minutes=10))
    assert (await closed.outbox(), closed.platform.done) == ([("answer", "withdrawn")], [])


async def test_what_a_platform_says_to_a_receipt_is_not_logged(closed):
    await receipts(closed)
    closed.platform.faults = [("before", Rejected(Refusal.RECIPIENT_REFUSES, "@kim says no"))]
    await closed.hears(closed.said("1", minutes=10))
    assert [data["reason"] for _, data in await closed.events("withdrawn")] == ["recipient_refuses"]


# -- receipts that cannot be true


async def test_a_receipt_that_names_the_customers_own_message_is_a_persons_to_look_at(desk):
    desk.platform.receipt = lambda action, at: Receipt(("1",), at)
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    await desk.passes(desk.at(20))
    (row,) = await desk.desk.outbox()
    assert (row.state, row.reason) == ("parked", "unknown")
    assert "is now 1, which is somebody else's message" in row.why
    assert (await desk.case("1")).status == "new"


async def test_a_receipt_that_was_another_ones_moves_nothing(desk):
    await desk.hears(desk.said("5", minutes=11, by="lee"))
    desk.platform.receipt = lambda action, at: Receipt(("same",), at)
    await desk.desk.reply(desk.id("1"), "One.", actor="ann")
    await desk.passes(desk.at(20))
    await desk.desk.reply(desk.id("5"), "Two.", actor="ann")
    await desk.passes(desk.at(21))
    assert await desk.outbox() == [("answer", "sent"), ("answer", "parked")]
    case = await desk.case("1")
    assert [m.external_id for m in case.messages] == ["1", "same"]
    assert [d.outcome for d in case.deadlines] == ["kept"]


async def test_a_word_stays_claimed_while_another_answer_to_it_waits(desk):
    first = await desk.desk.reply(desk.id("1"), "One.", actor="ann")
    await desk.desk.reply(desk.id("1"), "Two.", actor="ann")
    await desk.desk.undo(first.id, actor="ann")
    with pytest.raises(Answered, match=r"ann answers this already: 'Two\.'"):
        await desk.desk.reply(desk.id("1"), "Bob's.", actor="bob")


async def test_what_fails_again_and_again_is_tried_more_and_more_seldom(desk):
    desk.platform.faults = [("before", CUT)] * 400
    await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    for minute in range(11, 71):
        await desk.runs(desk.at(minute))
    (row,) = await desk.desk.outbox()
    assert 10 <= row.attempts <= 25


async def test_a_direct_message_is_private_though_nobody_says_so(desk):
    said = desk.direct("d1", "My card number is wrong", 12, "lee")
    bare = said.model_dump(exclude={"visibility"})
    await desk.hears(type(said).model_validate(bare))
    order = await desk.desk.reply(desk.private_thread("dm-lee"), "Oh!", actor="ann", dry_run=True)
    assert order.visibility == "private"
