"""Single conversations, fact by fact."""

import pytest

from careline.config.policy import DeadlineRule
from careline.engine.deadlines import RuleBook, Rules
from careline.engine.facts import Act, Labels, Word, position
from careline.engine.fold import TRACKED, fold
from careline.models import DeadlineKind

HOUR = 3_600_000_000
RULE = {"first_reply": "2h", "acknowledge": "30m", "resolve": "8h", "next_reply": "1h"}
BOOK = RuleBook(rules=(DeadlineRule.model_validate(RULE),))


def word(id, hours, role="customer", intent="question", clock=None, **fields):
    at = int(hours * HOUR)
    known = Word(
        position(at, 0, 1, id), id, "t1", at, at if clock is None else int(clock * HOUR), role,
        True, True, False, "reply", "acme-x", "acme", Labels(intent), 1, True,
    )  # fmt: skip
    return known._replace(**fields)


def act(kind, message, hours, **value):
    at = int(hours * HOUR)
    id = f"{kind}{hours}"
    return Act(position(at, 99999, 2, id), id, at, kind, message, "ann", None, value)


def folded(*facts):
    return fold(facts, {1: Rules(1, BOOK)}, "acme")


def due(found):
    """Return each deadline's hours to its end, when it was met, and why it is void."""
    return {
        (anchor, kind.value): (one.due_at / HOUR, one.met_at and one.met_at / HOUR, one.void)
        for (anchor, kind), one in found.deadlines.items()
    }


def test_an_answer_meets_what_was_promised():
    found = folded(word("a", 0), word("b", 1, "ours"))
    assert due(found) == {
        ("a", "first_reply"): (2, 1, None),
        ("a", "acknowledge"): (0.5, 1, None),
        ("a", "resolve"): (8, None, None),
    }
    assert (found.state.status, found.state.answered_at) == ("waiting_customer", HOUR)
    assert found.state.due_at is None  # the time to resolve stands: the customer is to speak


def test_an_automatic_answer_acknowledges_only():
    found = folded(word("a", 0), word("b", 0.1, "ours", human=False))
    assert due(found)["a", "acknowledge"] == (0.5, 0.1, None)
    assert due(found)["a", "first_reply"] == (2, None, None)
    assert (found.state.status, found.state.automatic) == ("new", 1)


def test_the_second_word_of_one_who_waits_gets_no_promise_of_its_own():
    found = folded(word("a", 0), word("b", 1))
    assert {anchor for anchor, _ in found.deadlines} == {"a"}
    assert (found.state.unanswered, found.state.waiting_since) == (2, 0)


def test_who_writes_after_the_answer_is_promised_the_next():
    found = folded(word("a", 0), word("b", 1, "ours"), word("c", 5))
    assert due(found)["c", "next_reply"] == (6, None, None)
    assert (found.state.status, found.state.waiting_since) == ("open", 5 * HOUR)


def test_a_removed_word_passes_its_promise_on():
    found = folded(word("a", 0), word("b", 1), act("removed", "a", 1.5))
    assert due(found)["a", "first_reply"] == (2, None, "its message was removed")
    assert due(found)["b", "first_reply"] == (3, None, None)
    assert found.state.waiting_since == HOUR


def test_a_word_removed_after_its_answer_changes_nothing():
    facts = [word("a", 0), word("b", 1, "ours")]
    found = folded(*facts, act("removed", "a", 2))
    assert due(found) == due(folded(*facts))


def test_resolved_is_met_and_the_rest_void():
    found = folded(word("a", 0), act("resolve", "a", 1))
    assert due(found)["a", "resolve"] == (8, 1, None)
    assert due(found)["a", "first_reply"] == (2, None, "resolved by ann")
    assert (found.state.status, found.state.due_at) == ("resolved", None)


def test_the_next_word_opens_it_again():
    found = folded(word("a", 0), act("resolve", "a", 1), word("b", 2))
    assert (found.state.status, found.state.reopened, found.state.resolved_at) == ("open", 1, None)
    assert due(found)["b", "first_reply"] == (4, None, None)


def test_what_is_ignored_says_why_and_more_spam_wakes_nobody():
    facts = [word("a", 0, intent="spam"), act("ignore", "a", 1, reason="an advert")]
    found = folded(*facts, word("b", 2, intent="spam"))
    assert (found.state.status, found.state.reason, found.state.due_at) == (
        "ignored", "an advert", None,
    )  # fmt: skip
    assert folded(*facts, word("b", 2, intent="question")).state.status == "new"


def test_the_time_we_wait_for_the_customer_moves_the_target_to_resolve():
    talk = [word("a", 0), word("b", 1, "ours"), word("c", 2, "ours")]
    assert due(folded(*talk, word("d", 5)))["a", "resolve"] == (12, None, None)


def test_an_earlier_clock_draws_the_ceiling_nearer():
    late = word("a", 40, intent="question")
    early = word("b", 41, intent="chatter", clock=17)
    rule = DeadlineRule.model_validate({"when": {"intent": "question"}, "first_reply": "2h"})
    rules = {1: Rules(1, RuleBook(rules=(rule,)))}
    [found] = fold([late, early], rules, "acme").deadlines.values()
    assert (found.due_at, max(found.warn_at)) == (41 * HOUR, 41 * HOUR)


def test_a_promise_that_alerts_nobody_covers_none_that_does():
    old = word("a", 0, live=False)
    found = folded(old, word("b", 90))
    assert due(found)["b", "first_reply"] == (24, None, None)
    assert found.deadlines["b", DeadlineKind.FIRST_REPLY].live


def test_what_we_said_before_the_customers_first_word_is_no_answer_to_it():
    found = folded(word("b", 0, "ours", private=True), word("a", 1))
    assert (found.state.answered_at, found.state.answers) == (None, 1)
    assert due(found)["a", "next_reply"] == (2, None, None)


@pytest.mark.parametrize("private", [True, False])
def test_a_private_answer_is_no_public_one(private):
    found = folded(word("a", 0), word("b", 1, "ours", private=private))
    assert found.state.answered_at == HOUR
    assert found.state.public_answered_at == (None if private else HOUR)


def test_the_most_pressing_intent_is_the_cases():
    talk = [word("a", 0, intent="praise"), word("b", 1, intent="problem"), word("c", 2)]
    assert folded(*talk).state.intent == "problem"
    talk = [word("a", 0, intent="our own"), word("b", 1, intent="spam")]
    assert folded(*talk).state.intent == "spam"


def test_a_customer_is_told_a_time():
    told = act("promise", "a", 1, by=5 * HOUR)
    assert due(folded(word("a", 0), told))["a", "told"] == (5, None, None)
    met = folded(word("a", 0), told, word("b", 4, "ours"))
    assert due(met)["a", "told"] == (5, 4, None)


def test_snoozed_until_the_customer_writes():
    facts = [word("a", 0), act("snooze", "a", 1, until=99), act("assign", "a", 1, agent="ann")]
    assert (folded(*facts).state.snoozed_until, folded(*facts).state.assignee) == (99, "ann")
    assert folded(*facts, word("b", 2)).state.snoozed_until is None


def test_a_thousand_words_that_wait_are_counted_but_not_kept_one_by_one():
    found = folded(*(word(f"w{n:03}", n / 100) for n in range(1000)))
    assert (found.state.unanswered, len(found.state.waiting)) == (1000, TRACKED)
    answered = folded(*(word(f"w{n:03}", n / 100) for n in range(1000)), word("x", 11, "ours"))
    assert answered.state.unanswered == 0
