"""What a batch says about messages: revisions, removals, observations, deliveries."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from careline.contract.items import Delivered, Observed
from careline.engine import rows
from careline.engine.known import Stored
from careline.engine.unit import Unit
from careline.ids import derive
from careline.store.bulk import insert_new, mark, put, query_in, select_in, set_where
from careline.store.emptying import empty_messages, worded
from careline.store.stones import ERASED, PURGED, REMOVED, Stone, put_stones
from careline.store.tables import acts, messages, observations, revisions
from careline.store.times import to_micros

_RANKS = {"sent": 1, "delivered": 2, "read": 3, "failed": 3}


def adopt_unknown(unit: Unit, stored: dict[str, Stored]) -> int:
    """Make revisions of messages never seen those messages; return how many came too early."""
    since, found = unit.to.since, unit.found
    ours = [a for a in found.revised if since is None or a.posted >= since or a.id in stored]
    early = len(found.revised) - len(ours)
    found.revised = ours
    for arrival in sorted(ours, key=lambda one: one.rank):
        if arrival.id not in stored and arrival.id not in found.messages:
            found.messages[arrival.id] = replace(arrival)
            name = {"external_id": found.names.get(arrival.id, arrival.message.external_id)}
            found.messages[arrival.id].message = arrival.message.model_copy(update=name)
    return early


def keep_first_words(unit: Unit, stored: dict[str, Stored]) -> None:
    """Keep the original of a message that was known by a revision only."""
    late = [
        arrival
        for id, arrival in unit.found.messages.items()
        if id in stored and stored[id].first_hash is None and not arrival.revised_at
    ]
    rows.put_bodies(unit.conn, late)


def revise(unit: Unit) -> int:
    """Add revisions to stored messages; the latest one holds. Return how many were new."""
    revised = unit.found.revised
    kept = [(a.id, a.revised_at, a.hash, unit.to.account) for a in revised]
    count = insert_new(unit.conn, revisions, ("message", "at", "hash", "account"), kept)
    rows.put_bodies(unit.conn, revised)
    targets = {arrival.id for arrival in revised}
    ratings = {(a.id, a.revised_at): a.message.rating for a in revised}
    select = "SELECT id, coalesce(revised_at, 0) FROM messages WHERE id IN"
    current = dict(query_in(unit.conn, select, targets))
    latest = _latest(unit.conn, targets)
    later = [(id, at, hash) for id, (at, hash) in latest.items() if at > current[id]]
    values = [(at, hash, ratings.get((id, at)), id) for id, at, hash in later]
    set_where(unit.conn, messages, ("revised_at", "hash", "rating"), ("id",), values)
    unit.heard = {a.id: a for a in revised if a.hushed and (a.id, a.revised_at, a.hash) in later}
    unit.reworded |= {id for id, _, _ in later} - unit.heard.keys()
    return count


def _latest(conn: Connection, targets: Iterable[str]) -> dict[str, tuple[int, str]]:
    found = select_in(conn, revisions, ("at", "message", "hash"), "message", targets)
    return {id: (at, hash) for at, id, hash in sorted(found)}


def remove(unit: Unit) -> int:
    """Note that messages are gone; return how many were not known to be."""
    said = [
        Stone(id, to_micros(item.at), item.by, PURGED if item.purge else REMOVED)
        for id, item in unit.found.removed
    ]
    return keep_stones(unit.conn, said)


def keep_stones(conn: Connection, said: Iterable[Stone]) -> int:
    """Keep that messages are gone, or were erased; return of how many it is news that they went."""
    stones = sorted(said)
    put_stones(conn, stones)
    gone = [stone for stone in stones if stone.why != ERASED]
    acts_of = {stone.object: derive("a", "removed", stone.object) for stone in gone}
    if not gone:
        return 0
    known = select_in(conn, acts, ("id",), "id", acts_of.values())
    sign = mark(conn)
    conn.exec_driver_sql(
        f"INSERT INTO acts (id, kind, message, actor, at, value) VALUES ({', '.join([sign] * 6)})"
        " ON CONFLICT (id) DO UPDATE SET actor = excluded.actor, at = excluded.at"
        " WHERE excluded.at < acts.at",
        [(acts_of[s.object], "removed", s.object, s.by, s.at, "{}") for s in gone],
    )
    return len(acts_of) - len(known)


_STONES = """
SELECT s.object, s.at, s.why, m.removed_at FROM tombstones s JOIN messages m ON m.id = s.object
WHERE s.object IN"""


def bury(unit: Unit) -> None:
    """Mark stored messages that are gone, and empty the words of purged and erased ones: for good.

    What hangs below a purged one is read again without it. An erasure moves nothing.
    """
    ids = {*unit.found.messages, *(a.id for a in unit.found.revised)}
    ids |= {id for id, _ in unit.found.removed} | set(unit.became.values())
    stones = query_in(unit.conn, _STONES, ids)
    gone = [(at, id) for id, at, why, marked in stones if why != ERASED and at != marked]
    set_where(unit.conn, messages, ("removed_at",), ("id",), gone)
    unit.stale |= customers_of(unit.conn, [id for _, id in gone])
    emptied = worded(unit.conn, [id for id, _, why, _ in stones if why != REMOVED])
    empty_messages(unit.conn, emptied, unit.now)
    unit.reworded |= emptied & {id for id, _, why, _ in stones if why == PURGED}


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


def deliver(unit: Unit) -> int:
    """Move the delivery states of our messages forward, never back; return how many moved."""
    told = unit.found.delivered
    gone = _wordless(unit.conn, {id for id, item in told if item.why})
    return sum(_deliver(unit.conn, id, item, None if id in gone else item.why) for id, item in told)


def _wordless(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return those whose words are erased: what a platform says of them is not kept either."""
    stones = f"SELECT object FROM tombstones WHERE why <> '{REMOVED}' AND object IN"
    empty = "SELECT owner FROM bodies WHERE erased_at IS NOT NULL AND owner IN"
    return {id for select in (stones, empty) for (id,) in query_in(conn, select, ids)}


def _deliver(conn: Connection, id: str, item: Delivered, why: str | None) -> int:
    sign = mark(conn)
    return conn.exec_driver_sql(
        f"INSERT INTO deliveries (message, rank, state, at, why) VALUES ({', '.join([sign] * 5)})"
        " ON CONFLICT (message) DO UPDATE SET rank = excluded.rank, state = excluded.state,"
        " at = excluded.at, why = excluded.why WHERE excluded.rank > deliveries.rank",
        (id, _RANKS[item.state], item.state, to_micros(item.at), why),
    ).rowcount


def customers_of(conn: Connection, ids: list[str]) -> set[str]:
    """Return the customers whose threads these messages are in."""
    select = "SELECT t.customer FROM messages m JOIN threads t ON t.id = m.thread WHERE m.id IN"
    return {customer for (customer,) in query_in(conn, select, ids) if customer}
