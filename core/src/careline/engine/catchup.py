"""Catch-up: what an account's first look back found is told once, not case by case."""

from collections.abc import Collection

from sqlalchemy import Connection

from careline.engine.alerts.alerting import Alerting
from careline.engine.facts import Micros
from careline.store.bulk import insert_new, mark, select_in
from careline.store.log import log_event
from careline.store.tables import counts, cursors

CAUGHT_UP = "caught_up"
"""The event's verb, and the name of the count that says when it was told."""


def sum_up(
    conn: Connection,
    account: str,
    brand: str,
    sources: Collection[str],
    now: Micros,
    alerting: Alerting,
    lanes: set[str],
) -> bool:
    """Log what an account has found, once all its `sources` have first caught up.

    What was said before that makes no alert of its own: one stands for all. Return whether it was
    told now, or before; `lanes` collects what is to be woken after the commit.
    """
    rows = select_in(conn, cursors, ("source", "caught_up_at"), "account", [account])
    if not set(sources) <= {source for source, caught_up_at in rows if caught_up_at is not None}:
        return False
    if insert_new(conn, counts, ("account", "what", "value"), [(account, CAUGHT_UP, now)]):
        found = _found(conn, account, now)
        log_event(conn, now, "system", CAUGHT_UP, account, found)
        lanes |= alerting.summed_up(conn, account, brand, found, now)
    return True


def _found(conn: Connection, account: str, now: Micros) -> dict[str, int]:
    sign = mark(conn)
    row = conn.exec_driver_sql(
        "SELECT count(*), count(s.waiting_since), count(CASE WHEN s.due_at <"
        f" {sign} THEN 1 END) FROM conversations c JOIN states s ON s.conversation = c.id"
        f" WHERE c.account = {sign}",
        (now, account),
    ).one()
    return dict(zip(("conversations", "waiting", "overdue"), row, strict=True))
