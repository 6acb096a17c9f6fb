"""What staff and platforms said around a person goes with the person's own words."""

import json

import pytest

from careline.contract.items import Batch
from careline.ids import content_hash
from careline.plugin import Delivered, Malformed, Refusal, Rejected

from .conftest import KIM, holding


async def broken(place):
    """Have Kim say that something is broken."""
    await place.hears(place.said("1", "It is broken", 10))


async def answered(place):
    """Answer Kim; return the platform's id of the answer."""
    await broken(place)
    await place.desk.reply(place.case("1"), "Your code is 1234", actor="ann")
    await place.passes(place.at(11))
    [(id,)] = await place.all("SELECT external_id FROM messages WHERE direction = 'out'")
    return id


async def test_what_a_platform_said_of_a_receipt_that_was_withdrawn_goes(place):
    await place.open(channels={"acme-x": {"kind": "x", "receipt": "We have it."}})
    await place.passes()
    place.errors.append(Rejected(Refusal.RECIPIENT_REFUSES, "@kimhandle takes nothing"))
    await broken(place)
    await place.passes(place.at(11))
    withdrawn = "SELECT state, reason FROM outbox"
    assert await place.all(withdrawn) == [("withdrawn", "recipient_refuses")]
    assert "outbox" in holding(await place.dump(), "kimhandle takes")
    await place.desk.erase("x:u4711k", actor="ann")
    assert await place.all(withdrawn) == [("withdrawn", "recipient_refuses")]
    assert holding(await place.dump(), "kimhandle") == {}


@pytest.mark.parametrize("what", ["person", "message"])
async def test_why_an_erased_answer_did_not_arrive_is_not_kept_and_that_it_did_not_is(place, what):
    id = await answered(place)
    said = "x:u4711k" if what == "person" else place.message(id)
    await place.desk.erase(said, actor="ann")
    failed = Delivered(id, place.at(20), "failed", "@kimhandle, the rude one, blocked you")
    await place.hears(failed, at=place.at(20))
    assert await place.all("SELECT state, why FROM deliveries") == [("failed", None)]
    assert holding(await place.dump(), "the rude one") == {}


async def test_why_another_answer_did_not_arrive_is_kept(place):
    id = await answered(place)
    await place.hears(Delivered(id, place.at(20), "failed", "blocked"), at=place.at(20))
    assert await place.all("SELECT state, why FROM deliveries") == [("failed", "blocked")]


async def test_the_reason_for_which_they_were_ignored_goes_and_that_they_were_stays(place):
    await broken(place)
    await place.desk.ignore(place.case("1"), "Kimberly is rude", actor="ann")
    report = await place.desk.report(place.at(-9), place.at(days=9))
    before = await place.desk.conversation(place.case("1"))
    assert before.reason == "Kimberly is rude"
    await place.desk.erase("x:u4711k", actor="bob")
    assert holding(await place.dump(), "kimberly", "rude") == {}
    after = await place.desk.conversation(place.case("1"))
    assert (after.status, after.reason) == ("ignored", None)
    assert [(act.kind, act.actor, act.at) for act in after.acts] == [
        (act.kind, act.actor, act.at) for act in before.acts
    ]
    assert after.deadlines == before.deadlines
    assert await place.desk.report(place.at(-9), place.at(days=9)) == report


async def test_an_emptied_reason_stays_so_when_the_case_is_folded_again(place):
    await broken(place)
    await place.desk.ignore(place.case("1"), "Kimberly is rude", actor="ann")
    await place.desk.erase("x:u4711k", actor="bob")
    states = "SELECT conversation, state FROM states"
    kept = await place.all(states)
    await place.hears(place.said("0", "It is broken, I said", 9), at=place.at(12))  # an earlier one
    assert len(await place.all(states)) == 2
    assert set(kept) < set(await place.all(states))
    assert holding(await place.dump(), "rude") == {}


async def test_the_reason_for_which_another_was_ignored_stays(place):
    await broken(place)
    await place.hears(place.said("2", "Is it open?", 11, KIM.model_copy(update={"id": "u-max"})))
    await place.desk.ignore(place.case("2"), "a test of ours", actor="ann")
    await place.desk.erase("x:u4711k", actor="ann")
    assert (await place.desk.conversation(place.case("2"))).reason == "a test of ours"


async def test_the_log_names_the_act_and_not_what_staff_typed(place):
    await broken(place)
    await place.desk.assign(place.case("1"), "bob", actor="ann")
    await place.desk.snooze(place.case("1"), place.at(60), actor="ann")
    await place.desk.ignore(place.case("1"), "Kimberly is rude", actor="ann")
    kinds = "('assign', 'snooze', 'ignore')"
    lines = await place.all(f"SELECT verb, data FROM events WHERE verb IN {kinds} ORDER BY id")
    told = {verb: json.loads(data) for verb, data in lines}
    acts = dict(await place.all("SELECT kind, id FROM acts"))
    assert {verb: one.pop("act") for verb, one in told.items()} == acts
    assert {one.pop("message") for one in told.values()} == {place.message("1")}
    until = int(place.at(60).timestamp() * 1_000_000)
    assert told == {"assign": {"agent": "bob"}, "snooze": {"until": until}, "ignore": {}}


async def test_no_hash_of_what_we_said_is_left(place):
    words = "Your code is 1234", "Ask for ID", "By telephone", "Or 1235"
    await answered(place)
    case = place.case("1")
    await place.desk.note(case, words[1], actor="ann")
    await place.desk.done(case, words[2], actor="ann")
    await place.desk.reply(case, words[3], actor="ann", also=True)
    hashes = [content_hash(said) for said in words]
    assert "events" not in holding(await place.dump(), *hashes)
    await place.passes(place.at(13))
    await place.desk.erase("x:u4711k", actor="ann")
    assert holding(await place.dump(), *hashes) == {}


async def test_what_was_pushed_and_set_aside_stays_empty_under_whatever_name_it_comes(place):
    await broken(place)
    account, raw = place.desk.accounts["acme-x"], b'{"who": "u4711k", "text": "zanzibar"}'

    async def pushed(name):
        batch = Batch((Malformed(raw, "no time", name),), None)
        await place.desk.hearing.take(account, "webhook", "webhook", batch)

    await pushed("w1:0")
    await place.desk.erase("x:u4711k", actor="ann")
    await pushed("w2:3")
    assert await place.all("SELECT length(raw), times FROM rejected") == [(0, 2)]
    assert holding(await place.dump(), "zanzibar") == {}


async def test_what_is_polled_is_set_aside_by_its_place(place):
    await place.hears(*(Malformed(b"no", "no time", f"a:{line}") for line in (1, 2)))
    assert await place.all("SELECT place, times FROM rejected ORDER BY place") == [
        ("a:1", 1), ("a:2", 1),
    ]  # fmt: skip
