"""What each cue speaks for: the whole judgement of this classifier, in one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from careline.plugin import Intent


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """A reason to believe something. A weight of 1 is a hint, 3 is all but certain.

    `sentiment` is below 0 for negative. `urgency` speaks for high. `negated` names the cue that
    holds when a negation is near ("works" in "never works"). `opening` cues count only where a
    sentence begins, `silent` ones only when negated.
    """

    name: str
    intents: Mapping[str, float] = field(default_factory=dict)
    sentiment: float = 0.0
    urgency: float = 0.0
    negated: str | None = None
    opening: bool = False
    silent: bool = False


PROBLEM, QUESTION, REQUEST = Intent.PROBLEM.value, Intent.QUESTION.value, Intent.REQUEST.value
SUGGESTION, PRAISE = Intent.SUGGESTION.value, Intent.PRAISE.value
INFORMATION, CHATTER, SPAM = Intent.INFORMATION.value, Intent.CHATTER.value, Intent.SPAM.value

_CUES = (
    # found by words
    Cue("failure", {PROBLEM: 3.0}, sentiment=-2.0),
    Cue("waiting", {PROBLEM: 2.5}, sentiment=-1.5),
    Cue("money", {PROBLEM: 2.5}, sentiment=-1.5),
    Cue("harm", {PROBLEM: 3.0}, sentiment=-2.0, urgency=3.0),
    Cue("leaving", {PROBLEM: 2.0}, sentiment=-2.0, urgency=1.0),
    Cue("displeasure", {PROBLEM: 2.0}, sentiment=-2.5),
    Cue("sadness", {PROBLEM: 0.7}, sentiment=-1.5),
    Cue("hurry", {REQUEST: 0.5}, urgency=2.0),
    Cue("delight", {PRAISE: 2.0}, sentiment=2.0, negated="displeasure"),
    Cue("gratitude", {PRAISE: 1.5}, sentiment=1.2),
    Cue("smile", {PRAISE: 0.5, CHATTER: 0.5}, sentiment=1.0),
    Cue("question mark", {QUESTION: 1.8}),
    Cue("question", {QUESTION: 2.5}),
    Cue("question opening", {QUESTION: 1.0}, opening=True),
    Cue("request", {REQUEST: 2.0}),
    Cue("can you", {REQUEST: 1.5, QUESTION: 0.6}),
    Cue("suggestion", {SUGGESTION: 4.5}),
    Cue("report", {INFORMATION: 2.0}),
    Cue("all clear", {INFORMATION: 1.0, PRAISE: 0.8}, sentiment=1.0),
    Cue("small talk", {CHATTER: 1.5}),
    Cue("promotion", {SPAM: 4.0}),
    Cue("offer", {SPAM: 1.6}),
    Cue("works", negated="failure", silent=True),
    Cue("negation", silent=True),
    Cue("negation around", silent=True),
    Cue("refusal", {PROBLEM: 1.0}, sentiment=-0.6),
    # found in the stars of a review
    Cue("low stars", {PROBLEM: 3.0}, sentiment=-4.0),
    Cue("middling stars", {INFORMATION: 0.5}, sentiment=-0.5),
    Cue("high stars", {PRAISE: 3.0}, sentiment=4.0),
)

CUES: Mapping[str, Cue] = MappingProxyType({cue.name: cue for cue in _CUES})
"""All cues by name."""
ASKING = frozenset((PROBLEM, QUESTION, REQUEST, SUGGESTION))
"""Intents whose author waits for an answer, whoever they were said to."""
