"""`careline demo`: plays a made-up day on a desk of its own, offline, and tells what happens."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import anyio
import click

from careline.cli import demo_phone
from careline.cli.demo_day import OPENS, DayClock, play, settings_of
from careline.cli.demo_facts import Facts
from careline.cli.demo_phone import Phone
from careline.cli.demo_sent import WayOut, sent
from careline.cli.demo_tell import Machine, Person, Teller
from careline.cli.options import json_option
from careline.desk import Desk
from careline.engine.reading import inbox
from careline.registry import Registry
from careline.store.inbox import InboxQuery
from careline.store.report import report

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

    Customers write, phones ring, staff answer, promises are kept or missed; then what left, the
    inbox and the report.
    """
    if speed is None:
        speed = _SPEED if sys.stdout.isatty() and not as_json else 0.0
    teller: Teller = Machine() if as_json else Person()
    with _quiet(), TemporaryDirectory(prefix="careline-demo-") as folder:
        anyio.run(_tell, f"sqlite:///{Path(folder) / 'demo.db'}", speed, teller)


@contextmanager
def _quiet() -> Iterator[None]:
    """Log errors only: of a line that is cut on purpose it is told anyway."""
    log = logging.getLogger("careline")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


async def _tell(url: str, speed: float, teller: Teller) -> None:
    registry = Registry.load(extra=[demo_phone])
    settings, clock = settings_of(url, registry), DayClock(OPENS, speed)
    names = {name: agent.name for name, agent in settings.agents.items()}
    way, echoes = WayOut(names), 0
    async with Desk(settings, registry=registry, clock=clock, random=Random(1)) as desk:  # noqa: S311 -- the same ids at each showing
        teller.begin(next(iter(settings.brands.values())).name, speed)
        known = desk.notifying.notifiers.items()
        phones = {name: one for name, one in known if isinstance(one, Phone)}
        facts = Facts(names, phones, way)
        async for moment in play(desk, clock):
            echoes += moment.echoes
            for fact in await desk.read(partial(facts.fresh, now=moment.at)):
                teller.fact(fact)
        now, query = clock.now(), InboxQuery(limit=_TOP)
        left = await desk.read(lambda conn: sent(conn, way, echoes))
        page = await desk.read(lambda conn: inbox(conn, query, now))
        day = await desk.read(lambda conn: report(conn, None, None, now=now))
        teller.end(now, left, page, day)
