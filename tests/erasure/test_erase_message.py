"""One message is erased: its words go, in every version, and nobody else's do."""

import pytest

from careline.errors import NotFound
from careline.plugin import Revised, Seen

from .conftest import KIM, holding


def case_of(told, id):
    return told.desk.conversation(told.case(id))


async def test_a_message_loses_all_its_versions_and_nothing_else_changes(told):
    before, counted = await told.dump(), await told.counted()
    id = told.message("1")
    seen = await told.desk.erase(id[:18], actor="ann", dry_run=True)
    assert await told.dump() == before
    done = await told.desk.erase(id[:18], actor="ann")
    assert done == seen.model_copy(update={"erased": True})
    counts = done.model_dump(exclude={"erased", "object", "identities"})
    assert {name: count for name, count in counts.items() if count} == {
        "messages": 1, "revisions": 1, "search": 1,
    }  # fmt: skip
    assert await told.counted() == counted
    assert id not in str(holding(await told.dump(), "zanzibar"))
    after = await told.dump("events", "tombstones", "messages", "bodies", "revisions", "readings",
                            "search_rows", "search_words")  # fmt: skip
    assert {table: before[table] for table in after} == after


async def test_its_author_keeps_their_name_and_can_be_answered(told):
    await told.desk.erase(told.message("1"), actor="ann")
    view = await case_of(told, "1")
    assert (view.customer.name, view.messages[0].text, view.messages[0].erased) == (
        "Kimberly Zed", None, True,
    )  # fmt: skip
    [(room,)] = await told.all("SELECT id FROM threads WHERE visibility = 'private'")
    assert (await told.desk.reply(room, "Hello?", actor="ann", also=True)).to.user == KIM.id


async def test_the_inbox_says_so_in_its_place(told):
    await told.hears(told.said("60", "It is broken, zanzibar", 30))
    await told.desk.erase(told.message("60"), actor="ann")
    found = {row.id: row.snippet for row in (await told.desk.inbox()).rows}
    assert found[told.case("60")] == "(erased)"


async def test_told_again_it_stays_empty(told):
    await told.desk.erase(told.message("1"), actor="ann")
    counted = await told.counted()
    edit = Revised(told.said("1", "It is broken still, zanzibar", 0), "1", told.at(13))
    for item in (edit, Seen(told.said("1", "It is broken, says zanzibar", 0)), edit):
        await told.hears(item)
    assert await told.counted() == counted
    assert (await case_of(told, "1")).messages[0].text is None
    await told.hears(Revised(told.said("1", "one more of zanzibar", 0), "1", told.at(30)))
    assert told.message("1") not in str(holding(await told.dump(), "zanzibar"))


async def test_an_answer_of_ours_goes_with_the_row_that_sent_it(told):
    [(sent,)] = await told.all("SELECT id FROM messages WHERE external_id LIKE 'sent-%'")
    assert await told.all("SELECT 1 FROM bodies WHERE text = 'Sent, zanzibar'") != []
    done = await told.desk.erase(sent, actor="ann")
    assert (done.messages, done.answers, done.actions, done.withdrawn) == (0, 1, 1, 0)
    assert await told.all("SELECT 1 FROM bodies WHERE text = 'Sent, zanzibar'") == []


async def test_what_turns_out_to_be_an_edit_of_it_goes_too(told):
    await told.hears(told.said("50", "zanzibar takes it back", 30))
    await told.desk.erase(told.message("1"), actor="ann")
    await told.hears(Revised(told.said("50", "zanzibar takes it back", 30), "1", told.at(30)))
    assert "takes it back" not in str(await told.dump())


async def test_what_was_erased_and_turns_out_to_be_an_edit_takes_its_message_along(told):
    await told.hears(told.said("50", "zanzibar takes it back", 30))
    await told.desk.erase(told.message("50"), actor="ann")
    await told.hears(Revised(told.said("50", "zanzibar takes it back", 30), "1", told.at(30)))
    view = await case_of(told, "1")
    assert (view.messages[0].text, view.messages[0].erased, view.messages[0].removed_at) == (
        None, True, None,
    )  # fmt: skip
    assert told.message("1") not in str(holding(await told.dump(), "zanzibar"))


async def test_several_that_begin_alike_are_none(told):
    with pytest.raises(NotFound, match="it may be m0"):
        await told.desk.erase("m01100000", actor="ann")
