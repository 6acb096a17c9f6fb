"""The tool that all checks share: a value against a model, and problems that gather."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from careline.config.messages import reworded
from careline.config.problems import KeyPath, Problem, nearest
from careline.config.references import Resolver
from careline.config.source import Document

_NAME = re.compile(r"[a-z0-9-]+")
_TELLING = 4
"""Shorter secrets are not blotted out of messages: they are in every word."""
M = TypeVar("M", bound=BaseModel)


class Brings(Protocol):
    """A plugin's class, and who brings it."""

    @property
    def cls(self) -> type[Any]:
        """The class."""
        ...

    @property
    def label(self) -> str:
        """The plugin's name, distribution and version."""
        ...


class Kinds(Protocol):
    """What configuration asks of the registry, which stands above it."""

    def get(self, group: str, kind: str) -> Brings:
        """Return the class of a kind; raises `PluginError`, with a way out."""
        ...

    def kinds(self, group: str) -> tuple[str, ...]:
        """Return all kinds of a group."""
        ...


@dataclass(slots=True)
class Checker:
    """One pass over one document; what is wrong gathers in `problems`."""

    document: Document
    registry: Kinds
    resolver: Resolver
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Note a problem; what a reference brought is blotted out of its text."""
        for secret in self.resolver.secrets:
            for form in (secret, repr(secret)[1:-1]):
                message = message.replace(form, "***") if len(form) >= _TELLING else message
        self.problems.append(self.document.problem(path, message, hint))

    def unknown(self, path: KeyPath, what: str, name: str, known: Mapping[str, Any]) -> None:
        """Note that the file speaks of a brand or channel that it does not have."""
        if name not in known:
            self.add(path, f"no {what} is named {name!r}", nearest(name, known))

    def model(
        self, model: type[M], value: Any, path: KeyPath, more: tuple[str, ...] = ()
    ) -> M | None:
        """Return `value` as `model`, or None after noting why not.

        `more` are keys that the same table may have beside those of the model.
        """
        self.resolver.problems.clear()
        resolved = self.resolver.resolve(value, model, path)
        unread = dict(self.resolver.problems)
        for key, said in unread.items():
            self.add(key, *said)
        try:
            return model.model_validate(resolved)
        except ValidationError as error:
            for key, message, hint in reworded(error, model, value, more):
                self._refused((*path, *key), message, hint, unread)
        except Exception as error:  # a validator's bug: the plugin's own, and contained
            text = f"the plugin failed to check it: {type(error).__name__}: {error}"
            self._refused(path, text, "", unread)
        return None

    def _refused(
        self, path: KeyPath, message: str, hint: str, unread: Mapping[KeyPath, Any]
    ) -> None:
        """Note a refusal, unless it only follows from what could not be read."""
        if any(_touch(path, key) for key in unread):
            return
        if path in self.resolver.hidden:
            message, hint = "what it points to is refused", ""
        self.add(path, message, hint)

    def tables(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the named tables of a section, after noting those that are none."""
        tables = self.document.data.get(section, {})
        if not isinstance(tables, dict):
            self.add((section,), f"should hold tables: [{section}.NAME]")
            return {}
        return {k: v for k, v in tables.items() if self._is_table(section, k, v)}

    def _is_table(self, section: str, name: str, table: Any) -> bool:
        if not _NAME.fullmatch(name):
            self.add((section, name), "a name has only a-z, 0-9 and hyphens")
        elif not isinstance(table, dict):
            self.add((section, name), f"should be a table: [{section}.{name}]")
        else:
            return True
        return False


def _touch(one: KeyPath, other: KeyPath) -> bool:
    """Tell whether one of two keys is, or holds, the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]
