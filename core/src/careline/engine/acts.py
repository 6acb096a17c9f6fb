"""Acts: what staff do to a conversation, as facts that the fold takes in."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from careline.engine import rows
from careline.engine.arrivals import Intake
from careline.engine.casework import Work, refold
from careline.engine.facts import Micros
from careline.engine.rulesets import StoredRules
from careline.errors import NotFound
from careline.ids import derive
from careline.store.bulk import insert_new, query_in
from careline.store.log import log_event
from careline.store.tables import acts
from careline.store.turns import take_turn

_LATEST = """
SELECT m.id FROM messages m JOIN spans s ON s.thread = m.thread
WHERE m.conversation = s.conversation AND s.conversation IN"""
_TOLD: Final = ("agent", "until", "by")
"""What the log tells of an act: nothing that staff typed. That lies in the act, and can be erased.
"""


def act(
    conn: Connection,
    conversation: str,
    kind: str,
    actor: str,
    value: Mapping[str, Any],
    now: Micros,
    rules: StoredRules,
    *,
    other: str | None = None,
) -> str:
    """Keep an act and bring its conversation up to date; return the conversation's id.

    The act is kept by the latest message of the conversation: ids of conversations may change.
    """
    brands = query_in(conn, "SELECT brand FROM states WHERE conversation IN", [conversation])
    for (brand,) in brands:
        take_turn(conn, brand)
    rows_ = query_in(conn, _LATEST, [conversation], "ORDER BY m.fact_at DESC, m.depth DESC LIMIT 1")
    if not rows_:
        raise NotFound(f"there is no conversation {conversation}")
    return act_on(conn, rows_[0][0], kind, actor, value, now, rules, other=other)


def act_on(
    conn: Connection,
    message: str,
    kind: str,
    actor: str,
    value: Mapping[str, Any],
    now: Micros,
    rules: StoredRules,
    *,
    other: str | None = None,
) -> str:
    """Keep an act on the conversation that holds `message`; return that one's id.

    The brand's turn must have been taken before.
    """
    found = query_in(
        conn, "SELECT brand, account, network, conversation FROM messages WHERE id IN", [message]
    )
    brand, account, network, conversation = found[0]
    said = json.dumps(value, sort_keys=True)
    id = derive("a", kind, message, actor, str(now), said, other or "")
    columns = ("id", "kind", "message", "other", "actor", "at", "value")
    row = (id, kind, message, other, actor, now, json.dumps(value))
    insert_new(conn, acts, columns, [row])
    told = {name: value[name] for name in _TOLD if name in value}
    log_event(conn, now, actor, kind, conversation, {"message": message, "act": id, **told})
    return _refold(conn, Intake(account, brand, "", network), message, rules, now)


def _refold(conn: Connection, to: Intake, message: str, rules: StoredRules, now: Micros) -> str:
    select = "SELECT t.customer FROM messages m JOIN threads t ON t.id = m.thread WHERE m.id IN"
    customers = {customer for (customer,) in query_in(conn, select, [message]) if customer}
    work = Work(now)
    refold(conn, to.brand, customers, rules, work)
    found = conn.exec_driver_sql("SELECT id, kind FROM accounts")
    channels = {row.id: row.kind for row in found}
    rows.write_work(conn, Intake(to.account, to.brand, "", to.network, channels=channels), work)
    return work.of[message]
