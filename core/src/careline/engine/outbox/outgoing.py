"""Rows of the outbox as what a channel does, and what was done as the message that it made."""

from collections.abc import Mapping
from typing import Any

from careline.contract.actions import (
    Answer,
    AnyAction,
    Delete,
    Direct,
    Follow,
    Hide,
    Post,
    PrivateReply,
    Receipt,
)
from careline.contract.channel import Capability
from careline.models import Author, Direction, Kind, Message, Visibility
from careline.store.outbox import Row

AUTOMATION = "automation"
"""Who acts where no person does, towards customers."""
SPEAKING = frozenset(
    {Capability.ANSWER, Capability.DIRECT, Capability.PRIVATE_REPLY, Capability.POST}
)
"""Actions that make a message of ours."""


def action_of(row: Row) -> AnyAction:
    """Return what a row of a channel's lane asks the channel to do."""
    return make_action(row.kind, row.id, row.actor, row.text or "", row.payload)


def make_action(kind: str, id: str, actor: str, text: str, payload: Mapping[str, Any]) -> AnyAction:
    """Return an action; `payload` says who, where and what, as it is kept with the row."""
    who: dict[str, Any] = {"id": id, "actor": actor}
    known = payload.get("customer")
    customer = Author.model_validate(known) if known else Author(id="unknown")
    match Capability(kind):
        case Capability.ANSWER:
            return Answer(
                **who,
                place=payload["place"],
                visibility=Visibility(payload["visibility"]),
                customer=customer,
                in_reply_to=payload["message"],
                text=text,
            )
        case Capability.DIRECT:
            return Direct(**who, customer=customer, text=text, place=payload.get("place"))
        case Capability.PRIVATE_REPLY:
            return PrivateReply(**who, message=payload["message"], customer=customer, text=text)
        case Capability.POST:
            return Post(**who, text=text)
        case Capability.HIDE:
            return Hide(**who, message=payload["message"], hidden=payload["hidden"])
        case Capability.DELETE:
            return Delete(**who, message=payload["message"])
        case Capability.FOLLOW:
            return Follow(**who, customer=customer)
        case other:
            raise ValueError(f"no action is of kind {other}")


def said_by(actor: str) -> Any:
    """Return `Message.sent_by` of what an actor says."""
    return "automation" if actor == AUTOMATION else "agent"


def message_of(row: Row, receipt: Receipt, us: Author | None) -> Message | None:
    """Return the message that a row made, under the id that the platform gave it; None: none."""
    if row.kind not in SPEAKING or not receipt.ids:
        return None
    payload = row.payload
    known = payload.get("customer")
    private = row.kind != Capability.POST and payload.get("visibility") == Visibility.PRIVATE
    return Message(
        external_id=receipt.ids[0],
        kind=_kind(row, private),
        posted_at=receipt.sent_at,
        direction=Direction.OUT,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        author=us,
        to=Author.model_validate(known) if private and known else None,
        parent=payload["message"] if row.kind == Capability.ANSWER else None,
        root=receipt.opened or payload.get("place") if private else payload.get("root"),
        text=row.text or "",
        sent_by=said_by(row.actor),
    )


def _kind(row: Row, private: bool) -> Kind:
    if private:
        return Kind.DIRECT
    if row.kind == Capability.POST:
        return Kind.POST
    return Kind.COMMENT if row.payload.get("kind") == Kind.COMMENT else Kind.REPLY
