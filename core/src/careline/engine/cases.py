"""Where one case ends and another begins: the facts of a customer, parted into conversations.

A public span starts a case of its own. A private one joins the case that opened it, else the
customer's latest case with a word in the last 30 days. A span ends 72 hours after it was resolved.
Staff split and merge: their word wins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from careline.engine.facts import Act, Fact, Micros, Word

_HOUR: Final[Micros] = 3600 * 1_000_000
ENDS_AFTER: Final[Micros] = 72 * _HOUR
JOINS_WITHIN: Final[Micros] = 30 * 24 * _HOUR


@dataclass(slots=True)
class Case:
    """One conversation in the making: its facts in order."""

    first: str
    """The message that starts it."""
    start: str
    """The position of that message."""
    facts: list[Fact] = field(default_factory=list)
    spans: dict[str, str] = field(default_factory=dict)
    """Thread to the position from which it is part of this case."""
    ended: dict[str, str] = field(default_factory=dict)
    """Thread to the position at which it went on in another case."""
    customers: set[str | None] = field(default_factory=set)
    last_word: Micros = 0
    resolved_at: Micros | None = None

    def over(self, at: Micros) -> bool:
        """Tell whether a customer's word at this time starts a new case."""
        return self.resolved_at is not None and at > self.resolved_at + ENDS_AFTER


@dataclass(slots=True)
class Parting:
    """All facts of some customers, parted. `of` maps each message to its case."""

    cases: list[Case] = field(default_factory=list)
    of: dict[str, Case] = field(default_factory=dict)
    current: dict[str, Case] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    """Private thread to the message whose case it goes on."""
    split: set[str] = field(default_factory=set)
    """Messages that staff say start a case."""

    def take(self, word: Word, customer: str | None) -> None:
        """Put a message, the latest so far, into its case."""
        case = self.current.get(word.thread)
        if case is None or self._starts(case, word):
            fresh = self._for(word, customer)
            if case is not None and case is not fresh:
                case.ended[word.thread] = word.position
            case = fresh
            case.spans.setdefault(word.thread, word.position)
            case.ended.pop(word.thread, None)
            self.current[word.thread] = case
        self._add(case, word, customer)

    def _starts(self, case: Case, word: Word) -> bool:
        return word.id in self.split or (word.opens and case.over(word.at))

    def _for(self, word: Word, customer: str | None) -> Case:
        joined = None
        if word.private and word.id not in self.split:
            joined = self._opener(word) or self._latest(word, customer)
        if joined is None:
            joined = Case(word.id, word.position)
            self.cases.append(joined)
        return joined

    def _opener(self, word: Word) -> Case | None:
        opener = self.opened.get(word.thread)
        case = self.of.get(opener) if opener else None
        return None if case is None or case.over(word.at) else case

    def _latest(self, word: Word, customer: str | None) -> Case | None:
        recent = [
            case
            for case in self.cases
            if customer is not None
            and customer in case.customers
            and word.at - case.last_word <= JOINS_WITHIN
            and not case.over(word.at)
        ]
        return max(recent, key=lambda case: (case.last_word, case.start), default=None)

    def _add(self, case: Case, word: Word, customer: str | None) -> None:
        case.facts.append(word)
        self.of[word.id] = case
        case.customers.add(customer)
        if word.role != "onlooker":
            case.last_word = max(case.last_word, word.at)
        if word.opens and case.resolved_at is not None:
            case.resolved_at = None

    def act(self, act: Act) -> None:
        """Apply what was done to the case that holds `act.message`."""
        case = self.of.get(act.message)
        if act.kind == "merge":
            case = self._merge(case, self.of.get(act.other or ""))
        if case is not None:
            case.facts.append(act)
            if act.kind == "resolve":
                case.resolved_at = act.at

    def _merge(self, one: Case | None, two: Case | None) -> Case | None:
        if one is None or two is None:
            return None
        if one is two:
            return one
        kept, gone = sorted((one, two), key=lambda case: case.start)
        kept.facts.extend(gone.facts)
        kept.customers |= gone.customers
        kept.last_word = max(kept.last_word, gone.last_word)
        both = (one.resolved_at, two.resolved_at)
        kept.resolved_at = None if None in both else max(at for at in both if at is not None)
        for thread, start in gone.spans.items():
            kept.spans[thread] = min(kept.spans.get(thread, start), start)
            kept.ended.pop(thread, None)
        for thread, end in gone.ended.items():
            kept.ended.setdefault(thread, end)
        self.cases.remove(gone)
        self.of |= {fact.id: kept for fact in gone.facts if isinstance(fact, Word)}
        self.current |= {t: kept for t, case in self.current.items() if case is gone}
        return kept


def part(words: Iterable[tuple[Word, str | None]], acts: Iterable[Act]) -> list[Case]:
    """Return the cases that some customers' facts make. Order and repeats do not matter.

    `words` come with the identity of the customer whose thread they are in.
    """
    parting = Parting()
    known = {word.position: (word, customer) for word, customer in words}
    deeds = {act.position: act for act in acts}
    for act in sorted(deeds.values(), key=lambda act: act.position):
        if act.kind == "split":
            parting.split.add(act.message)
        elif act.kind == "opened" and act.other:
            parting.opened.setdefault(act.other, act.message)
    for where in sorted({**known, **deeds}):
        if where in known:
            parting.take(*known[where])
        elif deeds[where].kind not in ("split", "opened"):
            parting.act(deeds[where])
    return parting.cases
