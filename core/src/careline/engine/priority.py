"""Priority: in which order conversations ask for attention, as a sum of minutes that says why.

| part | minutes | asked by |
|---|---|---|
| deadline | minutes past the next promise; before it, less than nothing | S24-S26 |
| problem | 30 where something does not work | S24, S59 |
| urgent | 30 where the customer is pressed for time | S1, S60 |
| repeat | 15 for each further word while one waits, up to 45 | S27 |
| reach | 10 for each factor of ten beyond 100 people, up to 40 | S69 |
| growth | 20 where the reach has doubled since the last look | S69 |

Only the first part changes with time, and for all alike. So the order is kept as one moment, the
promise's time less the other parts: whoever's moment is the earliest comes first, at any time.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

Micros = int
"""Microseconds since 1970 in UTC, or a span of them."""

MINUTE: Final[Micros] = 60 * 1_000_000
UNPROMISED: Final[Micros] = 48 * 60 * MINUTE
"""Who waits for what nobody promised comes as if it were promised in so long."""
IDLE: Final[Micros] = 365 * 24 * 60 * MINUTE
"""Where nobody waits, the last word counts as if it were due in so long."""
PROBLEM: Final = 30
URGENT: Final = 30
REPEAT: Final = 15
MOST_REPEATS: Final = 3
REACH: Final = 10
MOST_REACH: Final = 40
GROWTH: Final = 20
DOUBLED: Final = 2.0


class Part(NamedTuple):
    """One part of the sum: its name, its minutes, and the reason in words."""

    name: str
    minutes: int
    text: str


def rank_at(
    *,
    due_at: Micros | None,
    waiting_since: Micros | None,
    last_at: Micros,
    problem: bool,
    urgent: bool,
    unanswered: int,
    reach: int | None,
    grew: float | None,
) -> Micros:
    """Return the moment that orders the inbox, the earliest first.

    `unanswered` counts the customer's words that wait; `grew` is the reach as a multiple of what
    it was at the look before.
    """
    bonuses = _bonuses(problem, urgent, unanswered, reach, grew)
    minutes = sum(part.minutes for part in bonuses)
    return _base(due_at, waiting_since, last_at) - minutes * MINUTE


def explain(
    *,
    due_at: Micros | None,
    waiting_since: Micros | None,
    last_at: Micros,
    problem: bool,
    urgent: bool,
    unanswered: int,
    reach: int | None,
    grew: float | None,
    now: Micros,
) -> tuple[Part, ...]:
    """Return the parts of the score at `now`. Their sum is the whole minutes since `rank_at`."""
    past = (now - _base(due_at, waiting_since, last_at)) // MINUTE
    deadline = Part("deadline", past, _nearness(due_at, waiting_since, last_at, now))
    return (deadline, *_bonuses(problem, urgent, unanswered, reach, grew))


def _base(due_at: Micros | None, waiting_since: Micros | None, last_at: Micros) -> Micros:
    if due_at is not None:
        return due_at
    return last_at + IDLE if waiting_since is None else waiting_since + UNPROMISED


def _bonuses(
    problem: bool, urgent: bool, unanswered: int, reach: int | None, grew: float | None
) -> Iterator[Part]:
    if problem:
        yield Part("problem", PROBLEM, "something does not work")
    if urgent:
        yield Part("urgent", URGENT, "the customer says it is urgent")
    if unanswered > 1:
        repeats = min(unanswered - 1, MOST_REPEATS)
        yield Part("repeat", REPEAT * repeats, f"{unanswered} messages wait for an answer")
    if reach and reach >= 1000:
        minutes = min(REACH * (len(str(reach)) - 3), MOST_REACH)  # digits: exact at every power
        yield Part("reach", minutes, f"up to {reach:,} people see it")
    if grew is not None and grew >= DOUBLED:
        yield Part("growth", GROWTH, f"its reach grew {grew:.1f} times since the last look")


def _nearness(
    due_at: Micros | None, waiting_since: Micros | None, last_at: Micros, now: Micros
) -> str:
    if due_at is not None and due_at < now:
        return f"overdue by {span(now - due_at)}"
    if due_at is not None:
        return f"due in {span(due_at - now)}"
    if waiting_since is not None:
        return f"waits for {span(now - waiting_since)}; no time is promised"
    return f"nobody waits; the last word was {span(now - last_at)} ago"


def span(micros: Micros) -> str:
    """Return a span of time for people: `45 s`, `12 min`, `3 h 05 min`, `4 d 2 h`."""
    seconds = max(0, micros) // 1_000_000
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"
