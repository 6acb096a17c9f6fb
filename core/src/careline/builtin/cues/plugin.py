"""Registers the `cues` classifier; its word lists are read when one is made."""

from collections.abc import Sequence
from typing import Any

from careline.builtin.cues.classifier import Cues
from careline.plugin import Classifier, hookimpl


@hookimpl
def careline_classifiers() -> Sequence[type[Classifier[Any]]]:
    """Return the classifier of this plugin."""
    return [Cues]
