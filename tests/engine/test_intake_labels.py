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
    classifiers = {"bad": Fixed(answer), "good": Fixed(lambda items: [intent("praise")] * len(items))}
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
    labeller = Labeller({"spy": Fixed(lambda items: seen.extend(items) or [Reading()] * len(items))})
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


@pytest.fixture
def later(store, ears):
    """Return a deferred classifier, its handler, and a policy that knows of it."""
    clock, slow = FakeClock(), Slow()
    rules = store.write_now(lambda conn: keep_rules(conn, ears.book, 0))
    stored = StoredRules({rules.id: rules})
    labeller = Labeller(ears.policy.labeller.classifiers)
    handler = Deferred(
        store, clock, Supervisor(clock, Silent(), Silent()), {"slow": slow}, labeller, stored
    )
    return slow, handler, Policy(labeller, rules, stored, ("slow",))


def commit(store, ears, *items, policy):
    """Hear on a connection of its own, and commit."""

    def unit(conn):
        own = type(ears)(conn, policy.rules)
        own.hear(*items, policy=policy)

    ears.conn.rollback()
    store.write_now(unit)


async def test_a_deferred_classifier_reads_what_is_kept_and_holds_above_the_first_look(
    store, ears, say, later
):
    slow, handler, policy = later
    commit(store, ears, say.said("1"), say.ours("2", "1", 5), policy=policy)
    assert ears.one("SELECT intent FROM states") == "problem"
    ears.conn.rollback()
    [key] = await handler.pending(ears.now, 10)
    await handler.run(key)
    assert slow.asked == ["It is broken"]
    assert ears.one("SELECT intent, labelled_by FROM messages WHERE external_id = '1'") == (
        "request", "slow",
    )  # fmt: skip
    assert ears.one("SELECT intent FROM states") == "request"
    assert await handler.pending(ears.now, 10) == []


async def test_what_is_edited_is_read_again_by_it_and_until_then_the_first_look_holds(
    store, ears, say, later
):
    slow, handler, policy = later
    commit(store, ears, say.said("1"), policy=policy)
    await handler.run(*await handler.pending(ears.now, 10))
    edit = Revised(say.said("1", "Why?"), "1", say.at(5))
    commit(store, ears, edit, policy=policy)
    assert ears.one("SELECT intent FROM states") == "question"
    ears.conn.rollback()
    await handler.run(*await handler.pending(ears.now, 10))
    assert slow.asked == ["It is broken", "Why?"]
    assert ears.one("SELECT intent FROM states") == "request"


def test_readings_are_kept_in_full(ears, say):
    ears.hear(say.said("1"))
    reading = json.loads(ears.one("SELECT reading FROM readings"))
    assert reading["intent"] == {"primary": "problem", "values": {"problem": 1.0}, "evidence": []}


async def test_rules_made_under_an_older_configuration_are_read_from_the_store(store, ears, say, later):
    _, _, policy = later
    commit(store, ears, say.said("1"), policy=policy)
    ears.policy.rule_sets.clear()  # another process, which has never seen that rule book
    ears.refold({ears.one("SELECT customer FROM conversations")})
    assert ears.one("SELECT due_at FROM deadlines WHERE kind = 'first_reply'") == int(
        say.at(60).timestamp() * 1e6
    )
