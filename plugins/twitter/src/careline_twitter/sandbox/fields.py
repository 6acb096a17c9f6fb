"""How posts, people, files and direct messages are shown: the fields asked for, and no others."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from careline_twitter.sandbox.records import Direct, Media, Post, User
from careline_twitter.sandbox.text import entities
from careline_twitter.sandbox.wire import stamp

if TYPE_CHECKING:
    from careline_twitter.sandbox.world import World

EDITS: Final = 5
EDIT_WINDOW: Final = timedelta(hours=1)
Show = Callable[["World", Any], Any]


def shown(world: "World", fields: frozenset[str], of: Any) -> dict[str, Any]:
    """Return what is shown of something. What is absent is left out: never a null."""
    table = _SHOWS[type(of)]
    values = ((name, show(world, of)) for name, show in table.items() if name in fields)
    return {name: value for name, value in values if value not in (None, [], {}, "")}


def all_fields(kind: type) -> frozenset[str]:
    """Return every field that can be shown of a kind of thing."""
    return frozenset(_SHOWS[kind])


def _edit_controls(world: "World", post: Post) -> dict[str, Any]:
    until = post.versions[0].created_at + EDIT_WINDOW
    left = EDITS - (len(post.versions) - 1)
    eligible = "retweeted" not in post.references
    return {
        "edits_remaining": left,
        "is_edit_eligible": eligible,
        "editable_until": stamp(until),
    }


def _note(world: "World", post: Post) -> dict[str, Any] | None:
    if not post.short:
        return None
    found = entities(post.text, post.links, world.names)
    return {"text": post.text, **({"entities": found} if found else {})}


def _references(post: Post) -> list[dict[str, str]]:
    return [{"type": kind, "id": of.id} for kind, of in post.references.items()]


def _media_keys(of: Post | Direct) -> dict[str, list[str]] | None:
    return {"media_keys": [one.key for one in of.media]} if of.media else None


def _post_entities(world: "World", post: Post) -> dict[str, Any]:
    return entities(post.short or post.text, post.links, world.names)


def _user_metrics(world: "World", user: User) -> dict[str, int]:
    return {
        "followers_count": user.followers,
        "following_count": len(user.follows),
        "tweet_count": user.posts,
        "listed_count": 0,
    }


def _address(media: Media) -> str:
    return f"https://pbs.twimg.com/media/{media.id}.jpg"


def _variants(world: "World", media: Media) -> list[dict[str, Any]]:
    if media.kind == "photo":
        return []
    where = f"https://video.twimg.com/{media.id}.mp4"
    return [{"bit_rate": 832000, "content_type": "video/mp4", "url": where}]


_POST: Final[Mapping[str, Show]] = {
    "id": lambda world, post: post.id,
    "text": lambda world, post: post.short or post.text,
    "edit_history_tweet_ids": lambda world, post: [one.id for one in post.versions],
    "attachments": lambda world, post: _media_keys(post),
    "author_id": lambda world, post: post.author.id,
    "conversation_id": lambda world, post: post.conversation_id,
    "created_at": lambda world, post: stamp(post.created_at),
    "display_text_range": lambda world, post: list(post.display),
    "edit_controls": _edit_controls,
    "entities": _post_entities,
    "in_reply_to_user_id": lambda world, post: post.parent.author.id if post.parent else None,
    "lang": lambda world, post: post.lang,
    "note_tweet": _note,
    "possibly_sensitive": lambda world, post: False,
    "public_metrics": lambda world, post: dict(post.metrics),
    "referenced_tweets": lambda world, post: _references(post),
    "reply_settings": lambda world, post: "everyone",
}
_USER: Final[Mapping[str, Show]] = {
    "id": lambda world, user: user.id,
    "name": lambda world, user: user.name,
    "username": lambda world, user: user.username,
    "created_at": lambda world, user: stamp(user.created_at),
    "protected": lambda world, user: user.protected,
    "public_metrics": _user_metrics,
    "receives_your_dm": lambda world, user: not user.refuses_dms,
    "subscription_type": lambda world, user: "Premium" if user.premium else "None",
    "verified": lambda world, user: user.verified,
    "verified_type": lambda world, user: "blue" if user.verified else "none",
}
_FILE: Final[Mapping[str, Show]] = {
    "media_key": lambda world, media: media.key,
    "type": lambda world, media: media.kind,
    "url": lambda world, media: _address(media) if media.kind == "photo" else None,
    "preview_image_url": lambda world, media: None if media.kind == "photo" else _address(media),
    "duration_ms": lambda world, media: 10_000 if media.kind == "video" else None,
    "variants": _variants,
    "height": lambda world, media: 720,
    "width": lambda world, media: 1280,
}
_DIRECT: Final[Mapping[str, Show]] = {
    "id": lambda world, direct: direct.id,
    "text": lambda world, direct: direct.text,
    "event_type": lambda world, direct: "MessageCreate",
    "attachments": lambda world, direct: _media_keys(direct),
    "created_at": lambda world, direct: stamp(direct.created_at),
    "dm_conversation_id": lambda world, direct: direct.conversation_id,
    "entities": lambda world, direct: entities(direct.text, direct.links, world.names),
    "sender_id": lambda world, direct: direct.sender.id,
}
_SHOWS: Final[Mapping[type, Mapping[str, Show]]] = {
    Post: _POST,
    User: _USER,
    Media: _FILE,
    Direct: _DIRECT,
}
