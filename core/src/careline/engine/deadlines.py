"""Deadlines: which promise a message gets, by which rule, and when it is due."""

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import date, time, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from careline.config.policy import DeadlineRule, Hours, When
from careline.engine.facts import Micros, Word
from careline.engine.hours import working
from careline.models import DeadlineKind

CEILING: Micros = 24 * 3600 * 1_000_000
"""No first word waits longer, whatever pauses (S26)."""
_MICRO = timedelta(microseconds=1)
CAPPED = frozenset({DeadlineKind.ACKNOWLEDGE, DeadlineKind.FIRST_REPLY, DeadlineKind.NEXT_REPLY})


class Deadline(NamedTuple):
    """A promise with its clock. Its key is (`anchor`, `kind`): a message is in one case only."""

    anchor: str
    kind: DeadlineKind
    starts_at: Micros
    due_at: Micros
    warn_at: tuple[Micros, ...]
    rules: int
    why: str
    live: bool
    paused_at: Micros | None = None
    """Since when its clock stands: the customer is to speak."""
    met_at: Micros | None = None
    void: str | None = None

    @property
    def key(self) -> tuple[str, DeadlineKind]:
        """Return what makes it one promise."""
        return self.anchor, self.kind


class Calendar(BaseModel):
    """A brand's time zone and business hours."""

    model_config = ConfigDict(frozen=True)

    zone: str = "UTC"
    hours: Hours | None = None


class RuleBook(BaseModel):
    """All that promises are made by, as it was when a message came. Kept, so that it stays true."""

    model_config = ConfigDict(frozen=True)

    rules: tuple[DeadlineRule, ...]
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def dump(self) -> str:
        """Return it as text that is equal where the book is equal."""
        return json.dumps(self.model_dump(), sort_keys=True, default=_plain)

    @classmethod
    def load(cls, text: str) -> "RuleBook":
        """Read what `dump` wrote."""
        return cls.model_validate(json.loads(text))


def _plain(value: timedelta | time | date) -> float | str:
    """Write spans of time as seconds: ISO 8601 is not how an operator writes them."""
    return value.total_seconds() if isinstance(value, timedelta) else value.isoformat()


class Asked(NamedTuple):
    """What a rule looks at."""

    brand: str
    account: str
    kind: str
    private: bool
    intent: str | None
    sentiment: str | None
    urgency: str | None
    needs_reply: bool | None


class Rules:
    """A rule book ready for use: remembers which rule a sort of message got."""

    def __init__(self, id: int, book: RuleBook) -> None:
        """`id` is the book's number in the store."""
        self.id = id
        self.book = book
        self._known: dict[Asked, int] = {}
        self._said: dict[int, str] = {}
        self._spans: dict[int, dict[DeadlineKind, Micros]] = {-1: {}}

    def match(self, word: Word) -> int:
        """Return the number of the first rule that matches `word`; -1: none does."""
        labels = word.labels
        asked = Asked(word.brand, word.account, word.kind, word.private, *labels)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._first(asked)
        return found

    def spans(self, rule: int) -> Mapping[DeadlineKind, Micros]:
        """Return how long each promise of a rule runs; a kind left out is not promised."""
        known = self._spans.get(rule)
        if known is None:
            found = ((kind, self.book.rules[rule].span(kind)) for kind in DeadlineKind)
            known = {kind: span // _MICRO for kind, span in found if span is not None}
            self._spans[rule] = known
        return known

    def _first(self, asked: Asked) -> int:
        for number, rule in enumerate(self.book.rules):
            if matches(rule.when, asked):
                return number
        return -1

    def deadline(
        self, kind: DeadlineKind, anchor: "Waiting", since: Micros, brand: str
    ) -> Deadline | None:
        """Return what rule `anchor.rule` promises; None: nothing of this kind."""
        span = self.spans(anchor.rule).get(kind)
        if span is None:
            return None
        rule = self.book.rules[anchor.rule]
        due, *warn = self._moments(rule, span, anchor.clock, brand)
        if kind in CAPPED:
            ceiling = since + CEILING
            due, warn = min(due, ceiling), [min(moment, ceiling) for moment in warn]
        why = self._why(anchor.rule)
        return Deadline(
            anchor.id, kind, anchor.clock, due, tuple(sorted(warn)), self.id, why, anchor.live
        )

    def _moments(self, rule: DeadlineRule, span: Micros, start: Micros, brand: str) -> list[Micros]:
        """Return when the span is over, and when each share of it is."""
        spans = [span, *(round(span * share) for share in rule.warn)]
        calendar = self.book.calendars.get(brand)
        if rule.hours == "always" or calendar is None:
            return [start + one for one in spans]
        return [working(start, one, calendar.hours, calendar.zone) for one in spans]

    def _why(self, rule: int) -> str:
        why = self._said.get(rule)
        if why is None:
            why = self._said[rule] = describe(self.book.rules[rule], rule)
        return why


class Waiting(NamedTuple):
    """A customer's word that no human of ours has answered yet."""

    id: str
    clock: Micros
    rules: int
    rule: int
    live: bool


def matches(when: When, asked: Asked) -> bool:
    """Tell whether every key that `when` gives matches."""
    return (
        (not when.brand or asked.brand in when.brand)
        and (not when.channel or asked.account in when.channel)
        and (not when.kind or asked.kind in when.kind)
        and (not when.visibility or ("private" if asked.private else "public") in when.visibility)
        and (not when.intent or asked.intent in when.intent)
        and (not when.sentiment or asked.sentiment in when.sentiment)
        and (not when.urgency or asked.urgency in when.urgency)
        and (when.needs_reply is None or when.needs_reply is bool(asked.needs_reply))
    )


def describe(rule: DeadlineRule, number: int) -> str:
    """Return the rule in words, as kept with each deadline made under it."""
    given = rule.when.model_dump(mode="json", exclude_defaults=True)
    said = ", ".join(
        f"{key} {' or '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
        for key, value in given.items()
    )
    return f"rule {number + 1}: {said or 'everything'}"
