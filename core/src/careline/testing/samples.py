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
_ANN: Any = {"actor": "ann"}
ACTIONS: dict[Capability, AnyAction] = {
    Capability.ANSWER: Answer(
        id="answer-1",
        **_ANN,
        place="root-1",
        visibility=Visibility.PUBLIC,
        customer=_CUSTOMER,
        in_reply_to="message-1",
        text="On it!",
    ),
    Capability.DIRECT: Direct(id="direct-1", **_ANN, customer=_CUSTOMER, text="Hello."),
    Capability.PRIVATE_REPLY: PrivateReply(
        id="private-reply-1", **_ANN, message="message-1", customer=_CUSTOMER, text="Hello."
    ),
    Capability.POST: Post(id="post-1", **_ANN, text="We are back."),
    Capability.HIDE: Hide(id="hide-1", **_ANN, message="message-1"),
    Capability.DELETE: Delete(id="delete-1", **_ANN, message="message-1"),
    Capability.FOLLOW: Follow(id="follow-1", **_ANN, customer=_CUSTOMER),
}
"""One action for each capability of speaking."""


def facts_of(visibility: Visibility, now: datetime) -> ThreadFacts:
    """Return a thread with one message that is an hour old."""
    word = Word("message-1", Kind.MENTION, Direction.IN, now - timedelta(hours=1), addressed=True)
    return ThreadFacts("root-1", visibility, _CUSTOMER, (word,), now)


def facts_for(action: AnyAction, now: datetime) -> ThreadFacts:
    """Return the thread that an action is about, with the message that it means."""
    private = isinstance(action, Direct)
    visibility = getattr(action, "visibility", Visibility.PRIVATE if private else Visibility.PUBLIC)
    message = getattr(action, "in_reply_to", getattr(action, "message", "message-1"))
    word = Word(
        message,
        Kind.DIRECT if visibility is Visibility.PRIVATE else Kind.MENTION,
        Direction.OUT if isinstance(action, Delete) else Direction.IN,
        now - timedelta(hours=1),
        addressed=True,
    )
    place = getattr(action, "place", None) or "root-1"
    customer = getattr(action, "customer", _CUSTOMER)
    return ThreadFacts(place, visibility, customer, (word,), now)


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
