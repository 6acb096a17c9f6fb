"""Places what a batch brings, and places anew what had waited for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from careline.engine.arrivals import Arrival, Intake
from careline.engine.history import load_below, load_placed
from careline.engine.placement import Chained, Placement, place_all
from careline.engine.rooms import put_threads
from careline.store.bulk import delete_keys, insert_new, query_in, select_in, set_where
from careline.store.tables import aliases, messages, orphans, readings, unread

_LABELS = ("intent", "sentiment", "urgency", "needs_reply", "pii", "labelled_by")
_COLUMNS = ("thread", "answers", "place", "role", "depth", "fact_at")


@dataclass(slots=True)
class Placed:
    """What placing a batch did to messages that were here before."""

    below: frozenset[str] = frozenset()
    """All that hangs below what came or changed."""
    customers: set[str] = field(default_factory=set)
    """Whose threads lost or gained a message that was here before."""
    private: set[str] = field(default_factory=set)
    """Private threads that lost or gained one."""


def place_arrivals(
    conn: Connection,
    to: Intake,
    arrivals: dict[str, Arrival],
    known: dict[str, Placement],
    changed: Iterable[str] = (),
) -> Placed:
    """Place new arrivals (in `arrivals`), and move what hung elsewhere for want of them.

    `known` are the placements of messages stored before, by id; `changed` are ids of stored
    messages whose own facts changed, so that they and all below them must be placed anew.
    """
    chains = {a.id: a.chained(to.brand, to.network) for a in arrivals.values()}
    waiting = _waiting_for(conn, chains)
    below = {*waiting, *changed}
    before: dict[str, Placement] = {}
    if below:
        stored, before = _below(conn, below)
        chains = {**stored, **chains}
        known = {**known, **_parents_of(conn, chains, known)}
    placed = place_all(chains, known, _ours_quoted(conn, chains, arrivals))
    for arrival in arrivals.values():
        arrival.placement = placed[arrival.id]
    _await_parents(conn, arrivals.values(), known)
    delete_keys(conn, orphans, "awaited", [key for key in chains if key in arrivals and waiting])
    return _move(conn, to, {key: placed[key] for key in before}, before)


def _waiting_for(conn: Connection, chains: dict[str, Chained]) -> set[str]:
    rows = query_in(conn, "SELECT message FROM orphans WHERE awaited IN", chains)
    return {message for (message,) in rows}


def _below(conn: Connection, ids: Iterable[str]) -> tuple[dict[str, Chained], dict[str, Placement]]:
    """Return these messages and all below them, each with the parent that its alias means."""
    chains, before = load_below(conn, ids)
    above = {chain.parent for chain in chains.values() if chain.parent}
    means = dict(select_in(conn, aliases, ("id", "message"), "id", above))
    for key, chain in chains.items():
        if chain.parent in means:
            chains[key] = chain._replace(parent=means[chain.parent])
    return chains, before


def _parents_of(
    conn: Connection, chains: dict[str, Chained], known: dict[str, Placement]
) -> dict[str, Placement]:
    """Return the placements of parents that stay where they are."""
    above = {chain.parent for chain in chains.values() if chain.parent}
    return load_placed(conn, above - chains.keys() - known.keys())


def _ours_quoted(
    conn: Connection, chains: dict[str, Chained], arrivals: dict[str, Arrival]
) -> set[str]:
    quoted = {chain.quoted for chain in chains.values() if chain.quoted}
    if not quoted:
        return set()
    means = dict(select_in(conn, aliases, ("id", "message"), "id", quoted))
    select = "SELECT id FROM messages WHERE direction = 'out' AND id IN"
    stored = {id for (id,) in query_in(conn, select, {means.get(id, id) for id in quoted})}
    ours = stored | {id for id, arrival in arrivals.items() if arrival.ours}
    return {id for id in quoted if means.get(id, id) in ours}


def _await_parents(
    conn: Connection, arrivals: Iterable[Arrival], known: dict[str, Placement]
) -> None:
    """Remember whom a missing parent, or a missing quoted message, concerns."""
    here = {arrival.id for arrival in arrivals} | known.keys()
    rows = [
        (awaited, arrival.id)
        for arrival in arrivals
        for awaited in (arrival.parent, arrival.quoted)
        if awaited is not None and awaited not in here
    ]
    insert_new(conn, orphans, ("awaited", "message"), rows)


def _move(
    conn: Connection, to: Intake, after: dict[str, Placement], before: dict[str, Placement]
) -> Placed:
    moved = {key: where for key, where in after.items() if where != before[key]}
    customers = {
        customer
        for key, where in moved.items()
        for customer in (where.customer, before[key].customer)
        if customer
    }
    put_threads(conn, to, moved.values())
    rows = [(*_row(where), key) for key, where in moved.items()]
    set_where(conn, messages, _COLUMNS, ("id",), rows)
    private = {
        where.thread
        for key in moved
        for where in (moved[key], before[key])
        if where.private and where.role != "context"
    }
    _unlabel(conn, moved)
    return Placed(frozenset(before), customers, private)


def _unlabel(conn: Connection, moved: dict[str, Placement]) -> None:
    """Take away the labels of what is no customer's word now."""
    ours = [key for key, where in moved.items() if where.role in ("ours", "context")]
    nothing = (None,) * len(_LABELS)
    set_where(conn, messages, _LABELS, ("id",), [(*nothing, key) for key in ours])
    delete_keys(conn, readings, "message", ours)
    delete_keys(conn, unread, "message", ours)


def _row(where: Placement) -> tuple[object, ...]:
    return where.thread, where.answers, where.place, where.role, where.depth, where.fact_at
