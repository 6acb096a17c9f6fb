"""What is wrong in a configuration, said once, in words an operator can act on."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from careline.errors import CarelineError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a key stands: `("channels", "acme-x", "token")`, `("deadlines", 2, "warn")`."""

_BARE = re.compile(r"[\w-]+")


def key_text(path: KeyPath) -> str:
    """Return a path as an operator writes it: `deadlines[2].warn`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if _BARE.fullmatch(part) else json.dumps(part)
            text += f".{quoted}" if text else quoted
    return text


def nearest(name: str, options: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` if one option is near, else all of a few, else nothing."""
    known = sorted(set(options))
    if near := get_close_matches(name.lower(), known, 1, 0.6):
        return f"Did you mean {near[0]!r}?"
    return f"Known here: {', '.join(known)}." if 0 < len(known) <= 12 else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: where it stands, what is wrong, what would help."""

    file: str | None
    """The file, or what else set the key (`--set`, an environment variable)."""
    line: int | None
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `careline.toml:12: channels.acme-x.tokn: unknown key. Did you mean 'token'?`."""
        place = [f"{self.file}:{self.line}" if self.file and self.line else self.file, self.key]
        text = f"{self.message}. {self.hint}" if self.hint else self.message
        return ": ".join([part for part in place if part] + [text])


class ConfigError(CarelineError):
    """A configuration cannot be used: `problems` holds all that is wrong, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; the text of the error is one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, key: str, message: str, hint: str = "") -> "ConfigError":
        """Return the error of one problem that no line of a file stands for."""
        return cls([Problem(None, None, key, message, hint)])
