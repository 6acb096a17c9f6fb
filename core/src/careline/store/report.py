"""The report: how fast customers were answered over a period, and how well promises were kept."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from careline.models import Model
from careline.store.expected import EXPECTED, Expectation
from careline.store.figures import Figures, Spread, Tally, spread
from careline.store.gather import (
    Asked,
    Groups,
    Heard,
    Key,
    count_conversations,
    count_deadlines,
    count_heard,
    count_messages,
)
from careline.store.tables import states
from careline.store.times import Stamp, from_micros, to_micros


class Period(Model):
    """From `since` until just before `until`."""

    since: Stamp
    until: Stamp


class ReportRow(Figures):
    """The figures of one brand, account and intent."""

    brand: str
    account: str
    channel: str
    """The plugin's kind."""
    intent: str | None


class Ingest(Model):
    """How late an account's messages came to us: live ones alone, not what was caught up with."""

    account: str
    messages: int
    ingest_lag_s: Spread
    """From posting to our receipt (S14)."""
    found_by_sweep: int | None
    """Messages that push had missed (S14). Null: nothing is pushed here."""


class Report(Model):
    """The whole report. Its shape as JSON is frozen by `schema_version`."""

    schema_version: int = 1
    period: Period
    rows: tuple[ReportRow, ...]
    total: Figures
    ingest_lag_s: Spread
    found_by_sweep: int | None
    ingest: tuple[Ingest, ...]
    expected: tuple[Expectation, ...] = EXPECTED


def report(
    conn: Connection,
    since: datetime | None,
    until: datetime | None,
    *,
    now: datetime,
    brand: str | None = None,
    zones: Mapping[str, str] | None = None,
) -> Report:
    """Return the figures of the conversations that customers opened in a period.

    An answer counts whenever it came. `since` None: from the first conversation on; `until` None:
    until now. `zones` gives each brand's time zone, whose days are counted; UTC for all others.
    """
    start = _first(conn, brand, now) if since is None else to_micros(since)
    end = to_micros(now) + 1 if until is None else to_micros(until)
    places = {name: ZoneInfo(zone) for name, zone in (zones or {}).items()}
    asked = Asked(conn, start, max(start, end), to_micros(now), brand, places)
    groups: Groups = defaultdict(Tally)
    count_conversations(asked, groups)
    count_messages(asked, groups)
    count_deadlines(asked, groups)
    return _assembled(asked, groups, count_heard(asked))


def _first(conn: Connection, brand: str | None, now: datetime) -> int:
    query = select(func.min(states.c.opened_at))
    if brand is not None:
        query = query.where(states.c.brand == brand)
    first: int | None = conn.scalar(query)
    return to_micros(now) if first is None else first


def _assembled(asked: Asked, groups: Mapping[Key, Tally], heard: Mapping[str, Heard]) -> Report:
    total, late = Tally(), Counter[int]()
    for tally in groups.values():
        total.merge(tally)
    for one in heard.values():
        late.update(one.late)
    missed = [one.missed for one in heard.values() if one.missed is not None]
    ordered = sorted(groups.items(), key=lambda item: tuple(part or "" for part in item[0]))
    return Report(
        period=Period(since=from_micros(asked.since), until=from_micros(asked.until)),
        rows=tuple(ReportRow(**key._asdict(), **tally.fields()) for key, tally in ordered),
        total=Figures(**total.fields()),
        ingest_lag_s=spread(late),
        found_by_sweep=sum(missed) if missed else None,
        ingest=tuple(_ingest(name, one) for name, one in sorted(heard.items())),
    )


def _ingest(account: str, heard: Heard) -> Ingest:
    return Ingest(
        account=account,
        messages=heard.late.total(),
        ingest_lag_s=spread(heard.late),
        found_by_sweep=heard.missed,
    )
