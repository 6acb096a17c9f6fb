"""X Activity: subscriptions to what people do, and the events that they get."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from careline_twitter.sandbox.fields import all_fields, shown
from careline_twitter.sandbox.records import Direct, Post, User
from careline_twitter.sandbox.wire import stamp
from careline_twitter.sandbox.world import Happening, World

PRIVATE: Final = ("dm.", "chat.", "mute.", "block.")
"""Events of these kinds need the token of the person they are about."""
KINDS: Final = (
    "post.create", "post.delete", "post.mention.create", "post.reply.create", "post.quote.create",
    "post.repost.create", "follow.follow", "follow.unfollow", "dm.received", "dm.sent", "dm.read",
    "dm.indicate_typing", "chat.received", "chat.sent", "like.create",
)  # fmt: skip
_CIPHER: Final = "CwABAAAAEzIwODA0MDA4MjUyMjcxMDAxNjALAAIA"


@dataclass(slots=True, eq=False)
class Subscription:
    """What somebody wants to be told of."""

    id: str
    event_type: str
    filter: dict[str, str]
    tag: str
    webhook_id: str
    created_at: datetime
    updated_at: datetime

    def told(self) -> dict[str, Any]:
        """Return it as it is shown."""
        told: dict[str, Any] = {
            "subscription_id": self.id,
            "event_type": self.event_type,
            "filter": self.filter,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
        }
        named = {"tag": self.tag, "webhook_id": self.webhook_id}
        return told | {name: value for name, value in named.items() if value}

    def wants(self, event: "Activity") -> bool:
        """Tell whether an event is for it."""
        direction = self.filter.get("direction", event.direction)
        about = self.filter.get("user_id") == event.user.id
        return self.event_type == event.type and about and direction in ("", event.direction)


@dataclass(frozen=True, slots=True)
class Activity:
    """One event about a person."""

    type: str
    user: User
    payload: dict[str, Any]
    includes: dict[str, Any]
    direction: str = ""


def activities(world: World, happening: Happening) -> Iterator[Activity]:
    """Yield the events that something gives, for everybody whom it concerns."""
    by, to, post = happening.by, happening.to, happening.post
    match happening.what:
        case "post" if post is not None and not by.protected:
            yield from _of_post(world, post)
        case "delete" if post is not None and not by.protected:
            yield Activity("post.delete", by, {"id": post.id, "author_id": by.id}, {})
        case "direct" if happening.direct is not None and to is not None:
            payload = _direct(world, happening.direct)
            yield Activity("dm.sent", by, payload, {}, "outbound")
            yield Activity("dm.received", to, payload, {}, "inbound")
        case "encrypted" if to is not None:
            yield Activity("chat.received", to, _encrypted(world, by, to), {}, "inbound")
        case "follow" | "unfollow" if to is not None:
            people = {"source": _user(world, by), "target": _user(world, to)}
            for user, direction in ((by, "outbound"), (to, "inbound")):
                yield Activity(f"follow.{happening.what}", user, people, {}, direction)


def _of_post(world: World, post: Post) -> Iterator[Activity]:
    payload = shown(world, all_fields(Post), post)
    people = dict.fromkeys((post.author, *post.mentions))
    includes = {"users": [shown(world, all_fields(User), one) for one in people]}
    yield Activity("post.create", post.author, payload, includes)
    for named in post.named:
        yield Activity("post.mention.create", named, payload, includes)
    for kind, name in (("replied_to", "reply"), ("quoted", "quote"), ("retweeted", "repost")):
        about = next((of for ref, of in post.references.items() if ref == kind), None)
        if about is not None and about.author is not post.author:
            yield Activity(f"post.{name}.create", about.author, payload, includes)


def _user(world: World, user: User) -> dict[str, Any]:
    return {"data": shown(world, all_fields(User), user)}


def _direct(world: World, direct: Direct) -> dict[str, Any]:
    nothing: dict[str, Any] = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}
    event = {
        "type": "message_create",
        "id": direct.id,
        "created_timestamp": str(int(direct.created_at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": direct.to.id},
            "sender_id": direct.sender.id,
            "message_data": {"text": direct.text, "entities": nothing},
        },
    }
    users = {one.id: _user(world, one) for one in (direct.sender, direct.to)}
    return {"direct_message_events": [event], "users": users}


def _encrypted(world: World, by: User, to: User) -> dict[str, Any]:
    return {
        "id": world.new_id(),
        "created_at_msec": str(int(world.now().timestamp() * 1000)),
        "sender_id": by.id,
        "conversation_id": f"{by.id}:{to.id}",
        "encoded_event": _CIPHER,
    }
