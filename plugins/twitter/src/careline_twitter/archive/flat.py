"""What one line of an archive is: a page, a flattened post, a direct message, an event. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from careline.plugin import Item, Malformed
from careline_twitter import direct, events, mapping
from careline_twitter.fields import references
from careline_twitter.payload import (
    Odd,
    data_of,
    moment,
    objects,
    set_aside,
    table,
)
from careline_twitter.us import Scene

_BOM: Final = b"\xef\xbb\xbf"
_KEPT: Final = 64 * 2**10
_NO_WORDS: Final = frozenset({"errors", "meta", "includes", "detail", "title", "status"})
"""Whatever has one of these, and no data, is an answer without posts: an error, an empty page."""


def items_of(raw: bytes, scene: Scene) -> Iterator[Item]:
    """Yield what a line says, or a whole file that holds one document."""
    try:
        told = json.loads(raw.removeprefix(_BOM))
    except UnicodeDecodeError:
        yield Malformed(raw[:_KEPT], "not UTF-8 text", scene.place)
    except (ValueError, RecursionError) as error:
        yield Malformed(raw[:_KEPT], f"not JSON: {error}", scene.place)
    else:
        for one in told if isinstance(told, list) else [told]:
            yield from _items(one, scene)


def _items(told: Any, scene: Scene) -> Iterator[Item]:
    try:
        yield from _read(told, scene)
    except Odd as error:
        yield set_aside(told, error, scene.place)


def _read(told: Any, scene: Scene) -> Iterator[Item]:
    if not isinstance(told, dict):
        raise Odd("neither a response of API v2 nor a post")
    scene = replace(scene, at=_saved_at(told) or scene.at)
    if "data" in told:
        yield from _page(told, scene)
    elif "for_user_id" in told or "user_event" in told:
        yield from _events(told, scene)
    elif "event_type" in told:
        yield from direct.items_of({"data": told}, scene)
    elif "id" in told and ("text" in told or "author_id" in told):
        yield from mapping.items_of(page_of(told), scene)
    elif not _NO_WORDS & told.keys():
        raise Odd("neither a response of API v2 nor a post")


def _page(page: Mapping[str, Any], scene: Scene) -> Iterator[Item]:
    first = next((one for one in data_of(page) if isinstance(one, dict)), {})
    if "payload" in first:
        yield from _events(page, scene)
    elif "event_type" in first:
        yield from direct.items_of(page, scene)
    else:
        yield from mapping.items_of(page, scene)


def _events(told: Any, scene: Scene) -> Iterator[Item]:
    for event in events.read(told, scene.place):
        if isinstance(event, Malformed):
            yield event
        else:
            yield from events.items_of(event, scene)


def _saved_at(told: Mapping[str, Any]) -> datetime | None:
    """Return when twarc fetched it."""
    return moment(table(told.get("__twarc")).get("retrieved_at"))


def page_of(post: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page of one flattened post: what stands within it goes beside it again."""
    includes: dict[str, list[Any]] = {"users": [], "tweets": [], "media": []}
    _unpack(post, includes, depth=0)
    return {"data": post, "includes": includes}


def _unpack(post: Mapping[str, Any], includes: dict[str, list[Any]], depth: int) -> None:
    includes["users"].append(post.get("author"))
    includes["media"].extend(objects(table(post.get("attachments")).get("media")))
    for other in references(post):
        if "text" in other and depth < 3:
            includes["tweets"].append(other)
            _unpack(other, includes, depth + 1)
