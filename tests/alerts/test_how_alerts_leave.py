"""How alerts leave: together, once, late or not at all; and what a notifier's trouble does."""

from datetime import timedelta

import anyio
import pytest

from careline.engine.health import Health
from careline.plugin import (
    AuthFailed,
    Notifier,
    PluginConfig,
    Refusal,
    Rejected,
    Removed,
    Revised,
    Transient,
)
from careline.store.times import to_micros

NEW, MISSED = {"on": "new"}, {"on": "missed"}
HOUR = 60
BUSY = "the line is busy"


def busy(times=1):
    return [Transient(BUSY)] * times


async def down(story, *said, minutes=0):
    """Have the desk hear while the pager cannot be reached."""
    story.fails(*busy())
    story.plan(*said)
    await story.runs(story.at(minutes))
    assert story.told() == []


async def test_two_hundred_that_are_missed_at_once_are_one_notification_that_counts_them(opened):
    story = await opened(MISSED)
    words = [story.said(f"{n}", minutes=n / 100, by=f"c{n}") for n in range(200)]
    await story.hears(*words)
    await story.passes(story.at(2 * HOUR))
    [alert] = story.told()
    assert (alert.count, alert.conversation_id, alert.due_at) == (200, None, story.at(HOUR))
    assert alert.title == "200 promises on acme-x were missed, the first due 10:00 UTC"
    lines = alert.body.splitlines()
    assert len(lines) == 21
    assert lines[0] == "C0 @c0: problem, the first reply was due 10:00 UTC: It is broken"
    assert lines[-1] == "and 180 more"
    assert [state for state, _ in await story.states()] == ["sent"] * 200
    assert await story.kept() == 200


async def test_only_what_is_of_one_reason_brand_and_account_leaves_together(closed):
    brands = {name: {"name": name} for name in ("acme", "beta")}
    of = {"acme-x": "acme", "acme-help": "acme", "beta-x": "beta"}
    channels = {name: {"kind": "x", "brand": brand} for name, brand in of.items()}
    await closed.open(
        brands=brands, channels=channels, alerts=[{"on": ["new", "missed"], "to": "care"}]
    )
    await closed.passes(closed.start)
    for name in of:
        closed.plan(*[closed.said(f"{name}{n}", by=f"{name}{n}") for n in range(2)], on=name)
    await closed.passes(closed.at(0))
    await closed.passes(closed.at(HOUR))
    told = [(one.reason.value, one.brand, one.account, one.count) for one in closed.told()]
    pairs = [(brand, name, 2) for name, brand in of.items()]
    assert sorted(told) == sorted((why, *pair) for why in ("new", "missed") for pair in pairs)


async def test_what_is_tried_again_is_the_same_group_under_the_same_id(opened):
    story = await opened(NEW)
    await down(story, *[story.said(f"{n}", by=f"c{n}") for n in range(3)])
    story.fails(*busy())
    story.plan(story.said("9", minutes=10, by="late"))
    await story.runs(story.at(10))
    await story.runs(story.at(30))
    ids = [id for _, id in story.pagers.tried]
    assert sorted((alert.count, alert.id) for alert in story.told()) == sorted(
        [(3, ids[0]), (1, next(id for id in ids if id != ids[0]))]
    )
    assert ids.count(ids[0]) >= 2
    assert all(row.parcel == ids[0] for row in (await story.rows())[:3])


async def test_more_than_a_thousand_leave_in_parcels_and_none_is_left_behind(opened):
    story = await opened(NEW)
    await story.hears(*[story.said(f"{n}", by=f"c{n}") for n in range(1100)])
    assert [alert.count for alert in story.told()] == [1000, 100]


def planned(*said):
    return lambda story: story.plan(*(one(story) for one in said))


HAPPENS = {
    "it was answered": planned(lambda s: s.ours("2", "1", 5)),
    "it was removed": planned(lambda s: Removed("1", s.at(5))),
    "its words were erased": planned(lambda s: Removed("1", s.at(5), purge=True)),
    "it is resolved": lambda s: s.desk.resolve(s.id("1"), actor="ann"),
    "it is ignored": lambda s: s.desk.ignore(s.id("1"), "no case", actor="ann"),
}


@pytest.mark.parametrize("why", HAPPENS)
async def test_news_that_is_overtaken_before_anybody_was_told_is_withdrawn(opened, why):
    story = await opened(NEW)
    await down(story, story.said("1"))
    done = HAPPENS[why](story)
    if done is not None:
        await done
    story.fails(*busy())
    await story.runs(story.at(9))
    await story.runs(story.at(30))
    assert story.told() == []
    assert await story.states() == [("withdrawn", why)]
    assert await story.closed() == [why]


@pytest.mark.parametrize(("on", "minutes"), [("warned", 30), ("missed", 60)])
async def test_a_promise_that_was_met_before_anybody_was_told_is_withdrawn(opened, on, minutes):
    story = await opened({"on": on})
    await story.hears(story.said("1"))
    await down(story, minutes=minutes)
    story.fails(*busy())
    story.plan(story.ours("2", "1", minutes + 1))
    await story.runs(story.at(minutes + 9))
    await story.runs(story.at(minutes + 25))
    assert (story.told(), await story.states()) == ([], [("withdrawn", "the promise was met")])


async def test_of_two_warnings_of_one_promise_that_wait_only_the_later_one_is_told(opened):
    story = await opened({"on": "warned"})
    await story.hears(story.said("1"))
    story.desk.supervisor.disable("notifier care", "it is serviced")
    for minutes in (30, 48):
        await story.runs(story.at(minutes))
    story.desk.supervisor.reset("notifier care")
    await story.passes(story.at(48))
    assert [alert.count for alert in story.told()] == [1]
    assert await story.states() == [("withdrawn", "a later one says the same"), ("sent", None)]


async def test_of_a_group_only_what_still_is_news_is_told(opened):
    story = await opened(NEW)
    await down(story, *[story.said(f"{n}", by=f"c{n}") for n in range(3)])
    story.fails(*busy())
    story.plan(story.ours("8", "0", 5), story.ours("9", "2", 5))
    await story.runs(story.at(9))
    await story.passes(story.at(30))
    [alert] = story.told()
    assert (alert.count, alert.conversation_id) == (1, story.id("1"))
    assert alert.id == story.pagers.tried[0][1]


async def test_one_that_is_refused_ends_with_its_reason_and_holds_up_no_other(opened, caplog):
    story = await opened({**NEW, "when": {"intent": "problem"}}, NEW)
    story.fails(Rejected(Refusal.TOO_LONG, "an SMS has 160 characters"))
    story.plan(story.said("1"))
    ran = await story.runs()
    await story.hears(story.said("2", "Where is it?", 5, by="lee"))
    assert ran.fine
    assert [alert.body for alert in story.told()] == ["Where is it?"]
    [dead, sent] = await story.rows()
    assert (dead.state, dead.reason, dead.why) == ("dead", "too_long", "an SMS has 160 characters")
    assert sent.state == "sent"
    assert "a notifier refuses an alert" in caplog.text
    assert await story.kept() == 2  # nobody is told that somebody was not told


async def test_one_at_which_the_notifier_fails_each_time_does_not_starve_the_others(closed):
    closed.strict = False
    await closed.open(alerts=[{**NEW, "to": "care"}])
    await closed.passes(closed.start)
    closed.pagers.poison.add("poison")
    closed.plan(closed.said("1", "broken by poison"))
    await closed.runs()
    for minute in range(1, 13):
        closed.plan(closed.said(f"n{minute}", "broken", minute, by=f"c{minute}"))
        await closed.runs(closed.at(minute))
    await closed.runs(closed.at(40))
    assert sum(alert.count for alert in closed.told()) == 12
    [poisoned] = [row for row in await closed.rows() if row.state == "queued"]
    assert poisoned.attempts > 2


async def test_a_notifier_that_lost_its_credential_stops_and_its_alerts_wait(opened, caplog):
    story = await opened({**NEW, "to": ["care", "boss"]})
    story.fails(AuthFailed("the key was revoked"))
    story.plan(story.said("1"))
    ran = await story.runs()
    [health] = [one for one in ran.health if one.account == "notifier care"]
    assert (health.state, health.reason) == (Health.NEEDS_ATTENTION, "the key was revoked")
    assert "account needs a person" in caplog.text
    assert len(story.told("boss")) == 1
    await story.runs(story.at(HOUR))
    assert len(story.pagers.tried) == 2
    assert await story.states() == [("queued", "the key was revoked")]
    story.desk.supervisor.reset("notifier care")
    await story.passes(story.at(HOUR))
    assert len(story.told()) == 1


async def hangs(alert):
    await anyio.sleep_forever()


async def gives_nothing(alert):
    return None


async def raises(alert):
    raise RuntimeError("a bug in this pager")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(raises, "a bug in this pager"), (hangs, "it did not answer within 0.1 s"), (busy()[0], BUSY)],
)
async def test_a_notifier_that_raises_or_hangs_is_contained_and_asked_again(
    closed, failure, reason
):
    closed.strict = False
    await closed.open(alerts=[{"on": "new", "to": ["care", "boss"]}])
    await closed.passes(closed.start)
    closed.desk.notifying.patience = 0.1
    closed.fails(failure)
    closed.plan(closed.said("1"))
    ran = await closed.runs()
    states = {one.account: (one.state, one.reason) for one in ran.health}
    assert states["notifier care"] == (Health.RETRYING, reason)
    assert states["acme-x"] == states["notifier boss"] == (Health.OK, "")
    assert len(closed.told("boss")) == 1
    assert await closed.states() == [("queued", reason)]
    assert (await closed.passes(closed.at(10))).fine
    assert len(closed.told()) == 1
    assert len({id for _, id in closed.pagers.tried}) == 1


async def test_in_strict_mode_a_notifiers_bug_is_shown_and_its_alert_kept(opened):
    story = await opened(NEW)
    story.fails(raises)
    story.plan(story.said("1"))
    ran = await story.runs()
    assert ran.failing == {"alert:care"}
    assert await story.states() == [("queued", "a bug in this pager")]
    await story.passes(story.at(10))
    assert len(story.told()) == 1


async def test_a_notifier_that_gives_no_receipt_has_told_and_is_not_asked_for_ever(opened, caplog):
    story = await opened(NEW)
    story.fails(gives_nothing)
    await story.hears(story.said("1"))
    await story.passes(story.at(HOUR))
    assert len(story.pagers.tried) == 1
    assert "gave no receipt" in caplog.text


async def test_what_was_being_told_when_the_process_was_killed_is_told_again_under_the_same_id(
    opened,
):
    story = await opened(NEW)
    await story.hears(story.said("1"), story.said("2", by="lee"))
    [first] = story.told()
    await story.queue_is(state="sending", tried_at=to_micros(story.clock.now()), receipt=None)
    await story.open()
    await story.passes(story.at(5))
    [again] = story.told()
    assert (again.id, again.count) == (first.id, first.count) == (first.id, 2)
    assert [row.attempts for row in await story.rows()] == [2, 2]


async def test_whoever_kills_the_process_in_the_call_finds_the_attempt_recorded(opened):
    story = await opened(NEW)
    seen = []

    async def killed(alert):
        seen.extend(await story.rows())
        raise RuntimeError("the power went")

    story.fails(killed)
    story.plan(story.said("1"))
    await story.runs()
    assert [(row.state, row.attempts, row.parcel) for row in seen] == [
        ("sending", 1, story.pagers.tried[0][1])
    ]


async def test_after_a_day_nobody_is_told_any_more(opened, caplog):
    story = await opened(NEW)
    story.fails(AuthFailed("the key was revoked"))
    story.plan(story.said("1"))
    await story.runs()
    await story.runs(story.at(24 * HOUR))
    assert [state for state, _ in await story.states()] == ["queued"]
    await story.runs(story.at(24 * HOUR + 1))
    assert await story.states() == [("dead", "nobody could be told in time")]
    assert "alerts reached nobody" in caplog.text


async def test_what_waits_for_a_notifier_that_is_no_more_ends_and_says_so(opened):
    story = await opened(NEW)
    await down(story, story.said("1"))
    alerts = [{"on": "new", "to": "boss"}]
    await story.open(alerts=alerts, notifiers={"boss": {"kind": "pager"}})
    await story.passes(story.at(10))
    [(state, why)] = await story.states()
    assert (state, why[:35]) == ("dead", "no notifier of this name runs: see ")


async def test_a_notifier_that_cannot_be_made_stops_nothing_and_its_alerts_wait(closed):
    class Unmade(Notifier):
        kind, title, Config = "unmade", "Unmade", PluginConfig

        def __init__(self, config, context):
            raise RuntimeError("a bug in the constructor")

        async def notify(self, alert):
            raise NotImplementedError

    closed.strict = False
    closed.pagers.classes.append(Unmade)
    notifiers = {"care": {"kind": "unmade"}, "boss": {"kind": "pager"}}
    await closed.open(notifiers=notifiers, alerts=[{"on": "new", "to": ["care", "boss"]}])
    await closed.runs(closed.start)
    closed.plan(closed.said("1"))
    ran = await closed.runs()
    assert len(closed.told("boss")) == 1
    [health] = [one for one in ran.health if one.account == "notifier care"]
    assert health.state is Health.DISABLED
    assert "a bug in the constructor" in health.reason
    assert [state for state, _ in await closed.states()] == ["queued"]


async def test_a_channel_and_a_notifier_of_one_name_keep_apart(opened):
    pagers = {"acme-x": {"kind": "pager"}}
    story = await opened({**NEW, "to": "acme-x"}, notifiers=pagers)
    story.fails(AuthFailed("the key was revoked"), name="acme-x")
    story.plan(story.said("1"))
    ran = await story.runs()
    states = {one.account: one.state for one in ran.health}
    assert states == {"acme-x": Health.OK, "notifier acme-x": Health.NEEDS_ATTENTION}


async def test_words_that_were_edited_meanwhile_are_told_as_they_read_now(opened):
    story = await opened(NEW)
    await down(story, story.said("1"))
    story.fails(*busy())
    story.plan(Revised(story.said("1", "It is broken, and wet"), of="1", at=story.at(5)))
    await story.runs(story.at(5))
    await story.runs(story.at(5) + timedelta(minutes=20))
    assert [alert.body for alert in story.told()] == ["It is broken, and wet"]
