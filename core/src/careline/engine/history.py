"""Reads facts back: messages, threads and acts of customers, as the pure functions want them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from careline.engine.facts import Act, Labels, Word, position
from careline.engine.placement import Chained, Placement
from careline.store.bulk import query_in, select_in
from careline.store.tables import acts, messages

_WORD = (
    "id", "thread", "fact_at", "clock_at", "role", "sent_by", "answers", "visibility", "kind",
    "account", "brand", "intent", "sentiment", "urgency", "needs_reply", "rules", "live", "depth",
    "conversation",
)  # fmt: skip
_CHAINED = (
    "id", "brand", "network", "external_id", "author", "recipient", "direction", "visibility",
    "context", "addressed", "parent", "quoted", "root", "posted_at", "received_at",
)  # fmt: skip
_PLACED = (  # by its thread's visibility: the message's own may have changed since
    "m.id", "m.thread", "m.role", "m.answers", "m.author", "m.direction", "t.visibility", "m.root",
    "m.place", "m.depth", "m.fact_at", "t.customer",
)  # fmt: skip
_AT = "FROM messages m JOIN threads t ON t.id = m.thread WHERE"
_ACT = ("id", "kind", "message", "other", "actor", "at", "value")
LAST_DEPTH = 99999


@dataclass(slots=True)
class History:
    """All that is known of some customers."""

    threads: dict[str, str | None] = field(default_factory=dict)
    """Thread to its customer."""
    words: dict[str, Word] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    conversations: dict[str, str | None] = field(default_factory=dict)
    """Message to the conversation it is in so far."""

    @property
    def customers(self) -> set[str]:
        """Return everybody whose threads are here."""
        return {customer for customer in self.threads.values() if customer}


def word_of(row: Any, customer: str | None) -> Word:
    """Return a stored message as a fact."""
    (id, thread, at, clock, role, sent_by, answers, visibility, kind, account, brand, intent,
     sentiment, urgency, needs_reply, rules, live, depth, _) = row  # fmt: skip
    private = visibility == "private"
    labels = Labels(intent, sentiment, urgency, None if needs_reply is None else bool(needs_reply))
    return Word(
        position(at, depth, 1, id), id, thread, at, clock, role, sent_by != "automation",
        private or answers == customer, private, kind, account, brand, labels, rules, bool(live),
    )  # fmt: skip


def load_histories(conn: Connection, brand: str, customers: Iterable[str]) -> History:
    """Return all facts of these customers, and of those whom staff joined with them."""
    history = History()
    wanted = set(customers)
    done: set[str] = set()
    while wanted - done:
        fresh = wanted - done
        done |= fresh
        _load_words(conn, brand, fresh, history)
        wanted |= sharing(conn, history.threads)
        wanted |= _load_acts(conn, history)
    return history


_SHARING = """
SELECT other.customer FROM spans own JOIN spans other ON other.conversation = own.conversation
WHERE other.thread <> own.thread AND own.thread IN"""


def sharing(conn: Connection, threads: Iterable[str]) -> set[str]:
    """Return who has a part in the cases that these threads are in, as they were last written."""
    return {customer for (customer,) in query_in(conn, _SHARING, threads) if customer}


def _load_words(conn: Connection, brand: str, customers: set[str], history: History) -> None:
    rows = query_in(conn, "SELECT id, customer, brand FROM threads WHERE customer IN", customers)
    fresh = {id: customer for id, customer, of in rows if of == brand}
    history.threads |= fresh
    for row in select_in(conn, messages, _WORD, "thread", fresh):
        word = word_of(row, fresh[row[1]])
        history.words[word.id] = word
        history.conversations[word.id] = row[-1]


def _load_acts(conn: Connection, history: History) -> set[str]:
    """Load what was done to the words so far; return the customers that it joins with them."""
    rows = list(select_in(conn, acts, _ACT, "message", history.words))
    rows += select_in(conn, acts, _ACT, "other", [*history.words, *history.threads])
    others: set[str] = set()
    for id, kind, message, other, actor, at, value in rows:
        word = history.words.get(message)
        at = at if word is None else max(at, word.at)
        where = position(at, LAST_DEPTH, 2, id)
        act = Act(where, id, at, kind, message, actor, other, json.loads(value) if value else {})
        history.acts[id] = act
        others |= {one for one in (message, other) if one and one not in history.words}
    return _customers_of(conn, others - set(history.threads))


def _customers_of(conn: Connection, things: set[str]) -> set[str]:
    """Return whose messages or threads these are."""
    by_message = query_in(
        conn,
        "SELECT t.customer FROM messages m JOIN threads t ON t.id = m.thread WHERE m.id IN",
        things,
    )
    by_thread = query_in(conn, "SELECT customer FROM threads WHERE id IN", things)
    return {customer for (customer,) in (*by_message, *by_thread) if customer}


def load_placed(conn: Connection, ids: Iterable[str]) -> dict[str, Placement]:
    """Return where known messages belong."""
    select = f"SELECT {', '.join(_PLACED)} {_AT} m.id IN"
    return {row[0]: placement_of(row) for row in query_in(conn, select, ids)}


def placement_of(row: Any) -> Placement:
    """Return a stored message's placement."""
    _, thread, role, answers, author, direction, visibility, root, place, depth, at, customer = row
    return Placement(
        thread, customer, role, answers, author, direction == "out", visibility == "private", root,
        place, depth, at,
    )  # fmt: skip


def load_below(
    conn: Connection, ids: Iterable[str]
) -> tuple[dict[str, Chained], dict[str, Placement]]:
    """Return these messages and all below them, as chains and as they are placed so far."""
    chains: dict[str, Chained] = {}
    placed: dict[str, Placement] = {}
    key, level = "id", set(ids)
    while level:
        fresh = [row for row in _level(conn, key, level) if row[0] not in chains]
        for row in fresh:
            chains[row[0]] = _chained(row[: len(_CHAINED)])
            placed[row[0]] = placement_of(row[len(_CHAINED) :])
        found = [row[0] for row in fresh]
        also = query_in(conn, "SELECT id FROM aliases WHERE message IN", found)
        key, level = "parent", {*found, *(alias for (alias,) in also)}
    return chains, placed


def _level(conn: Connection, key: str, values: Iterable[str]) -> Sequence[Any]:
    names = ", ".join((*(f"m.{name}" for name in _CHAINED), *_PLACED))
    given = " AND m.parent IS NOT NULL" if key == "parent" else ""  # as its index asks
    return query_in(conn, f"SELECT {names} {_AT} m.{key} IN", values, given)


def _chained(row: Any) -> Chained:
    (id, brand, network, external_id, author, recipient, direction, visibility, context, addressed,
     parent, quoted, root, posted, received) = row  # fmt: skip
    return Chained(
        id, brand, network, external_id, author, recipient, direction == "out",
        visibility == "private", bool(context), bool(addressed), parent, quoted, root,
        min(posted, received),
    )  # fmt: skip
