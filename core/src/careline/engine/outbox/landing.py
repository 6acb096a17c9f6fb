"""Landing: what follows once something has left us.

Our message is stored as if it had been heard, the thread that it opened goes on the case, a promise
that it made gets its clock. All in the unit of work that ends the row, so it is so once or not yet.
"""

from datetime import datetime

from sqlalchemy import Connection

from careline.contract.actions import Receipt
from careline.contract.channel import Capability
from careline.contract.items import Item, Removed, Seen
from careline.engine.arrivals import Intake
from careline.engine.intake import take_ours
from careline.engine.outbox.outgoing import message_of
from careline.engine.outbox.sent import follow_up, note_sent
from careline.engine.unit import Policy
from careline.ids import message_id
from careline.models import Author
from careline.store.bulk import select_in
from careline.store.outbox import Row
from careline.store.tables import echoes, messages
from careline.store.times import to_micros
from careline.store.turns import take_turn


def land(
    conn: Connection,
    to: Intake,
    row: Row,
    receipt: Receipt,
    us: Author | None,
    now: datetime,
    policy: Policy,
) -> None:
    """End a row as sent, with all that follows. Its echo may have done so before."""
    take_turn(conn, to.brand)
    if note_sent(conn, to, row, receipt, to_micros(now)):
        take_ours(conn, to, _items(row, receipt, us, now), now, policy)
        follow_up(conn, to, row, receipt, now, policy)


def mistaken(conn: Connection, to: Intake, row: Row, receipt: Receipt) -> str | None:
    """Return why a receipt cannot be true: what it names is something else; None: it can."""
    ids = {message_id(to.brand, to.network, id): id for id in receipt.ids}
    theirs = select_in(conn, messages, ("id", "direction"), "id", ids)
    others = select_in(conn, echoes, ("message", "action"), "message", ids)
    for id, direction in theirs:
        if direction == "in":
            return f"the platform says that it is now {ids[id]}, which is somebody else's message"
    for id, action in others:
        if action != row.id:
            return f"the platform says that it is now {ids[id]}, which {action} is already"
    return None


def _items(row: Row, receipt: Receipt, us: Author | None, now: datetime) -> list[Item]:
    if row.kind == Capability.DELETE:
        return [Removed(row.payload["message"], min(receipt.sent_at, now), by="us")]
    message = message_of(row, receipt, us)
    return [] if message is None else [Seen(message)]
