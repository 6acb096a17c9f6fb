"""The five hooks by which a plugin registers classes. Hooks register, objects act.

A plugin is a module named by an entry point of group `careline`; it holds functions with these
names, each marked `@careline.plugin.hookimpl`. They are called once, at start, in no set order,
and must be quick and free of I/O. A hook that raises is shown by `careline plugins` and left out;
it never stops another plugin.
"""

from collections.abc import Sequence
from typing import Any

import pluggy

from careline.contract.channel import Channel
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.staff import Listener, Notifier, Sandbox

PROJECT = "careline"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def careline_channels() -> Sequence[type[Channel[Any]]]:  # type: ignore[empty-body]
    """Return the channel classes of this plugin, one for each `kind`."""


@hookspec
def careline_classifiers() -> Sequence[  # type: ignore[empty-body]
    type[Classifier[Any]] | type[DeferredClassifier[Any]]
]:
    """Return the classifier classes of this plugin."""


@hookspec
def careline_notifiers() -> Sequence[type[Notifier[Any]]]:  # type: ignore[empty-body]
    """Return the notifier classes of this plugin."""


@hookspec
def careline_sandboxes() -> Sequence[type[Sandbox]]:  # type: ignore[empty-body]
    """Return the sandboxes of this plugin: stand-ins for platforms, used by demo and tests."""


@hookspec
def careline_listeners() -> Sequence[type[Listener[Any]]]:  # type: ignore[empty-body]
    """Return the listener classes of this plugin: they hear events after their commit."""
