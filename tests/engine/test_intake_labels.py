"""Classifiers within an intake, and those that read later."""

import json

import pytest

from careline.engine.deferred import Deferred
from careline.engine.labelling import Labeller
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.supervisor import Supervisor
from careline.engine.unit import Policy
from careline.plugin import DeferredClassifier, Facet, PluginConfig, Reading, Revised
from careline.testing import FakeClock


class Fixed:
    """A stand-in for a stranger's classifier."""

    version = "1"

    def __init__(self, answer):
        self.answer = answer

    def classify(self, items):
        return self.answer(items)


def broken(items):
    raise RuntimeError("no model")


def intent(value):
    return Reading({"intent": Facet(value, {value: 1.0})})


@pytest.mark.parametrize("answer", [broken, lambda items: [], lambda items: [intent("spam")] * 99])
def test_a_classifier_that_fails_abstains_and_is_told_of(ears, say, answer):
    told = []
    classifiers = {
        "bad": Fixed(answer),
        "good": Fixed(lambda items: [intent("praise")] * len(items)),
    }
    labeller = Labeller(classifiers, failed=lambda name, error: told.append((name, str(error))))
    policy = Policy(labeller, ears.policy.rules, ears.policy.rule_sets)
    assert ears.hear(say.said("1"), say.said("2"), policy=policy).new == 2
    assert ears.all("SELECT DISTINCT intent FROM messages") == [("praise",)]
    assert [name for name, _ in told] == ["bad"]


def test_an_intent_that_nobody_knows_stops_nothing(ears, say):
    labeller = Labeller({"odd": Fixed(lambda items: [intent("grumble")] * len(items))})
    policy = Policy(labeller, ears.policy.rules, ears.policy.rule_sets)
    ears.hear(say.said("1"), say.said("2", parent="1", minutes=1), policy=policy)
    assert ears.one("SELECT intent FROM states") == "grumble"


def test_ours_and_context_are_never_read(ears, say):
    ears.hear(say.ours("1"), say.ours("3", "2", 5), say.said("2", parent="1"))
    assert ears.all("SELECT message FROM readings") == [(ears.id("2"),)]


def test_a_message_is_judged_by_the_rules_of_its_own_account_whoever_made_it_move(ears, say):
    ears.hear(say.said("2", "Now it is broken", parent="1"), to=ears.to("acme-y"))
    assert ears.one("SELECT urgency, labelled_by FROM messages") == ("high", "rules")
    ears.hear(say.said("1", by="lee"), to=ears.to("acme-x"))
    select = "SELECT urgency, sentiment FROM messages WHERE external_id = '2'"
    assert ears.one(select) == ("high", "c")


def test_a_persons_word_stays_whatever_is_read_again(ears, say):
    ears.hear(say.said("1"))
    ears.conn.exec_driver_sql("UPDATE messages SET intent = 'request', labelled_by = 'person:ann'")
    ears.hear(Revised(say.said("1", "Why?"), "1", say.at(5)))
    assert ears.one("SELECT intent, labelled_by FROM messages") == ("request", "person:ann")


def test_a_parent_in_the_same_batch_is_an_earlier_turn_as_it_reads_now(ears, say):
    ears.hear(say.said("1", "thanks"), Revised(say.said("1", "Why?"), "1", say.at(5)))
    seen = []
    labeller = Labeller(
        {"spy": Fixed(lambda items: seen.extend(items) or [Reading()] * len(items))}
    )
    policy = Policy(labeller, ears.policy.rules, ears.policy.rule_sets)
    ears.hear(say.said("1", "thanks"), say.said("2", "so", 9, parent="1"), policy=policy)
    assert [[turn.text for turn in one.earlier] for one in seen] == [["Why?"]]


class Slow(DeferredClassifier[PluginConfig]):
    kind = title = "slow"
    Config = PluginConfig

    def __init__(self):
        self.asked = []

    async def classify(self, items):
        self.asked += [item.text for item in items]
        return [intent("request")] * len(items)


class Silent:
    def __getattr__(self, name):
        return lambda *args, **values: None


class Later:
    """A desk whose only other classifier reads what is kept."""

    def __init__(self, store, ears_on, book):
        self.store, self.ears_on, self.slow = store, ears_on, Slow()
        rules = store.write_now(lambda conn: keep_rules(conn, book, 0))
        labeller, stored = Labeller({"words": Fixed(by_words)}), StoredRules({rules.id: rules})
        self.policy = Policy(labeller, rules, stored, ("slow",))
        clock = FakeClock()
        guard = Supervisor(clock, Silent(), Silent())
        self.handler = Deferred(store, clock, guard, {"slow": self.slow}, labeller, stored)

    def hear(self, *items):
        policy = self.policy
        self.store.write_now(lambda c: self.ears_on(c, policy.rules).hear(*items, policy=policy))

    async def read(self):
        """Have everything read that waits for it; return for how many conversations that was."""
        keys = await self.handler.pending(FakeClock().now(), 10)
        for key in keys:
            await self.handler.run(key)
        return len(keys)

    def holds(self):
        """Return the intent of the message, who said so, and the intent of its conversation."""
        select = (
            "SELECT m.intent, m.labelled_by, s.intent FROM messages m JOIN states s"
            " ON s.conversation = m.conversation WHERE m.external_id = '1'"
        )
        return tuple(self.store.read_now(lambda c: c.exec_driver_sql(select).one()))


def by_words(items):
    return [intent("problem" if "broken" in item.text else "question") for item in items]


@pytest.fixture
def later(store, ears_on):
    return Later(store, ears_on, ears_on.book)


async def test_a_deferred_classifier_holds_above_the_first_look(later, say):
    later.hear(say.said("1"), say.ours("2", "1", 5))
    assert later.holds() == ("problem", "words", "problem")
    assert await later.read() == 1
    assert later.holds() == ("request", "slow", "request")
    assert later.slow.asked == ["It is broken"]
    assert await later.read() == 0


async def test_what_is_edited_is_read_again_and_until_then_the_first_look_holds(later, say):
    later.hear(say.said("1"))
    await later.read()
    later.hear(Revised(say.said("1", "Why?"), "1", say.at(5)))
    assert later.holds() == ("question", "words", "question")
    await later.read()
    assert later.slow.asked == ["It is broken", "Why?"]
    assert later.holds() == ("request", "slow", "request")


def test_readings_are_kept_in_full(ears, say):
    ears.hear(say.said("1"))
    reading = json.loads(ears.one("SELECT reading FROM readings"))
    assert reading["intent"] == {"primary": "problem", "values": {"problem": 1.0}, "evidence": []}


def test_a_rule_book_that_this_process_has_never_seen_is_read_from_the_store(ears, say):
    ears.hear(say.said("1"))
    before = ears.all("SELECT * FROM deadlines ORDER BY kind")
    ears.policy.rule_sets.clear()
    ears.refold({ears.one("SELECT customer FROM conversations")})
    assert ears.all("SELECT * FROM deadlines ORDER BY kind") == before
