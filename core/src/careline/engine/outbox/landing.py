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
from careline.models import Author
from careline.store.outbox import Row
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


def _items(row: Row, receipt: Receipt, us: Author | None, now: datetime) -> list[Item]:
    if row.kind == Capability.DELETE:
        return [Removed(row.payload["message"], min(receipt.sent_at, now), by="us")]
    message = message_of(row, receipt, us)
    return [] if message is None else [Seen(message)]
