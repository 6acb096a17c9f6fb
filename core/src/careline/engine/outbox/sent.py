"""What is kept of something that has left us: its ids there, and what it did to its case."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from careline.contract.actions import Receipt
from careline.contract.channel import Capability
from careline.engine.acts import act_on
from careline.engine.arrivals import Intake
from careline.engine.unit import Policy
from careline.ids import message_id, thread_id
from careline.store.bulk import insert_new
from careline.store.lanes import end
from careline.store.log import log_event
from careline.store.outbox import Row, State
from careline.store.tables import echoes
from careline.store.times import to_micros


def note_sent(conn: Connection, to: Intake, row: Row, receipt: Receipt, now: int) -> bool:
    """End a row as sent, and know its messages when they are heard; False: it was ended before."""
    ids = [(message_id(to.brand, to.network, id), row.id) for id in receipt.ids]
    insert_new(conn, echoes, ("message", "action"), ids)
    kept = {"ids": receipt.ids, "opened": receipt.opened, "sent_at": to_micros(receipt.sent_at)}
    if not end(conn, row, State.SENT, now, receipt=kept):
        return False
    about = row.conversation or to.account
    data = {"action": row.id, "kind": row.kind, "ids": list(receipt.ids)}
    log_event(conn, now, row.actor, "sent", about, data)
    return True


def follow_up(
    conn: Connection, to: Intake, row: Row, receipt: Receipt, now: datetime, policy: Policy
) -> None:
    """Keep what the row did to its case: a thread it opened, a time it promised."""
    if row.message is None:
        return
    acts: list[tuple[str, dict[str, Any], str | None]] = []
    if receipt.opened and row.kind in (Capability.DIRECT, Capability.PRIVATE_REPLY):
        room = thread_id(to.brand, to.network, receipt.opened, "private")
        if room != row.thread:
            acts.append(("opened", {}, room))
    if by := row.payload.get("promise"):
        acts.append(("promise", {"by": by}, None))
    at = to_micros(min(receipt.sent_at, now))
    for kind, value, other in acts:
        act_on(conn, row.message, kind, row.actor, value, at, policy.rule_sets, other=other)
