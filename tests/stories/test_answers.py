"""Staff answer: once, in the right place, signed, and it counts as their answer."""

import itertools
from contextlib import suppress
from datetime import timedelta, timezone
from functools import partial

import anyio
import pytest
from sqlalchemy import event

from careline.errors import Answered, NotFound, Refused, StoreError
from careline.plugin import AuthFailed, Permission, Refusal, Rejected, Transient
from careline.verbs.actor import NotAllowed

AGENTS = {
    "ann": {"name": "Ann", "signature": "^AN"},
    "bob": {"name": "Bob", "signature": "^BO"},
    "zoe": {"name": "Zoe", "accounts": ["acme-page"]},
}


CHANNELS = {"acme-x": {"kind": "x"}, "acme-page": {"kind": "page"}}


@pytest.fixture
async def desk(closed):
    """Return a story with three agents and a customer whose lamp is broken."""
    await closed.open(agents=AGENTS, channels=CHANNELS)
    await closed.passes(closed.start)
    await closed.hears(closed.said("1", minutes=10))
    return closed


def rows(story):
    return story.desk.outbox()


async def test_an_answer_leaves_once_signed_and_meets_the_promise(desk):
    order = await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    assert (order.text, order.length, order.limit, order.cost) == (
        "Send it back. ^AN", 17, 60, "0.01 USD",
    )  # fmt: skip
    assert desk.platform.said() == []
    await desk.passes(desk.at(20))
    assert desk.platform.said() == [("Answer", "Send it back. ^AN")]
    answer = desk.platform.done[0]
    assert (answer.in_reply_to, answer.place, answer.visibility) == ("1", "1", "public")
    case = await desk.case("1")
    assert [(m.external_id, m.role, m.sent_by) for m in case.messages] == [
        ("1", "customer", None), ("out-1", "ours", "agent"),
    ]  # fmt: skip
    assert [(d.kind, d.outcome) for d in case.deadlines] == [("first_reply", "kept")]
    assert case.status == "waiting_customer"
    await desk.passes(desk.at(30))
    assert len(desk.platform.done) == 1


async def test_a_private_thread_is_answered_in_private(desk):
    await desk.hears(desk.direct("d1", "It is broken?", 11, "lee"))
    await desk.desk.reply(desk.private_thread("dm-lee"), "Which one?", actor="ann")
    await desk.passes(desk.at(12))
    answer = desk.platform.done[0]
    assert (answer.visibility, answer.place) == ("private", "dm-lee")
    case = await desk.case("d1")
    assert [(m.external_id, m.visibility) for m in case.messages] == [
        ("d1", "private"), ("out-1", "private"),
    ]  # fmt: skip


async def test_a_dry_run_queues_nothing_and_says_all(desk):
    order = await desk.desk.reply(desk.id("1"), "Hello.", actor="ann", dry_run=True)
    assert (order.id, order.text, order.visibility, order.to.handle) == (
        None, "Hello. ^AN", "public", "@kim",
    )  # fmt: skip
    assert await rows(desk) == []


async def test_of_two_agents_the_first_one_answers_and_the_other_keeps_a_draft(desk):
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    with pytest.raises(Answered, match=r"ann answers this already: 'Send it back. \^AN'") as told:
        await desk.desk.reply(desk.id("1"), "Try a new bulb.", actor="bob")
    case = await desk.case("1")
    assert [(d.id, d.actor, d.text) for d in case.drafts] == [
        (*told.value.drafts, "bob", "Try a new bulb. ^BO")
    ]
    await desk.passes(desk.at(20))
    assert desk.platform.said() == [("Answer", "Send it back. ^AN")]
    assert (await desk.desk.draft(told.value.drafts[0][:9])).text == "Try a new bulb. ^BO"
    await desk.desk.reply(desk.id("1"), "Or a new bulb.", actor="ann")
    await desk.desk.reply(desk.id("1"), "And sorry!", actor="bob", also=True)
    await desk.passes(desk.at(21))
    assert [text for _, text in desk.platform.said()] == [
        "Send it back. ^AN", "Or a new bulb. ^AN", "And sorry! ^BO",
    ]  # fmt: skip


async def test_an_answer_written_in_the_platforms_own_app_is_seen_by_the_next_agent(desk):
    await desk.hears(desk.ours("2", "1", 12, text="We call you."))
    for agent in ("ann", "bob"):
        with pytest.raises(
            Answered, match=r"somebody, elsewhere, answers this already: 'We call you\."
        ):
            await desk.desk.reply(desk.id("1"), "Send it back.", actor=agent)
    await desk.hears(desk.reply("3", "2", "It is broken still", 20, "kim"))
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")


@pytest.mark.parametrize("first", ["echo", "receipt"])
async def test_the_echo_of_an_answer_is_the_same_answer_whichever_comes_first(desk, first):
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    echo = desk.ours("out-1", "1", 10, text="Send it back. ^AN")
    if first == "echo":
        desk.plan(echo)
    await desk.passes(desk.at(20))
    await desk.hears(echo, at=desk.at(21))
    case = await desk.case("1")
    assert [(m.external_id, m.sent_by) for m in case.messages] == [("1", None), ("out-1", "agent")]
    assert await desk.outbox() == [("answer", "sent")]


async def test_an_echo_tells_what_a_cut_line_did_not(desk):
    desk.platform.faults = [("after", Transient("cut"))]
    desk.platform.unknowable = True
    await desk.desk.reply(desk.id("1"), "Send  it back.", actor="ann")
    await desk.runs(desk.at(20))
    await desk.runs(desk.at(40))
    assert await desk.outbox() == [("answer", "parked")]
    await desk.hears(desk.ours("77", "1", 20, text="Send it back. ^AN"), at=desk.at(41))
    assert await desk.outbox() == [("answer", "sent")]
    case = await desk.case("1")
    assert [(m.external_id, m.sent_by) for m in case.messages] == [("1", None), ("77", "agent")]
    assert len(desk.platform.done) == 1


async def test_words_of_ours_that_only_look_alike_are_no_echo(desk):
    desk.platform.faults, desk.platform.unknowable = [("after", Transient("cut"))], True
    await desk.hears(desk.said("5", minutes=11, by="lee"))
    await desk.desk.reply(desk.id("1"), "Sorry!", actor="ann")
    await desk.runs(desk.at(20))
    await desk.runs(desk.at(40))
    await desk.hears(
        desk.ours("old", "1", 1, text="Sorry! ^AN"),
        desk.ours("there", "5", 40, text="Sorry! ^AN"),
        desk.ours("other", "1", 40, text="Sorry?"),
        at=desk.at(41),
    )
    assert await desk.outbox() == [("answer", "parked")]


OUTCOMES = {
    "surely not": (Transient("busy", sent=False), "before", 1, 0),
    "not, it turns out": (Transient("cut"), "before", 1, 1),
    "done, it turns out": (Transient("cut"), "after", 1, 1),
    "a bug": (RuntimeError("oops"), "before", 1, 1),
}


@pytest.mark.parametrize("name", OUTCOMES)
async def test_what_failed_is_tried_again_and_done_once(desk, name):
    error, when, done, looked = OUTCOMES[name]
    desk.strict = False
    await desk.open()
    desk.platform.faults = [(when, error)]
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    await desk.runs(desk.at(11))
    await desk.passes(desk.at(40))
    assert (len(desk.platform.done), desk.platform.looked) == (done, looked)
    assert await desk.outbox() == [("answer", "sent")]
    assert (await desk.case("1")).status == "waiting_customer"


async def test_one_that_fails_holds_up_no_other_but_its_own_thread(desk):
    await desk.hears(desk.said("5", minutes=11, by="lee"))
    down = Transient("down", sent=False)
    desk.platform.faults = [("before", down)]
    await desk.desk.reply(desk.id("1"), "One.", actor="ann")
    await desk.desk.reply(desk.id("1"), "Two.", actor="ann")
    await desk.desk.reply(desk.id("5"), "Three.", actor="ann")
    await desk.runs(desk.at(12))
    desk.platform.faults = [("before", down)] * 0
    await desk.passes(desk.at(60))
    said = [text.partition(".")[0] for _, text in desk.platform.said()]
    assert said.index("One") < said.index("Two")
    assert said[0] == "Three"


async def test_a_refusal_is_final_and_gives_the_word_back(desk):
    refused = Rejected(Refusal.RECIPIENT_REFUSES, "they take no messages")
    desk.platform.faults = [("before", refused)]
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    await desk.passes(desk.at(11))
    (row,) = await rows(desk)
    assert (row.state, row.reason, row.why) == (
        "dead",
        "recipient_refuses",
        "they take no messages",
    )
    await desk.desk.reply(desk.id("1"), "Hello.", actor="bob")
    await desk.passes(desk.at(12))
    assert desk.platform.said() == [("Answer", "Hello. ^BO")]


async def test_a_dead_letter_goes_when_a_person_says_so(desk):
    desk.platform.faults = [("before", Rejected(Refusal.UNKNOWN, "no"))]
    order = await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    await desk.passes(desk.at(11))
    assert await desk.desk.retry(order.id[:9], actor="bob") == order.id
    await desk.passes(desk.at(12))
    assert len(desk.platform.done) == 1
    with pytest.raises(Refused, match="has not failed: it is sent"):
        await desk.desk.retry(order.id, actor="bob")


async def test_what_cannot_leave_for_a_day_is_given_to_a_person(desk):
    desk.platform.faults = [("before", Transient("down", sent=False))] * 400
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    for hour in range(26):
        await desk.runs(desk.at(20, hours=hour))
    (row,) = await rows(desk)
    assert row.state == "dead"
    assert row.why.startswith("it could not be sent for a day: ")
    assert desk.platform.done == []


async def test_a_dead_credential_keeps_what_is_queued(desk):
    desk.platform.faults = [("before", AuthFailed("the token is refused"))]
    await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    ran = await desk.runs(desk.at(11))
    assert {one.account: one.state for one in ran.health} == {
        "acme-page": "ok", "acme-x": "needs_attention",
    }  # fmt: skip
    assert await desk.outbox() == [("answer", "queued")]
    desk.desk.supervisor.reset("acme-x")
    await desk.passes(desk.at(12))
    assert await desk.outbox() == [("answer", "sent")]


async def test_an_attempt_that_was_cut_short_is_looked_up(desk):
    order = await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")

    class Killed(BaseException):
        pass

    desk.platform.faults = [("after", Killed())]
    with pytest.raises(BaseExceptionGroup):
        await desk.desk.run(once=True)
    assert await desk.outbox() == [("answer", "sending")]
    await desk.open()
    await desk.passes(desk.at(20))
    (row,) = await rows(desk)
    if row.state == "sending":  # on PostgreSQL others may run: its time has to be over
        await desk.passes(desk.at(25))
    assert await desk.outbox() == [("answer", "sent")]
    assert (len(desk.platform.done), desk.platform.looked) == (1, 1)
    assert order.id == desk.platform.done[0].id


async def test_a_disk_that_is_full_between_attempt_and_receipt_loses_nothing(desk, url):
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's disk is the server's")
    engine = desk.desk.store.engine

    def fill():
        engine.dispose()

        @event.listens_for(engine, "connect")
        def shrink(connection, record):
            connection.execute("PRAGMA max_page_count = 1")  # no page more than there are

    desk.platform.faults, desk.platform.answer = [("after", fill)], Permission.yes()
    await desk.desk.reply(desk.id("1"), "Send it back. " * 20_000, actor="ann")
    desk.strict = False
    with suppress(StoreError):  # what the sources said could not be kept either, maybe
        await desk.runs(desk.at(11))
    assert await desk.outbox() == [("answer", "sending")]
    await desk.open()
    await desk.passes(desk.at(20))
    assert await desk.outbox() == [("answer", "sent")]
    assert (len(desk.platform.done), desk.platform.looked) == (1, 1)


async def test_undone_before_it_left(desk):
    order = await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
    assert await desk.desk.undo(order.id, actor="bob") == (order.id,)
    await desk.passes(desk.at(20))
    assert desk.platform.done == []
    again = await desk.desk.reply(desk.id("1"), "Hello.", actor="bob")
    await desk.passes(desk.at(21))
    with pytest.raises(Refused, match="cannot be undone: it was sent: `careline delete`"):
        await desk.desk.undo(again.id, actor="bob")


# -- taking it private


async def test_take_private_answers_in_public_first_and_is_one_case(desk):
    one, two = await desk.desk.take_private(
        desk.id("1"), "We write to you.", "What is your order?", actor="ann"
    )
    assert (one.visibility, two.visibility) == ("public", "private")
    await desk.passes(desk.at(12))
    assert desk.platform.said() == [
        ("Answer", "We write to you. ^AN"), ("Direct", "What is your order? ^AN"),
    ]  # fmt: skip
    await desk.hears(desk.direct("d1", "It is 77", 20))
    case = await desk.case("1")
    assert sorted(m.external_id for m in case.messages) == ["1", "d1", "out-1", "out-2"]
    assert len(await desk.inbox()) == 1
    assert [a.kind for a in case.acts] == ["opened"]


async def test_a_platform_that_ties_both_is_asked_to(desk):
    await desk.hears(desk.said("9", minutes=12), on="acme-page")
    await desk.desk.take_private(
        desk.id("9", network="page"), "See your inbox.", "Order?", actor="ann"
    )
    await desk.passes(desk.at(13))
    assert [kind for kind, _ in desk.platform.said()] == ["Answer", "PrivateReply"]
    later = {"author": desk.said("1").author.model_copy(update={"id": "psid-3"})}
    await desk.hears(desk.direct("p1", "77", 20).model_copy(update=later), on="acme-page")
    case = await desk.case("9", network="page")
    assert sorted(m.external_id for m in case.messages) == ["9", "out-1", "out-2", "p1"]


async def test_the_private_part_waits_until_the_public_one_is_out_or_skipped(desk):
    desk.platform.faults = [("before", Rejected(Refusal.DUPLICATE, "said before"))]
    await desk.desk.take_private(desk.id("1"), "We write.", "Order?", actor="ann")
    await desk.passes(desk.at(12))
    await desk.passes(desk.at(30))
    assert await desk.outbox() == [("answer", "dead"), ("direct", "queued")]
    two, one = await rows(desk)
    assert (one.step, two.step, one.plan) == (0, 1, two.plan)
    await desk.desk.skip(one.id, actor="ann")
    await desk.passes(desk.at(31))
    assert await desk.outbox() == [("answer", "skipped"), ("direct", "sent")]
    assert [kind for kind, _ in desk.platform.said()] == ["Direct"]


async def test_undoing_a_plan_takes_back_what_follows_too(desk):
    one, two = await desk.desk.take_private(desk.id("1"), "We write.", "Order?", actor="ann")
    assert await desk.desk.undo(one.id, actor="ann") == (one.id, two.id)
    one, two = await desk.desk.take_private(desk.id("1"), "We write.", "Order?", actor="ann")
    assert await desk.desk.undo(two.id, actor="ann") == (two.id,)
    await desk.passes(desk.at(12))
    assert [kind for kind, _ in desk.platform.said()] == ["Answer"]


# -- promises, by hand, receipts


async def test_a_time_that_the_customer_was_told_is_a_promise_once_it_was_sent(desk):
    by = desk.at(120)
    await desk.desk.promise(desk.id("1"), by, "You hear from us by {by}.", actor="ann")
    assert [d.kind for d in (await desk.case("1")).deadlines] == ["first_reply"]
    await desk.passes(desk.at(15))
    assert "by 2026-" in desk.platform.said()[0][1]
    case = await desk.case("1")
    assert {d.kind: (d.outcome, d.due_at) for d in case.deadlines}["told"] == ("open", by)
    assert (case.status, case.due_at) == ("open", by)
    assert [row.id for row in await desk.inbox()] == [case.id]
    await desk.desk.reply(desk.id("1"), "Here it is.", actor="ann")
    await desk.passes(desk.at(100))
    case = await desk.case("1")
    assert {d.kind: d.outcome for d in case.deadlines} == {"first_reply": "kept", "told": "kept"}
    assert case.status == "waiting_customer"


async def test_a_promise_for_the_past_is_refused(desk):
    with pytest.raises(Refused, match="yet to come"):
        await desk.desk.promise(desk.id("1"), desk.at(1), "By {by}.", actor="ann")


async def test_an_answer_given_by_hand_counts_once_whether_it_is_heard_or_not(desk):
    await desk.passes(desk.at(20))
    await desk.desk.done(desk.id("1"), "I called: send it back.", actor="ann")
    case = await desk.case("1")
    assert (case.status, case.messages[-1].text) == ("waiting_customer", "I called: send it back.")
    assert [d.outcome for d in case.deadlines] == ["kept"]
    with pytest.raises(Answered, match="ann answers this already"):
        await desk.desk.reply(desk.id("1"), "Hello.", actor="bob")
    await desk.hears(desk.ours("88", "1", 21, text="I called:  send it back."))
    case = await desk.case("1")
    assert len(case.messages) == 2
    await desk.hears(desk.reply("3", "88", "thanks", 30, "kim"))
    assert len((await desk.case("1")).messages) == 3
    assert desk.platform.done == []


RECEIPT = {"acme-x": {"kind": "x", "receipt": "We have it."}}


async def test_a_receipt_tells_at_once_and_meets_acknowledge_alone(closed):
    rule = {"first_reply": "1h", "acknowledge": "5m"}
    await closed.open(channels=RECEIPT, deadlines=[rule])
    await closed.passes(closed.start)
    await closed.hears(closed.said("1", minutes=10))
    assert closed.platform.said() == [("Answer", "We have it.")]
    case = await closed.case("1")
    assert {d.kind: d.outcome for d in case.deadlines} == {
        "acknowledge": "kept", "first_reply": "open",
    }  # fmt: skip
    assert (case.status, case.unanswered, case.messages[-1].sent_by) == ("new", 1, "automation")
    await closed.hears(closed.ours("out-1", "1", 10, text="We have it."), at=closed.at(11))
    await closed.hears(closed.reply("2", "1", "It is broken!", 12, "kim"))
    case = await closed.case("1")
    assert (len(closed.platform.done), case.unanswered) == (1, 2)
    assert (await closed.report()).total.answered == 0


async def test_no_receipt_where_none_is_wanted_or_allowed(closed):
    await closed.open(channels=RECEIPT)
    closed.platform.answer = Permission.no(Refusal.NOT_SUMMONED, "Only whoever names us.")
    await closed.hears(closed.said("0", minutes=-60), at=closed.start)
    await closed.passes(closed.start)
    await closed.hears(closed.said("1", minutes=10))
    closed.platform.answer = Permission.yes()
    await closed.hears(closed.said("2", "thanks a lot", 11, by="lee"))
    await closed.hears(closed.said("3", "pills", 12, by="spam"))
    assert closed.platform.done == []
    assert await closed.outbox() == [("answer", "withdrawn")]


async def test_no_receipt_follows_a_person_who_was_faster(closed):
    await closed.open(channels=RECEIPT)
    await closed.passes(closed.start)
    await closed.hears(closed.said("1", minutes=10), closed.ours("2", "1", 10.5), at=closed.at(11))
    assert closed.platform.done == []


# -- everything else that speaks


async def test_post_hide_delete_and_follow(desk):
    await desk.desk.post("acme-x", "We are back.", actor="ann")
    await desk.passes(desk.at(12))
    assert desk.platform.said() == [("Post", "We are back.")]
    message = (await desk.case("1")).messages[0].id
    await desk.desk.hide(message, actor="ann")
    await desk.desk.follow(desk.id("1"), actor="ann")
    await desk.desk.reply(desk.id("1"), "Oh!", actor="ann")
    await desk.passes(desk.at(13))
    ours = (await desk.case("1")).messages[-1].id
    await desk.desk.delete(ours, actor="ann")
    await desk.passes(desk.at(14))
    kinds = [type(one).__name__ for one in desk.platform.done]
    assert kinds == ["Post", "Hide", "Follow", "Answer", "Delete"]
    assert (await desk.case("1")).messages[-1].removed_at is not None
    with pytest.raises(Refused, match="is the customer's: use `careline hide`"):
        await desk.desk.delete(message, actor="ann")
    with pytest.raises(Refused, match="is ours: use `careline delete`"):
        await desk.desk.hide(ours, actor="ann")


# -- refusals


async def test_refused_before_anything_is_queued(desk):
    say = desk.desk.reply
    with pytest.raises(Refused, match="it is too long: 74 of 60 characters") as told:
        await say(desk.id("1"), "x" * 70, actor="ann")
    assert (told.value.reason, told.value.limit) == (Refusal.TOO_LONG, 60)
    with pytest.raises(Refused, match="the text is empty"):
        await say(desk.id("1"), " \n", actor="ann")
    with pytest.raises(NotAllowed, match="'zoe' may not reply as acme-x"):
        await say(desk.id("1"), "Hello.", actor="zoe")
    with pytest.raises(NotAllowed, match="'nobody' may not reply"):
        await say(desk.id("1"), "Hello.", actor="nobody")
    with pytest.raises(NotFound, match="there is no thread 't99999'"):
        await say("t99999", "Hello.", actor="ann")
    until = desk.at(500).astimezone(timezone(timedelta(hours=5)))
    desk.platform.answer = Permission.no(Refusal.RATE_LIMITED, "Too many answers.", until=until)
    with pytest.raises(Refused, match=f"Too many answers, until {desk.at(500):%Y-%m-%d %H:%M} UTC"):
        await say(desk.id("1"), "Hello.", actor="ann")
    assert await rows(desk) == []


@pytest.mark.parametrize("answer", [Permission.yes, partial(Permission.no, Refusal.RATE_LIMITED)])
async def test_a_time_without_a_zone_is_a_bug_of_the_plugin_and_nothing_is_sent(desk, answer):
    desk.platform.answer = answer(until=desk.at(500).replace(tzinfo=None))
    with pytest.raises(ValueError, match="check gives `until` without a zone"):
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    desk.strict = False
    await desk.open()
    with pytest.raises(Refused, match="failed to say whether it may be sent, so it is not") as told:
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    assert told.value.reason is Refusal.UNKNOWN
    assert await rows(desk) == []


async def test_a_customer_who_is_erased_is_answered_no_more(desk):
    await desk.hears(desk.ours("2", "1", 11))
    ours = (await desk.case("1")).messages[-1].id
    await desk.desk.erase(desk.id("1"), actor="ann", dry_run=False)
    with pytest.raises(Refused, match="this customer was erased here") as told:
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    assert told.value.reason is Refusal.ERASED
    await desk.desk.delete(ours, actor="ann")
    await desk.passes(desk.at(12))
    assert [type(one).__name__ for one in desk.platform.done] == ["Delete"]


async def test_a_thread_that_is_gone_takes_no_answer(desk):
    from careline.plugin import Removed

    await desk.hears(Removed("1", desk.at(11), by="author"), at=desk.at(12))
    with pytest.raises(Refused, match="nothing is left to answer") as told:
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    assert told.value.reason is Refusal.GONE


async def test_a_conversation_of_several_threads_wants_one_named(desk):
    await desk.hears(desk.direct("d1", "It is broken?", 11))
    with pytest.raises(NotFound, match=r"has several threads, say which: .*public.*private"):
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")


async def test_an_account_that_left_the_configuration_cannot_speak(desk):
    await desk.open(channels={"acme-page": {"kind": "page"}})
    with pytest.raises(Refused, match="channel acme-x cannot speak: it is not configured") as told:
        await desk.desk.reply(desk.id("1"), "Hello.", actor="ann")
    assert told.value.reason is Refusal.READ_ONLY


# -- together


async def test_a_drained_desk_sends_what_is_queued_and_ends(desk):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.desk.run)
        await anyio.lowlevel.checkpoint()
        await desk.desk.reply(desk.id("1"), "Send it back.", actor="ann")
        await desk.desk.drain(within=20)
    assert await desk.outbox() == [("answer", "sent")]


async def test_agents_who_answer_at_the_same_moment_answer_once(desk):
    told = []

    async def answer(agent, text):
        try:
            await desk.desk.reply(desk.id("1"), text, actor=agent)
        except Answered as error:
            told.append(error.by)

    async with anyio.create_task_group() as tasks:
        for agent, n in itertools.product(("ann", "bob"), range(1)):
            tasks.start_soon(answer, agent, f"Hello {n}.")
    await desk.passes(desk.clock.now() + timedelta(minutes=1))
    assert len(desk.platform.done) == 1
    assert len(told) == 1
