"""What the reading commands share: the store as it is, the time, and words for both."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from careline.cli.options import Chosen
from careline.clock import SystemClock
from careline.config.policy import parse_duration
from careline.engine.priority import span
from careline.errors import StoreError
from careline.store.migrations import ensure, version
from careline.store.store import Store


@contextmanager
def opened(chosen: Chosen) -> Iterator[Store]:
    """Open the store to read what is there. Looking makes no database and upgrades none."""
    with closing(Store(chosen.settings.store.url)) as store:
        there = store.path is None or store.path.exists()
        if not there or store.read_now(version) == 0:
            raise StoreError("nothing is stored yet: `careline run` hears the channels first")
        ensure(store)
        yield store


def now() -> datetime:
    """Return the time."""
    return SystemClock().now()


def zones(chosen: Chosen) -> Mapping[str, str]:
    """Return each brand's time zone."""
    return {name: brand.timezone for name, brand in chosen.settings.brands.items()}


def shown(at: datetime | None, zone: str) -> str:
    """Return a time for people, in their zone; nothing where there is none."""
    return "" if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def between(start: datetime, end: datetime) -> str:
    """Return the time between two moments for people."""
    return span((end - start) // timedelta(microseconds=1))


class Span(click.ParamType[Any]):
    """A span of time: 30m, 1h, 2d; or one of some words."""

    name = "span"

    def __init__(self, *words: str) -> None:
        """`words` are taken as they are."""
        self.words = words

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return a `timedelta`, or the word."""
        if value in self.words or not isinstance(value, str):
            return value
        try:
            return parse_duration(value)
        except (ValueError, OverflowError) as error:
            known = f"{', '.join(self.words)}, or " if self.words else ""
            return self.fail(f"{value!r} is neither {known}a span: {error}", param, ctx)
