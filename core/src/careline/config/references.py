"""Secrets stand elsewhere: reads what `{env=}`, `{file=}` and `{credential=}` point to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from careline.config.problems import KeyPath, nearest
from careline.config.shapes import child, is_path, is_secret, is_text
from careline.config.source import Document

WAYS = ("env", "file", "credential")
WRITE = '{env = "..."}, {file = "..."} or {credential = "..."}'
_IN_FILE = "never stand in the file"
_OTHERWISE = 'Or {file = "..."}, or {credential = "..."}'
UNREADABLE = object()
"""Stands for a value that could not be read: no type of a model accepts it."""


class Unresolved(Exception):
    """A reference points to nothing: message and way out."""


@dataclass(slots=True)
class Resolver:
    """Replaces references by what they point to, as the types of a model ask for it."""

    document: Document
    environ: Mapping[str, str]
    problems: dict[KeyPath, tuple[str, str]] = field(default_factory=dict)
    """What could not be read, by key: message and hint."""
    secrets: list[str] = field(default_factory=list)
    """All that was read by reference: no message may repeat it."""
    hidden: set[KeyPath] = field(default_factory=set)
    """The keys of secrets."""

    def resolve(self, value: Any, annotation: Any, path: KeyPath) -> Any:
        """Return `value` with every reference in it read, and paths made relative to the file."""
        if is_secret(annotation) and not (isinstance(value, list) and child(annotation, 0)):
            return self._secret(value, path)
        if _is_reference(value) and is_text(annotation):
            return self._read(value, path)
        if isinstance(value, str) and is_path(annotation):
            return self._place(value, path)
        if isinstance(value, dict):
            return {k: self.resolve(v, child(annotation, k), (*path, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.resolve(v, child(annotation, i), (*path, i)) for i, v in enumerate(value)]
        return value

    def _place(self, value: str, path: KeyPath) -> str:
        """Paths in the file are relative to it; those of `--set` to where we are."""
        return value if self.document.overridden(path) else str(self.document.base / value)

    def _secret(self, value: Any, path: KeyPath) -> Any:
        self.hidden.add(path)
        if isinstance(value, Mapping):
            return self._read(value, path)
        name = re.sub(r"\W", "_", "_".join(str(part) for part in path[1:])).upper()
        where = "are never given as text" if self.document.overridden(path) else _IN_FILE
        return self._refuse(path, f'secrets {where}: write {{env = "{name}"}}', _OTHERWISE)

    def _read(self, reference: Mapping[str, Any], path: KeyPath) -> Any:
        try:
            found = self._find(reference)
        except Unresolved as error:
            return self._refuse(path, *error.args)
        self.secrets.append(found)
        return found

    def _refuse(self, path: KeyPath, message: str, hint: str = "") -> object:
        self.problems[path] = (message, hint)
        return UNREADABLE

    def _find(self, reference: Mapping[str, Any]) -> str:
        if len(reference) != 1:
            raise Unresolved(f"takes one of {WRITE}")
        way, name = next(iter(reference.items()))
        if way not in WAYS:
            raise Unresolved(f"{way!r} is no way to give a secret", nearest(way, WAYS))
        if not isinstance(name, str) or not name:
            raise Unresolved(f"{way!r} should be text")
        found = {"env": self._env, "file": self._file, "credential": self._credential}[way](name)
        if not found:
            raise Unresolved(f"what {{{way} = {name!r}}} points to is empty")
        return found

    def _env(self, name: str) -> str:
        if name not in self.environ:
            hint = f"Set it where careline starts: export {name}=..."
            raise Unresolved(f"the environment variable {name} is not set", hint)
        return self.environ[name]

    def _file(self, name: str) -> str:
        return _content(self.document.base / name, "Write the secret, and nothing else, to it")

    def _credential(self, name: str) -> str:
        way_out = f"Have systemd bring it: LoadCredential={name}:/path/to/the/secret"
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder or Path(name).name != name:
            raise Unresolved(f"there is no credential {name!r} here", way_out)
        return _content(Path(folder) / name, way_out)


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in WAYS


def _content(path: Path, hint: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Unresolved(f"cannot read {path}: {why}", hint) from None
