"""What asks for attention first, and what has no claim to any."""

from datetime import timedelta

from careline.plugin import Author, Observed


def why(row):
    return {part.part: part.minutes for part in row.why}


async def ranked(story):
    return [row.customer.user.removeprefix("u-") for row in await story.inbox()]


async def test_a_second_complaint_while_one_waits_comes_first(story):
    await story.hears(story.said("1", minutes=0, by="lee"), story.said("2", minutes=5))
    assert await ranked(story) == ["lee", "kim"]
    await story.hears(story.reply("3", "2", "It is broken, hello?", 10, "kim"))
    assert await ranked(story) == ["kim", "lee"]
    first, second = await story.inbox()
    assert (first.unanswered, why(first)["repeat"]) == (2, 15)
    assert "repeat" not in why(second)
    assert first.due_at == story.at(65)  # the promise is the first word's
    for minute in (11, 12, 13):
        more = story.reply(f"9{minute}", "2", "Hello?", minute, "kim")
        await story.hears(more)
    assert why((await story.inbox())[0])["repeat"] == 45
    await story.hears(story.ours("4", "913", 20))
    assert await ranked(story) == ["lee"]


async def test_reach_and_its_growth_bring_a_case_forward(story):
    await story.hears(story.said("1", minutes=0, by="lee"), story.said("2", minutes=5))
    await story.hears(Observed("2", story.at(6), reach=1_500), at=story.at(6))
    [kim] = [row for row in await story.inbox() if row.customer.user == "u-kim"]
    assert why(kim)["reach"] == 10
    assert "growth" not in why(kim)
    assert await ranked(story) == ["kim", "lee"]
    before = kim.score
    await story.hears(Observed("2", story.at(8), reach=6_000), at=story.at(8))
    kim = (await story.inbox())[0]
    assert (why(kim)["growth"], kim.score) == (20, before + 2 + 20)
    assert [part.text for part in kim.why if part.part == "growth"] == [
        "its reach grew 4.0 times since the last look"
    ]
    await story.hears(Observed("2", story.at(7), reach=3_000), at=story.at(9))  # an old count
    assert why((await story.inbox())[0])["growth"] == 20
    await story.hears(Observed("2", story.at(20), reach=6_100), at=story.at(20))
    assert "growth" not in why((await story.inbox())[0])


async def test_a_known_voice_counts_by_its_followers(story):
    star = Author(id="u-star", name="Star", handle="@star", followers=2_000_000)
    await story.hears(story.said("1"), story.said("2", author=star))
    first = (await story.inbox())[0]
    assert (first.customer.handle, why(first)["reach"]) == ("@star", 40)


async def test_ignored_spam_stays_ignored_when_more_of_it_comes(story):
    await story.hears(story.said("1", "Cheap pills", by="bot"))
    await story.desk.ignore(story.id("1"), "spam", actor="ann")
    await story.hears(story.reply("2", "1", "Cheaper pills", 10, "bot"))
    case = await story.case("1")
    assert (case.status, case.reason, case.unanswered) == ("ignored", "spam", 0)
    assert await story.inbox() == ()
    await story.hears(story.reply("3", "1", "No, truly, it is broken", 20, "bot"))
    case = await story.case("1")
    assert (case.status, case.reason, case.due_at) == ("new", None, story.at(80))


async def test_what_is_snoozed_is_out_of_sight_until_its_time_or_the_next_word(story):
    await story.hears(story.said("1"), story.said("2", by="lee"))
    for id in "12":
        until = story.at() + timedelta(hours=2)
        await story.desk.snooze(story.id(id), until, actor="ann")
    assert await story.inbox() == ()
    await story.hears(story.reply("3", "2", "It is broken!", 30, "lee"))
    assert await ranked(story) == ["lee"]
    await story.passes(story.at(121))
    assert set(await ranked(story)) == {"kim", "lee"}
    assert "first_reply missed" in await story.fired()  # no promise moves


async def test_a_customer_linked_by_staff_is_seen_with_all_their_cases(story):
    await story.hears(story.said("1"), story.said("2", by="kim2"))
    await story.desk.note(story.id("1"), "Same order number as @kim2", actor="ann")
    await story.desk.link(story.id("1"), "x:@kim2", "order number", actor="ann")
    case = await story.case("1")
    assert [(one.id, one.through) for one in case.related] == [(story.id("2"), "person")]
    assert [one.text for one in case.notes] == ["Same order number as @kim2"]
    await story.desk.unlink(story.id("1"), "x:@kim2", actor="ann")
    assert (await story.case("1")).related == ()


async def test_a_link_taken_back_does_not_come_back_with_the_next_one(story):
    await story.hears(story.said("1"), story.said("2", by="kim2"), story.said("3", by="kim3"))
    await story.desk.link(story.id("1"), story.id("2"), "a guess", actor="ann")
    await story.desk.unlink(story.id("2"), story.id("1"), actor="ann")
    await story.desk.link(story.id("1"), story.id("3"), "the same address", actor="ann")
    assert [one.id for one in (await story.case("1")).related] == [story.id("3")]
    assert (await story.case("2")).related == ()
