"""`careline demo`: plays a made-up day on a desk of its own, offline, and tells what happens."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import anyio
import click

from careline.cli.demo_day import OPENS, DayClock, play, settings_of
from careline.cli.demo_facts import Fact, Facts
from careline.cli.demo_words import inbox_lines, report_lines, told
from careline.cli.options import json_option
from careline.desk import Desk
from careline.engine.reading import Page, inbox
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
    teller: Teller = _Machine() if as_json else _Person()
    with TemporaryDirectory(prefix="careline-demo-") as folder:
        anyio.run(_tell, f"sqlite:///{Path(folder) / 'demo.db'}", speed, teller)


class Teller(Protocol):
    """Tells the day."""

    def begin(self, brand: str, speed: float) -> None:
        """Say whose day it is."""

    def fact(self, fact: Fact) -> None:
        """Tell one thing that happened."""

    def end(self, at: datetime, page: Page, done: Report) -> None:
        """Tell how things stand in the end."""


async def _tell(url: str, speed: float, teller: Teller) -> None:
    registry = Registry.load()
    settings, clock = settings_of(url, registry), DayClock(OPENS, speed)
    names = {name: agent.name for name, agent in settings.agents.items()}
    facts = Facts(names)
    async with Desk(settings, registry=registry, clock=clock, random=Random(1)) as desk:  # noqa: S311 -- the same ids at each showing
        teller.begin(next(iter(settings.brands.values())).name, speed)
        async for moment in play(desk, clock):
            for fact in await desk.read(partial(facts.fresh, now=moment)):
                teller.fact(fact)
        now, query = clock.now(), InboxQuery(limit=_TOP)
        page = await desk.read(lambda conn: inbox(conn, query, now))
        teller.end(now, page, await desk.read(lambda conn: report(conn, None, None, now=now)))


class _Person:
    """Tells a person, in a terminal or a file."""

    def begin(self, brand: str, speed: float) -> None:
        pace = f", {speed:,.0f} times as fast as life" if speed else ""
        click.secho(f"A day at {brand}{pace}.", bold=True)
        click.echo(
            "They do not exist, nor do their customers. careline does: all of it is at work here."
        )
        click.echo()

    def fact(self, fact: Fact) -> None:
        _echo(told(fact))

    def end(self, at: datetime, page: Page, done: Report) -> None:
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


class _Machine:
    """Tells a machine: one JSON object a line."""

    def begin(self, brand: str, speed: float) -> None:
        self._line("day", schema_version=1, brand=brand, speed=speed)

    def fact(self, fact: Fact) -> None:
        click.echo(json.dumps(fact.model_dump(mode="json", exclude_defaults=True)))

    def end(self, at: datetime, page: Page, done: Report) -> None:
        rows = page.model_dump(mode="json")["rows"]
        self._line("inbox", at=at.isoformat(), conversations=rows)
        self._line("report", **done.model_dump(mode="json"))

    def _line(self, what: str, **values: Any) -> None:
        click.echo(json.dumps({"what": what, **values}))
