"""Whether a class that a plugin brings can be used: each reason why not, in the author's words."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from careline.contract.channel import Capability, PluginConfig
from careline.registry.found import BASES

_KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def faults(group: str, cls: Any) -> list[str]:
    """Return what is wrong with a class that `careline_<group>` returned."""
    return list(_faults(group, cls))


def _faults(group: str, cls: Any) -> Iterator[str]:
    bases = BASES[group]
    wanted = " or ".join(base.__name__ for base in bases)
    if not isinstance(cls, type):
        yield f"is {type(cls).__name__!r}, not a class: return the class itself"
    elif not issubclass(cls, bases):
        yield f"is no subclass of {wanted}"
    else:
        yield from _attributes(cls)
        if group != "sandboxes":
            yield from _config(cls)
        if group == "channels":
            yield from _capabilities(cls)


def _attributes(cls: type[Any]) -> Iterator[str]:
    if inspect.isabstract(cls):
        yield f"leaves abstract: {', '.join(sorted(cls.__abstractmethods__))}"
    kind = getattr(cls, "kind", None)
    if kind is None:
        yield "has no kind"
    elif not isinstance(kind, str) or not _KIND.fullmatch(kind):
        yield f"has the kind {kind!r}: use lower case letters, digits and hyphens"
    title = getattr(cls, "title", None)
    if not isinstance(title, str) or not title.strip():
        yield "has no title"


def _config(cls: type[Any]) -> Iterator[str]:
    config = getattr(cls, "Config", None)
    if config is None:
        yield "has no Config"
    elif not isinstance(config, type) or not issubclass(config, PluginConfig):
        yield "has a Config that is no subclass of PluginConfig"


def _capabilities(cls: type[Any]) -> Iterator[str]:
    found = getattr(cls, "capabilities", None)
    if found is None:
        yield "has no capabilities"
    elif not isinstance(found, set | frozenset) or not all(
        isinstance(one, Capability) for one in found
    ):
        yield "has capabilities that are no frozenset of Capability"
