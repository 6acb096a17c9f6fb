"""The inbox: conversations by what is due first, a page at a time, from their folded rows alone.

Each status is read in the order of its index and the streams are merged, so that a page costs the
same at ten thousand conversations as at ten million.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, case, or_, select, tuple_

from careline.models import Status
from careline.store.bulk import query_in
from careline.store.search import find
from careline.store.tables import conversations, identities, states
from careline.store.times import to_micros

WAITING: Final = (Status.NEW, Status.OPEN)
"""What the inbox shows unless it is asked for more."""
MOST_FOUND: Final = 1000
"""So many messages a search finds at the most, the newest."""
Due = Literal["overdue", "today"] | timedelta
"""Past its time, due before the brand's day ends, or due within a span from now."""
SNIPPET: Final = 140
"""Characters of the customer's last word."""
REMOVED: Final = "(removed)"
"""What stands for a word that was taken back."""
ERASED: Final = "(erased)"
"""What stands for a word that was erased here."""
_READ: Final = 600  # of a megabyte of text no more than this is fetched


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Which conversations: every key that is given must match."""

    states: tuple[Status, ...] = ()
    """None given: new and open; with `search`, all."""
    channel: str | None = None
    """The account's name in the configuration."""
    brand: str | None = None
    intent: str | None = None
    due: Due | None = None
    assignee: str | None = None
    search: str | None = None
    include_snoozed: bool = False
    limit: int = 50
    after: str | None = None
    """Where the last page ended: `Page.next`."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """The time zone of each brand, for whose `today` it is."""


def listed(conn: Connection, query: InboxQuery, now: datetime) -> list[Row[Any]]:
    """Return the rows that match, in order: one more than the limit where more follow."""
    wanted = query.states or (tuple(Status) if query.search else WAITING)
    found = None if query.search is None else _found(conn, query)
    streams = [conn.execute(_stream(status, query, now, found)) for status in wanted]
    ordered = merge(*streams, key=lambda row: (row.rank_at, row.conversation))
    return list(islice(ordered, query.limit + 1))


def cursor(row: Row[Any]) -> str:
    """Return what asks for the page that follows `row`."""
    return f"{row.rank_at}.{row.conversation}"


def _stream(
    status: Status, query: InboxQuery, now: datetime, found: list[str] | None
) -> Select[Any]:
    s, c, i = states.c, conversations.c, identities.c
    chosen = (
        select(states, c.account, c.channel, c.visibility, i.user, i.name, i.handle)
        .join(conversations, c.id == s.conversation)
        .outerjoin(identities, i.id == c.customer)
        .where(s.status == status.value, *_filters(query, now))
    )
    if query.after is not None:
        chosen = chosen.where(tuple_(s.rank_at, s.conversation) > _position(query.after))
    if found is not None:
        chosen = chosen.where(s.conversation.in_(found))
    return chosen.order_by(s.rank_at, s.conversation).limit(query.limit + 1)


def _filters(query: InboxQuery, now: datetime) -> Iterator[Any]:
    s = states.c
    for column, value in (
        (conversations.c.account, query.channel),
        (s.brand, query.brand),
        (s.intent, query.intent),
        (s.assignee, query.assignee),
    ):
        if value is not None:
            yield column == value
    if query.due is not None:
        yield s.due_at < _due_before(query, now)
    if not query.include_snoozed:
        yield or_(s.snoozed_until.is_(None), s.snoozed_until <= to_micros(now))


def _due_before(query: InboxQuery, now: datetime) -> Any:
    if isinstance(query.due, timedelta):
        return to_micros(now + query.due)
    if query.due == "overdue":
        return to_micros(now)
    ends = {brand: _midnight(now, zone) for brand, zone in query.zones.items()}
    other = _midnight(now, "UTC")
    return case(ends, value=states.c.brand, else_=other) if ends else other


def _midnight(now: datetime, zone: str) -> int:
    """Return when the day that it is now ends in `zone`."""
    there = ZoneInfo(zone)
    tomorrow = now.astimezone(there).date() + timedelta(days=1)
    return to_micros(datetime.combine(tomorrow, time.min, there).astimezone(UTC))


def _position(after: str) -> tuple[int, str]:
    rank, dot, conversation = after.partition(".")
    number = rank.removeprefix("-").isdecimal() and len(rank) <= len(str(-(2**63)))
    if not dot or not number or not -(2**63) <= int(rank) < 2**63:
        raise ValueError(f"{after!r} is not where a page ended: use the `next` of the page before")
    return int(rank), conversation


def _found(conn: Connection, query: InboxQuery) -> list[str]:
    hits = find(conn, query.search or "", brand=query.brand, limit=MOST_FOUND)
    rows = query_in(conn, "SELECT DISTINCT conversation FROM messages WHERE id IN", hits)
    return [conversation for (conversation,) in rows if conversation]


_SNIPPET = f"""
SELECT m.id, CASE WHEN m.removed_at IS NOT NULL THEN '{REMOVED}'
       WHEN b.erased_at IS NOT NULL THEN '{ERASED}' ELSE substr(b.text, 1, {_READ}) END
FROM messages m JOIN bodies b ON b.owner = m.id AND b.revised_at = coalesce(m.revised_at, 0)
WHERE m.id IN"""


def snippets(conn: Connection, messages: Iterable[str]) -> dict[str, str]:
    """Return the beginning of each message's text, on one line; a sign where it is gone."""
    return {id: _cut(text or "") for id, text in query_in(conn, _SNIPPET, messages)}


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SNIPPET else line[: SNIPPET - 1].rstrip() + "…"


_LAST = """
SELECT conversation, id FROM (
  SELECT m.conversation, m.id, row_number() OVER (
    PARTITION BY m.conversation ORDER BY m.fact_at DESC, m.depth DESC, m.id DESC) AS place
  FROM spans s JOIN messages m ON m.thread = s.thread AND m.conversation = s.conversation
  WHERE m.role = 'customer' AND s.conversation IN"""


def last_words(conn: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Return the customer's last message of each conversation, from its own threads."""
    return dict(map(tuple, query_in(conn, _LAST, wanted, ") AS words WHERE place = 1")))
