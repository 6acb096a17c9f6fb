"""By hand: an answer that a person gave elsewhere is recorded, and counts as an answer."""

from datetime import datetime

from sqlalchemy import Connection

from careline.contract.items import Seen
from careline.engine.account import Account
from careline.engine.answers.aiming import Target
from careline.engine.answers.answering import claim
from careline.engine.intake import take_ours
from careline.engine.outbox.echoes import BY_HAND
from careline.engine.unit import Policy
from careline.models import Direction, Kind, Message, Visibility
from careline.store.lanes import end
from careline.store.log import log_event
from careline.store.outbox import Outgoing, State, enqueue, load
from careline.store.times import to_micros
from careline.store.turns import take_turn


def record(
    conn: Connection,
    account: Account,
    target: Target,
    text: str,
    actor: str,
    now: datetime,
    id: str,
    policy: Policy,
) -> str:
    """Keep what an agent said elsewhere to the customer of `target`; return its id.

    The platform's own echo of it, if there is one, is bound to it (engine/outbox/echoes.py).
    """
    at = to_micros(now)
    take_turn(conn, target.brand)
    row = Outgoing(
        id=id,
        lane=f"send:{account.name}",
        kind=BY_HAND,
        brand=target.brand,
        actor=actor,
        at=at,
        payload=target.payload(),
        text=text,
        thread=target.thread,
        conversation=target.conversation,
        message=target.message,
    )
    enqueue(conn, [row])
    end(conn, load(conn, [id])[0], State.SENT, at)
    claim(conn, target.message, id, actor, at)
    data = {"action": id, "kind": BY_HAND}
    log_event(conn, at, actor, BY_HAND, target.conversation or account.name, data)
    take_ours(conn, account.intake, [Seen(_message(account, target, text, now, id))], now, policy)
    return id


def _message(account: Account, target: Target, text: str, now: datetime, id: str) -> Message:
    private = target.visibility is Visibility.PRIVATE
    return Message(
        external_id=f"{BY_HAND}:{id}",
        kind=Kind.DIRECT if private else Kind.REPLY,
        posted_at=now,
        direction=Direction.OUT,
        visibility=target.visibility,
        author=account.channel.identity,
        to=target.customer if private else None,
        parent=None if private else target.external_id,
        root=target.place if private else target.root,
        text=text,
        sent_by="agent",
    )
