"""Finds, loads, isolates and names plugins: one registry per desk, none global."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Self

import pluggy

from careline import hookspecs
from careline.contract.channel import Channel
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.staff import Listener, Notifier, Sandbox
from careline.errors import PluginError
from careline.registry.found import BASES, PluginInfo, Registered
from careline.registry.loader import candidates, load
from careline.registry.missing import twice, unknown

__all__ = ["PluginInfo", "Registered", "Registry"]


class Registry:
    """The plugins of one desk and their classes by group and kind.

    Groups are `channels`, `classifiers`, `notifiers`, `listeners` and `sandboxes`.
    """

    def __init__(self, plugins: Iterable[PluginInfo], classes: Iterable[Registered]) -> None:
        """Keep what was found; use `Registry.load` to find it."""
        self.plugins = tuple(plugins)
        self._found: dict[str, dict[str, list[Registered]]] = {group: {} for group in BASES}
        for one in classes:
            self._found[one.group].setdefault(one.kind, []).append(one)

    @classmethod
    def load(cls, disabled: Collection[str] = (), extra: Iterable[object] = ()) -> Self:
        """Load every plugin installed with an entry point of group `careline`.

        Args:
            disabled: plugins to leave out, by name, distribution or `distribution:name`.
            extra: modules or objects with hooks, to use beside those installed.
        """
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        plugins: list[PluginInfo] = []
        classes: list[Registered] = []
        for candidate in candidates(manager, extra):
            info, found = load(manager, candidate, disabled)
            plugins.append(info)
            classes.extend(found)
        return cls(plugins, classes)

    def kinds(self, group: str) -> tuple[str, ...]:
        """Return all kinds of a group, in order."""
        return tuple(sorted(self._found[group]))

    def all(self, group: str) -> Sequence[Registered]:
        """Return the usable classes of a group in order of kind, without those claimed twice."""
        return [one[0] for _, one in sorted(self._found[group].items()) if len(one) == 1]

    def claimed_twice(self) -> dict[tuple[str, str], Sequence[Registered]]:
        """Return the kinds that several plugins stand for, by group and kind."""
        return {
            (group, kind): found
            for group, kinds in self._found.items()
            for kind, found in sorted(kinds.items())
            if len(found) > 1
        }

    def get(self, group: str, kind: str) -> Registered:
        """Return the class of a kind and its plugin.

        Raises:
            PluginError: no plugin, or more than one, stands for it; the text has a way out.
        """
        found = self._found[group].get(kind, ())
        if len(found) > 1:
            raise PluginError(twice(group, kind, found))
        if not found:
            kinds = {other: self.kinds(other) for other in BASES}
            raise PluginError(unknown(group, kind, self.plugins, kinds))
        return found[0]

    def channel(self, kind: str) -> type[Channel[Any]]:
        """Return the channel of a kind, or raise `PluginError`."""
        return self.get("channels", kind).cls

    def classifier(self, kind: str) -> type[Classifier[Any]] | type[DeferredClassifier[Any]]:
        """Return the classifier of a kind, or raise `PluginError`."""
        return self.get("classifiers", kind).cls

    def notifier(self, kind: str) -> type[Notifier[Any]]:
        """Return the notifier of a kind, or raise `PluginError`."""
        return self.get("notifiers", kind).cls

    def listener(self, kind: str) -> type[Listener[Any]]:
        """Return the listener of a kind, or raise `PluginError`."""
        return self.get("listeners", kind).cls

    def sandbox(self, kind: str) -> type[Sandbox]:
        """Return the sandbox of a kind, or raise `PluginError`."""
        return self.get("sandboxes", kind).cls
