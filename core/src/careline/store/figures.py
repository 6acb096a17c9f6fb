"""Figures: counts, shares and percentiles, gathered one conversation at a time."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any, Final

from careline.models import Model

TIERS: Final = {"30m": 1800, "1h": 3600, "24h": 86400}
"""Within which spans an answer is counted, in seconds (S4)."""
_MICROS: Final = 1_000_000


class Spread(Model):
    """Two percentiles, in seconds; null where there is nothing to measure."""

    median: float | None = None
    p90: float | None = None


class Answers(Model):
    """How many conversations were answered by a human, and how fast, counted from posting."""

    conversations: int
    answered: int
    within: Mapping[str, float | None]
    """30m, 1h, 24h: shares from 0 to 1 of all, so that no answer counts as none in time (S5)."""
    first_response_s: Spread


class Day(Model):
    """A day of the brand's, and how many messages customers wrote on it."""

    day: date
    messages: int


class Volume(Model):
    """The messages of customers, against as long a period just before (S2)."""

    messages: int
    before: int
    change: float | None
    """0.25: a quarter more than before; null where there was nothing before."""
    days: tuple[Day, ...]
    """Days without a message are left out."""


class Figures(Answers):
    """All figures of a group of conversations."""

    never_answered: int
    without_disposition: int
    """Neither answered nor resolved nor ignored (S6)."""
    public: Answers
    """Public answers alone, over the conversations that began in public (S66)."""
    volume: Volume
    deadlines: Mapping[str, Mapping[str, int]]
    """Kind of promise to how many were kept, missed (late or never met), are open, or void."""


def seconds(start: int, end: int) -> int:
    """Return the whole seconds between two times in microseconds; a begun one counts."""
    return max(0, -((start - end) // _MICROS))


@dataclass(slots=True)
class Times:
    """Spans in seconds, of so many conversations. Memory is that of the distinct spans."""

    conversations: int = 0
    spans: Counter[int] = field(default_factory=Counter)

    def add(self, start: int, end: int | None) -> None:
        """Count a conversation; `end` is None where nobody has answered."""
        self.conversations += 1
        if end is not None:
            self.spans[seconds(start, end)] += 1

    def merge(self, other: "Times") -> None:
        """Add what another one has counted."""
        self.conversations += other.conversations
        self.spans.update(other.spans)

    def answers(self) -> Answers:
        """Return the figures."""
        return Answers(
            conversations=self.conversations,
            answered=self.spans.total(),
            within={tier: self._share(limit) for tier, limit in TIERS.items()},
            first_response_s=spread(self.spans),
        )

    def _share(self, limit: int) -> float | None:
        if not self.conversations:
            return None
        fast = sum(count for span, count in self.spans.items() if span <= limit)
        return round(fast / self.conversations, 6)


def spread(spans: Mapping[int, int]) -> Spread:
    """Return the percentiles of values with their counts, between two by straight line."""
    values = sorted(spans)
    ends = list(accumulate(spans[value] for value in values))
    if not values:
        return Spread()
    return Spread(median=_percentile(values, ends, 0.5), p90=_percentile(values, ends, 0.9))


def _percentile(values: list[int], ends: list[int], share: float) -> float:
    place = (ends[-1] - 1) * share
    below = values[bisect_right(ends, int(place))]
    above = values[bisect_right(ends, min(int(place) + 1, ends[-1] - 1))]
    return round(below + (above - below) * (place - int(place)), 3)


@dataclass(slots=True)
class Tally:
    """What is being gathered of one group of conversations."""

    times: Times = field(default_factory=Times)
    public: Times = field(default_factory=Times)
    without_disposition: int = 0
    days: Counter[date] = field(default_factory=Counter)
    before: int = 0
    deadlines: dict[str, Counter[str]] = field(default_factory=dict)

    def merge(self, other: "Tally") -> None:
        """Add what another group has."""
        self.times.merge(other.times)
        self.public.merge(other.public)
        self.without_disposition += other.without_disposition
        self.days.update(other.days)
        self.before += other.before
        for kind, outcomes in other.deadlines.items():
            self.deadlines.setdefault(kind, Counter()).update(outcomes)

    def fields(self) -> dict[str, Any]:
        """Return the fields of `Figures`."""
        answers = self.times.answers()
        return {
            **dict(answers),
            "never_answered": answers.conversations - answers.answered,
            "without_disposition": self.without_disposition,
            "public": self.public.answers(),
            "volume": self._volume(),
            "deadlines": {kind: _outcomes(self.deadlines[kind]) for kind in sorted(self.deadlines)},
        }

    def _volume(self) -> Volume:
        messages = self.days.total()
        change = round(messages / self.before - 1, 6) if self.before else None
        days = tuple(Day(day=day, messages=count) for day, count in sorted(self.days.items()))
        return Volume(messages=messages, before=self.before, change=change, days=days)


def _outcomes(counted: Counter[str]) -> dict[str, int]:
    return {name: counted[name] for name in ("kept", "missed", "open", "void")}
