"""Places what a batch brings, and places anew what had waited for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from careline.engine.arrivals import Arrival, Intake
from careline.engine.history import load_place, load_placed
from careline.engine.placement import Chained, Placement, place_all
from careline.store.bulk import delete_keys, insert_new, query_in, set_where
from careline.store.tables import messages, orphans, threads

_COLUMNS = ("thread", "answers", "place", "role", "depth", "fact_at")


@dataclass(slots=True)
class Placed:
    """What placing a batch did to messages that were here before."""

    moved: dict[str, Placement] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)
    """Whose threads lost or gained a message that was here before."""


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
        stored, before = _at_places_of(conn, to, below)
        chains = {**stored, **chains}
    placed = place_all(chains, known, _ours_quoted(conn, chains, arrivals))
    for arrival in arrivals.values():
        arrival.placement = placed[arrival.id]
    _await_parents(conn, arrivals.values(), known)
    delete_keys(conn, orphans, "awaited", [key for key in chains if key in arrivals and waiting])
    return _move(conn, to, {key: placed[key] for key in before}, before)


def _waiting_for(conn: Connection, chains: dict[str, Chained]) -> set[str]:
    rows = query_in(conn, "SELECT message FROM orphans WHERE awaited IN", chains)
    return {message for (message,) in rows}


def _at_places_of(
    conn: Connection, to: Intake, ids: Iterable[str]
) -> tuple[dict[str, Chained], dict[str, Placement]]:
    places = query_in(conn, "SELECT DISTINCT place FROM messages WHERE id IN", ids)
    return load_place(conn, to.brand, to.network, [place for (place,) in places])


def _ours_quoted(
    conn: Connection, chains: dict[str, Chained], arrivals: dict[str, Arrival]
) -> set[str]:
    quoted = {chain.quoted for chain in chains.values() if chain.quoted}
    if not quoted:
        return set()
    select = "SELECT id FROM messages WHERE direction = 'out' AND id IN"
    stored = {id for (id,) in query_in(conn, select, quoted)}
    return stored | {key for key in quoted if key in arrivals and arrivals[key].ours}


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
    return Placed(moved, customers)


def _row(where: Placement) -> tuple[object, ...]:
    return where.thread, where.answers, where.place, where.role, where.depth, where.fact_at


def put_threads(
    conn: Connection, to: Intake, places: Iterable[Placement], private: frozenset[str] = frozenset()
) -> None:
    """Make the threads that these placements name; `private` are those that only we two read."""
    fresh = {
        where.thread: (
            where.thread, to.brand, to.network, where.place, where.customer,
            "private" if where.thread in private else "public",
        )
        for where in places
    }  # fmt: skip
    columns = ("id", "brand", "network", "place", "customer", "visibility")
    insert_new(conn, threads, columns, list(fresh.values()))


def known_placements(conn: Connection, ids: Iterable[str]) -> dict[str, Placement]:
    """Return the placements of those messages that are stored."""
    return load_placed(conn, ids)
