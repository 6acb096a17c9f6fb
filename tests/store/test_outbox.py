"""Rows of the outbox go in their order, each to one holder, and end once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from careline.store import lanes, migrations, outbox
from careline.store.outbox import Outgoing, State
from careline.store.store import Store

LANE = "send:acme-x"
ME, OTHER = 1, 2


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("outbox")
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{folder / 'o.db'}" if sqlite else request.getfixturevalue("postgres")
    store = Store(url)
    migrations.ensure(store)
    yield store
    store.close()


@contextmanager
def fresh(store: Store) -> Iterator[Connection]:
    with store.engine.connect() as conn:
        yield conn
        conn.rollback()


def row(number: int, **fields: Any) -> Outgoing:
    known = {"lane": LANE, "kind": "answer", "brand": "acme", "actor": "ann", "at": number}
    return Outgoing(id=f"o{number}", **(known | fields))


def test_a_row_is_queued_once_however_often_it_is_asked_for(shared: Store) -> None:
    with fresh(shared) as conn:
        assert outbox.enqueue(conn, [row(1, text="one")]) == {LANE}
        assert outbox.enqueue(conn, [row(1, text="two")]) == set()
        assert [one.text for one in outbox.load(conn, ["o1"])] == ["one"]


def test_nobody_takes_what_somebody_holds(shared: Store) -> None:
    with fresh(shared) as conn:
        outbox.enqueue(conn, [row(1)])
        (read,) = outbox.load(conn, ["o1"])
        taken = lanes.take(conn, LANE, 5, ME)
        assert taken is not None
        assert (taken.state, taken.attempts, taken.tried_at, taken.holder) == ("sending", 1, 5, ME)
        assert lanes.take(conn, LANE, 5, OTHER) is None
        assert lanes.try_again(conn, read, 5, OTHER) is None


def test_what_ended_ends_no_second_time(shared: Store) -> None:
    with fresh(shared) as conn:
        outbox.enqueue(conn, [row(1)])
        (one,) = outbox.load(conn, ["o1"])
        assert lanes.end(conn, one, State.SENT, 9, receipt={"ids": ["7"]})
        assert not lanes.end(conn, one, State.DEAD, 10, why="late news")
        (after,) = outbox.load(conn, ["o1"])
        assert (after.state, after.receipt, after.why) == ("sent", {"ids": ["7"]}, None)


def test_an_attempt_of_another_run_is_lost_once_that_run_is_gone(shared: Store) -> None:
    with fresh(shared) as conn:
        outbox.enqueue(conn, [row(1), row(2)])
        lanes.take(conn, LANE, 100, ME)
        lanes.take(conn, LANE, 100, OTHER)
        assert [one.id for one in lanes.lost(conn, ME, 50)] == ["o2"]
        assert [one.id for one in lanes.lost(conn, ME, 101)] == ["o1", "o2"]
        lanes.recover(conn, ME, 50)
        states = [one.state for one in outbox.load(conn, ["o1", "o2"])]
        assert states == ["sending", "unsure"]


def test_whoever_was_taken_for_gone_changes_nothing_any_more(shared: Store) -> None:
    with fresh(shared) as conn:
        outbox.enqueue(conn, [row(1)])
        slow = lanes.take(conn, LANE, 5, OTHER)
        assert slow is not None
        lanes.recover(conn, ME, 6)
        later = 6 + outbox.SETTLES
        found = lanes.take(conn, LANE, later, ME)
        assert found is not None
        assert lanes.try_again(conn, found, later, ME) is not None
        lanes.postpone(conn, slow, State.QUEUED, None, "it was busy")
        (now,) = outbox.load(conn, ["o1"])
        assert (now.state, now.holder) == ("sending", ME)


WHAT = st.sampled_from(["take", "sent", "later", "unsure", "dead", "skip"])
STEPS = st.lists(st.tuples(WHAT, st.integers(0, 7)), max_size=40)
ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from([None, "p", "q"])), min_size=1, max_size=8
)


@given(ROWS, STEPS)
@settings(max_examples=60, deadline=None)
def test_threads_and_plans_keep_their_order(
    shared: Store, rows: list[tuple[str, str | None]], steps: list[tuple[str, int]]
) -> None:
    with fresh(shared) as conn:
        made = [row(n, thread=t, plan=p, step=n) for n, (t, p) in enumerate(rows)]
        outbox.enqueue(conn, made)
        for now, (what, which) in enumerate(steps, 1):
            _step(conn, what, f"o{which % len(rows)}", now)


def _step(conn: Connection, what: str, id: str, now: int) -> None:
    (one,) = outbox.load(conn, [id])
    if what == "take":
        if taken := lanes.take(conn, LANE, now, ME):
            _nothing_before(conn, taken)
    elif what == "later" and one.state is State.SENDING:
        lanes.postpone(conn, one, State.QUEUED, now + 2, "busy")
    elif what == "unsure" and one.state is State.SENDING:
        lanes.postpone(conn, one, State.UNSURE, None, "cut")
    elif what in ("sent", "dead") and one.state is State.SENDING:
        lanes.end(conn, one, State(what), now)
    elif what == "skip":
        lanes.end(conn, one, State.SKIPPED, now)


def _nothing_before(conn: Connection, taken: outbox.Row) -> None:
    """What goes now has nothing before it in its thread that waits, nor in its plan that failed."""
    for other in outbox.by(conn, "thread", [taken.thread or ""]):
        assert other.number >= taken.number or other.state not in outbox.WAITING
    for other in outbox.by(conn, "plan", [taken.plan or ""]):
        assert other.step >= taken.step or other.state in (State.SENT, State.SKIPPED)
