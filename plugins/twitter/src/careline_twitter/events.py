"""From events of webhooks and of the activity stream to items: X Activity, and what was before it.

What X tells that is no word of anybody (likes, follows, profiles, spaces ...) gives no item. What
is of a kind that we do not know is set aside, so that nothing new goes unseen.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from careline.plugin import Item, Malformed, Removed
from careline_twitter import mapping
from careline_twitter.payload import (
    Odd,
    from_milliseconds,
    members,
    needed_id,
    number_of,
    optional_id,
    set_aside,
    table,
    words,
)
from careline_twitter.pushed import encrypted, messages
from careline_twitter.us import Scene

_POSTS: Final = frozenset({"postcreate", "postreplycreate", "postquotecreate", "postrepostcreate"})
_UNSAID: Final = (
    "like", "follow", "profile", "news", "spaces", "broadcast", "mute", "unmute", "block",
    "unblock", "chat", "dmindicatetyping", "oauthrevoke",
)  # fmt: skip
_LEGACY_UNSAID: Final = ("direct_message_indicate_typing_events", "user_event")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: whose it is, of what type, and what it holds."""

    user: str | None
    """Whose events these are: by this id it finds its account."""
    type: str
    """`post.mention.create`, in X's own spelling; empty: it comes from the API before this one."""
    uuid: str
    payload: dict[str, Any]
    includes: Any
    raw: Any


def events_of(body: bytes, place: str) -> list[Event | Malformed]:
    """Return the events of a webhook's body or a stream's line; what is none is set aside."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        return [Malformed(body, f"not JSON: {error}", place)]
    return read(told, place)


def read(told: Any, place: str) -> list[Event | Malformed]:
    """Return the events of what was said as JSON."""
    if told == []:
        return [set_aside(told, Odd("no event at all"), place)]
    return [_event(one, place) for one in (told if isinstance(told, list) else [told])]


def _event(told: Any, place: str) -> Event | Malformed:
    if not isinstance(told, dict):
        return set_aside(told, Odd("an event that is no object"), place)
    if user := optional_id(told.get("for_user_id")):
        return Event(user, "", "", told, None, told)
    if isinstance(told.get("user_event"), dict):
        return Event(None, "", "", told, None, told)
    inner = told.get("data")
    data = inner if isinstance(inner, dict) else told
    kind = words(data.get("event_type"))
    if not kind:
        return set_aside(told, Odd("an event without an event_type"), place)
    user = optional_id(table(data.get("filter")).get("user_id"))
    payload = data.get("payload")
    return Event(
        user,
        kind,
        optional_id(data.get("event_uuid")) or "",
        payload if isinstance(payload, dict) else {},
        data.get("includes"),
        told,
    )


def items_of(event: Event, scene: Scene) -> tuple[Item, ...]:
    """Return what an event says."""
    try:
        return tuple(_items(event, scene))
    except (Odd, ValidationError) as error:
        return (set_aside(event.raw, error, scene.place),)


def _items(event: Event, scene: Scene) -> Iterator[Item]:
    kind = "".join(filter(str.isalpha, event.type)).lower()  # once it was PostMentionCreate
    if not kind:
        yield from _legacy(event, scene)
    elif kind in _POSTS or kind == "postmentioncreate":
        page = {"data": event.payload, "includes": event.includes}
        yield from mapping.items_of(page, replace(scene, named=kind == "postmentioncreate"))
    elif kind == "postdelete":
        yield _removed(event.payload, scene)
    elif kind in ("dmreceived", "dmsent", "dmread"):
        yield from messages(event.payload, scene)
    elif kind in ("chatreceived", "chatsent"):
        yield from encrypted(event.payload, scene)
    elif not kind.startswith(_UNSAID):
        raise Odd(f'an event of the unknown type "{event.type[:40]}"')


def _legacy(event: Event, scene: Scene) -> Iterator[Item]:
    told = event.payload
    yield from messages(told, scene)
    for one in members(told.get("tweet_delete_events")):
        status = table(table(one).get("status"))
        at = from_milliseconds(table(one).get("timestamp_ms")) or scene.at
        yield _removed({**status, "author_id": status.get("user_id")}, replace(scene, at=at))


def _removed(payload: Mapping[str, Any], scene: Scene) -> Removed:
    id = str(number_of(needed_id(payload, "id")))
    ours = optional_id(payload.get("author_id")) in scene.us.ids
    return Removed(id, scene.at, "us" if ours else "author")
