"""The order of the inbox: a sum that says why, kept as one moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline.engine.priority import IDLE, MINUTE, UNPROMISED, explain, rank_at, span

HOUR = 60 * MINUTE
NOW = 1_772_000_000_000_000
TIMES = st.integers(min_value=0, max_value=4_000_000_000_000_000)
CALM: dict[str, Any] = {
    "due_at": NOW + HOUR,
    "waiting_since": NOW,
    "last_at": NOW,
    "problem": False,
    "urgent": False,
    "unanswered": 1,
    "reach": None,
    "grew": None,
}
CASES = st.fixed_dictionaries(
    {
        "due_at": st.none() | TIMES,
        "waiting_since": st.none() | TIMES,
        "last_at": TIMES,
        "problem": st.booleans(),
        "urgent": st.booleans(),
        "unanswered": st.integers(0, 100),
        "reach": st.none() | st.integers(0, 10**9),
        "grew": st.none() | st.floats(0, 1000),
    }
)


def score(case: dict[str, Any], now: int) -> int:
    return sum(part.minutes for part in explain(**case, now=now))


def bonus(**changed: Any) -> int:
    return score(CALM | changed, NOW) - score(CALM, NOW)


@given(CASES, CASES, TIMES)
def test_one_moment_orders_as_the_sum_does_at_any_time(
    one: dict[str, Any], two: dict[str, Any], now: int
) -> None:
    if score(one, now) > score(two, now):
        assert rank_at(**one) < rank_at(**two)
    if rank_at(**one) <= rank_at(**two):
        assert score(one, now) >= score(two, now)


@given(CASES, TIMES)
def test_the_parts_sum_to_the_minutes_since_that_moment(case: dict[str, Any], now: int) -> None:
    assert score(case, now) == (now - rank_at(**case)) // MINUTE


@pytest.mark.parametrize(
    ("changed", "minutes"),
    [
        ({"due_at": NOW}, 60),
        ({"due_at": NOW - HOUR}, 120),
        ({"problem": True}, 30),
        ({"urgent": True}, 30),
        ({"unanswered": 2}, 15),
        ({"unanswered": 4}, 45),
        ({"unanswered": 50}, 45),
        ({"reach": 999}, 0),
        ({"reach": 1000}, 10),
        ({"reach": 99_999}, 20),
        ({"reach": 10**9}, 40),
        ({"grew": 1.9}, 0),
        ({"grew": 2.0}, 20),
    ],
)
def test_each_part_counts_what_is_stated(changed: dict[str, Any], minutes: int) -> None:
    assert bonus(**changed) == minutes


def test_who_waits_without_a_promise_comes_before_whoever_does_not_wait() -> None:
    waits = CALM | {"due_at": None}
    rests = CALM | {"due_at": None, "waiting_since": None}
    assert rank_at(**CALM) < rank_at(**waits) < rank_at(**rests)
    assert rank_at(**waits) == NOW + UNPROMISED
    assert rank_at(**rests) == NOW + IDLE


def test_every_part_says_why() -> None:
    case = CALM | {
        "due_at": NOW - 90 * MINUTE,
        "problem": True,
        "urgent": True,
        "unanswered": 3,
        "reach": 6400,
        "grew": 2.5,
    }
    assert [(part.name, part.minutes, part.text) for part in explain(**case, now=NOW)] == [
        ("deadline", 90, "overdue by 1 h 30 min"),
        ("problem", 30, "something does not work"),
        ("urgent", 30, "the customer says it is urgent"),
        ("repeat", 30, "3 messages wait for an answer"),
        ("reach", 10, "up to 6,400 people see it"),
        ("growth", 20, "its reach grew 2.5 times since the last look"),
    ]


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (CALM, "due in 1 h"),
        (CALM | {"due_at": None}, "waits for 2 h; no time is promised"),
        (
            CALM | {"due_at": None, "waiting_since": None},
            "nobody waits; the last word was 2 h ago",
        ),
    ],
)
def test_the_nearness_of_the_deadline_is_told_in_words(case: dict[str, Any], text: str) -> None:
    later = 0 if case["due_at"] else 2 * HOUR
    assert explain(**case, now=NOW + later)[0].text == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (45, "45 s"),
        (720, "12 min"),
        (3 * 3600 + 300, "3 h 05 min"),
        (86_400, "1 d"),
        (4 * 86_400 + 7200, "4 d 2 h"),
    ],
)
def test_spans_read_easily(seconds: int, text: str) -> None:
    assert span(seconds * 1_000_000) == text
