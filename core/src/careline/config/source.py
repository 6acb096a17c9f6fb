"""What the operator wrote, before anyone judges it: file, `--set` and environment as one tree."""

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from careline.config.lines import key_lines
from careline.config.problems import ConfigError, KeyPath, Problem, key_text

PREFIX = "CARELINE__"


@dataclass(slots=True)
class Document:
    """A configuration as written, and where each key of it was set."""

    data: dict[str, Any] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)
    """The folder that paths in the file are relative to."""
    file: str | None = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    overrides: dict[KeyPath, str] = field(default_factory=dict)
    """What set a key in place of the file: `--set`, or the name of an environment variable."""
    problems: list[Problem] = field(default_factory=list)

    def overridden(self, path: KeyPath) -> str | None:
        """Return what set this key, or a table around it, in place of the file."""
        tries = (path[:end] for end in range(len(path), 0, -1))
        return next((self.overrides[part] for part in tries if part in self.overrides), None)

    def where(self, path: KeyPath) -> tuple[str | None, int | None]:
        """Return file and line of a key, or of the nearest table around it."""
        if origin := self.overridden(path):
            return origin, None
        tries = (path[:end] for end in range(len(path), 0, -1))
        return self.file, next((self.lines[part] for part in tries if part in self.lines), None)

    def get(self, path: KeyPath) -> Any:
        """Return what is written at `path`; None where nothing is."""
        found: Any = self.data
        for part in path:
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """Return a problem of the key at `path`."""
        return Problem(*self.where(path), key_text(path), message, hint)


def read(
    source: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Document:
    """Read a TOML file (or take a mapping) and lay the environment and `--set` over it.

    Later wins: file, then environment (`CARELINE__STORE__URL`), then `overrides` (`store.url=...`).

    Raises:
        ConfigError: the file cannot be read, or is no TOML.
    """
    if isinstance(source, Mapping):
        document = Document(copy.deepcopy(dict(source)))
    else:
        document = _read_file(Path(source))
    for name, value in sorted((environ or {}).items()):
        if name.startswith(PREFIX):
            _lay(document, _known_path(document.data, name), value, name)
    for override in overrides:
        key, equals, value = override.partition("=")
        if equals and key.strip():
            _lay(document, tuple(part.strip() for part in key.split(".")), value, "--set")
        else:
            text = "should be written KEY=VALUE, like channels.history.path=threads.jsonl"
            document.problems.append(Problem("--set", None, override, text))
    return document


def _read_file(path: Path) -> Document:
    text = _text_of(path)
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a number of thousands of digits is none of TOMLDecodeError
        raise _unusable(path, *_toml_error(str(error), text)) from None
    except RecursionError:
        raise _unusable(path, None, "is nested too deeply") from None
    return Document(data, path.absolute().parent, str(path), key_lines(text))


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        hint = "`careline init` writes one; -c names another"
        raise _unusable(path, None, "there is no such file", hint) from None
    except OSError as error:
        raise _unusable(path, None, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _unusable(path, line, "is not UTF-8 text") from None


def _unusable(path: Path, line: int | None, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(str(path), line, "", message, hint)])


def _toml_error(message: str, text: str) -> tuple[int, str]:
    """Return line and reason of what tomllib says in one sentence."""
    reason, _, place = message.rpartition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found.group(1)) if found else text.rstrip("\n").count("\n") + 1
    return line, f"is not valid TOML: {reason[:1].lower()}{reason[1:]}"


def _known_path(data: Mapping[str, Any], name: str) -> KeyPath:
    """Turn `CARELINE__CHANNELS__ACME_X__TOKEN` to a path, by names that exist where they do."""
    path: list[str] = []
    level: Any = data
    for part in name.removeprefix(PREFIX).lower().split("__"):
        keys = level if isinstance(level, Mapping) else ()
        path.append(next((k for k in keys if k.lower().replace("-", "_") == part), part))
        level = keys[path[-1]] if isinstance(keys, Mapping) and path[-1] in keys else None
    return tuple(path)


def _lay(document: Document, path: KeyPath, text: str, origin: str) -> None:
    """Set one key, making the tables on the way."""
    level: Any = document.data
    for depth, part in enumerate(path[:-1], 1):
        level = level.setdefault(part, {})
        if not isinstance(level, dict):
            problem = f"{key_text(path[:depth])} is no table, so no key of it can be set"
            document.problems.append(Problem(origin, None, key_text(path), problem))
            return
    level[path[-1]] = _value(text)
    document.overrides[path] = origin


def _value(text: str) -> Any:
    """Read a TOML value; what is none is taken as text."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text
