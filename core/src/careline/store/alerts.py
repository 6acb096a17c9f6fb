"""Alerts: what staff are told of, as facts. No words: those are looked up when one leaves."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from careline.ids import derive
from careline.models import AlertReason
from careline.store.bulk import insert_new, mark, query_in, set_where
from careline.store.log import log_event
from careline.store.outbox import Outgoing, enqueue
from careline.store.tables import alerts

LANE: Final = "alert"
NOTIFIER: Final = "notifier "
"""A notifier is known by its name with this before it, where channels are known by theirs."""
_COLUMNS = (
    "id", "reason", "brand", "account", "conversation", "message", "deadline", "due_at", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One alert. Its id is made of what it is about, so that nobody is told of that twice."""

    id: str
    reason: AlertReason
    brand: str
    account: str
    at: int
    conversation: str | None = None
    """Which it was then; where `message` is now is where it is now."""
    message: str | None = None
    deadline: str | None = None
    """The kind of the promise."""
    due_at: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """What else it is about: ids, counts, stages."""


def raise_alert(conn: Connection, news: News, notifiers: Sequence[str]) -> set[str]:
    """Keep an alert if it is new, and queue it for each notifier; return the lanes to wake."""
    row = tuple(getattr(news, name) for name in _COLUMNS)
    columns = (*_COLUMNS, "data")
    if not insert_new(conn, alerts, columns, [(*row, json.dumps(news.data, sort_keys=True))]):
        return set()
    about = news.conversation or news.account
    data = {"reason": news.reason.value, "alert": news.id, "notifiers": list(notifiers)}
    log_event(conn, news.at, "system", "alerted", about, data)
    return enqueue(conn, [_row(news, notifier) for notifier in notifiers])


def _row(news: News, notifier: str) -> Outgoing:
    return Outgoing(
        id=derive("o", "alert", news.id, notifier, near=news.id),
        lane=f"{LANE}:{notifier}",
        kind="alert",
        brand=news.brand,
        actor="system",
        at=news.at,
        payload={"alert": news.id},
    )


def receiver_of(lane: str) -> str:
    """Return the channel that takes a lane, or the notifier, as the supervisor knows it."""
    prefix, _, name = lane.partition(":")
    return NOTIFIER + name if prefix == LANE else name


_SELECT = f"SELECT {', '.join(_COLUMNS)}, data FROM alerts WHERE"


def load_alerts(conn: Connection, ids: Iterable[str]) -> dict[str, News]:
    """Return alerts by their ids."""
    return {row.id: _news(row) for row in query_in(conn, f"{_SELECT} id IN", ids)}


def _news(row: Any) -> News:
    known = {name: getattr(row, name) for name in _COLUMNS}
    data = json.loads(row.data) if row.data else {}
    return News(**(known | {"reason": AlertReason(row.reason), "data": data}))


def told_of(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of these alerts there are already."""
    return {id for (id,) in query_in(conn, "SELECT id FROM alerts WHERE id IN", ids)}


def closed_alerts(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return which of these alerts are closed, each with why."""
    select = "SELECT id, why FROM alerts WHERE closed_at IS NOT NULL AND id IN"
    return dict(map(tuple, query_in(conn, select, ids)))


def close_alerts(conn: Connection, ended: Iterable[tuple[str, str]], now: int) -> None:
    """Close alerts whose reason is gone, each with why."""
    rows = [(now, why, id) for id, why in sorted(ended)]  # two notifiers close them in one order
    set_where(conn, alerts, ("closed_at", "why"), ("id",), rows)


_EPISODES = "FROM alerts WHERE conversation IS NULL AND reason = 'health' AND closed_at IS"


def open_episodes(conn: Connection) -> dict[str, News]:
    """Return each account's open alert about its health."""
    columns = f"{', '.join(_COLUMNS)}, data"
    found = conn.exec_driver_sql(f"SELECT {columns} {_EPISODES} NULL")
    return {row.account: _news(row) for row in found}


def past_episodes(conn: Connection, account: str) -> int:
    """Return how often an account needed a person, and was well again."""
    select = f"SELECT count(*) {_EPISODES} NOT NULL AND account = {mark(conn)}"
    return int(conn.exec_driver_sql(select, (account,)).scalar_one())
