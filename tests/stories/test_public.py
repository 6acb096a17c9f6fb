"""What happens in public: third parties, quotes, broadcasts, echoes, and words that come late."""

from datetime import timedelta

from careline.plugin import Author, Kind


def roles(case):
    return [(one.external_id, one.role) for one in case.messages]


async def test_a_third_party_chimes_in_while_the_brand_answers_in_the_platforms_own_app(story):
    await story.hears(story.said("1", "My anvil is broken"))
    await story.hears(story.reply("2", "1", "Mine too, is it?", 5, "lee"))
    case = await story.case("1")
    assert roles(case) == [("1", "customer"), ("2", "onlooker")]
    assert (case.customer.handle, case.unanswered, case.due_at) == ("@kim", 1, story.at(60))
    await story.hears(story.ours("3", "2", 8))  # to the third party: kim still waits
    assert (await story.case("1")).unanswered == 1
    await story.hears(story.ours("4", "1", 12, sent_by="elsewhere"))
    await story.hears(story.reply("5", "4", "Good luck, you two", 20, "max"))
    case = await story.case("1")
    assert (case.status, case.unanswered, case.answered_at) == ("waiting_customer", 0, story.at(12))
    assert [(one.kind, one.outcome) for one in case.deadlines] == [("first_reply", "kept")]
    assert (await story.report()).total.first_response_s.median == 12 * 60
    assert await story.fired() == []


async def test_who_answers_us_in_someone_elses_thread_has_a_case_of_their_own(story):
    await story.hears(story.said("1"), story.ours("2", "1", 5))
    await story.hears(story.reply("3", "2", "And when will mine come?", 10, "lee"))
    assert {row.customer.handle for row in await story.inbox()} == {"@lee"}
    assert (await story.case("3")).due_at == story.at(70)
    await story.hears(story.reply("4", "2", "It is still broken", 15, "kim"))
    assert roles(await story.case("1"))[-1] == ("4", "customer")
    assert (await story.case("1")).status == "open"


async def test_a_quote_of_ours_is_a_case_and_any_other_is_its_authors(story):
    await story.hears(story.ours("10", None, 0, text="New anvils!"))
    quote = {"kind": Kind.QUOTE, "addressed": False}
    await story.hears(story.said("11", "Will it be broken too?", 3, "lee", quoted="10", **quote))
    assert [row.customer.handle for row in await story.inbox()] == ["@lee"]
    await story.hears(story.said("20", "It is broken", 5))
    reply = {"kind": Kind.REPLY, "parent": "20", "quoted": "10", "addressed": False}
    await story.hears(story.said("21", "So they said. Why?", 9, "max", **reply))
    assert roles(await story.case("20")) == [("20", "customer")]
    assert (await story.case("21")).customer.handle == "@max"


async def test_a_broadcast_is_no_case_but_each_reply_to_it_is(story):
    await story.hears(story.ours("10", None, 0, text="We are closed on Monday."))
    assert await story.inbox() == ()
    await story.hears(
        story.reply("11", "10", "Why?", 1, "lee"),
        story.reply("12", "10", "It is broken", 2, "max"),
        story.reply("13", "11", "I know why: holiday", 3, "max"),
    )
    rows = {row.customer.handle: row for row in await story.inbox()}
    assert rows.keys() == {"@lee", "@max"}
    assert roles(await story.case("11")) == [("11", "customer"), ("13", "onlooker")]
    await story.hears(story.ours("14", "11", 6))
    assert [row.customer.handle for row in await story.inbox()] == ["@max"]
    total = (await story.report()).total
    assert (total.conversations, total.answered) == (2, 1)


async def test_one_customer_writes_to_two_of_our_accounts(closed):
    channels = {name: {"kind": "x"} for name in ("acme-x", "acme-help")}
    await closed.open(channels=channels)
    await closed.passes(closed.start)
    both = closed.said("1", "It is broken, @acme and @acmehelp", 1)
    await closed.hears(both, closed.said("2", "It is broken, @acme", 2), on="acme-x")
    await closed.hears(both, closed.said("3", "Where is it, @acmehelp?", 3), on="acme-help")
    assert [row.id for row in await closed.inbox()] == [closed.id(n) for n in ("1", "2", "3")]
    case = await closed.case("3")
    assert case.account == "acme-help"
    assert {one.id for one in case.related} == {closed.id("1"), closed.id("2")}
    assert (await closed.report()).total.volume.messages == 3
    await closed.hears(closed.ours("4", "1", 9), on="acme-help")
    waiting = {row.id for row in await closed.inbox()}
    assert waiting == {closed.id("2"), closed.id("3")}


async def test_an_older_message_arrives_after_the_answer(story):
    await story.hears(story.said("2", "Anybody there?", 10))
    await story.hears(story.ours("4", "2", 30))
    late = story.reply("1", "2", "It is broken", 20, "kim")
    await story.hears(late, at=story.at(40))
    case = await story.case("2")
    assert [one.external_id for one in case.messages] == ["2", "1", "4"]
    assert (case.status, case.unanswered, case.intent) == ("waiting_customer", 0, "problem")
    assert [one.outcome for one in case.deadlines] == ["kept"]
    assert await story.fired() == []


async def test_a_message_older_than_the_first_one_moves_the_start_of_the_case(story):
    await story.hears(story.reply("2", "1", "Well?", 10, "kim"))
    await story.hears(story.said("1", "My anvil is broken", 4), at=story.at(15))
    case = await story.case("1")
    assert (case.opened_at, case.unanswered) == (story.at(4), 2)
    old = story.id("2")
    assert await story.desk.full_id(old) == case.id
    assert len(await story.inbox()) == 1


async def test_the_echo_of_our_reply_counts_once_whoever_sees_it(closed):
    channels = {name: {"kind": "x"} for name in ("acme-x", "acme-help")}
    await closed.open(channels=channels)
    await closed.passes(closed.start)
    await closed.hears(closed.said("1"))
    echo = closed.ours("2", "1", 7, sent_by="agent")
    await closed.hears(echo, on="acme-x")
    await closed.hears(echo, on="acme-help", at=closed.at(8))
    await closed.hears(echo, echo, on="acme-x", at=closed.at(9))
    case = await closed.case("1")
    assert [one.external_id for one in case.messages] == ["1", "2"]
    assert (case.answered_at, case.status) == (closed.at(7), "waiting_customer")
    total = (await closed.report()).total
    assert (total.answered, total.first_response_s.median) == (1, 420)


async def test_what_we_say_is_ours_though_the_channel_calls_it_incoming(story):
    us = Author(id="u-acme", name="Acme")
    await story.hears(story.said("1"))
    await story.hears(story.reply("2", "1", "On it!", 5, "kim").model_copy(update={"author": us}))
    assert (await story.case("1")).status == "waiting_customer"
    assert await story.inbox() == ()


async def test_a_missing_parent_comes_later_and_takes_its_descendants_home(story):
    await story.hears(story.reply("3", "2", "Hers is broken, not mine", 6, "lee"))
    await story.hears(story.ours("4", "3", 8))
    await story.hears(story.reply("2", "1", "It happens", 4, "max"), at=story.at(10))
    assert {row.customer.handle for row in await story.inbox()} == {"@max"}
    await story.hears(story.said("1", "It is broken", 2), at=story.at(12))
    case = await story.case("1")
    assert roles(case) == [("1", "customer"), ("2", "onlooker"), ("3", "onlooker"), ("4", "ours")]
    assert (case.unanswered, case.customer.handle, case.due_at) == (1, "@kim", story.at(62))
    assert [row.id for row in await story.inbox()] == [case.id]
    assert await story.desk.full_id(story.id("3")) == case.id
    assert (await story.report()).total.conversations == 1


async def test_a_day_without_a_time_starts_its_clock_when_it_is_seen(story):
    day = story.said("1", minutes=-9 * 60, precision="day")
    await story.hears(day, at=story.at(30))
    case = await story.case("1")
    assert (case.waiting_since, case.due_at) == (story.at(30), story.at(90))


async def test_a_time_from_the_future_starts_no_later_than_it_was_seen(story):
    await story.hears(story.said("1", minutes=600), at=story.at(5))
    case = await story.case("1")
    assert case.due_at <= story.clock.now() + timedelta(hours=1)
