"""Tells what a message wants by its words: no model, no download, some microseconds each."""

from collections.abc import Sequence
from typing import ClassVar

from careline.builtin.cues.lexicon import lexicon
from careline.builtin.cues.pii import personal_data
from careline.builtin.cues.scan import LIMIT, scan
from careline.builtin.cues.table import CUES, Cue
from careline.builtin.cues.verdict import facets
from careline.plugin import Classifier, Context, PluginConfig, Reading, Utterance

_ALWAYS_TO_US = ("direct", "review")


class CuesConfig(PluginConfig):
    """Nothing to set: one word list serves all languages at once."""


class Cues(Classifier[CuesConfig]):
    """Intent, sentiment, urgency, needs_reply and pii, each with the cues that gave it.

    Knows English, and the basic words of Dutch, French, German and Spanish. The stars of a review
    count as a cue too, but lie outside the text, so that they give no evidence.
    """

    kind: ClassVar[str] = "cues"
    title: ClassVar[str] = "Cues"
    Config: ClassVar[type[PluginConfig]] = CuesConfig

    def __init__(self, config: CuesConfig, context: Context) -> None:
        """Read the word lists, once in a process."""
        super().__init__(config, context)
        lexicon()

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Return one reading for each item, in order."""
        return [_read(item) for item in items]


def _read(item: Utterance) -> Reading:
    stars = None if item.stars is None else _star_cue(item.stars)
    earlier = item.earlier
    to_us = item.addressed or item.kind in _ALWAYS_TO_US or bool(earlier and earlier[-1].ours)
    found = facets(scan(item.text), stars, to_us)
    pii = personal_data(item.text[:LIMIT])
    if pii:
        found["pii"] = pii
    return Reading(found)


def _star_cue(stars: float) -> Cue:
    if stars <= 2:
        return CUES["low stars"]
    return CUES["high stars" if stars >= 4 else "middling stars"]
