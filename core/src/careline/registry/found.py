"""What a registry knows of plugins: who they are, what they bring, what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from careline.contract.channel import Channel
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.staff import Listener, Notifier, Sandbox

BASES: Mapping[str, tuple[type[Any], ...]] = MappingProxyType(
    {
        "channels": (Channel,),
        "classifiers": (Classifier, DeferredClassifier),
        "notifiers": (Notifier,),
        "listeners": (Listener,),
        "sandboxes": (Sandbox,),
    }
)
"""The groups of classes, each filled by the hook `careline_<group>`, and their base classes."""
ONE: Mapping[str, str] = MappingProxyType(
    {
        "channels": "channel",
        "classifiers": "classifier",
        "notifiers": "notifier",
        "listeners": "listener",
        "sandboxes": "sandbox",
    }
)
"""What one of each group is called."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin: where it comes from, and whether it can be used."""

    name: str
    module: str
    dist: str | None = None
    version: str | None = None
    error: str | None = None
    """Why nothing of it can be used."""
    problems: tuple[str, ...] = ()
    """What else is wrong with it; the rest of it can be used."""
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its kinds by group: `{"channels": ("twitter",)}`."""
    disabled: bool = False

    @property
    def label(self) -> str:
        """The name and where it comes from: `twitter (careline-twitter 0.1.0)`."""
        origin = f"{self.dist} {self.version or ''}".rstrip() if self.dist else self.module
        return self.name if origin == self.name else f"{self.name} ({origin})"

    @property
    def state(self) -> Literal["loaded", "partly", "failed", "disabled"]:
        """Whether it is used: `partly` where only some of what it brings can be."""
        if self.disabled:
            return "disabled"
        if self.error or (self.problems and not self.provides):
            return "failed"
        return "partly" if self.problems else "loaded"


@dataclass(frozen=True, slots=True)
class Registered:
    """A class and the plugin that brought it."""

    cls: type[Any]
    kind: str
    plugin: PluginInfo
    group: str
    """`channels`, `classifiers`, `notifiers`, `listeners` or `sandboxes`."""

    @property
    def label(self) -> str:
        """The plugin's name and where it comes from."""
        return self.plugin.label
