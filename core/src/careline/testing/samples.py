"""Sample actions, facts and calls: what the channel suite asks of a channel."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from careline.plugin import (
    Answer,
    AnyAction,
    Author,
    Capability,
    Channel,
    Delete,
    Direct,
    Direction,
    Follow,
    Hide,
    Kind,
    Post,
    PrivateReply,
    Source,
    ThreadFacts,
    Visibility,
    Webhook,
    Word,
)

Call: TypeAlias = Callable[[], Any]
_CUSTOMER = Author(id="customer-1", name="Robin", handle="@robin")
_WHO: Any = {"id": "action-1", "actor": "ann"}
ACTIONS: dict[Capability, AnyAction] = {
    Capability.ANSWER: Answer(
        **_WHO,
        place="root-1",
        visibility=Visibility.PUBLIC,
        customer=_CUSTOMER,
        in_reply_to="message-1",
        text="On it!",
    ),
    Capability.DIRECT: Direct(**_WHO, customer=_CUSTOMER, text="Hello."),
    Capability.PRIVATE_REPLY: PrivateReply(
        **_WHO, message="message-1", customer=_CUSTOMER, text="Hello."
    ),
    Capability.POST: Post(**_WHO, text="We are back."),
    Capability.HIDE: Hide(**_WHO, message="message-1"),
    Capability.DELETE: Delete(**_WHO, message="message-1"),
    Capability.FOLLOW: Follow(**_WHO, customer=_CUSTOMER),
}
"""One action for each capability of speaking."""


def facts_of(visibility: Visibility, now: datetime) -> ThreadFacts:
    """Return a thread with one message that is an hour old."""
    word = Word("message-1", Kind.MENTION, Direction.IN, now - timedelta(hours=1), addressed=True)
    return ThreadFacts("root-1", visibility, _CUSTOMER, (word,), now)


def calls_of(channel: Channel[Any], source: Source, now: datetime) -> dict[Capability, Call]:
    """Return a call for each capability; `find` needs an action that may be done."""
    hook = Webhook("POST", "/", "", {}, b"{}", now)
    calls: dict[Capability, Call] = {
        Capability.POLL: lambda: channel.poll(source, None),
        Capability.STREAM: lambda: channel.stream(source, None),
        Capability.BACKFILL: lambda: channel.backfill(source, now - timedelta(days=1), now),
        Capability.WEBHOOK: lambda: channel.receive(hook, {"test": channel.config}),
        Capability.FIND: lambda: channel.find(ACTIONS[Capability.ANSWER], now),
    }
    for what, action in ACTIONS.items():
        calls[what] = partial(channel.perform, action)
    return calls
