"""A logger that keeps every line, so that a test can ask what was said and what was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was logged."""

    level: str
    event: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        said = " ".join(f"{name}={value} {value!r}" for name, value in self.values.items())
        return f"{self.level} {self.event} {said}".rstrip()


class Recorder:
    """A `Log` that keeps its lines."""

    def __init__(self) -> None:
        """Start with no line."""
        self.lines: list[Line] = []

    def debug(self, event: str, **values: Any) -> None:
        """Keep a line for developers."""
        self.lines.append(Line("debug", event, values))

    def info(self, event: str, **values: Any) -> None:
        """Keep a line for operators."""
        self.lines.append(Line("info", event, values))

    def warning(self, event: str, **values: Any) -> None:
        """Keep a line that an operator should look at."""
        self.lines.append(Line("warning", event, values))

    def error(self, event: str, **values: Any) -> None:
        """Keep a line that a person must act on."""
        self.lines.append(Line("error", event, values))

    @property
    def text(self) -> str:
        """All lines with their values, as text."""
        return "\n".join(map(str, self.lines))

    def events(self, level: str | None = None) -> list[str]:
        """Return the events logged, at one level or at all of them."""
        return [line.event for line in self.lines if level in (None, line.level)]

    def contains(self, secret: str) -> bool:
        """Tell whether `secret` is in any event or value."""
        return secret in self.text
