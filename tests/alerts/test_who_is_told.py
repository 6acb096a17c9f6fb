"""Who is told of what, by which rule, and what the alert says."""

import pytest

from careline.config.policy import AlertRule
from careline.plugin import AlertReason, Author, Kind, Revised, Transient
from careline.store.times import to_micros

NEW, DUE = {"on": "new"}, {"on": ["warned", "missed"]}
ALL = {"on": ["new", "warned", "missed"]}


async def test_a_customer_who_waits_is_told_of_with_their_words_and_by_when(opened):
    story = await opened(NEW)
    await story.hears(story.said("1", "It is broken", permalink="https://x.example/1"))
    [alert] = story.told()
    assert alert.reason is AlertReason.NEW
    assert alert.title == "Kim @kim on acme-x: new problem, due 10:00 UTC"
    assert alert.body == "It is broken"
    assert (alert.brand, alert.account, alert.count) == ("acme", "acme-x", 1)
    assert (alert.conversation_id, alert.due_at) == (story.id("1"), story.at(60))
    assert (alert.link, alert.at) == ("https://x.example/1", story.at(0))


def test_a_rule_that_does_not_say_at_what_is_for_customers_and_answers_that_did_not_leave():
    assert AlertRule(to="care").on == ("new", "warned", "missed", "unsent")


async def test_times_are_the_brands_and_name_their_day_where_it_is_another(opened):
    brands = {"acme": {"name": "Acme", "timezone": "Asia/Tokyo"}}
    story = await opened(NEW, brands=brands, deadlines=[{"first_reply": "7h"}])
    await story.hears(story.said("1"))
    [alert] = story.told()
    assert alert.title.endswith("new problem, due 2026-01-06 01:00 JST")


async def test_further_words_while_one_waits_tell_nobody_again(opened):
    story = await opened(NEW)
    await story.hears(story.said("1"))
    await story.hears(story.said("2", minutes=1, parent="1", kind=Kind.REPLY))
    await story.hears(story.reply("3", "1", "still broken", 2, "kim"))
    assert [alert.conversation_id for alert in story.told()] == [story.id("1")]


async def test_the_next_word_after_an_answer_tells_again(opened):
    story = await opened(NEW)
    await story.hears(story.said("1"))
    await story.hears(story.ours("2", "1", 5))
    await story.hears(story.reply("3", "2", "broken again", 9, "kim"))
    assert [alert.body for alert in story.told()] == ["It is broken", "broken again"]


async def test_a_word_that_came_before_the_answer_to_another_was_heard_is_told_of(opened):
    story = await opened(NEW)
    await story.hears(story.said("1"))
    await story.hears(story.reply("3", "1", "broken too", 8, "kim"))
    await story.hears(story.ours("2", "1", 5), at=story.at(9))
    assert [alert.body for alert in story.told()] == ["It is broken", "broken too"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)])
async def test_in_whatever_order_words_come_their_wait_is_told_of_once(opened, order):
    story = await opened(NEW)
    said = [
        story.said("1", minutes=1),
        story.reply("2", "1", "It is broken still", 2, "kim"),
        story.reply("3", "1", "It is broken, hello?", 3, "kim"),
    ]
    for number in order:
        await story.hears(said[number], at=story.at(4))
    await story.hears(*said, at=story.at(5))
    assert len(story.told()) == await story.kept() == 1


async def test_what_was_there_before_or_is_a_day_old_is_told_of_once_for_the_account(closed):
    rules = [{"on": "summary", "to": "boss"}, {**ALL, "to": "care"}]
    closed.plan(closed.said("1", minutes=-3000), closed.said("2", minutes=-5, by="lee"))
    await closed.open(alerts=rules)
    await closed.passes(closed.start)
    await closed.hears(closed.said("3", minutes=-1500, by="max"), at=closed.at(1))
    await closed.passes(closed.at(24 * 60))
    assert (closed.told(), await closed.fired()) == ([], [])
    [alert] = closed.told("boss")
    assert alert.reason is AlertReason.SUMMARY
    assert alert.title == "acme-x has caught up. conversations: 2, waiting: 2, overdue: 1"
    assert alert.conversation_id is None


async def test_onlookers_our_own_words_and_what_is_no_case_tell_nobody(opened):
    story = await opened({})
    await story.hears(story.ours("1", None, 0))
    await story.hears(story.said("2", "we were here", 1, by="lee", kind=Kind.POST))
    await story.hears(story.said("3", minutes=2))
    assert len(story.told()) == 1
    await story.hears(story.reply("4", "3", "mine is broken too", 3, "lee"))
    await story.hears(story.ours("5", "3", 4), story.ours("6", "4", 5))
    assert story.told() == []


async def test_spam_in_a_case_that_was_ignored_tells_nobody(opened):
    story = await opened(NEW)
    await story.hears(story.said("1", "Cheap pills"))
    assert len(story.told()) == 1
    await story.desk.ignore(story.id("1"), "spam", actor="ann")
    await story.hears(story.reply("2", "1", "Cheap pills again", 3, "kim"))
    assert story.told() == []


async def test_a_promise_about_to_be_missed_and_missed_is_told_of_at_each_stage(opened):
    story = await opened(DUE)
    await story.hears(story.said("1"))
    told = []
    for minutes in (29, 30, 47, 48, 60, 61, 300):
        await story.passes(story.at(minutes))
        told += [(minutes, alert.reason.value, alert.title) for alert in story.told()]
    who = "Kim @kim on acme-x: problem, the first reply"
    assert told == [
        (30, "warned", f"{who} is due 10:00 UTC"),
        (48, "warned", f"{who} is due 10:00 UTC"),
        (60, "missed", f"{who} was due 10:00 UTC"),
    ]


async def test_promises_of_one_word_that_are_missed_together_make_one_alert(opened):
    rule = {"acknowledge": "1h", "first_reply": "1h", "warn": ["50%"]}
    story = await opened(DUE, deadlines=[rule])
    await story.hears(story.said("1"))
    await story.passes(story.at(30))
    await story.passes(story.at(60))
    assert [alert.reason.value for alert in story.told()] == ["warned", "missed"]
    assert len(await story.fired()) == 4


async def test_a_promise_that_is_missed_after_another_of_the_same_word_is_news(opened):
    rule = {"acknowledge": "10m", "first_reply": "1h", "warn": []}
    story = await opened(DUE, deadlines=[rule])
    await story.hears(story.said("1"))
    await story.passes(story.at(10))
    await story.passes(story.at(60))
    said = [alert.title.partition("problem, ")[2] for alert in story.told()]
    assert said == ["a word that we have it was due 09:10 UTC", "the first reply was due 10:00 UTC"]


RULES = [
    {"on": "new", "when": {"channel": "acme-help"}, "to": "boss"},
    {"on": "new", "when": {"kind": "direct"}, "to": ["boss", "care"]},
    {"on": "new", "when": {"intent": "problem", "visibility": "public"}, "to": "care"},
    {"on": "missed", "when": {"intent": "question"}, "to": "boss"},
    {"on": "new", "when": {"needs_reply": True}, "to": "boss"},
]


@pytest.mark.parametrize(
    ("on", "private", "text", "care", "boss"),
    [
        ("acme-help", True, "It is broken", 0, 1),
        ("acme-x", True, "It is broken", 1, 1),
        ("acme-x", False, "It is broken", 1, 0),
        ("acme-x", False, "Where is it?", 0, 1),
        ("acme-x", False, "Many thanks", 0, 0),
    ],
)
async def test_the_first_rule_that_names_the_reason_and_matches_holds(
    opened, on, private, text, care, boss
):
    channels = {name: {"kind": "x"} for name in ("acme-x", "acme-help")}
    story = await opened(*RULES, channels=channels)
    await story.hears((story.direct if private else story.said)("1", text, 1), on=on)
    assert (len(story.told()), len(story.told("boss"))) == (care, boss)


async def test_a_word_that_matches_only_when_it_is_edited_is_told_of_then(opened):
    story = await opened({"on": "new", "when": {"intent": "problem"}})
    await story.hears(story.said("1", "Hello there"))
    assert story.told() == []
    edited = Revised(story.said("1", "It is broken"), of="1", at=story.at(3))
    await story.hears(edited, at=story.at(3))
    assert [alert.body for alert in story.told()] == ["It is broken"]


async def test_a_second_word_that_matches_is_told_of_where_the_first_did_not(opened):
    story = await opened({"on": "new", "when": {"intent": "problem"}})
    await story.hears(story.said("1", "Hello there"))
    await story.hears(story.reply("2", "1", "it is broken", 1, "kim"))
    await story.hears(story.reply("3", "2", "so broken", 2, "kim"))
    assert [alert.body for alert in story.told()] == ["it is broken"]


async def test_a_notifier_that_is_off_is_told_nothing_and_nothing_waits_for_it(opened):
    pagers = {"care": {"kind": "pager"}, "boss": {"kind": "pager", "enabled": False}}
    story = await opened({"on": "new", "to": ["boss", "care"]}, notifiers=pagers)
    await story.hears(story.said("1"))
    assert (len(story.told()), await story.rows("boss")) == (1, [])


async def test_without_a_rule_nobody_is_told(opened):
    story = await opened()
    await story.hears(story.said("1"))
    await story.passes(story.at(90))
    assert (story.told(), await story.kept()) == ([], 0)


async def test_each_alert_is_one_line_of_the_log_and_holds_no_words(opened):
    story = await opened({**ALL, "to": ["care", "boss"]})
    await story.hears(story.said("1", "my secret is broken"))
    await story.passes(story.at(60))
    lines = await story.events("alerted")
    assert [what for what, _ in lines] == [story.id("1")] * 2
    assert [data["reason"] for _, data in lines] == ["new", "missed"]
    assert {tuple(data["notifiers"]) for _, data in lines} == {("care", "boss")}
    assert [data["alert"] for _, data in lines] == [alert.id for alert in story.told()]
    rows = [repr(row) for row in await story.rows()]
    assert "secret" not in f"{lines} {rows}"
    assert "kim" not in f"{lines} {rows}".lower()


async def test_an_alert_names_its_conversation_as_it_is_now_and_the_words_as_they_are(opened):
    story = await opened(NEW)
    story.fails(*[Transient("the line is busy")] * 2)
    story.plan(story.reply("2", "1", "It is broken", 5, "kim"))
    await story.runs(story.at(5))
    edited = Revised(story.reply("2", "1", "It is broken and wet", 5, "kim"), "2", story.at(6))
    story.plan(story.said("1", "Hello", 4), edited)
    await story.runs(story.at(20))
    await story.runs(story.at(40))
    [alert] = story.told()
    assert (alert.conversation_id, alert.body) == (story.id("1"), "It is broken and wet")


async def test_words_are_cut_and_a_name_cannot_break_the_title(opened):
    story = await opened(NEW)
    author = Author(id="u-eve", name="Eve\r\nBcc: all\u202egnp\x1b[31m", handle="@eve")
    await story.hears(story.said("1", "broken " * 200, author=author))
    [alert] = story.told()
    assert alert.title.startswith("Eve Bcc: all gnp [31m @eve on acme-x: new problem")
    assert alert.title.isprintable()
    assert len(alert.body) == 280
    assert alert.body.endswith("…")


async def test_a_promised_time_is_told_of_with_the_customers_words(opened):
    story = await opened({"on": "missed"})
    await story.hears(story.said("1"))
    await story.hears(story.ours("2", "1", 5))
    await story.act("promise", "1", by=to_micros(story.at(40)))
    await story.passes(story.at(40))
    [alert] = story.told()
    assert alert.title == "Kim @kim on acme-x: problem, what we told them was due 09:40 UTC"
    assert alert.body == "It is broken"
