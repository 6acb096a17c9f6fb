"""The automatic receipt: tells a customer at once that we have their word, where they wait for one.

It meets `acknowledge` only (S46). Off unless the account has a text for it; whether the platform
allows it the channel says, when it is about to leave (engine/outbox/attempt.py).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from careline.contract.channel import Capability, Channel
from careline.engine.answers.aiming import aim_at_message
from careline.engine.answers.orders import asked
from careline.engine.arrivals import Arrival
from careline.engine.fold import State, load
from careline.engine.outbox.outgoing import AUTOMATION, action_of
from careline.engine.unit import Unit
from careline.errors import Refusal, Refused
from careline.ids import derive
from careline.models import Intent
from careline.store.bulk import query_in
from careline.store.outbox import WAITING, Outgoing, Row, by, enqueue
from careline.store.store import Store

_STATE = """
SELECT m.id, s.state FROM messages m JOIN states s ON s.conversation = m.conversation
WHERE m.id IN"""


def acknowledge(unit: Unit, new: Sequence[Arrival]) -> None:
    """Queue a receipt for each new conversation that a word of the batch began, or began again."""
    if not unit.to.receipt:
        return
    asking = [arrival.id for arrival in new if _asks(arrival)]
    for message, state in query_in(unit.conn, _STATE, asking):
        found = load(state)
        if _is_due(found):
            _queue(unit, message, found.waiting[0].id)


def _asks(arrival: Arrival) -> bool:
    """Whether a customer said it just now, and an answer is wanted."""
    if not arrival.live or arrival.ours or arrival.placed.role != "customer":
        return False
    return arrival.labels.needs_reply is not False and arrival.labels.intent != Intent.SPAM


def _is_due(state: State) -> bool:
    return bool(state.waiting) and state.acknowledged_at is None


def _queue(unit: Unit, message: str, first: str) -> None:
    """Queue it once for the word that waits longest, whatever follows that one."""
    try:
        target = aim_at_message(unit.conn, message)
    except Refused:  # they were erased
        return
    row = Outgoing(
        id=derive("o", "receipt", first),
        lane=f"send:{unit.to.account}",
        kind=Capability.ANSWER.value,
        brand=unit.to.brand,
        actor=AUTOMATION,
        at=unit.now,
        payload=target.payload(),
        text=unit.to.receipt,
        thread=target.thread,
        conversation=target.conversation,
        message=message,
    )
    unit.lanes |= enqueue(unit.conn, [row])


def _answers(conn: Connection, row: Row) -> bool:
    """Whether a person's answer waits in the same thread."""
    rows = by(conn, "thread", [row.thread] if row.thread else [])
    return any(one.actor != AUTOMATION and one.state in WAITING for one in rows)


async def objection(
    store: Store, channel: Channel[Any], row: Row, now: datetime
) -> tuple[str, str] | None:
    """Return why a receipt should not go any more, as a word and in words; None: it should."""
    try:
        target = await store.read(lambda conn: aim_at_message(conn, row.message or ""))
        if target.answered is not None or await store.read(lambda conn: _answers(conn, row)):
            return Refusal.ANSWERED.value, "a person was faster"
        permission = await asked(channel, target.facts(now), action_of(row))
        too_long = permission.max_length is not None and (
            channel.length(row.text or "") > permission.max_length
        )
    except Refused as error:
        return error.reason.value, str(error)
    except Exception as error:
        return Refusal.UNKNOWN.value, f"whether it may go is not known: {error}"
    if too_long:
        return Refusal.TOO_LONG.value, f"it has more than {permission.max_length} characters"
    reason = permission.reason or Refusal.UNKNOWN
    return None if permission.allowed else (reason.value, permission.note or reason.says)
