"""Which promise a message gets, by which rule; and rule books that are read back years later."""

import json
from datetime import date

import pytest

from careline.config.policy import DEFAULT_DEADLINES, DeadlineRule, Hours
from careline.engine.deadlines import Calendar, RuleBook, Rules, Waiting
from careline.engine.facts import NO_LABELS, Labels, Word
from careline.models import DeadlineKind

HOUR = 3_600_000_000
MONDAY_NINE = 1_772_442_000_000_000


def rule(**said):
    return DeadlineRule.model_validate(said)


def word(labels=NO_LABELS, **fields):
    known = Word(
        "", "m1", "t1", 0, 0, "customer", True, False, False, "mention", "acme-x", "acme",
        labels, 1, True,
    )  # fmt: skip
    return known._replace(**fields)


def test_a_rule_book_reads_back_as_it_was():
    hours = Hours(days={"mon": ["09:00-12:00", "13:00-24:00"]}, holidays=(date(2026, 12, 25),))
    book = RuleBook(
        rules=(*DEFAULT_DEADLINES, rule(first_reply="1h30m", acknowledge="90s", hours="business")),
        calendars={"acme": Calendar(zone="Europe/Berlin", hours=hours), "other": Calendar()},
    )
    again = RuleBook.load(book.dump())
    assert again == book
    assert again.dump() == book.dump()
    assert json.loads(book.dump())["rules"][0]["first_reply"] == 3600


@pytest.mark.parametrize(
    ("labels", "first_reply"),
    [
        (Labels("problem"), 1), (Labels("question"), 1), (Labels("spam", needs_reply=True), None),
        (Labels("request", needs_reply=True), 24), (Labels("praise"), None),
        (Labels("chatter"), None), (NO_LABELS, None),
    ],
)  # fmt: skip
def test_what_is_promised_where_the_operator_says_nothing(labels, first_reply):
    rules = Rules(1, RuleBook(rules=DEFAULT_DEADLINES))
    waiting = Waiting("m1", 0, 1, rules.match(word(labels)), True)
    found = rules.deadline(DeadlineKind.FIRST_REPLY, waiting, 0, "acme")
    assert (found and found.due_at) == (first_reply and first_reply * HOUR)


def test_praise_is_promised_a_word_within_a_day_and_no_more():
    rules = Rules(1, RuleBook(rules=DEFAULT_DEADLINES))
    waiting = Waiting("m1", 0, 1, rules.match(word(Labels("praise"))), True)
    made = {kind: rules.deadline(kind, waiting, 0, "acme") for kind in DeadlineKind}
    promised = {kind: one.due_at for kind, one in made.items() if one}
    assert promised == {DeadlineKind.ACKNOWLEDGE: 24 * HOUR}


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"brand": "acme"}, True), ({"brand": "other"}, False),
        ({"channel": ["acme-x", "acme-y"]}, True), ({"channel": "acme-y"}, False),
        ({"kind": "mention"}, True), ({"kind": ["direct", "review"]}, False),
        ({"visibility": "public"}, True), ({"visibility": "private"}, False),
        ({"intent": ["question", "problem"]}, True), ({"intent": "praise"}, False),
        ({"sentiment": "negative"}, True), ({"sentiment": "positive"}, False),
        ({"urgency": "high"}, True), ({"urgency": "low"}, False),
        ({"needs_reply": True}, True), ({"needs_reply": False}, False),
        ({"intent": "problem", "kind": "direct"}, False),
    ],
)  # fmt: skip
def test_every_key_of_a_rule_must_match(when, matches):
    rules = Rules(1, RuleBook(rules=(rule(when=when, first_reply="1h"),)))
    labels = Labels("problem", "negative", "high", True)
    assert rules.match(word(labels)) == (0 if matches else -1)


def test_the_first_rule_that_matches_holds_even_if_it_promises_nothing():
    book = RuleBook(rules=(rule(when={"intent": "spam"}), rule(first_reply="1h")))
    rules = Rules(1, book)
    spam = Waiting("m1", 0, 1, rules.match(word(Labels("spam"))), True)
    assert rules.deadline(DeadlineKind.FIRST_REPLY, spam, 0, "acme") is None


def promised(said, clock=MONDAY_NINE, since=None, zone="Europe/Berlin"):
    hours = Hours(days={"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]})
    calendars = {"acme": Calendar(zone=zone, hours=hours)}
    rules = Rules(7, RuleBook(rules=(rule(**said),), calendars=calendars))
    waiting = Waiting("m1", clock, 7, 0, True)
    return {
        kind.value: found
        for kind in DeadlineKind
        if (found := rules.deadline(kind, waiting, clock if since is None else since, "acme"))
    }


def test_a_deadline_says_its_rule_and_warns_at_shares_of_its_time():
    said = {"when": {"kind": "mention"}, "first_reply": "2h", "warn": ["75%", 0.5]}
    found = promised(said)["first_reply"]
    assert found.due_at == MONDAY_NINE + 2 * HOUR
    assert found.warn_at == (MONDAY_NINE + HOUR, MONDAY_NINE + HOUR * 3 // 2)
    assert (found.rules, found.why) == (7, "rule 1: kind mention")


def test_the_next_reply_is_promised_as_the_first_unless_said_otherwise():
    found = promised({"first_reply": "2h"})
    assert found["next_reply"].due_at == found["first_reply"].due_at
    found = promised({"first_reply": "2h", "next_reply": "3h"})
    assert found["next_reply"].due_at == MONDAY_NINE + 3 * HOUR
    assert promised({"resolve": "3h"}).keys() == {"resolve"}


def test_business_hours_move_a_promise_but_an_answer_never_beyond_24_hours():
    said = {"first_reply": "9h", "acknowledge": "1h", "resolve": "16h", "hours": "business"}
    found = promised(said)
    assert found["acknowledge"].due_at == MONDAY_NINE + HOUR
    assert found["first_reply"].due_at == MONDAY_NINE + 24 * HOUR  # not Tuesday at 11
    assert found["resolve"].due_at == MONDAY_NINE + 7 * 24 * HOUR  # next Monday at 10
