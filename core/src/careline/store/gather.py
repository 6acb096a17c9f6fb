"""Gathers what a report is made of: a few set-based queries, streamed, in flat memory."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, case, func, select

from careline.models import Status
from careline.store.figures import Tally
from careline.store.tables import conversations, deadlines, messages, states
from careline.store.times import from_micros

_CLOSED: Final = (Status.RESOLVED.value, Status.IGNORED.value)
_QUARTER: Final = 15 * 60 * 1_000_000
"""In microseconds; every time zone's midnight falls on a quarter of an hour."""
_PUSHES: Final = ("stream", "webhook")
"""Ways to hear of a message without asking for it."""
_ROWS: Final = 1000  # fetched at a time


class Key(NamedTuple):
    """What figures are grouped by."""

    brand: str
    account: str
    channel: str
    intent: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The period, in microseconds, and whose days are counted."""

    conn: Connection
    since: int
    until: int
    now: int
    brand: str | None
    zones: Mapping[str, ZoneInfo]

    def rows(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """Stream what `query` finds of the brand: many rows take no more room than a few."""
        if self.brand is not None:
            query = query.where(conversations.c.brand == self.brand)
        return iter(self.conn.execute(query, execution_options={"yield_per": _ROWS}))


Groups = defaultdict[Key, Tally]


def _key(row: Row[Any]) -> Key:
    return Key(row.brand, row.account, row.channel, row.intent)


def _key_columns() -> tuple[Any, ...]:
    c = conversations.c
    return c.brand, c.account, c.channel, states.c.intent


def _opened(asked: Asked, *more: Any) -> Select[Any]:
    """Select from the conversations that customers opened in the period."""
    s = states.c
    return (
        select(*_key_columns(), *more)
        .join_from(states, conversations, conversations.c.id == s.conversation)
        .where(s.opened_at >= asked.since, s.opened_at < asked.until)
    )


def count_conversations(asked: Asked, groups: Groups) -> None:
    """Count the conversations of the period, and how long each waited for its first answer."""
    s = states.c
    moments = (s.opened_at, s.answered_at, s.public_answered_at)
    for row in asked.rows(_opened(asked, *moments, s.status, conversations.c.visibility)):
        tally = groups[_key(row)]
        tally.times.add(row.opened_at, row.answered_at)
        if row.visibility == "public":
            tally.public.add(row.opened_at, row.public_answered_at)
        if row.answered_at is None and row.status not in _CLOSED:
            tally.without_disposition += 1


def count_messages(asked: Asked, groups: Groups) -> None:
    """Count customers' messages by the brand's days, and those of the period before."""
    m = messages.c
    quarter = (m.posted_at // _QUARTER).label("quarter")
    inside = (m.posted_at >= asked.since).label("inside")
    before = 2 * asked.since - asked.until
    query = (
        select(*_key_columns(), quarter, inside, func.count().label("messages"))
        .join_from(messages, conversations, conversations.c.id == m.conversation)
        .join(states, states.c.conversation == m.conversation)
        .where(m.role == "customer", m.posted_at >= before, m.posted_at < asked.until)
        .group_by(*_key_columns(), "quarter", "inside")
    )
    for row in asked.rows(query):
        tally = groups[_key(row)]
        if row.inside:
            tally.days[_day(row.quarter, asked.zones.get(row.brand))] += row.messages
        else:
            tally.before += row.messages


def _day(quarter: int, zone: ZoneInfo | None) -> date:
    moment = from_micros(quarter * _QUARTER)
    return (moment if zone is None else moment.astimezone(zone)).date()


def count_deadlines(asked: Asked, groups: Groups) -> None:
    """Count what became of the promises of the period's conversations."""
    d = deadlines.c
    outcome = case(
        (d.met_at <= d.due_at, "kept"),
        (d.met_at.is_not(None), "missed"),
        (d.void.is_not(None), "void"),
        (d.paused_at.is_not(None), "open"),
        (d.due_at < asked.now, "missed"),
        else_="open",
    ).label("outcome")
    query = (
        _opened(asked, d.kind, outcome, func.count().label("promises"))
        .join(deadlines, d.conversation == states.c.conversation)
        .group_by(*_key_columns(), d.kind, "outcome")
    )
    for row in asked.rows(query):
        counted = groups[_key(row)].deadlines.setdefault(row.kind, Counter())
        counted[row.outcome] += row.promises


@dataclass(slots=True)
class Heard:
    """How the live messages of one account came to us."""

    late: Counter[int] = field(default_factory=Counter)
    """Seconds from posting to receipt, and how many messages came so late."""
    found_by: Counter[str] = field(default_factory=Counter)

    @property
    def missed(self) -> int | None:
        """How many messages polling found, where a push should have brought them (S14)."""
        pushed = any(self.found_by[way] for way in _PUSHES)
        return self.found_by["poll"] if pushed else None


def count_heard(asked: Asked) -> dict[str, Heard]:
    """Return how each account's live messages came; what was caught up with does not count."""
    m = messages.c
    late = ((m.received_at - m.posted_at) // 1_000_000).label("late")
    query = (
        select(m.account, m.found_by, late, func.count().label("messages"))
        .where(m.live, m.posted_at >= asked.since, m.posted_at < asked.until)
        .group_by(m.account, m.found_by, "late")
    )
    if asked.brand is not None:
        query = query.where(m.brand == asked.brand)
    found: defaultdict[str, Heard] = defaultdict(Heard)
    for row in asked.conn.execute(query):
        found[row.account].late[max(0, row.late)] += row.messages
        found[row.account].found_by[row.found_by] += row.messages
    return found
