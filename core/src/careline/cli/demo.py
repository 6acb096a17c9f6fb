"""`careline demo`: plays a made-up day on a desk of its own, offline, and tells what happens."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio
import click

from careline.cli.demo_day import DAY, OPENS, DayClock, play, settings_of
from careline.cli.demo_facts import Fact, Facts
from careline.cli.demo_words import inbox_lines, report_lines, told
from careline.cli.options import json_option
from careline.desk import Desk
from careline.engine.reading import InboxRow, Page, inbox
from careline.registry import Registry
from careline.store.inbox import InboxQuery
from careline.store.report import Report, report

_SPEED: Final = 1000.0  # the day takes 36 s
_TOP: Final = 5


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    metavar="N",
    help="How many times faster than life; 0: at once. [default: 1000 in a terminal, else 0]",
)
@json_option
def demo(speed: float | None, as_json: bool) -> None:
    """Play a made-up day of a small brand: offline, in under a minute, leaving nothing behind.

    Customers write, staff answer, promises are kept or missed; then the inbox and the report.
    """
    if speed is None:
        speed = _SPEED if sys.stdout.isatty() and not as_json else 0.0
    teller = _Machine() if as_json else _Person(speed)
    with TemporaryDirectory(prefix="careline-demo-") as folder:
        anyio.run(_play, f"sqlite:///{Path(folder) / 'demo.db'}", speed, teller)


class _Person:
    """Tells it to a person."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def begin(self, brand: str) -> None:
        pace = f", {self._speed:,.0f} times as fast as life" if self._speed else ""
        click.secho(f"A day at {brand}{pace}. They do not exist, nor do their customers.", bold=True)
        click.echo("Each line is read from careline's database, which is gone when this ends.\n")

    def fact(self, fact: Fact) -> None:
        for line in told(fact):
            click.echo(line.rstrip())

    def end(self, at: Any, page: Page, done: Report) -> None:
        click.secho(f"\nThe inbox at {at:%H:%M}, what is most pressing first", bold=True)
        self._echo(inbox_lines(page.rows, at))
        click.secho("\nThe report", bold=True)
        self._echo(report_lines(done))
        click.echo("\nYour turn: `careline init` writes a configuration to start from.")

    def _echo(self, lines: Any) -> None:
        for line in lines:
            click.echo(line.rstrip())
