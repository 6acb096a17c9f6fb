"""Labels of a message: what holds, who said so, and by which words."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from careline.store.bulk import query_in

HELD: Final = ("intent", "sentiment", "urgency", "needs_reply", "pii")
"""The facets that a message's own row holds."""


@dataclass(frozen=True, slots=True)
class CueView:
    """Words that gave a value: `text[start:end]`; an empty span where they lie around the text."""

    value: str
    cue: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelView:
    """What holds of one facet: the values with their scores, the primary one, and who said so."""

    values: Mapping[str, float]
    primary: str
    score: float
    by: str | None
    evidence: tuple[CueView, ...] = ()


Readings = Mapping[str, Mapping[str, Any]]
"""Classifier to its reading, as the table holds it."""

_READINGS = """
SELECT r.message, r.classifier, r.reading FROM readings r
JOIN messages m ON m.id = r.message AND r.revised_at = coalesce(m.revised_at, 0)
WHERE r.message IN"""


def load_readings(conn: Connection, messages: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what each classifier said of the current words of each message."""
    found: dict[str, dict[str, Any]] = {}
    for message, classifier, reading in query_in(conn, _READINGS, messages):
        found.setdefault(message, {})[classifier] = json.loads(reading)
    return found


def labels_of(row: Any, readings: Readings) -> dict[str, LabelView]:
    """Return the labels of a message's row: held facets first, then what else was read of it."""
    labels = {
        facet: _label(facet, _said(held), row.labelled_by, readings)
        for facet in HELD
        if (held := getattr(row, facet)) is not None
    }
    for classifier, reading in sorted(readings.items()):
        for facet, value in reading.items():
            if facet not in HELD and facet not in labels:
                labels[facet] = _read(classifier, value)
    return labels


def _said(held: Any) -> str:
    return held if isinstance(held, str) else "yes" if held else "no"


def _label(facet: str, primary: str, by: str | None, readings: Readings) -> LabelView:
    """A value is the classifier's who read it so; else it is a person's or a rule's word."""
    for classifier in sorted(readings, key=lambda name: (name != by, name)):
        read = readings[classifier].get(facet)
        if read is not None and read["primary"] == primary:
            return _read(classifier, read)
    return LabelView(values={primary: 1.0}, primary=primary, score=1.0, by=by)


def _read(classifier: str, facet: Mapping[str, Any]) -> LabelView:
    primary, values = facet["primary"], facet["values"]
    cues = tuple(CueView(*cue) for cue in facet.get("evidence", ()))
    return LabelView(values, primary, values.get(primary, 0.0), classifier, cues)
