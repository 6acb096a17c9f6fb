"""What goes on in private: take-private, private replies, and a year of direct messages."""

from datetime import timedelta

import pytest

from careline.plugin import Author, Kind


def ids(case):
    return [one.external_id for one in case.messages]


async def test_take_private_and_the_answer_to_it_are_one_case(story):
    await story.hears(story.said("1", "It is broken"))
    await story.hears(story.said("2", "And my hammer is broken", 2))  # the latest case of kim's
    await story.hears(story.ours("3", "1", 5, text="Please send us your address in private."))
    await story.act("opened", "1", other=story.private_thread("dm-kim"))
    await story.hears(story.direct("d1", "12 Forge Lane", 20))
    case = await story.case("1")
    assert ids(case) == ["1", "3", "d1"]
    assert [one.visibility for one in case.messages] == ["public", "public", "private"]
    assert (case.status, case.unanswered) == ("open", 1)
    assert ids(await story.case("2")) == ["2"]
    await story.hears(story.our_direct("d2", "kim", 30))
    case = await story.case("1")
    assert (case.status, case.public_answered_at) == ("waiting_customer", story.at(5))
    await story.hears(story.direct("d3", "Thanks", 40))
    assert ids(await story.case("1")) == ["1", "3", "d1", "d2", "d3"]


async def test_the_answer_may_come_before_we_know_which_thread_was_opened(story):
    await story.hears(story.said("1"))
    await story.hears(story.said("2", "And my hammer is broken", 2))
    await story.hears(story.direct("d1", "Here is my address", 20))
    assert ids(await story.case("2")) == ["2", "d1"]
    await story.act("opened", "1", other=story.private_thread("dm-kim"))
    assert ids(await story.case("1")) == ["1", "d1"]
    assert ids(await story.case("2")) == ["2"]


async def test_a_comment_its_private_reply_and_the_customers_later_message(story):
    """In private the platform calls the customer by another id than in public."""
    post = story.ours("10", None, 0, text="New anvils!")
    comment = {"kind": Kind.COMMENT, "addressed": False, "parent": "10", "root": "10"}
    await story.hears(post, story.said("11", "Mine is broken", 1, "kim", **comment))
    await story.act("opened", "11", other=story.private_thread("t-77"))
    psid = {"to": Author(id="psid-9"), "root": "t-77"}
    await story.hears(story.our_direct("d1", "kim", 6, text="Which one?", **psid))
    case = await story.case("11")
    assert (ids(case), case.status) == (["11", "d1"], "waiting_customer")
    assert (case.answered_at, case.public_answered_at) == (story.at(6), None)
    later = {"root": "t-77", "author": Author(id="psid-9")}
    said = story.direct("d2", "The red one. When?", 50).model_copy(update=later)
    await story.hears(said)
    case = await story.case("11")
    assert ids(case) == ["11", "d1", "d2"]
    assert (case.customer.handle, case.unanswered, case.due_at) == ("@kim", 1, story.at(110))
    assert len(await story.inbox()) == 1
    total = (await story.report()).total
    assert (total.conversations, total.answered, total.public.answered) == (1, 1, 0)


async def test_a_direct_message_joins_the_latest_case_of_the_last_30_days_only(story):
    await story.hears(story.said("1"))
    await story.hears(story.direct("d1", "Well?", 60))
    assert ids(await story.case("1")) == ["1", "d1"]
    await story.hears(story.said("5", "It is broken", by="lee", minutes=70))
    month = 31 * 24 * 60
    await story.hears(story.direct("d5", "Is anybody there?", month, "lee"))
    assert ids(await story.case("d5")) == ["d5"]
    assert [one.id for one in (await story.case("d5")).related] == [story.id("5")]


async def test_a_year_of_direct_messages_is_as_many_cases_as_were_resolved(story):
    for month in range(12):
        start = month * 30 * 24 * 60
        await story.hears(story.direct(f"{month}a", "It is broken again", start))
        await story.hears(story.our_direct(f"{month}b", "kim", start + 10))
        await story.hears(story.direct(f"{month}c", "thanks", start + 20))
        await story.desk.resolve(story.id(f"{month}a"), actor="ann")
    for month in range(12):
        case = await story.case(f"{month}a")
        assert ids(case) == [f"{month}a", f"{month}b", f"{month}c"]
        assert (case.status, case.answered_at - case.opened_at) == (
            "resolved", timedelta(minutes=10),
        )  # fmt: skip
        assert len(case.related) == 11
    total = (await story.report()).total
    assert (total.conversations, total.within["30m"]) == (12, 1.0)
    assert await story.inbox() == ()


@pytest.mark.parametrize(("hours", "same"), [(71, True), (73, False)])
async def test_a_resolved_case_is_opened_again_within_72_hours_and_is_over_after(
    story, hours, same
):
    await story.hears(story.direct("d1", "It is broken", 0))
    await story.hears(story.our_direct("d2", "kim", 5))
    await story.desk.resolve(story.id("d1"), actor="ann")
    await story.hears(story.direct("d3", "It is broken still", 5 + hours * 60))
    first = await story.case("d1")
    if same:
        assert (ids(first), first.status, first.reopened) == (["d1", "d2", "d3"], "open", 1)
        assert first.due_at == story.clock.now() + timedelta(hours=1)
        return
    assert (ids(first), first.status) == (["d1", "d2"], "resolved")
    second = await story.case("d3")
    assert (ids(second), second.status) == (["d3"], "new")


async def test_a_resolved_public_thread_begins_anew_after_72_hours(story):
    await story.hears(story.said("1"), story.ours("2", "1", 5))
    await story.desk.resolve(story.id("1"), actor="ann")
    await story.hears(story.reply("3", "2", "thanks", 60, "kim"))
    assert ((await story.case("1")).status, len(await story.inbox())) == ("open", 1)
    await story.desk.resolve(story.id("1"), actor="ann")
    await story.hears(story.reply("4", "2", "It is broken anew", 5 * 24 * 60, "kim"))
    assert (await story.case("1")).status == "resolved"
    assert ids(await story.case("4")) == ["4"]
    assert [row.id for row in await story.inbox()] == [story.id("4")]
