"""Loads one plugin after another, so that none can bring another down."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from importlib.metadata import entry_points
from traceback import format_exception_only
from typing import Any, TypeAlias

import pluggy

from careline.hookspecs import PROJECT
from careline.registry.found import BASES, PluginInfo, Registered
from careline.registry.judge import faults

Classes: TypeAlias = dict[tuple[str, str], type[Any]]
"""Usable classes by group and kind."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that is installed or handed in, not yet imported."""

    info: PluginInfo
    load: Callable[[], object]

    def named(self, names: Collection[str]) -> bool:
        """Tell whether `names` has its name, its distribution, or `distribution:name`."""
        info = self.info
        own = {info.name, _plain(info.dist), f"{_plain(info.dist)}:{info.name}"} - {""}
        return any(name in own or _plain(name) in own for name in names)


def _plain(dist: str | None) -> str:
    return (dist or "").lower().replace("_", "-").replace(".", "-")


def candidates(manager: pluggy.PluginManager, extra: Iterable[object]) -> Iterator[Candidate]:
    """Yield all installed plugins in a set order, then those handed in and not yet loaded."""
    found = []
    for point in entry_points(group=PROJECT):
        dist, version = (point.dist.name, point.dist.version) if point.dist else (None, None)
        found.append(Candidate(PluginInfo(point.name, point.value, dist, version), point.load))
    yield from sorted(found, key=lambda one: (_plain(one.info.dist), one.info.name))
    for plugin in (one for one in extra if not manager.is_registered(one)):
        name = getattr(plugin, "__name__", type(plugin).__name__)
        yield Candidate(PluginInfo(name, name), partial(_itself, plugin))


def load(
    manager: pluggy.PluginManager, candidate: Candidate, disabled: Collection[str]
) -> tuple[PluginInfo, Sequence[Registered]]:
    """Import a plugin, ask its hooks, and keep what is usable. Raises nothing of the plugin's."""
    info = candidate.info
    if candidate.named(disabled):
        return replace(info, disabled=True), ()
    plugin, error = _attempt(candidate.load)
    if error is None and manager.is_registered(plugin):
        error = f"{info.module} is loaded already, as another plugin"
    if error is None:
        name = f"{info.dist}:{info.name}:{len(manager.get_plugins())}"
        _, error = _attempt(manager.register, plugin, name)
    if error is not None:
        return replace(info, error=error), ()
    classes: Classes = {}
    problems = tuple(_collect(manager, plugin, classes))
    info = replace(info, problems=problems, provides=_by_group(classes))
    return info, [Registered(cls, kind, info, group) for (group, kind), cls in classes.items()]


def _itself(plugin: object) -> object:
    return plugin


def _attempt(call: Callable[..., Any], *args: Any) -> tuple[Any, str | None]:
    """Return what a call returns, and what it raised, in one line: `SystemExit: 3` too."""
    try:
        return call(*args), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything; it harms only itself
        return None, " ".join(format_exception_only(error)[-1].split())


def _by_group(classes: Classes) -> dict[str, tuple[str, ...]]:
    kinds = {group: tuple(kind for g, kind in classes if g == group) for group in BASES}
    return {group: found for group, found in kinds.items() if found}


def _collect(manager: pluggy.PluginManager, plugin: object, classes: Classes) -> Iterator[str]:
    """Fill `classes` from the hooks of one plugin; yield its problems."""
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        yield f"has none of the hooks {', '.join(f'careline_{group}' for group in BASES)}"
    for caller in callers:
        if not caller.has_spec():
            yield _unknown_hook(caller.name)
            continue
        for hook in (one for one in caller.get_hookimpls() if one.plugin is plugin):
            found, error = _attempt(hook.function)
            if error is not None:
                yield f"{caller.name} raised {error}"
            elif isinstance(found, str) or not isinstance(found, Sequence | set | frozenset):
                yield f"{caller.name} returned {type(found).__name__!r}, not a list of classes"
            else:
                yield from _keep(caller.name.removeprefix("careline_"), found, classes)


def _unknown_hook(name: str) -> str:
    near = get_close_matches(name, [f"careline_{group}" for group in BASES], 1)
    return f"{name} is no hook" + (f". Did you mean {near[0]!r}?" if near else "")


def _keep(group: str, found: Iterable[Any], classes: Classes) -> Iterator[str]:
    for cls in found:
        wrong, error = _attempt(faults, group, cls)
        name = getattr(cls, "__qualname__", repr(cls))
        if error is not None or wrong:
            yield f"{name} {error or '; '.join(wrong)}"
        elif (group, cls.kind) in classes:
            yield f"{name} is the plugin's second class of kind {cls.kind!r}"
        else:
            classes[group, cls.kind] = cls
