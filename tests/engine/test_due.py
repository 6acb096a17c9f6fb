"""What deadlines do when their time comes: each stage once, whoever looks, however often."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from careline.config.policy import DeadlineRule
from careline.engine.arrivals import Intake
from careline.engine.deadlines import RuleBook
from careline.engine.due import Due, fire_due
from careline.engine.intake import ingest
from careline.engine.labelling import Labeller
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.unit import Policy
from careline.plugin import Author, Batch, Direction, Kind, Message, Seen
from careline.store.store import Store
from careline.store.tables import effects, events
from careline.store.times import to_micros
from careline.testing import FakeClock
from careline.testing.clock import START

RULE = {"first_reply": "1h", "warn": ["50%", "80%"]}


def at(minutes):
    return START + timedelta(minutes=minutes)


class Shop:
    """One account, by way of the intake alone."""

    def __init__(self, store):
        self.store = store
        self.hear((), 0)  # it has caught up: what comes is live

    def hear(self, messages, minutes):
        items = tuple(Seen(message) for message in messages)

        def unit(conn):
            book = RuleBook(rules=(DeadlineRule.model_validate(RULE),))
            rules = keep_rules(conn, book, to_micros(START))
            policy = Policy(Labeller({}), rules, StoredRules({rules.id: rules}))
            to = Intake("acme-x", "acme", "x", "x")
            ingest(conn, to, "posts", Batch(items), at(minutes), policy)

        self.store.write_now(unit)

    def fire(self, minutes, patience=None):
        """Return the stages that are new by then; with `patience`, it fails if it waits longer."""

        def unit(conn):
            if patience:
                conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}'")
            return fire_due(conn, to_micros(at(minutes)))

        stages, _ = self.store.write_now(unit)
        return [stage.stage for stage in stages]


def said(id, minutes=0):
    author = Author(id=f"u{id}")
    return Message(external_id=id, kind=Kind.MENTION, posted_at=at(minutes), author=author)


def answer(id, to, minutes):
    ours = {"direction": Direction.OUT, "parent": to}
    return Message(external_id=id, kind=Kind.REPLY, posted_at=at(minutes), **ours)


@pytest.fixture
def shop(store):
    return Shop(store)


def test_each_stage_is_noted_once_and_in_the_audit_log(shop):
    shop.hear([said("1")], 0)
    told = [shop.fire(m) for m in (29, 30, 30, 47, 48, 59, 60, 61, 600)]
    assert told == [[], ["warned-1"], [], [], ["warned-2"], [], ["missed"], [], []]
    lines = shop.store.read_now(lambda c: c.execute(select(events).order_by(events.c.id)).all())
    lines = [(line.verb, json.loads(line.data)) for line in lines if line.verb != "heard"]
    assert [verb for verb, _ in lines] == ["warned", "warned", "missed"]
    assert [data["stage"] for _, data in lines] == ["warned-1", "warned-2", "missed"]
    assert {data["due_at"] for _, data in lines} == {to_micros(at(60))}


def test_a_late_word_that_folds_all_again_notes_no_stage_twice(shop):
    shop.hear([said("1")], 0)
    assert shop.fire(31) == ["warned-1"]
    older = said("0", -5).model_copy(update={"author": Author(id="u1")})
    shop.hear([older, answer("8", "7", 3)], 32)
    assert shop.fire(33) == []
    assert shop.fire(48) == ["warned-2"]


def test_an_answer_that_comes_late_but_was_given_in_time_stops_all_further_stages(shop):
    shop.hear([said("1")], 0)
    assert shop.fire(31) == ["warned-1"]
    shop.hear([answer("2", "1", 20)], 40)
    assert [shop.fire(m) for m in (48, 60, 600)] == [[], [], []]


def test_two_desks_on_one_database_note_each_stage_once(shop, url):
    shop.hear([said("1")], 0)
    other = Store(url)
    two = Shop.__new__(Shop)
    two.store = other
    told = [desk.fire(m) for m in (30, 60) for desk in (shop, two)]
    other.close()
    assert told == [["warned-1"], [], ["missed"], []]
    count = shop.store.read_now(lambda c: len(c.execute(select(effects)).all()))
    assert count == 2


@pytest.mark.parametrize("minutes", [31, 90])
def test_a_promise_that_moves_meanwhile_speaks_up_when_it_is_due_then(shop, minutes):
    if shop.store.is_sqlite:
        pytest.skip("one unit writes at a time")
    shop.hear([said("1")], 0)
    later = {"due": to_micros(at(200)), "warn": json.dumps([to_micros(at(150))])}
    moved = text("UPDATE deadlines SET due_at = :due, warn_at = :warn, next_at = :due")
    with shop.store.engine.begin() as intake:
        intake.execute(moved, later)
        assert shop.fire(minutes, patience="2s") == []
    assert [shop.fire(m) for m in (minutes, 199, 200)] == [[], [], ["missed"]]


async def test_more_than_one_unit_of_them_are_all_noted(shop):
    shop.hear([said(f"{n}") for n in range(1100)], 0)
    told = []
    due = Due(shop.store, FakeClock(at(90)), told.extend)
    assert list(await due.pending(at(90), 10)) == ["due"]
    runs = 0
    again = at(90)
    while again is not None:
        again = await due.run("due")
        runs += 1
    assert (len(told), {stage.stage for stage in told}) == (1100, {"missed"})
    assert runs == 3
    assert list(await due.pending(at(90), 10)) == []


async def test_stages_noted_before_do_not_hide_those_behind_them(shop):
    shop.hear([said(f"{n}") for n in range(600)], 0)
    told = []
    await drain(Due(shop.store, FakeClock(at(90)), told.extend))
    shop.store.write_now(
        lambda c: c.exec_driver_sql("UPDATE deadlines SET next_at = starts_at")
    )  # as folding all of them again does
    shop.hear([said("last", 30)], 30)
    await drain(Due(shop.store, FakeClock(at(91)), told.extend))
    assert len(told) == 601


async def drain(due):
    while await due.run("due") is not None:
        pass


async def test_nothing_is_noted_before_all_were_asked_for_news(shop):
    shop.hear([said("1")], 0)
    asked = []
    due = Due(shop.store, FakeClock(at(90)), ready=lambda: bool(asked))
    assert list(await due.pending(at(90), 10)) == []
    asked.append("all")
    assert list(await due.pending(at(90), 10)) == ["due"]
