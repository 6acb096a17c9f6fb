"""The public test kit: suites for plugins, a fake clock, an in-memory context, hostile plugins.

Nothing is loaded before it is asked for, so that the pytest plugin costs other test runs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careline.testing.channel_suite import ChannelSuite
    from careline.testing.classifier_suite import HOSTILE_TEXTS, ClassifierSuite
    from careline.testing.clock import FakeClock, settle
    from careline.testing.context import LoopbackHttp, MemoryContext, MemoryState
    from careline.testing.guards import no_hang, no_io, no_network, no_real_clock
    from careline.testing.host import Fault, LoopbackHost, Platform
    from careline.testing.hostile import (
        HOSTILE_CHANNELS,
        HOSTILE_CLASSIFIERS,
        HOSTILE_NOTIFIERS,
        HOSTILE_PLUGINS,
        HostileChannel,
        HostileClassifier,
        HostileNotifier,
        install_hostile,
    )
    from careline.testing.imports import import_is_quiet
    from careline.testing.leaks import nothing_left_open
    from careline.testing.notifier_suite import NotifierSuite
    from careline.testing.recorder import Line, Recorder

_HOMES = {
    "channel_suite": ("ChannelSuite",),
    "classifier_suite": ("HOSTILE_TEXTS", "ClassifierSuite"),
    "clock": ("FakeClock", "settle"),
    "context": ("LoopbackHttp", "MemoryContext", "MemoryState"),
    "guards": ("no_hang", "no_io", "no_network", "no_real_clock"),
    "host": ("Fault", "LoopbackHost", "Platform"),
    "hostile": (
        "HOSTILE_CHANNELS",
        "HOSTILE_CLASSIFIERS",
        "HOSTILE_NOTIFIERS",
        "HOSTILE_PLUGINS",
        "HostileChannel",
        "HostileClassifier",
        "HostileNotifier",
        "install_hostile",
    ),
    "imports": ("import_is_quiet",),
    "leaks": ("nothing_left_open",),
    "notifier_suite": ("NotifierSuite",),
    "recorder": ("Line", "Recorder"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "HOSTILE_CHANNELS",
    "HOSTILE_CLASSIFIERS",
    "HOSTILE_NOTIFIERS",
    "HOSTILE_PLUGINS",
    "HOSTILE_TEXTS",
    "ChannelSuite",
    "ClassifierSuite",
    "FakeClock",
    "Fault",
    "HostileChannel",
    "HostileClassifier",
    "HostileNotifier",
    "Line",
    "LoopbackHost",
    "LoopbackHttp",
    "MemoryContext",
    "MemoryState",
    "NotifierSuite",
    "Platform",
    "Recorder",
    "import_is_quiet",
    "install_hostile",
    "no_hang",
    "no_io",
    "no_network",
    "no_real_clock",
    "nothing_left_open",
    "settle",
]


def __getattr__(name: str) -> Any:
    """Load a name of the kit when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
