"""Weighs a set of cues: what is primary in each facet, and which cues speak for it."""

from functools import lru_cache
from typing import NamedTuple

from careline.builtin.cues.scan import Hit
from careline.builtin.cues.table import ASKING, CHATTER, CUES, INFORMATION, Cue
from careline.plugin import Evidence, Facet, Intent

GUESS = 0.2
"""The score of what holds only because no cue speaks for anything else."""
HIGH = 2.0
"""The weight of hurry from which the urgency is high."""
MOST_EVIDENCE = 2
"""A facet shows so many cues at most."""

_ALL_CLEAR = CUES["all clear"]
_ORDER = [*Intent, "negative", "positive", "high"]  # of equal weights the first wins


class Side(NamedTuple):
    """One facet as decided, still without evidence, and the cues that speak for its primary."""

    name: str
    facet: Facet
    voters: frozenset[Cue]


class Vote(NamedTuple):
    """One cue's word for one value."""

    value: str
    weight: float
    cue: Cue


def facets(hits: list[Hit], stars: Cue | None, to_us: bool) -> dict[str, Facet]:
    """Return the facets that `hits` and `stars` give, each with the words that speak for it.

    `to_us` tells that the words are said to us, not merely about us: it decides where cues do not.
    """
    cues = [hit[0] for hit in hits]
    if stars:
        cues.append(stars)
    found = {}
    for name, facet, voters in weigh(frozenset(cues), to_us):
        found[name] = _proven(facet, voters, hits) if voters else facet
    return found


def _proven(facet: Facet, voters: frozenset[Cue], hits: list[Hit]) -> Facet:
    evidence: tuple[Evidence, ...] = ()
    for cue, start, end in hits:
        if cue in voters:
            evidence += (Evidence(facet.primary, cue.name, start, end),)
            if len(evidence) == MOST_EVIDENCE:
                break
    return Facet(facet.primary, facet.values, evidence)


@lru_cache(maxsize=8192)
def weigh(cues: frozenset[Cue], to_us: bool) -> tuple[Side, ...]:
    """Return all facets for a set of cues. Most texts share a few hundred such sets."""
    found = [cue for cue in CUES.values() if cue in cues]
    intent = _intent(found, to_us)
    return intent, _sentiment(found), _urgency(found), _needs_reply(intent, to_us)


def _intent(found: list[Cue], to_us: bool) -> Side:
    votes = [Vote(value, weight, cue) for cue in found for value, weight in cue.intents.items()]
    return _decided("intent", votes, INFORMATION if to_us else CHATTER)


def _sentiment(found: list[Cue]) -> Side:
    votes = [
        Vote("negative" if cue.sentiment < 0 else "positive", abs(cue.sentiment), cue)
        for cue in found
        if cue.sentiment
    ]
    return _decided("sentiment", votes, "neutral")


def _urgency(found: list[Cue]) -> Side:
    votes = [Vote("high", cue.urgency, cue) for cue in found if cue.urgency]
    pressing = sum(vote.weight for vote in votes) >= HIGH
    return _decided("urgency", votes if pressing else [], "normal")


def _needs_reply(intent: Side, to_us: bool) -> Side:
    """Whoever asks or complains waits for a word; who tells us something, unless all is well."""
    primary = intent.facet.primary
    tells = to_us and primary == INFORMATION and _ALL_CLEAR not in intent.voters
    asks = tells or primary in ASKING
    value = "yes" if asks else "no"
    score = intent.facet.values[primary]
    return Side("needs_reply", Facet(value, {value: score}), intent.voters)


def _decided(name: str, votes: list[Vote], default: str) -> Side:
    weights: dict[str, float] = {}
    for vote in votes:
        weights[vote.value] = weights.get(vote.value, 0.0) + vote.weight
    if not weights:
        return Side(name, Facet(default, {default: GUESS}), frozenset())
    primary = min(weights, key=lambda value: (-weights[value], _ORDER.index(value)))
    values = {value: round(weight / (weight + 1), 3) for value, weight in weights.items()}
    return Side(name, Facet(primary, values), frozenset(v.cue for v in votes if v.value == primary))
