"""Plugins that each break one rule: they prove the suites, and try the engine.

Each is named by what it does, and its `fails` names the one check that must find it. This module
is a plugin too: with it registered, a desk can be given channels of kind `hostile-hangs` and so on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from careline.plugin import Channel, Classifier, Notifier, hookimpl
from careline.testing.hostile import acts, faults, items, life, permissions, webhooks
from careline.testing.hostile.base import HostileChannel, by_name
from careline.testing.hostile.classifiers import HostileClassifier
from careline.testing.hostile.dists import HOSTILE_PLUGINS, install_hostile
from careline.testing.hostile.notifiers import HostileNotifier
from careline.testing.hostile.speaking import HostileHooks, HostileHost, Speaks

__all__ = [
    "HOSTILE_CHANNELS",
    "HOSTILE_CLASSIFIERS",
    "HOSTILE_NOTIFIERS",
    "HOSTILE_PLUGINS",
    "HostileChannel",
    "HostileClassifier",
    "HostileHooks",
    "HostileHost",
    "HostileNotifier",
    "Speaks",
    "acts",
    "faults",
    "install_hostile",
    "items",
    "life",
    "permissions",
    "webhooks",
]

HOSTILE_CHANNELS: Mapping[str, type[HostileChannel]] = by_name(HostileChannel)
"""Each hostile channel by the name of what it does: `raises-in-poll`, `hangs`, `ever-more` ..."""
HOSTILE_CLASSIFIERS: Mapping[str, type[HostileClassifier]] = by_name(HostileClassifier)
"""Each hostile classifier by the name of what it does: `raises`, `moody`, `false-evidence` ..."""
HOSTILE_NOTIFIERS: Mapping[str, type[HostileNotifier]] = by_name(HostileNotifier)
"""Each hostile notifier by the name of what it does: `hangs`, `refuses-repeats`, `swallows` ..."""


@hookimpl
def careline_channels() -> Sequence[type[Channel[Any]]]:
    """Return every hostile channel whose kind is a slug."""
    return [one for one in HOSTILE_CHANNELS.values() if one.kind.startswith("hostile-")]


@hookimpl
def careline_classifiers() -> Sequence[type[Classifier[Any]]]:
    """Return every hostile classifier."""
    return list(HOSTILE_CLASSIFIERS.values())


@hookimpl
def careline_notifiers() -> Sequence[type[Notifier[Any]]]:
    """Return every hostile notifier."""
    return list(HOSTILE_NOTIFIERS.values())
