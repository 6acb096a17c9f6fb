"""What a batch says about messages: revisions, removals, observations, deliveries."""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.contract.items import Delivered, Observed, Removed
from careline.engine import rows
from careline.engine.arrivals import Arrival
from careline.engine.hours import to_micros
from careline.engine.known import Stored
from careline.engine.unit import Unit
from careline.ids import derive
from careline.store.bulk import insert_new, mark, put, query_in, select_in, set_where
from careline.store.tables import (
    acts,
    aliases,
    bodies,
    messages,
    observations,
    orphans,
    revisions,
    tombstones,
)

_RANKS = {"sent": 1, "delivered": 2, "read": 3, "failed": 3}


def adopt_unknown(unit: Unit, stored: dict[str, Stored]) -> list[tuple[Arrival, str]]:
    """Make a revision of a message never seen that message; return the other revisions."""
    rest: list[tuple[Arrival, str]] = []
    for arrival, target in sorted(unit.found.revised, key=lambda one: one[0].revised_at):
        if arrival.id != target:
            _note_alias(unit, arrival.id, target)
        if target in stored or target in unit.found.messages:
            rest.append((arrival, target))
        else:
            arrival.id = target
            unit.found.messages[target] = arrival
    return rest


def _note_alias(unit: Unit, alias: str, target: str) -> None:
    """From now on `alias` means `target`; what waited for it hangs below `target`."""
    insert_new(unit.conn, aliases, ("id", "message"), [(alias, target)])
    waiting = select_in(unit.conn, orphans, ("message",), "awaited", [alias])
    ids = [message for (message,) in waiting]
    for column in ("parent", "quoted"):
        keys = [(target, alias, id) for id in ids]
        set_where(unit.conn, messages, (column,), (column, "id"), keys)
    insert_new(unit.conn, orphans, ("awaited", "message"), [(target, id) for id in ids])
    unit.changed.update(ids)
    for arrival in unit.found.messages.values():
        arrival.parent = target if arrival.parent == alias else arrival.parent
        arrival.quoted = target if arrival.quoted == alias else arrival.quoted


def keep_first_words(unit: Unit, stored: dict[str, Stored]) -> None:
    """Keep the original of a message that was known by a revision only."""
    late = [
        arrival
        for id, arrival in unit.found.messages.items()
        if id in stored and stored[id].revised_at and not arrival.revised_at
    ]
    rows.put_bodies(unit.conn, late)


def revise(unit: Unit, revised: list[tuple[Arrival, str]]) -> int:
    """Add revisions to stored messages; the latest one holds."""
    count = 0
    select = "SELECT id, coalesce(revised_at, 0) FROM messages WHERE id IN"
    current = dict(query_in(unit.conn, select, [target for _, target in revised]))
    for arrival, target in revised:
        arrival.id = target
        row = (target, arrival.revised_at, arrival.hash, unit.to.account)
        if not insert_new(unit.conn, revisions, ("message", "at", "hash", "account"), [row]):
            continue
        count += 1
        rows.put_bodies(unit.conn, [arrival])
        if arrival.revised_at > current[target]:
            current[target] = arrival.revised_at
            values = (arrival.revised_at, arrival.hash, arrival.message.rating, target)
            set_where(unit.conn, messages, ("revised_at", "hash", "rating"), ("id",), [values])
            unit.reread.add(target)
    unit.stale |= customers_of(unit.conn, [target for _, target in revised])
    return count


def remove(unit: Unit) -> int:
    """Note that messages are gone; purge the words of those that ask for it."""
    removed: dict[str, Removed] = {}
    for id, item in sorted(unit.found.removed, key=lambda one: to_micros(one[1].at), reverse=True):
        removed[id] = item
    deeds = [
        (derive("a", "removed", id), "removed", id, item.by, to_micros(item.at), "{}")
        for id, item in removed.items()
    ]
    columns = ("id", "kind", "message", "actor", "at", "value")
    count = insert_new(unit.conn, acts, columns, deeds)
    stones = [
        (id, to_micros(item.at), item.by, "purged" if item.purge else "removed")
        for id, item in removed.items()
    ]
    insert_new(unit.conn, tombstones, ("object", "at", "by", "why"), stones)
    purged = [id for id, item in removed.items() if item.purge]
    put(unit.conn, tombstones, ("object", "at", "by", "why"), [s for s in stones if s[0] in purged])
    mark_removed(unit, removed)
    return count


def mark_removed(unit: Unit, ids: Iterable[str]) -> None:
    """Mark stored messages that have a tombstone, and empty the words of purged ones."""
    stones = select_in(unit.conn, tombstones, ("object", "at", "why"), "object", ids)
    if not stones:
        return
    gone = [(at, id) for id, at, _ in stones]
    set_where(unit.conn, messages, ("removed_at",), ("id",), gone)
    purged = [(None, None, None, unit.now, id) for id, _, why in stones if why != "removed"]
    columns = ("text", "title", "attachments", "erased_at")
    set_where(unit.conn, bodies, columns, ("owner",), purged)
    unit.stale |= customers_of(unit.conn, [id for id, _, _ in stones])


def observe(unit: Unit) -> int:
    """Keep the last counts around each message."""
    last: dict[str, Observed] = {}
    for id, item in sorted(unit.found.observed, key=lambda one: to_micros(one[1].at)):
        last[id] = item
    known: dict[str, int] = dict(
        select_in(unit.conn, observations, ("message", "at"), "message", last)
    )
    fresh = {id: item for id, item in last.items() if to_micros(item.at) > known.get(id, -1)}
    old: dict[str, int | None] = dict(
        select_in(unit.conn, observations, ("message", "reach"), "message", fresh)
    )
    columns = ("message", "at", "likes", "reposts", "replies", "reach", "grew")
    put(
        unit.conn,
        observations,
        columns,
        [
            (
                id,
                to_micros(o.at),
                o.likes,
                o.reposts,
                o.replies,
                o.reach,
                _grew(old.get(id), o.reach),
            )
            for id, o in fresh.items()
        ],
    )
    return len(fresh)


def _grew(before: int | None, now: int | None) -> float | None:
    return now / before if before and now else None


def deliver(unit: Unit) -> None:
    """Move the delivery states of our messages forward, never back."""
    for id, item in unit.found.delivered:
        _deliver(unit.conn, id, item)


def _deliver(conn: Connection, id: str, item: Delivered) -> None:
    sign = mark(conn)
    conn.exec_driver_sql(
        f"INSERT INTO deliveries (message, rank, state, at, why) VALUES ({', '.join([sign] * 5)})"
        " ON CONFLICT (message) DO UPDATE SET rank = excluded.rank, state = excluded.state,"
        " at = excluded.at, why = excluded.why WHERE excluded.rank > deliveries.rank",
        (id, _RANKS[item.state], item.state, to_micros(item.at), item.why),
    )


def customers_of(conn: Connection, ids: list[str]) -> set[str]:
    """Return the customers whose threads these messages are in."""
    select = "SELECT t.customer FROM messages m JOIN threads t ON t.id = m.thread WHERE m.id IN"
    return {customer for (customer,) in query_in(conn, select, ids) if customer}
