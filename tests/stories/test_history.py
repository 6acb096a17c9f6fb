"""A month of history comes in at once, and nobody is woken for it."""

from datetime import timedelta

import pytest

DAY = 24 * 60


def month(story):
    """Yield 30 days of one customer a day; we answered two of three within ten minutes."""
    for day in range(30):
        posted = (day - 30) * DAY
        yield story.said(f"{day}", "It is broken", posted, f"c{day}")
        if day % 3:
            yield story.ours(f"a{day}", f"{day}", posted + 10)


@pytest.fixture
async def imported(closed):
    await closed.open(channels={name: {"kind": "x"} for name in ("acme-x", "acme-help")})
    said = list(month(closed))
    for part in (said[:20], said[20:40], said[40:]):
        closed.plan(*part)
    await closed.passes(closed.at(0))
    return closed


async def test_a_month_of_history_sets_off_no_alert_but_is_all_there(imported):
    await imported.passes(imported.at(3 * DAY))
    assert await imported.fired() == []
    assert (await imported.events("missed"), await imported.events("warned")) == ([], [])
    total = (await imported.report()).total
    assert (total.conversations, total.answered, total.within["30m"]) == (30, 20, 0.666667)
    assert total.deadlines["first_reply"] == {"kept": 20, "missed": 10, "open": 0, "void": 0}
    waiting = await imported.inbox()
    assert len(waiting) == 10
    assert all(row.overdue for row in waiting)


async def test_one_summary_for_each_account_says_what_was_found(imported):
    said = await imported.events("caught_up")
    assert dict(said) == {
        "acme-x": {"conversations": 30, "waiting": 10, "overdue": 10},
        "acme-help": {"conversations": 0, "waiting": 0, "overdue": 0},
    }
    await imported.hears(imported.said("x", minutes=5))
    await imported.open()
    await imported.hears(imported.said("y", minutes=6))
    assert await imported.events("caught_up") == said


async def test_what_comes_after_the_first_catch_up_is_alerted_on(imported):
    await imported.hears(imported.said("x", minutes=5, by="lee"))
    await imported.passes(imported.at(2 * DAY))
    assert await imported.fired() == ["first_reply missed"]
    assert await imported.events("missed") != []


async def test_who_waits_since_long_ago_is_alerted_on_when_they_write_again(imported):
    await imported.hears(imported.reply("x", "27", "Hello? It is broken!", 5, "c27"))
    await imported.passes(imported.at(DAY))
    assert await imported.fired() == ["first_reply missed"]


async def test_what_was_said_a_day_before_we_could_hear_it_is_too_late_for_alerts(story):
    away = story.at(3 * DAY)
    old, fresh = story.said("1", minutes=DAY), story.said("2", minutes=3 * DAY - 20, by="lee")
    await story.hears(old, fresh, at=away)
    await story.passes(away + timedelta(hours=1))
    assert [m.live for n in "12" for m in (await story.case(n)).messages] == [False, True]
    assert await story.fired() == ["first_reply missed"]


async def test_what_was_said_before_since_is_left_out_and_counted(closed):
    since = {"kind": "x", "since": closed.at(-10 * DAY).isoformat()}
    await closed.open(channels={"acme-x": since})
    closed.plan(*month(closed))
    ran = await closed.passes(closed.at(0))
    assert ran.heard["acme-x"].before_since == 20 + 13
    assert (await closed.report()).total.conversations == 10
