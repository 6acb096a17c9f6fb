"""Threads: whose each is. A private one's customer is whoever said something in it first."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from careline.engine.arrivals import Intake
from careline.engine.placement import Placement
from careline.store.bulk import insert_new, query_in, select_in, set_where
from careline.store.tables import threads

_COLUMNS = ("id", "brand", "network", "place", "customer", "visibility")


def put_threads(conn: Connection, to: Intake, places: Iterable[Placement]) -> None:
    """Make the threads that these placements name."""
    fresh: dict[str, Sequence[object]] = {}
    for where in places:
        if where.thread not in fresh or where.customer:
            fresh[where.thread] = (
                where.thread, to.brand, to.network, where.place, where.customer,
                "private" if where.private else "public",
            )  # fmt: skip
    insert_new(conn, threads, _COLUMNS, list(fresh.values()))


def customers_of_threads(
    conn: Connection, places: Iterable[Placement]
) -> tuple[dict[str, str | None], set[str]]:
    """Return whose threads these are, and those of which their messages say something else."""
    places = list(places)
    customers = {where.thread: where.customer for where in places}
    private = [where for where in places if where.private]
    named = (where.thread for where in private)
    customers |= dict(select_in(conn, threads, ("id", "customer"), "id", named))
    contested = {
        where.thread for where in private if where.customer not in (None, customers[where.thread])
    }
    return customers, contested


_SAID = """
SELECT m.thread, m.role <> 'customer', m.fact_at, m.depth, m.id, m.author, m.answers, t.customer
FROM messages m JOIN threads t ON t.id = m.thread WHERE m.role <> 'context' AND t.id IN"""


def settle(conn: Connection, wanted: Iterable[str]) -> set[str]:
    """Find anew whose these private threads are; return whom that concerns."""
    before: dict[str, str | None] = {}
    after: dict[str, str] = {}
    for thread, ours, _, _, _, author, answers, customer in sorted(query_in(conn, _SAID, wanted)):
        before[thread] = customer
        who = answers if ours else author
        if who is not None:
            after.setdefault(thread, who)
    return _change(conn, before, after)


def _change(
    conn: Connection, before: Mapping[str, str | None], after: Mapping[str, str]
) -> set[str]:
    changed = {thread: who for thread, who in after.items() if who != before[thread]}
    rows = [(who, thread) for thread, who in changed.items()]
    set_where(conn, threads, ("customer",), ("id",), rows)
    return {*changed.values(), *(one for thread in changed if (one := before[thread]))}
