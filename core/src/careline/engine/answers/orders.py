"""Orders: what a verb sends, or would send: where, to whom, which words, at what cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import Any, Final

from anyio import fail_after, to_thread

from careline.contract.actions import AnyAction, Permission, ThreadFacts
from careline.contract.channel import Capability, Channel
from careline.engine.answers.aiming import Target
from careline.engine.outbox.outgoing import make_action
from careline.errors import Refusal, Refused
from careline.models import Author, Model, Visibility
from careline.store.outbox import Outgoing
from careline.store.parts import Who
from careline.store.times import Stamp

PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
_DRY: Final = "dry-run"
_PATIENCE: Final = 30.0
"""Real seconds that a plugin may take to say whether something is possible."""


class Order(Model):
    """What a verb sends, or would send."""

    id: str | None
    """The row of the outbox; None: nothing was queued."""
    kind: str
    account: str
    channel: str
    """The platform's name."""
    visibility: str
    """Who will be able to read it."""
    conversation: str | None
    thread: str | None
    to: Who | None
    """Whom it is for; None: everybody."""
    in_reply_to: str | None
    """The platform's id of the message that it answers, hides or deletes."""
    text: str | None
    """Word for word, with the signature."""
    length: int | None
    """In the platform's units."""
    limit: int | None
    until: Stamp | None
    """How long it will be possible."""
    note: str
    """What the platform has to say to it."""
    cost: str
    """What it costs; empty: nothing that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing to do, of the one or two that a verb does."""

    kind: Capability
    account: str
    brand: str
    payload: Mapping[str, Any]
    facts: ThreadFacts
    target: Target | None = None
    text: str | None = None
    thread: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What the row keeps beside it: a time that the text promises."""

    @property
    def visibility(self) -> Visibility:
        """Return who will be able to read it."""
        private = self.kind in (Capability.DIRECT, Capability.PRIVATE_REPLY)
        return PRIVATE if private else Visibility(self.payload.get("visibility", PUBLIC))

    def action(self, actor: str) -> AnyAction:
        """Return it as the channel is asked about it."""
        return make_action(self.kind.value, _DRY, actor, self.text or "", self.payload)

    def outgoing(self, id: str, actor: str, at: int, plan: str | None, step: int) -> Outgoing:
        """Return it as a row of the outbox."""
        target = self.target
        return Outgoing(
            id=id,
            lane=f"send:{self.account}",
            kind=self.kind.value,
            brand=self.brand,
            actor=actor,
            at=at,
            payload={**self.payload, "visibility": self.visibility.value, **self.more},
            text=self.text,
            thread=self.thread or (target.thread if target else None),
            conversation=target.conversation if target else None,
            message=target.message if target else None,
            plan=plan,
            step=step,
        )


async def asked(channel: Channel[Any], facts: ThreadFacts, action: AnyAction) -> Permission:
    """Ask a channel whether an action is possible. What its plugin raises is raised on."""
    check = partial(channel.check, facts, action)
    with fail_after(_PATIENCE):
        return await to_thread.run_sync(check, abandon_on_cancel=True)


def granted(part: Part, channel: Channel[Any], permission: Permission) -> Order:
    """Return what is ordered, as the channel permits it. Raises `Refused` where it does not.

    Raises `ValueError` where its permission is none: a bug of the plugin's.
    """
    length = None if part.text is None else channel.length(part.text)
    limit, until = permission.max_length, permission.until
    if until is not None and until.utcoffset() is None:
        raise ValueError(f"check gives `until` without a zone: {until}")
    if not permission.allowed:
        raise _refused(permission)
    if length is not None and limit is not None and length > limit:
        raise Refused(
            Refusal.TOO_LONG,
            f"it is too long: {length} of {limit} characters, as {channel.title} counts, with any"
            f" signature: shorten it by {length - limit}",
            limit=limit,
        )
    target = part.target
    return Order(
        id=None,
        kind=part.kind.value,
        account=part.account,
        channel=channel.title,
        visibility=part.visibility.value,
        conversation=target.conversation if target else None,
        thread=part.thread or (target.thread if target else None),
        to=who_of(target.customer) if target else None,
        in_reply_to=part.payload.get("message"),
        text=part.text,
        length=length,
        limit=limit,
        until=until,
        note=permission.note,
        cost=permission.cost,
    )


def who_of(author: Author) -> Who:
    """Return somebody as they are shown."""
    return Who(user=author.id, name=author.name or None, handle=author.handle or None)


def _refused(permission: Permission) -> Refused:
    reason = permission.reason or Refusal.UNKNOWN
    said = permission.note or f"the platform does not allow it: {reason.says}"
    if permission.until is not None:
        said = f"{said.rstrip('.')}, until {permission.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Refused(reason, said, until=permission.until, limit=permission.max_length)


def signed(text: str, signature: str) -> str:
    """Return what an agent says with their signature at its end, once."""
    text = text.strip()
    if not signature or text.endswith(signature):
        return text
    return f"{text} {signature}"
