"""Threads: whose each is. A private one's customer is whoever said something in it first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from careline.engine.arrivals import Intake
from careline.engine.history import sharing
from careline.engine.placement import Placement
from careline.store.bulk import delete_keys, insert_new, query_in, select_in, set_where
from careline.store.tables import messages, spans, threads

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
SELECT thread, role <> 'customer', fact_at, depth, id, author, answers FROM messages
WHERE role <> 'context' AND thread IN"""


def settle(conn: Connection, wanted: Iterable[str]) -> tuple[set[str], list[str]]:
    """Find anew whose these private threads are.

    Return whose they are or were, and the threads that are nobody's any more.
    """
    before = dict(select_in(conn, threads, ("id", "customer"), "id", wanted))
    after: dict[str, str | None] = dict.fromkeys(before)
    for thread, ours, _, _, _, author, answers in sorted(query_in(conn, _SAID, before)):
        after[thread] = after[thread] or (answers if ours else author)
    changed = [(who, thread) for thread, who in after.items() if who != before[thread]]
    set_where(conn, threads, ("customer",), ("id",), changed)
    concerned = {*after.values(), *(before[thread] for _, thread in changed)}
    return {who for who in concerned if who}, [thread for who, thread in changed if who is None]


_NOBODYS = """
SELECT m.id, m.conversation FROM messages m JOIN threads t ON t.id = m.thread
WHERE t.customer IS NULL AND m.conversation IS NOT NULL AND"""


def let_go(
    conn: Connection, moved: Iterable[str], left: Iterable[str]
) -> tuple[set[str], dict[str, str | None]]:
    """Take out of their cases messages that are nobody's now, and whole threads.

    Return who else has a part in those cases, and the messages, each with the case it was in.
    """
    gone: dict[str, str | None] = dict(query_in(conn, f"{_NOBODYS} m.id IN", moved))
    gone |= dict(query_in(conn, f"{_NOBODYS} m.thread IN", left))
    set_where(conn, messages, ("conversation",), ("id",), [(None, key) for key in gone])
    others = sharing(conn, left)
    delete_keys(conn, spans, "thread", left)
    return others, gone
