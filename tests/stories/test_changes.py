"""Words that are edited or deleted after we have heard them."""

from careline.plugin import Removed, Revised


def one(case, external_id):
    [found] = [m for m in case.messages if m.external_id == external_id]
    return found


async def test_an_edit_that_keeps_its_id_shows_the_new_words_and_judges_by_them(story):
    await story.hears(story.said("1", "It is broken"))
    new = story.said("1", "All good, thanks")
    await story.hears(Revised(new, "1", story.at(10)), at=story.at(11))
    case = await story.case("1")
    word = one(case, "1")
    assert (word.text, word.revisions) == ("All good, thanks", 1)
    assert (case.intent, case.due_at) == ("praise", story.at(24 * 60))
    assert [(d.kind, d.outcome) for d in case.deadlines] == [("acknowledge", "open")]
    await story.passes(story.at(120))
    assert await story.fired() == []
    assert (await story.inbox())[0].snippet == "All good, thanks"


async def test_an_edit_with_a_new_id_is_the_same_message(story):
    await story.hears(story.said("1", "It is brokn"))
    new = story.said("2", "It is broken", 3)
    await story.hears(Revised(new, "1", story.at(3)), at=story.at(4))
    assert len(await story.inbox()) == 1
    await story.hears(new, at=story.at(5))  # seen in a search too, as if it were another
    await story.hears(story.ours("3", "2", 8))
    case = await story.case("1")
    assert [m.external_id for m in case.messages] == ["1", "3"]
    assert (one(case, "1").text, case.status) == ("It is broken", "waiting_customer")
    await story.hears(story.said("1", "It is brokn"), at=story.at(9))  # the old one, polled again
    assert one(await story.case("1"), "1").text == "It is broken"


async def test_an_edit_is_heard_before_the_original(story):
    new = story.said("2", "It is broken", 0)
    await story.hears(story.ours("3", "2", 8), Revised(new, "1", story.at(3)))
    await story.hears(story.said("1", "It is brokn"), at=story.at(9))
    case = await story.case("1")
    assert [m.external_id for m in case.messages] == ["1", "3"]
    assert (one(case, "1").text, one(case, "1").revisions) == ("It is broken", 1)
    assert case.status == "waiting_customer"


async def test_an_edit_after_the_answer_asks_for_no_second_one(story):
    await story.hears(story.said("1"), story.ours("2", "1", 5))
    new = story.said("1", "It is broken, still")
    await story.hears(Revised(new, "1", story.at(10)), at=story.at(11))
    case = await story.case("1")
    assert (case.status, case.unanswered) == ("waiting_customer", 0)
    assert [d.outcome for d in case.deadlines] == ["kept"]


async def test_the_latest_of_two_edits_holds_in_whatever_order_they_come(story):
    await story.hears(story.said("1", "first"))
    third = Revised(story.said("1", "third"), "1", story.at(20))
    second = Revised(story.said("1", "second"), "1", story.at(10))
    await story.hears(third, at=story.at(21))
    await story.hears(second, third, at=story.at(22))
    word = one(await story.case("1"), "1")
    assert (word.text, word.revisions) == ("third", 2)


async def test_what_is_deleted_before_the_answer_waits_no_longer(story):
    await story.hears(story.said("1"))
    await story.hears(Removed("1", story.at(20), "author"), at=story.at(21))
    case = await story.case("1")
    assert (case.unanswered, case.due_at, case.status) == (0, None, "waiting_customer")
    assert [(d.outcome, d.void) for d in case.deadlines] == [("void", "its message was removed")]
    assert one(case, "1").removed_at == story.at(20)
    assert one(case, "1").text == "It is broken"
    await story.passes(story.at(200))
    assert await story.inbox() == ()
    assert await story.fired() == []


async def test_the_promise_passes_to_the_next_word_that_waits(story):
    await story.hears(story.said("1"), story.reply("2", "1", "Hello? Broken!", 30, "kim"))
    await story.hears(Removed("1", story.at(31), "author"), at=story.at(32))
    case = await story.case("1")
    assert (case.unanswered, case.waiting_since) == (1, story.at(30))
    assert case.due_at == story.at(90)


async def test_what_is_deleted_after_the_answer_changes_no_figure(story):
    await story.hears(story.said("1"), story.ours("2", "1", 5))
    before = await story.report()
    await story.hears(Removed("1", story.at(20), "author"), at=story.at(21))
    case = await story.case("1")
    assert (case.status, case.answered_at) == ("waiting_customer", story.at(5))
    assert [d.outcome for d in case.deadlines] == ["kept"]
    assert (await story.report()).total == before.total


async def test_purged_words_are_gone_and_no_second_look_brings_them_back(story):
    await story.hears(story.said("1", "It is broken, my card is 4000"))
    await story.hears(Removed("1", story.at(9), "author", purge=True), at=story.at(9))
    await story.hears(story.said("1", "It is broken, my card is 4000"), at=story.at(12))
    new = story.said("1", "It is broken, my card is 4001")
    await story.hears(Revised(new, "1", story.at(13)), at=story.at(14))
    word = one(await story.case("1"), "1")
    assert (word.text, word.erased) == (None, True)
    assert await story.inbox(search="card") == ()


async def test_a_deletion_is_heard_before_the_message(story):
    await story.hears(Removed("1", story.at(5), "author"), at=story.at(6))
    await story.hears(story.said("1"), at=story.at(7))
    assert await story.inbox() == ()
    assert one(await story.case("1"), "1").removed_at == story.at(5)
