"""Channels and classifiers that each break one rule: they prove the suites, and try the engine.

Each is named by what it does, and its `fails` names the one check that must find it. This module
is a plugin too: with it registered, a desk can be given channels of kind `hostile-hangs` and so on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from careline.plugin import Channel, Classifier, hookimpl
from careline.testing.hostile import items, life
from careline.testing.hostile.base import HostileChannel, by_name
from careline.testing.hostile.classifiers import HostileClassifier
from careline.testing.hostile.dists import HOSTILE_PLUGINS, install_hostile

__all__ = [
    "HOSTILE_CHANNELS",
    "HOSTILE_CLASSIFIERS",
    "HOSTILE_PLUGINS",
    "HostileChannel",
    "HostileClassifier",
    "install_hostile",
    "items",
    "life",
]

HOSTILE_CHANNELS: Mapping[str, type[HostileChannel]] = by_name(HostileChannel)
"""Each hostile channel by the name of what it does: `raises-in-poll`, `hangs`, `ever-more` ..."""
HOSTILE_CLASSIFIERS: Mapping[str, type[HostileClassifier]] = by_name(HostileClassifier)
"""Each hostile classifier by the name of what it does: `raises`, `moody`, `false-evidence` ..."""


@hookimpl
def careline_channels() -> Sequence[type[Channel[Any]]]:
    """Return every hostile channel whose kind is a slug."""
    return [one for one in HOSTILE_CHANNELS.values() if one.kind.startswith("hostile-")]


@hookimpl
def careline_classifiers() -> Sequence[type[Classifier[Any]]]:
    """Return every hostile classifier."""
    return list(HOSTILE_CLASSIFIERS.values())
