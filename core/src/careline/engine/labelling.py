"""Labels: what classifiers read, and what holds: the operator's rules above all readings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from careline.config.policy import LabelRule
from careline.contract.classifier import Classifier, Reading, Turn, Utterance
from careline.engine.arrivals import KINDS, Arrival, Intake
from careline.engine.deadlines import Asked, matches
from careline.engine.facts import NO_LABELS, Labels
from careline.models import Visibility
from careline.store.bulk import query_in

TURNS = 3
RULES = "rules"
"""Who said so, where an operator's rule did."""


@dataclass(frozen=True, slots=True)
class Read:
    """One classifier's reading of one message, as it is kept."""

    message: str
    classifier: str
    version: str
    revised_at: int
    reading: str


@dataclass(frozen=True, slots=True)
class Labeller:
    """The inline classifiers, in the operator's order, and the operator's own rules."""

    classifiers: Mapping[str, Classifier[Any]]
    rules: Sequence[LabelRule] = ()
    failed: Callable[[str, Exception], None] = lambda name, error: None
    """Told of each classifier that fails."""

    def label(
        self,
        conn: Connection,
        to: Intake,
        arrivals: Sequence[Arrival],
        batch: Mapping[str, Arrival],
    ) -> list[Read]:
        """Set the labels of `arrivals`, which came in `batch`; return the readings to keep."""
        if not arrivals:
            return []
        asked = self.utterances(conn, to, arrivals, batch)
        reads: list[Read] = []
        for name, classifier in self.classifiers.items():
            readings = self._ask(name, classifier, asked)
            for arrival, reading in zip(arrivals, readings, strict=True):
                hold(arrival, reading, name)
                reads.append(
                    Read(arrival.id, name, classifier.version, arrival.revised_at, dump(reading))
                )
        for arrival in arrivals:
            self.overrule(to, arrival)
        return reads

    def _ask(
        self, name: str, classifier: Classifier[Any], items: Sequence[Utterance]
    ) -> Sequence[Reading]:
        """Ask a classifier; one that raises, or miscounts, abstains: no message waits for it."""
        try:
            readings = classifier.classify(items)
        except Exception as error:
            self.failed(name, error)
        else:
            if len(readings) == len(items):
                return readings
            self.failed(name, ValueError(f"{len(readings)} readings of {len(items)} messages"))
        return [Reading()] * len(items)

    def utterances(
        self,
        conn: Connection,
        to: Intake,
        arrivals: Sequence[Arrival],
        batch: Mapping[str, Arrival],
    ) -> list[Utterance]:
        """Return what classifiers are shown of these arrivals."""
        earlier = earlier_turns(conn, arrivals, batch)
        return [
            Utterance(
                _text(arrival), KINDS[arrival.message.kind], to.channel, arrival.message.lang,
                arrival.message.rating, arrival.message.addressed,
                bool(arrival.message.attachments), earlier.get(arrival.id, ()),
            )
            for arrival in arrivals
        ]  # fmt: skip

    def overrule(self, to: Intake, arrival: Arrival) -> None:
        """Apply the first rule that matches: an operator's word stands above a classifier's."""
        for rule in self.rules:
            if _says(rule, to, arrival):
                old = arrival.labels
                arrival.labels = Labels(
                    rule.intent.value if rule.intent else old.intent,
                    rule.sentiment or old.sentiment,
                    rule.urgency or old.urgency,
                    old.needs_reply if rule.needs_reply is None else rule.needs_reply,
                )
                arrival.labelled_by = RULES
                return


def _text(arrival: Arrival) -> str:
    title = arrival.message.title
    return f"{title}\n{arrival.message.text}" if title else arrival.message.text


def _says(rule: LabelRule, to: Intake, arrival: Arrival) -> bool:
    m = arrival.message
    private = m.visibility is Visibility.PRIVATE
    asked = Asked(to.brand, to.account, KINDS[m.kind], private, *arrival.labels)
    if not matches(rule.when, asked):
        return False
    low = _text(arrival).lower()
    return not rule.words or any(word.lower() in low for word in rule.words)


def hold(arrival: Arrival, reading: Reading, by: str, *, over: bool = False) -> None:
    """Let a reading fill what no earlier one has said; `over`: it stands above them."""
    facets = reading.facets
    needs = facets.get("needs_reply")
    said = Labels(
        _primary(facets, "intent"),
        _primary(facets, "sentiment"),
        _primary(facets, "urgency"),
        None if needs is None else needs.primary == "yes",
    )
    if arrival.labels is NO_LABELS:
        arrival.labels = said
    else:
        first, second = (said, arrival.labels) if over else (arrival.labels, said)
        arrival.labels = _filled(first, second)
    arrival.pii = arrival.pii or _primary(facets, "pii")
    arrival.labelled_by = by if over else arrival.labelled_by or by


def _filled(first: Labels, second: Labels) -> Labels:
    return Labels(
        first.intent or second.intent,
        first.sentiment or second.sentiment,
        first.urgency or second.urgency,
        second.needs_reply if first.needs_reply is None else first.needs_reply,
    )


def _primary(facets: Mapping[str, Any], name: str) -> str | None:
    facet = facets.get(name)
    return None if facet is None else facet.primary


def dump(reading: Reading) -> str:
    """Return a reading as JSON: `{facet: {primary, values, evidence: [[value, cue, 0, 4]]}}`."""
    said = {
        name: {
            "primary": facet.primary,
            "values": facet.values,
            "evidence": facet.evidence,  # tuples: written as lists
        }
        for name, facet in reading.facets.items()
    }
    return to_json(said).decode()


def earlier_turns(
    conn: Connection, arrivals: Iterable[Arrival], batch: Mapping[str, Arrival]
) -> dict[str, tuple[Turn, ...]]:
    """Return up to three ancestors of each arrival, oldest first: those stored, or in the batch."""
    turns: dict[str, tuple[Turn, ...]] = {}
    above = {arrival.id: arrival.parent for arrival in arrivals if arrival.parent}
    for _ in range(TURNS):
        stored = _stored(conn, {parent for parent in above.values() if parent not in batch})
        following: dict[str, str] = {}
        for message, parent in above.items():
            found = _turn(batch[parent]) if parent in batch else stored.get(parent)
            if found is not None:
                turn, grandparent = found
                turns[message] = (turn, *turns.get(message, ()))
                if grandparent:
                    following[message] = grandparent
        above = following
    return turns


def _turn(arrival: Arrival) -> tuple[Turn, str | None]:
    return Turn(arrival.ours, "" if arrival.hushed else _text(arrival)), arrival.parent


_TURN = """
SELECT m.id, m.direction, m.parent, b.text
FROM messages m JOIN bodies b ON b.owner = m.id AND b.revised_at = coalesce(m.revised_at, 0)
WHERE m.id IN"""


def _stored(conn: Connection, ids: set[str]) -> dict[str, tuple[Turn, str | None]]:
    rows = query_in(conn, _TURN, ids)
    return {id: (Turn(way == "out", text or ""), parent) for id, way, parent, text in rows}
