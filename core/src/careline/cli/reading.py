"""What the reading commands share: the store as it is, the time, and words for both."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from careline.cli.options import Chosen
from careline.cli.output import show_safe
from careline.clock import SystemClock
from careline.config.policy import parse_duration
from careline.config.problems import nearest
from careline.engine.priority import span
from careline.errors import StoreError
from careline.store.migrations import ensure, version
from careline.store.store import Store
from careline.store.tables import accounts, agents, brands


@contextmanager
def opened(chosen: Chosen) -> Iterator[Store]:
    """Open the store to read what is there. Looking makes no database and upgrades none."""
    with closing(Store(chosen.settings.store.url)) as store:
        there = store.path is None or store.path.exists()
        if not there or store.read_now(version) == 0:
            raise StoreError("nothing is stored yet: `careline run` hears the channels first")
        ensure(store)
        yield store


_TABLES: Final = {"channels": accounts, "brands": brands, "agents": agents}


def check_names(chosen: Chosen, store: Store, **named: tuple[str, str | None]) -> None:
    """Refuse names that neither the configuration nor the history knows.

    Args:
        chosen: the configuration.
        store: holds those that left it, too.
        named: option and name for each section of the configuration; None: none was given.
    """
    for section, (option, name) in named.items():
        if name is not None:
            _check(option, name, {*getattr(chosen.settings, section), *_kept(store, section)})


def _check(option: str, name: str, known: set[str]) -> None:
    if name not in known:
        text = f"there is no {name!r}. {nearest(name, known)}".rstrip()
        raise click.BadParameter(show_safe(text), param_hint=option)


def _kept(store: Store, section: str) -> list[str]:
    return store.read_now(lambda conn: list(conn.scalars(select(_TABLES[section].c.id))))


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
            found = parse_duration(value)
            now() + found
        except (ValueError, OverflowError) as error:
            known = f"{', '.join(self.words)}, or " if self.words else ""
            return self.fail(f"{value!r} is neither {known}a span: {error}", param, ctx)
        return found
