"""Parcels: alerts that wait for one notifier at one moment leave as one.

Those of one reason, brand and account share a parcel. It is made up when it is first tried, and is
the same at each further try, under the same id: whoever got it before can tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from careline.engine.alerts.subjects import Subject, load_subjects
from careline.engine.alerts.telling import tell
from careline.engine.facts import Micros
from careline.engine.outbox.ending import fail, give_up
from careline.models import Alert, AlertReason
from careline.store.alerts import News, close_alerts, load_alerts
from careline.store.lanes import ready, send_together
from careline.store.outbox import Row, State
from careline.store.times import from_micros
from careline.store.turns import take_turn

MOST: Final = 1000
"""So many leave as one at the most."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An alert, and the rows that leave by it, their attempt recorded."""

    alert: Alert
    rows: Sequence[Row]


def next_parcel(
    conn: Connection,
    lane: str,
    now: Micros,
    run: int,
    zones: Mapping[str, str],
    reasons: Mapping[str, str],
) -> Parcel | None:
    """Return what leaves next, its attempt recorded; what is no news any more is withdrawn.

    `run` is who tries; `zones` are the brands'; `reasons` says why accounts need a person.
    """
    take_turn(conn, lane)
    while rows := ready(conn, lane, now, MOST):
        news = load_alerts(conn, [_alert(row) for row in rows])
        together = _together(rows, news)
        subjects = load_subjects(conn, [news[_alert(row)] for row in together])
        left = _still_news(conn, together, subjects, now)
        if left:
            return _packed(conn, left, now, run, zones, reasons)
    return None


def _alert(row: Row) -> str:
    return str(row.payload["alert"])


def _together(rows: Sequence[Row], news: Mapping[str, News]) -> list[Row]:
    """Return the first row and those that leave with it."""
    first = rows[0]
    if first.parcel is not None:
        return [row for row in rows if row.parcel == first.parcel]
    fresh = [row for row in rows if row.parcel is None]
    sort = _sort(news[_alert(first)])
    return [row for row in fresh if _sort(news[_alert(row)]) == sort]


def _sort(news: News) -> tuple[AlertReason, str, str]:
    return news.reason, news.brand, news.account


_Pairs = list[tuple[Row, Subject]]


def _still_news(
    conn: Connection, rows: Sequence[Row], subjects: Sequence[Subject], now: Micros
) -> _Pairs:
    """Withdraw what nobody need be told of any more; return the others."""
    left: _Pairs = []
    closed: list[tuple[str, str]] = []
    last = {_says(subject.news): subject.news.id for subject in subjects}
    for row, subject in zip(rows, subjects, strict=True):
        later = last[_says(subject.news)] != subject.news.id
        why = "a later one says the same" if later else subject.overtaken(now)
        if why is None:
            left.append((row, subject))
        else:
            give_up(conn, row, now, State.WITHDRAWN, why)
            closed.append((subject.news.id, why))
    close_alerts(conn, closed, now)
    return left


def _says(news: News) -> tuple[str | None, ...]:
    """Return what an alert says: a second warning of a promise says no more than the first."""
    return (news.message, news.deadline) if news.reason is AlertReason.WARNED else (news.id,)


def _packed(
    conn: Connection,
    left: _Pairs,
    now: Micros,
    run: int,
    zones: Mapping[str, str],
    reasons: Mapping[str, str],
) -> Parcel:
    first = left[0][0]
    id = first.parcel or _alert(first)
    rows = send_together(conn, [row for row, _ in left], id, now, run)
    subjects, zone = [subject for _, subject in left], zones.get(first.brand, "UTC")
    return Parcel(tell(id, subjects, zone, reasons, from_micros(now)), rows)


def end_all(conn: Connection, rows: Sequence[Row], reason: str, why: str, now: Micros) -> None:
    """End rows that reach nobody as dead. No alert is made about alerts."""
    for row in rows:
        fail(conn, row, now, State.DEAD, reason, why)
