"""Who tells the demo's day: to a person, or to a machine."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from shutil import which
from textwrap import wrap
from typing import Any, Final, Protocol

import click

from careline.cli.demo_end import inbox_lines, report_lines, sent_lines
from careline.cli.demo_fact import Fact, Sent
from careline.cli.demo_words import told, width
from careline.engine.reading import Page
from careline.store.report import Report

_ABOUT: Final = (
    "They do not exist, nor do their customers. careline does: all of it is at work here."
    " Jo and Mika answer by it, or in the platform's own app: both count."
)


class Teller(Protocol):
    """Tells the day."""

    def begin(self, brand: str, speed: float) -> None:
        """Say whose day it is."""

    def fact(self, fact: Fact) -> None:
        """Tell one thing that happened."""

    def end(self, at: datetime, left: Sent, page: Page, done: Report) -> None:
        """Tell how things stand in the end."""


class Person:
    """Tells a person, in a terminal or a file."""

    def begin(self, brand: str, speed: float) -> None:
        """Say whose day it is."""
        pace = f", {speed:,.0f} times as fast as life" if speed else ""
        click.secho(f"A day at {brand}{pace}.", bold=True)
        _echo(wrap(_ABOUT, width()))
        click.echo()

    def fact(self, fact: Fact) -> None:
        """Tell one thing that happened."""
        _echo(told(fact))

    def end(self, at: datetime, left: Sent, page: Page, done: Report) -> None:
        """Tell how things stand in the end."""
        click.secho("\nWhat left", bold=True)
        _echo(sent_lines(left))
        click.secho(f"\nThe inbox at {at:%H:%M}, what is most pressing first", bold=True)
        _echo(inbox_lines(page.rows, at))
        click.secho("\nThe day's report", bold=True)
        _echo(report_lines(done))
        click.echo(f"\nYour turn: `{_program()} init` writes a configuration to start from.")


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line.rstrip())


def _program() -> str:
    """Return how to call careline from here: by its name, or by its path where that is needed."""
    beside = which("careline", path=str(Path(sys.executable).parent))
    if which("careline") or beside is None:
        return "careline"
    here = Path.cwd()
    path = Path(beside)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class Machine:
    """Tells a machine: one JSON object a line."""

    def begin(self, brand: str, speed: float) -> None:
        """Say whose day it is."""
        self._line("day", schema_version=1, brand=brand, speed=speed)

    def fact(self, fact: Fact) -> None:
        """Tell one thing that happened."""
        click.echo(json.dumps(fact.model_dump(mode="json", exclude_defaults=True)))

    def end(self, at: datetime, left: Sent, page: Page, done: Report) -> None:
        """Tell how things stand in the end."""
        self._line("sent", **left.model_dump(mode="json"))
        rows = page.model_dump(mode="json")["rows"]
        self._line("inbox", at=at.isoformat(), conversations=rows)
        self._line("report", **done.model_dump(mode="json"))

    def _line(self, what: str, **values: Any) -> None:
        click.echo(json.dumps({"what": what, **values}))
