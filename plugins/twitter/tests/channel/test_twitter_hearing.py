"""Polling: what is heard once, what comes late, what is gone, what the budget stops."""

from datetime import timedelta

import pytest

from careline.plugin import AuthFailed, Removed, Revised, Transient
from careline.testing.clock import START

pytestmark = pytest.mark.anyio


async def test_mentions_are_heard_once_whatever_the_number_of_pages(x, hand, clock):
    acme = await hand()
    for n in range(250):
        x.post("kim", f"@acme word {n}", at=START - timedelta(minutes=300 - n))
    assert sorted(await acme.texts("mentions")) == sorted(f"@acme word {n}" for n in range(250))
    assert await acme.items("mentions") == []
    x.post("kim", "@acme one more")
    assert await acme.texts("mentions") == ["@acme one more"]


async def test_what_x_shows_late_is_heard_all_the_same(x, hand, clock):
    acme = await hand()
    x.post("kim", "@acme late", lag=40)
    clock.advance(10)
    x.post("robin", "@acme early")
    assert await acme.texts("mentions") == ["@acme early"]
    clock.advance(100)
    assert await acme.texts("mentions") == ["@acme late"]
    clock.advance(100)
    before = x.spend.total
    await acme.items("mentions")
    assert await acme.items("mentions") == []
    assert x.spend.total == before  # what is idle costs nothing


async def test_the_mark_moves_only_when_all_pages_are_stored(x, hand):
    acme = await hand()
    for n in range(150):
        x.post("kim", f"@acme word {n}", at=START - timedelta(minutes=300 - n))
    first = await acme.page("mentions")
    assert first.more
    assert "since" not in first.cursor
    x.post("kim", "@acme in between")
    rest = await acme.page("mentions")
    assert not rest.more
    assert len(first.items) + len(rest.items) >= 150
    assert await acme.texts("mentions") == ["@acme in between"]


@pytest.mark.parametrize(
    "how", ["duplicates", "shuffled", "same-token", "empty-page", "nulls", "unknown", "errors"]
)
async def test_a_faulty_page_loses_nothing_and_ends(x, hand, how):
    acme = await hand()
    for n in range(230):
        x.post("kim", f"@acme word {n}", at=START - timedelta(minutes=300 - n))
    x.fail(how, times=1)
    heard = set(await acme.texts("mentions"))
    if how != "same-token":
        assert len(heard) == 230
    else:
        assert len(heard) >= 200  # the guard ends it; X had said that there was no more


async def test_more_mentions_than_the_timeline_shows_are_found_by_search(x, hand, clock):
    acme = await hand()
    x.post("kim", "@acme first")
    clock.advance(120)
    await acme.items("mentions")
    for n in range(1000):
        x.post("kim", f"@acme word {n}")
    clock.advance(120)
    assert len(set(await acme.texts("mentions"))) == 1000
    assert await acme.items("mentions") == []


async def test_a_mark_that_is_too_old_begins_anew_with_a_time(x, hand, clock):
    acme = await hand()
    x.post("robin", "my acme anvil broke")
    assert await acme.texts("search-1") == ["my acme anvil broke"]
    clock.advance(120)
    await acme.items("search-1")
    clock.advance(8 * 86_400)
    x.post("robin", "another acme anvil")
    assert await acme.items("search-1") == []  # X refuses the mark
    assert "start" in acme.cursors["search-1"]
    clock.advance(30)
    assert await acme.texts("search-1") == ["another acme anvil"]


async def test_direct_messages_are_read_up_to_one_that_is_known(x, hand, clock):
    acme = await hand()
    for n in range(130):
        x.dm("kim", f"line {n}", at=START - timedelta(hours=5) + timedelta(minutes=n))
    assert len(await acme.texts("direct")) == 130
    clock.advance(120)
    assert await acme.items("direct") == []
    for n in range(15):
        x.dm("kim", f"new {n}")
    assert sorted(await acme.texts("direct")) == sorted(f"new {n}" for n in range(15))


async def test_what_was_deleted_is_found_out_and_an_edit_is_a_revision(x, hand, clock):
    acme = await hand()
    x.user("kim", premium=True)
    gone, kept = x.post("kim", "@acme bah"), x.post("kim", "@acme helo")
    await acme.items("mentions")
    x.delete(gone)
    x.edit(kept, "@acme hello")
    clock.advance(3601)
    found = await acme.items("mentions")
    assert [one.external_id for one in found if isinstance(one, Removed)] == [gone.id]
    assert [one.of for one in found if isinstance(one, Revised)] == [kept.id]
    assert not [one for one in await acme.items("mentions") if isinstance(one, Removed)]


async def test_a_look_that_the_budget_does_not_allow_keeps_nobody_waiting(x, hand, clock):
    acme = await hand(budget={"day": "0.60"})
    for n in range(60):
        x.post("kim", f"@acme word {n}", at=START - timedelta(minutes=n))
    assert len(await acme.texts("mentions")) == 60
    clock.advance(3601)
    x.post("kim", "@acme one more")
    assert await acme.texts("mentions") == ["@acme one more"]


async def spends_all(acme, x):
    while True:
        await acme.items("mentions")
        x.post("kim", f"@acme word {len(x.requests)}")


async def test_a_limit_that_is_used_up_says_when_to_ask_again(x, hand):
    acme = await hand()
    x.leave(1, "GET /2/users/{id}/mentions", x.us)
    assert (await acme.page("mentions")).again_at == START + timedelta(minutes=15)
    assert (await acme.page("search-1")).again_at is None


async def test_a_spent_budget_waits_for_the_next_day_and_says_so(x, hand):
    acme = await hand(budget={"day": "0.05"})
    for n in range(30):
        x.post("kim", f"@acme word {n}", at=START - timedelta(minutes=n))
    with pytest.raises(Transient, match="budget exhausted") as error:
        await spends_all(acme, x)
    assert error.value.retry_after == 15 * 3600
    assert x.spend.total <= 0.05


@pytest.mark.parametrize(
    ("how", "error"), [("401", AuthFailed), ("429", Transient), ("503", Transient)]
)
async def test_a_failure_is_told_as_what_it_is(x, hand, how, error):
    acme = await hand()
    x.fail(how)
    with pytest.raises(error):
        await acme.page("mentions")
