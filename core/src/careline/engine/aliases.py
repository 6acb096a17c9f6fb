"""Aliases: ids that a message got by edits. What was kept under one is given to the message."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table

from careline.engine.arrivals import Arrivals, all_ids
from careline.engine.changes import customers_of, keep_stones
from careline.engine.unit import Unit
from careline.store import tables
from careline.store.bulk import delete_keys, insert_new, mark, query_in, select_in, set_where
from careline.store.indexing import forget
from careline.store.stones import stones_of


def resolve_aliases(unit: Unit) -> None:
    """Let every id that a message ever had mean that message, in the store and in the batch."""
    ids = (*all_ids(unit.found), *unit.found.aliases)
    means = dict(select_in(unit.conn, tables.aliases, ("id", "message"), "id", ids))
    fresh = _learn(unit.found.aliases, means)
    if fresh:
        insert_new(unit.conn, tables.aliases, ("id", "message"), list(fresh.items()))
        _redirect_orphans(unit, fresh)
        _absorb(unit, fresh)
    if means:
        _rename(unit.found, means)


def _learn(said: Mapping[str, str], means: dict[str, str]) -> dict[str, str]:
    """Add what the batch says to what is known, and return that, each with its first message."""
    learnt = []
    for alias, target in sorted(said.items()):
        if alias not in means and _first(target, means) != alias:
            means[alias] = target
            learnt.append(alias)
    for alias in means:
        means[alias] = _first(alias, means)
    return {alias: means[alias] for alias in learnt}


def _first(id: str, means: Mapping[str, str]) -> str:
    while id in means:
        id = means[id]
    return id


def _rename(found: Arrivals, means: Mapping[str, str]) -> None:
    for arrival in (*found.messages.values(), *found.revised):
        arrival.parent = means.get(arrival.parent or "", arrival.parent)
        arrival.quoted = means.get(arrival.quoted or "", arrival.quoted)
    for id in [id for id in found.messages if id in means]:
        del found.messages[id]
    for arrival in found.revised:
        arrival.id = means.get(arrival.id, arrival.id)
    found.removed = [(means.get(target, target), item) for target, item in found.removed]
    found.observed = [(means.get(target, target), item) for target, item in found.observed]
    found.delivered = [(means.get(target, target), item) for target, item in found.delivered]


def _redirect_orphans(unit: Unit, fresh: Mapping[str, str]) -> None:
    """Let what waited for an alias hang below its message, or wait for that."""
    rows = select_in(unit.conn, tables.orphans, ("awaited", "message"), "awaited", fresh)
    _redirect(unit, [(alias, child) for alias, child in rows], fresh)
    delete_keys(unit.conn, tables.orphans, "awaited", fresh)
    waiting = [(fresh[alias], child) for alias, child in rows]
    insert_new(unit.conn, tables.orphans, ("awaited", "message"), waiting)


def _redirect(unit: Unit, pairs: list[tuple[str, str]], fresh: Mapping[str, str]) -> None:
    for column in ("parent", "quoted"):
        rows = [(fresh[alias], alias, child) for alias, child in pairs]
        set_where(unit.conn, tables.messages, (column,), (column, "id"), rows)
    unit.changed |= {child for _, child in pairs}


def _absorb(unit: Unit, fresh: Mapping[str, str]) -> None:
    """Give what was kept of an alias, as if it were another message, to the message it means."""
    conn = unit.conn
    _move_stones(conn, fresh)
    columns = ("id", "conversation", "thread", "visibility")
    rows = select_in(conn, tables.messages, columns, "id", fresh)
    stored = {id: conversation for id, conversation, _, _ in rows}
    if not stored:
        return
    unit.private |= {thread for _, _, thread, visibility in rows if visibility == "private"}
    unit.stale |= customers_of(conn, list(stored))
    unit.gone |= stored
    unit.became |= {alias: fresh[alias] for alias in stored}
    children = "SELECT parent, id FROM messages WHERE parent IS NOT NULL AND parent IN"
    _redirect(unit, [(alias, child) for alias, child in query_in(conn, children, stored)], fresh)
    moves = [(fresh[alias], alias) for alias in stored]
    set_where(conn, tables.aliases, ("message",), ("message",), moves)
    for table in (tables.notes, tables.outbox, tables.alerts):
        set_where(conn, table, ("message",), ("message",), moves)
    for column in ("message", "other"):
        set_where(conn, tables.acts, (column,), (column,), moves)
    words = [(alias, 0) for alias in stored]  # what the alias said is a revision's words
    sign = mark(conn)
    conn.exec_driver_sql(f"DELETE FROM bodies WHERE owner = {sign} AND revised_at = {sign}", words)
    for table, key in _KEPT:
        _move_absent(conn, table, key, moves)
    for table in (tables.readings, tables.unread, tables.orphans, tables.sightings):
        delete_keys(conn, table, "message", stored)
    delete_keys(conn, tables.messages, "id", stored)
    forget(conn, list(stored))


_KEPT: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (tables.revisions, ("message", "at")),
    (tables.bodies, ("owner", "revised_at")),
    (tables.observations, ("message",)),
    (tables.deliveries, ("message",)),
    (tables.claims, ("message",)),
)


def _move_absent(
    conn: Connection, table: Table, key: tuple[str, ...], moves: Iterable[tuple[str, str]]
) -> None:
    """Move rows to another message where it has none like them; the rest goes."""
    name, sign = table.name, mark(conn)
    owner = key[0]
    same = " AND ".join([f"b.{owner} = {sign}", *(f"b.{one} = {name}.{one}" for one in key[1:])])
    rows = [(new, old, new) for new, old in moves]
    conn.exec_driver_sql(
        f"UPDATE {name} SET {owner} = {sign} WHERE {owner} = {sign}"
        f" AND NOT EXISTS (SELECT 1 FROM {name} b WHERE {same})",
        rows,
    )
    delete_keys(conn, table, owner, [old for _, old in moves])


def _move_stones(conn: Connection, fresh: Mapping[str, str]) -> None:
    found = stones_of(conn, fresh)
    if found:
        keep_stones(conn, [stone._replace(object=fresh[id]) for id, stone in found.items()])
        delete_keys(conn, tables.tombstones, "object", found)
        sign = mark(conn)
        where = f"WHERE kind = 'removed' AND message = {sign}"
        conn.exec_driver_sql(f"DELETE FROM acts {where}", [(id,) for id in found])
