"""Classifiers that each break one rule; `fails` names the one check that must find it."""

import socket
import time
from collections.abc import Sequence
from itertools import count
from typing import Any, ClassVar

from careline.plugin import Classifier, Evidence, Facet, PluginConfig, Reading, Utterance

_endless = count()


class HostileClassifierConfig(PluginConfig):
    """Nothing to configure."""


class HostileClassifier(Classifier[Any]):
    """Breaks no rule: a question mark is a question. The others derive from it."""

    kind: ClassVar[str] = "hostile-none"
    title: ClassVar[str] = "Hostile"
    Config: ClassVar[type[PluginConfig]] = HostileClassifierConfig
    fails: ClassVar[str] = ""
    """The check of `ClassifierSuite` that finds what it does."""

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Read each item by itself."""
        return [self.read(item) for item in items]

    def read(self, item: Utterance) -> Reading:
        """Return the reading of one item."""
        at = item.text.find("?")
        if at < 0:
            return Reading()
        return Reading({"intent": self.facet(Evidence("question", "mark", at, at + 1))})

    def facet(self, evidence: Evidence) -> Facet:
        """Return what a question mark says."""
        return Facet("question", {"question": 0.9}, (evidence,))


class SkipsItems(HostileClassifier):
    """It leaves out what it does not understand."""

    fails = "test_one_reading_for_each_item"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Return readings of questions only."""
        found = super().classify(items)
        return found if len(found) < 2 else [one for one in found if one.facets]


class RaisesOnNothing(HostileClassifier):
    """No items at all are too few."""

    fails = "test_nothing_in_nothing_out"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Insist on a first item."""
        if not items:
            raise IndexError("no first item")
        return super().classify(items)


class Raises(HostileClassifier):
    """It raises on any text."""

    fails = "test_samples_are_read"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Raise, but for the odd text and for none."""
        if len(items) > 1:
            raise RuntimeError("a bug in this plugin")
        return super().classify(items)


class Hangs(HostileClassifier):
    """It never comes to an end."""

    fails = "test_samples_are_read"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Go round in circles, but for the odd text and for none."""
        while len(items) > 1:
            pass
        return super().classify(items)


class Moody(HostileClassifier):
    """Its scores are never the same."""

    fails = "test_it_is_repeatable"

    def facet(self, evidence: Evidence) -> Facet:
        """Return a score that falls each time."""
        return Facet("question", {"question": 1 / (1 + next(_endless))}, (evidence,))


class Gossips(HostileClassifier):
    """The first item's reading is everybody's."""

    fails = "test_a_batch_equals_its_singles"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Read one, and say it of all."""
        return [Reading()] * len(items) if len(items) > 1 else super().classify(items)


class UnknownFacet(HostileClassifier):
    """It reads what the contract does not know."""

    fails = "test_facets_are_known"

    def read(self, item: Utterance) -> Reading:
        """Return a facet of its own."""
        return Reading({"star-sign": Facet("leo", {"leo": 0.5})})


class StrangePrimary(HostileClassifier):
    """Its primary value is none of its values."""

    fails = "test_the_primary_is_a_value"

    def facet(self, evidence: Evidence) -> Facet:
        """Return one value and prefer another."""
        return Facet("praise", {"question": 0.9}, (evidence,))


class Overconfident(HostileClassifier):
    """It is 110 % sure."""

    fails = "test_scores_are_shares"

    def facet(self, evidence: Evidence) -> Facet:
        """Return a score above 1."""
        return Facet("question", {"question": 1.1}, (evidence,))


class FalseEvidence(HostileClassifier):
    """Its evidence lies behind the end of the text."""

    fails = "test_evidence_lies_in_the_text"

    def facet(self, evidence: Evidence) -> Facet:
        """Return words that nobody wrote."""
        return Facet("question", {"question": 0.9}, (Evidence("question", "mark", 0, 10**9),))


class Ascetic(HostileClassifier):
    """It cannot take text that is no clean UTF-8."""

    fails = "test_no_text_breaks_it"

    def read(self, item: Utterance) -> Reading:
        """Encode what may not be encodable."""
        item.text.encode()
        return super().read(item)


class ReadsClock(HostileClassifier):
    """Its reading takes note of the time."""

    fails = "test_only_the_context_is_used"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Ask the machine for the time."""
        time.monotonic()
        return super().classify(items)


class OpensSocket(HostileClassifier):
    """An inline classifier that does I/O."""

    fails = "test_only_the_context_is_used"

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Open a socket, even if to nobody."""
        socket.socket().close()
        return super().classify(items)


class WrongMode(HostileClassifier):
    """It says `deferred`, but is a plain function."""

    mode = "deferred"
    fails = "test_mode_is_as_declared"
