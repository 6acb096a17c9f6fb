"""Registers the `console` notifier."""

from collections.abc import Sequence
from typing import Any

from careline.plugin import Notifier, hookimpl


@hookimpl
def careline_notifiers() -> Sequence[type[Notifier[Any]]]:
    """Return the notifier of this plugin."""
    from careline.builtin.console.notifier import Console

    return [Console]
