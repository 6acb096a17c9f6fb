"""A person is erased: all their words and names go, and nothing that was counted moves."""

from random import Random

import pytest

from careline.errors import NotFound, Refusal, Refused
from careline.plugin import Malformed, Observed, Removed, Revised, Transient
from careline.store.inbox import InboxQuery
from careline.verbs.actor import NotAllowed

from .conftest import KIM, LEE, SECRETS, holding, kims_story

MOVING = ("events", "cursors", "search_queue", "rejected")
"""Tables that tell of each look, whatever it brings."""


async def test_a_dry_run_says_what_would_go_and_changes_nothing(told):
    before = await told.dump()
    found = await told.desk.erase("x:@kimhandle", actor="ann", dry_run=True)
    assert await told.dump() == before
    assert found.model_dump(exclude={"identities", "object"}) == {
        "erased": False, "names": 2, "messages": 4, "answers": 5, "revisions": 1, "search": 9,
        "notes": 1, "drafts": 1, "actions": 3, "withdrawn": 2, "leaving": 0, "rejected": 1,
    }  # fmt: skip
    assert found.object == told.identity()
    known = {(one.network, one.user) for one in found.identities}
    assert known == {("x", KIM.id), ("page", "k-on-page")}


@pytest.mark.parametrize("said", ["case", "page:k-on-page"])
async def test_nothing_of_their_words_and_names_is_left_in_any_table(told, said):
    held = {"bodies", "identities", "person_links", "outbox", "rejected", "readings"}
    assert {*holding(await told.dump(), *SECRETS)} >= held
    done = await told.desk.erase(told.case("1") if said == "case" else said, actor="ann")
    assert done.erased
    assert (done.messages, done.answers, done.withdrawn) == (4, 5, 2)
    assert holding(await told.dump(), *SECRETS) == {}


async def test_no_hash_of_their_words_is_left_and_all_of_the_others(told):
    names = dict(await told.all("SELECT id, external_id FROM messages WHERE account = 'acme-x'"))
    await told.desk.erase("x:u4711k", actor="ann")
    kept = {row[0] for row in await told.all("SELECT id FROM messages WHERE hash <> ''")}
    assert {names.get(id) for id in kept} == {"20", "3", "4"}
    assert await told.all("SELECT 1 FROM revisions WHERE hash <> ''") == []
    emptied = "SELECT 1 FROM bodies WHERE (erased_at IS NULL) = (hash = '')"
    assert await told.all(emptied) == []


async def test_what_was_counted_stays_as_it_was(told):
    before = await told.counted()
    await told.desk.erase("x:u4711k", actor="ann")
    assert await told.counted() == before


async def test_the_words_of_others_stay(told):
    before = holding(await told.dump(), "(lee)")
    await told.desk.erase("x:u4711k", actor="ann")
    assert holding(await told.dump(), "(lee)") == before
    assert (await told.desk.inbox(InboxQuery(search="lee"))).rows
    assert not (await told.desk.inbox(InboxQuery(search="zanzibar"))).rows
    assert (await told.desk.conversation(told.case("20"))).customer.name == "Lee"


async def test_what_waited_for_them_never_leaves(told):
    await told.desk.erase("x:u4711k", actor="bob")
    states = await told.all("SELECT state, why FROM outbox ORDER BY number")
    assert states == [("sent", None), ("withdrawn", "erased"), ("withdrawn", "erased")]
    assert await told.all("SELECT state FROM drafts") == [("withdrawn",)]
    await told.passes(told.at(days=2))
    assert await told.all("SELECT count(*) FROM outbox WHERE attempts > 1") == [(0,)]
    [(id,)] = await told.all("SELECT id FROM outbox WHERE attempts = 1 AND state <> 'sent' LIMIT 1")
    with pytest.raises(Refused, match="has not failed"):
        await told.desk.retry(id, actor="ann")


async def test_the_log_tells_who_erased_and_how_much_and_no_names(told):
    await told.desk.erase("x:u4711k", actor="bob")
    [(actor, object, data)] = await told.all(
        "SELECT actor, object, data FROM events WHERE verb = 'erase'"
    )
    assert (actor, object) == ("bob", told.identity())
    assert '"messages": 4' in data


@pytest.mark.parametrize("seed", range(2))
async def test_told_again_in_any_order_nothing_comes_back(told, seed):
    await told.desk.erase("x:u4711k", actor="ann")
    left, counted = await told.dump(*MOVING), await told.counted()
    random, items = Random(seed), [(on, one) for on, batch in kims_story() for one in batch]
    random.shuffle(items)
    for on, item in items:
        told.plan(item, on=on)
    await told.passes()
    assert await told.dump(*MOVING) == left
    assert await told.counted() == counted
    assert holding(await told.dump(), *SECRETS) == {}


async def test_what_is_set_aside_again_stays_empty_and_is_counted(told):
    await told.desk.erase("x:u4711k", actor="ann")
    item = next(one for _, batch in kims_story() for one in batch if isinstance(one, Malformed))
    await told.hears(item)
    rows = await told.all("SELECT length(raw), why, times FROM rejected ORDER BY times")
    assert rows == [(33, "no time", 1), (0, "erased", 2)]


async def test_what_was_said_before_and_is_heard_first_after_is_a_fact_without_words(told):
    await told.desk.erase("x:u4711k", actor="ann")
    told.clock.advance_to(told.at(60))
    await told.hears(
        told.said("30", "This is broken, zanzibar", 18),
        told.ours("31", "30", 19, "Now, zanzibar"),
        told.ours("32", None, 19, "In private, zanzibar", to=KIM, **told.room("dm-2")),
        told.said("33", "Hers, too (lee)", 19, LEE, parent="30", addressed=False),
    )
    view = await told.desk.conversation(told.case("30"))
    assert (view.intent, view.customer.name, view.customer.user) == ("problem", None, None)
    assert [(m.text, m.erased) for m in view.messages] == [
        (None, True), (None, True), (None, True), ("Hers, too (lee)", False),
    ]  # fmt: skip
    assert holding(await told.dump(), *SECRETS) == {}


async def test_an_answer_is_hushed_once_it_is_known_whom_it_answers(told):
    await told.desk.erase("x:u4711k", actor="ann")
    told.clock.advance_to(told.at(60))
    await told.hears(told.ours("31", "30", 19, "For zanzibar, whoever that is"))
    assert holding(await told.dump(), "zanzibar")
    await told.hears(told.said("30", "It is broken, zanzibar", 18))
    assert holding(await told.dump(), "zanzibar") == {}


async def test_what_we_said_in_a_room_is_hushed_once_it_turns_out_to_be_theirs(told):
    await told.desk.erase("x:u4711k", actor="ann")
    told.clock.advance_to(told.at(60))
    room = told.room("dm-9")
    await told.hears(told.ours("31", None, 19, "For zanzibar, whoever that is", **room))
    assert holding(await told.dump(), "zanzibar")
    await told.hears(told.said("30", "It is broken, zanzibar", 18, **room))
    assert holding(await told.dump(), "zanzibar") == {}


async def test_an_edit_of_what_was_erased_is_noted_and_not_kept(told):
    await told.desk.erase("x:u4711k", actor="ann")
    told.clock.advance_to(told.at(60))
    await told.hears(Revised(told.said("1", "thanks zanzibar", 0), "1", told.at(50)))
    first, *_, hers = (await told.desk.conversation(told.case("1"))).messages[:3]
    assert (first.text, first.erased, first.revisions) == (None, True, 2)
    assert first.labels["intent"].primary == "praise"
    assert hers.labels["urgency"].primary == "high"  # what was read below it is not read anew
    assert holding(await told.dump(), *SECRETS) == {}


async def test_what_is_removed_after_it_was_erased_is_removed(told):
    await told.desk.erase("x:u4711k", actor="ann")
    assert await told.all("SELECT 1 FROM messages WHERE removed_at IS NOT NULL") == []
    await told.hears(Removed("1", told.at(20), "author"))
    first = (await told.desk.conversation(told.case("1"))).messages[0]
    assert (first.removed_at, first.erased) == (told.at(20), True)
    stone = "SELECT why FROM tombstones WHERE object = :id"
    assert await told.all(stone, id=told.message("1")) == [("purged",)]


async def test_what_was_removed_before_is_erased_and_stays_removed(told):
    await told.hears(Removed("1", told.at(16), "author"))
    before = await told.counted()
    await told.desk.erase("x:u4711k", actor="ann")
    assert await told.counted() == before
    stone = 'SELECT at, "by", why FROM tombstones WHERE object = :id'
    [(at, by, why)] = await told.all(stone, id=told.message("1"))
    assert (at, by, why) == (int(told.at(16).timestamp() * 1e6), "author", "purged")


async def test_nothing_can_be_said_to_whoever_was_erased(told):
    await told.desk.erase("x:u4711k", actor="ann")
    [(room,)] = await told.all("SELECT id FROM threads WHERE visibility = 'private'")
    with pytest.raises(Refused, match="this customer was erased") as refused:
        await told.desk.reply(room, "Hello?", actor="ann")
    assert refused.value.reason is Refusal.ERASED


async def test_whoever_writes_again_is_known_anew_by_what_they_show_then(told):
    await told.desk.erase("x:u4711k", actor="ann")
    again = KIM.model_copy(update={"name": "Kay", "handle": "@kay"})
    await told.hears(told.said("40", "It is broken again (new)", 100, again))
    view = await told.desk.conversation(told.case("40"))
    assert (view.customer.user, view.customer.name) == ("u4711k", "Kay")
    assert view.messages[-1].text == "It is broken again (new)"
    await told.hears(told.said("1", "It is broken, says zanzibar", 0), at=told.at(110))
    await told.hears(told.said("41", "And another from before, zanzibar", 17), at=told.at(110))
    assert (await told.desk.conversation(told.case("40"))).customer.name == "Kay"
    assert {*holding(await told.dump(), *SECRETS)} == {"identities"}
    order = await told.desk.reply(told.case("40"), "Welcome back", actor="ann")
    assert order.to.user == "u4711k"


async def test_whoever_wrote_again_can_be_erased_again(told):
    await told.desk.erase("x:u4711k", actor="ann")
    await told.hears(told.said("40", "zanzibar is back", 100))
    done = await told.desk.erase("x:u4711k", actor="ann")
    assert (done.messages, done.answers, done.names) == (1, 0, 1)
    await told.hears(told.said("40", "zanzibar is back", 100))
    assert holding(await told.dump(), *SECRETS) == {}


async def test_a_second_time_there_is_nothing_left_to_erase(told):
    await told.desk.erase("x:u4711k", actor="ann")
    done = await told.desk.erase(told.case("1"), actor="ann")
    counts = done.model_dump(exclude={"erased", "object", "identities"})
    assert set(counts.values()) == {0}


async def test_who_was_linked_once_and_is_no_more_stays(told):
    await told.desk.unlink("x:u4711k", "page:k-on-page", actor="ann")
    done = await told.desk.erase("x:u4711k", actor="ann")
    assert len(done.identities) == 1
    left = holding(await told.dump(), *SECRETS)
    assert "k-on-page" in str(left["identities"])
    assert "person_links" not in left


async def test_reach_that_came_from_their_followers_stays(told):
    reach = "SELECT reach, rank_at FROM states WHERE conversation = :id"
    await told.hears(Observed("1", told.at(20), reach=100))
    before = await told.all(reach, id=told.case("1"))
    assert before[0][0] == 9000
    await told.desk.erase("x:u4711k", actor="ann")
    await told.hears(Observed("1", told.at(21), reach=90))
    assert await told.all(reach, id=told.case("1")) == before


async def test_an_erasure_waits_for_what_is_on_its_way(told):
    told.errors.append(Transient("the line was cut", sent=True))
    await told.desk.reply(told.case("1", "page"), "Unsure, zanzibar", actor="ann", also=True)
    await told.passes()
    before = await told.dump()
    seen = await told.desk.erase("x:u4711k", actor="ann", dry_run=True)
    assert seen.leaving == 1
    with pytest.raises(Refused, match="1 on the way to them: wait until `careline outbox`"):
        await told.desk.erase("x:u4711k", actor="ann")
    assert await told.dump() == before


async def test_what_cannot_be_erased_is_refused(told):
    before = await told.dump()
    for what, actor, error, why in (
        ("x:nobody", "ann", NotFound, "there is no customer 'x:nobody'"),
        ("x:", "ann", NotFound, "there is no customer 'x:'"),
        ("c0123456", "ann", NotFound, "there is no conversation c0123456"),
        ("m0123456", "ann", NotFound, "there is no message 'm0123456'"),
        ("x:u-acme", "ann", Refused, "that is an account of ours"),
        ("x:u4711k", "eve", NotAllowed, "'eve' may not erase"),
    ):
        with pytest.raises(error, match=why):
            await told.desk.erase(what, actor=actor)
    assert await told.dump() == before
