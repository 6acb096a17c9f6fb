"""What is promised to whom, by which rule, until when, and what becomes of it."""

import pytest

from careline.store.times import to_micros

HOUR, DAY = 60, 24 * 60


@pytest.fixture
def url(tmp_path):
    """Promises are computed, not queried: one database will do."""
    return f"sqlite:///{tmp_path / 'careline.db'}"


def promised(case):
    return {one.kind: (one.due_at, one.outcome) for one in case.deadlines}


RULES = [
    {"when": {"brand": "beta"}, "first_reply": "10m"},
    {"when": {"channel": "acme-help"}, "first_reply": "20m"},
    {"when": {"kind": "direct"}, "first_reply": "30m"},
    {"when": {"intent": ["problem", "request"], "visibility": "public"}, "first_reply": "40m"},
    {"when": {"needs_reply": True}, "first_reply": "50m"},
]


@pytest.mark.parametrize(
    ("on", "private", "text", "minutes", "why"),
    [
        ("beta-x", False, "It is broken", 10, "rule 1: brand beta"),
        ("acme-help", True, "It is broken", 20, "rule 2: channel acme-help"),
        ("acme-x", True, "It is broken", 30, "rule 3: kind direct"),
        ("acme-x", False, "It is broken", 40, "rule 4: visibility public, intent problem or"),
        ("acme-x", False, "Where is it?", 50, "rule 5: needs_reply True"),
        ("acme-x", False, "Many thanks", DAY, "rule 10: intent praise"),
        ("acme-x", False, "Cheap pills", None, None),
        ("acme-x", False, "I like trains", None, None),
    ],
)
async def test_the_first_rule_that_matches_holds_and_its_reason_is_kept(
    closed, on, private, text, minutes, why
):
    brands = {name: {"name": name} for name in ("acme", "beta")}
    of = {"acme-x": "acme", "acme-help": "acme", "beta-x": "beta"}
    channels = {name: {"kind": "x", "brand": brand} for name, brand in of.items()}
    await closed.open(brands=brands, channels=channels, deadlines=RULES)
    await closed.hears((closed.direct if private else closed.said)("1", text, 1), on=on)
    [row] = await closed.inbox()
    assert row.due_at == (None if minutes is None else closed.at(1 + minutes))
    if why:
        page = await closed.page(row.id)
        assert [one.why.startswith(why) for one in page.deadlines] == [True]


@pytest.fixture
async def all_kinds(closed):
    rule = {
        "acknowledge": "10m", "first_reply": "1h", "next_reply": "2h", "resolve": "3d",
        "warn": ["50%", "80%"],
    }  # fmt: skip
    await closed.open(deadlines=[rule])
    await closed.passes(closed.at(0))
    await closed.hears(closed.said("1"))
    return closed


async def test_an_automatic_word_acknowledges_and_is_no_answer(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 1, sent_by="automation"))
    case = await all_kinds.case("1")
    assert promised(case) == {
        "acknowledge": (all_kinds.at(10), "kept"),
        "first_reply": (all_kinds.at(HOUR), "open"),
        "resolve": (all_kinds.at(3 * DAY), "open"),
    }
    assert (case.status, case.answered_at) == ("new", None)


async def test_a_humans_first_answer_keeps_all_but_resolve(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 30))
    assert promised(await all_kinds.case("1")) == {
        "acknowledge": (all_kinds.at(10), "late"),
        "first_reply": (all_kinds.at(HOUR), "kept"),
        "resolve": (all_kinds.at(3 * DAY), "open"),
    }


async def test_the_next_word_gets_the_next_promise(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 30))
    await all_kinds.hears(all_kinds.reply("3", "2", "Still broken", 40, "kim"))
    due = promised(await all_kinds.case("1"))
    assert due["next_reply"] == (all_kinds.at(40 + 2 * HOUR), "open")
    await all_kinds.passes(all_kinds.at(40 + 3 * HOUR))
    assert promised(await all_kinds.case("1"))["next_reply"][1] == "missed"
    await all_kinds.hears(all_kinds.ours("4", "3", 40 + 4 * HOUR))
    assert promised(await all_kinds.case("1"))["next_reply"][1] == "late"


async def test_the_time_we_waited_for_the_customer_moves_the_time_to_resolve(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 30))
    await all_kinds.hears(all_kinds.reply("3", "2", "Still broken", 30 + 5 * HOUR, "kim"))
    due = promised(await all_kinds.case("1"))
    assert due["resolve"][0] == all_kinds.at(3 * DAY + 5 * HOUR)
    await all_kinds.desk.resolve(all_kinds.id("1"), actor="ann")
    due = promised(await all_kinds.case("1"))
    assert (due["resolve"][1], due["next_reply"][1]) == ("kept", "void")


async def test_what_the_customer_was_told_is_a_promise_of_its_own(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 30, text="You hear from us by noon."))
    await all_kinds.act("promise", "1", by=to_micros(all_kinds.at(3 * HOUR)))
    [told] = [d for d in (await all_kinds.case("1")).deadlines if d.kind == "told"]
    assert (told.due_at, told.why, told.outcome) == (all_kinds.at(180), "told by ann", "open")
    await all_kinds.passes(all_kinds.at(4 * HOUR))
    assert "told missed" in await all_kinds.fired()
    await all_kinds.hears(all_kinds.ours("3", "2", 5 * HOUR))
    assert promised(await all_kinds.case("1"))["told"][1] == "late"


async def test_warnings_are_given_at_their_shares_of_the_time_each_once(all_kinds):
    for minute in (5, 8, 10, 29, 30, 31, 48, 59, 60, 61, 200):
        await all_kinds.passes(all_kinds.at(minute))
        await all_kinds.passes(all_kinds.at(minute))
    assert await all_kinds.fired() == [
        "acknowledge warned-1", "acknowledge warned-2", "acknowledge missed",
        "first_reply warned-1", "first_reply warned-2", "first_reply missed",
    ]  # fmt: skip
    warned = [data["due_at"] for _, data in await all_kinds.events("warned")]
    assert warned == [to_micros(all_kinds.at(m)) for m in (10, 10, 60, 60)]
    assert [row.overdue for row in await all_kinds.inbox()] == [True]


async def test_who_was_away_hears_the_latest_stage_only(all_kinds):
    await all_kinds.passes(all_kinds.at(35))
    assert await all_kinds.fired() == ["acknowledge missed", "first_reply warned-1"]


async def test_what_is_answered_or_resolved_in_time_sets_off_nothing(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 3))
    await all_kinds.hears(all_kinds.said("5", minutes=4, by="lee"))
    await all_kinds.desk.ignore(all_kinds.id("5"), "handled by phone", actor="ann")
    await all_kinds.passes(all_kinds.at(DAY))
    assert await all_kinds.fired() == []
    case = await all_kinds.case("5")
    assert (case.status, case.reason) == ("ignored", "handled by phone")
    assert {d.void for d in case.deadlines} == {"ignored by ann"}


async def test_praise_gets_a_light_day_and_spam_and_chatter_get_nothing(story):
    texts = ("Many thanks", "Cheap pills", "I like trains", "Where is it?", "It is broken")
    await story.hears(*(story.said(f"{n}", text, 0, f"c{n}") for n, text in enumerate(texts)))
    due = [(await story.case(f"{n}")).due_at for n in range(5)]
    assert due == [story.at(DAY), None, None, story.at(HOUR), story.at(HOUR)]
    await story.passes(story.at(0.8 * DAY - 1))
    assert {one for one in await story.fired() if "missed" in one} == {"first_reply missed"}
    before = await story.fired()
    await story.passes(story.at(0.8 * DAY))
    assert len(await story.fired()) == len(before) + 1  # praise is warned of once, at 80 %


def shop(**hours):
    days = {d: ["09:00-12:00", "13:00-17:00"] for d in ("mon", "tue", "wed", "thu", "fri")}
    brand = {"name": "Acme", "timezone": "America/New_York", "hours": days | hours}
    return {"acme": brand}


def rule(**spans):
    return [{"hours": "business", "warn": ["50%"], **spans}]


@pytest.mark.parametrize(
    ("posted", "span", "due"),
    [  # New York is five hours behind UTC: it opens at 14:00, breaks at 17:00, closes at 22:00
        ("2026-01-05T15:00", "1h", "2026-01-05T16:00"),
        ("2026-01-05T16:30", "1h", "2026-01-05T18:30"),  # over the lunch break
        ("2026-01-05T09:00", "1h", "2026-01-05T15:00"),  # before it opens
        ("2026-01-05T21:30", "2h", "2026-01-06T15:30"),  # over night
        ("2026-01-05T17:10", "30m", "2026-01-05T18:30"),  # in the lunch break
    ],
)
async def test_business_hours_stop_the_clock(closed, posted, span, due):
    await closed.open(brands=shop(), deadlines=rule(first_reply=span))
    await closed.hears(closed.said("1", posted_at=f"{posted}Z"))
    assert (await closed.case("1")).due_at.isoformat() == f"{due}:00+00:00"


async def test_holidays_and_weekends_do_not_count_towards_resolve(closed):
    hours = shop(holidays=["2026-01-06"])
    await closed.open(brands=hours, deadlines=rule(resolve="7h"))
    await closed.hears(closed.said("1", posted_at="2026-01-05T21:00Z"))  # Monday, 16:00
    await closed.hears(closed.said("2", posted_at="2026-01-09T21:00Z", by="lee"))  # Friday
    due = [(await closed.case(n)).due_at.isoformat() for n in "12"]
    assert due == ["2026-01-07T21:00:00+00:00", "2026-01-12T21:00:00+00:00"]


async def test_summer_time_is_the_brands(closed):
    await closed.open(brands=shop(), deadlines=rule(resolve="14h"))
    friday = "2026-03-06T14:00Z"  # the clocks go forward on Sunday
    await closed.hears(closed.said("1", posted_at=friday))
    assert (await closed.case("1")).due_at.isoformat() == "2026-03-09T21:00:00+00:00"


async def test_no_pause_moves_an_answer_beyond_24_hours(closed):
    await closed.open(brands=shop(), deadlines=rule(first_reply="4h", acknowledge="3h"))
    await closed.passes(closed.at(0))
    await closed.hears(closed.said("1", posted_at="2026-01-09T21:30Z"))  # Friday evening
    await closed.hears(closed.reply("2", "1", "Hello?", 0, "kim", posted_at="2026-01-10T20:00Z"))
    case = await closed.case("1")
    assert {one.due_at.isoformat() for one in case.deadlines} == {"2026-01-10T21:30:00+00:00"}
    assert case.overdue is False
    await closed.passes(case.due_at)
    assert set(await closed.fired()) == {"acknowledge missed", "first_reply missed"}


async def test_a_new_configuration_holds_for_new_words_only(closed):
    await closed.open(deadlines=[{"first_reply": "1h"}])
    await closed.passes(closed.at(0))
    await closed.hears(closed.said("1", minutes=1))
    await closed.open(deadlines=[{"first_reply": "2h"}])
    await closed.hears(closed.said("2", minutes=2, by="lee"))
    await closed.hears(closed.reply("3", "1", "It is broken, I say", 3, "kim"))
    await closed.desk.assign(closed.id("1"), "ann", actor="ann")  # folds all again
    assert (await closed.case("1")).due_at == closed.at(1 + HOUR)
    assert (await closed.case("2")).due_at == closed.at(2 + 2 * HOUR)
    await closed.hears(closed.ours("4", "3", 5), closed.reply("5", "4", "Broken!", 9, "kim"))
    assert (await closed.case("1")).due_at == closed.at(9 + 2 * HOUR)


async def test_an_answer_written_elsewhere_while_we_were_down_is_heard_before_we_cry(all_kinds):
    all_kinds.plan(all_kinds.ours("2", "1", 5, sent_by="elsewhere"))
    await all_kinds.open()
    await all_kinds.passes(all_kinds.at(3 * HOUR))
    assert await all_kinds.fired() == []
    assert promised(await all_kinds.case("1"))["first_reply"][1] == "kept"


async def test_the_time_to_resolve_stands_while_the_customer_is_to_speak(all_kinds):
    await all_kinds.hears(all_kinds.ours("2", "1", 5))
    await all_kinds.passes(all_kinds.at(4 * DAY))
    case = await all_kinds.case("1")
    assert promised(case)["resolve"] == (all_kinds.at(3 * DAY), "open")
    assert (case.due_at, await all_kinds.fired()) == (None, [])


async def test_what_was_missed_stays_missed_when_the_case_is_closed(all_kinds):
    await all_kinds.passes(all_kinds.at(2 * HOUR))
    await all_kinds.desk.ignore(all_kinds.id("1"), "a joke", actor="ann")
    outcomes = {kind: one for kind, (_, one) in promised(await all_kinds.case("1")).items()}
    assert outcomes == {"acknowledge": "missed", "first_reply": "missed", "resolve": "void"}
