"""What is old enough is forgotten by itself, every day, as if somebody had erased it."""

import json

import pytest

from careline.errors import Refused
from careline.plugin import Author, Malformed, Refusal, Rejected

from .conftest import KIM, LEE, SECRETS, holding, kims_story

YEAR = {"words": "365d", "raw": "30d"}


@pytest.fixture
async def kept(told):
    """Return Kim's story in a desk that keeps words for a year, and raw items for a month."""
    await told.open(retention=YEAR)
    await told.passes(told.at(days=1.5))  # what could not leave for a day never does
    return told


async def lines(place):
    rows = await place.all("SELECT object, data FROM events WHERE verb = 'retain' ORDER BY id")
    return [(object, json.loads(data)) for object, data in rows]


async def test_without_the_table_nothing_is_ever_forgotten(told):
    before = await told.dump("events", "cursors")
    await told.passes(told.at(days=3000))
    assert (
        holding(await told.dump("events"), "zanzibar").keys() == holding(before, "zanzibar").keys()
    )
    assert await lines(told) == []


async def test_raw_goes_first_and_words_and_names_after_a_year(kept):
    counted = await kept.counted()
    await kept.passes(kept.at(days=29))
    assert await lines(kept) == []
    await kept.passes(kept.at(days=31))
    assert await lines(kept) == [("retention", {"rejected": 2})]
    assert "rejected" not in holding(await kept.dump(), "zanzibar", "(lee)")
    await kept.passes(kept.at(days=364))
    assert len(await lines(kept)) == 1
    await kept.passes(kept.at(days=368))
    assert (await lines(kept))[1] == (
        "retention",
        {"messages": 12, "notes": 1, "drafts": 1, "outbox": 3, "identities": 3},
    )
    assert holding(await kept.dump(), *SECRETS, "(lee)") == {}
    assert (await kept.counted())[0] == counted[0]


async def test_told_again_nothing_comes_back(kept):
    await kept.passes(kept.at(days=368))
    left, counted = await kept.dump("events", "cursors", "rejected"), await kept.counted()
    for on, batch in kims_story():
        kept.plan(*batch, on=on)
    await kept.passes()
    assert await kept.dump("events", "cursors", "rejected") == left
    assert await kept.counted() == counted
    assert holding(await kept.dump(), *SECRETS) == {}


async def test_what_failed_can_be_tried_again_no_more_without_its_words(kept):
    states = "SELECT state, why FROM outbox ORDER BY number"
    assert [state for state, _ in await kept.all(states)] == ["sent", "dead", "dead"]
    await kept.passes(kept.at(days=368))
    gone = ("withdrawn", "erased")
    assert await kept.all(states) == [("sent", None), gone, gone]
    [(id,)] = await kept.all("SELECT id FROM outbox WHERE number = 2")
    with pytest.raises(Refused, match="has not failed"):
        await kept.desk.retry(id, actor="ann")


async def test_young_words_stay_and_so_do_the_names_of_who_says_them(kept):
    await kept.hears(kept.said("60", "It is broken again (new)", 60 * 24 * 300, KIM))
    await kept.hears(kept.ours("61", "60", 60 * 24 * 301, "We look again (new)"))
    await kept.passes(kept.at(days=370))
    view = await kept.desk.conversation(kept.case("60"))
    assert (view.customer.name, [m.text for m in view.messages]) == (
        "Kimberly Zed", ["It is broken again (new)", "We look again (new)"],
    )  # fmt: skip
    old = await kept.desk.conversation(kept.case("1"))
    assert {m.text for m in old.messages} == {None}
    names = "SELECT DISTINCT name FROM identities WHERE name IS NOT NULL ORDER BY name"
    assert await kept.all(names) == [("Acme",), ("Kimberly Zed",)]


async def test_whoever_fell_silent_is_known_anew_when_they_write_again(kept):
    await kept.passes(kept.at(days=366))
    await kept.hears(kept.said("60", "It is broken again (new)", 60 * 24 * 367, LEE))
    view = await kept.desk.conversation(kept.case("60"))
    assert (view.customer.user, view.customer.name) == ("u-lee", "Lee")
    assert (await kept.desk.reply(kept.case("60"), "Hello again", actor="ann")).to.user == "u-lee"


async def test_it_looks_once_at_the_start_and_then_daily(kept):
    assert await forgotten_after(kept, days=366) == 12
    await kept.hears(kept.said("60", "Old news", 0, Author(id="u-max")))
    await kept.passes(kept.at(days=366, hours=23))
    assert await worded(kept) == 1
    await kept.passes(kept.at(days=367, hours=1))
    assert await worded(kept) == 0


async def forgotten_after(place, days):
    before = await worded(place)
    await place.passes(place.at(days=days))
    return before - await worded(place)


async def worded(place):
    select = "SELECT count(*) FROM messages m JOIN bodies b ON b.owner = m.id"
    return (await place.all(f"{select} AND b.revised_at = 0 AND b.text IS NOT NULL"))[0][0]


async def test_a_pass_over_many_goes_in_slices(place, monkeypatch):
    monkeypatch.setattr("careline.store.ageing.ROWS", 7)
    monkeypatch.setattr("careline.store.ageing.PEOPLE", 3)
    people = [LEE.model_copy(update={"id": f"u{n}", "name": f"Name {n}"}) for n in range(10)]
    said = [place.said(str(n), f"Words {n}", n, people[n % 10]) for n in range(50)]
    await place.hears(*said, *(Malformed(b"raw %d" % n, "no", f"a:{n}") for n in range(20)))
    await place.open(retention=YEAR)
    await place.passes(place.at(days=400))
    assert await worded(place) == 0
    [(_, gone)] = await lines(place)
    assert gone == {"messages": 50, "identities": 10, "rejected": 20}


async def test_a_pass_that_was_cut_off_is_made_good_by_the_next(kept, monkeypatch):
    monkeypatch.setattr("careline.store.ageing.ROWS", 3)
    kept.clock.advance_to(kept.at(days=366))
    retain = kept.desk._handlers["retain"]
    await retain.run("retain")
    assert 0 < await worded(kept) < 12
    await kept.open(retention=YEAR)
    await kept.passes()
    assert await worded(kept) == 0


async def test_what_waits_behind_a_dead_step_goes_by_its_age_and_is_withdrawn(place):
    await place.open(retention=YEAR)
    await place.hears(place.said("1", "It is broken", 10))
    place.errors.append(Rejected(Refusal.INVALID, "no"))
    said = "In public, zanzibar", "In private, zanzibar"
    await place.desk.take_private(place.case("1"), *said, actor="ann")
    await place.passes(place.at(11))
    states = "SELECT state, why FROM outbox ORDER BY number"
    assert [state for state, _ in await place.all(states)] == ["dead", "queued"]
    for days in (366, 368):
        await place.passes(place.at(days=days))
        assert await place.all(states) == [("withdrawn", "erased")] * 2
    assert holding(await place.dump(), "zanzibar") == {}
    assert [gone.get("outbox") for _, gone in await lines(place)] == [2]


async def test_old_reasons_go_and_the_last_one_stays_while_it_is_young(place):
    await place.open(retention=YEAR)
    await place.hears(place.said("1", "It is broken", 10))
    await place.desk.ignore(place.case("1"), "an old reason", actor="ann")
    await place.passes(place.at(days=200))
    await place.desk.ignore(place.case("1"), "a young reason", actor="bob")
    await place.passes(place.at(days=367))
    view = await place.desk.conversation(place.case("1"))
    assert [act.value for act in view.acts] == [{}, {"reason": "a young reason"}]
    assert (view.status, view.reason) == ("ignored", "a young reason")
    await place.passes(place.at(days=567))
    assert (await place.desk.conversation(place.case("1"))).reason is None
    assert holding(await place.dump(), "old reason", "young reason") == {}
