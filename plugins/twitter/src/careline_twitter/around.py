"""What a response brings beside its data: users, media, and the posts that are spoken of."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from careline.plugin import Attachment, Author
from careline_twitter.fields import included_posts
from careline_twitter.payload import members, objects, optional_id, table, tally, words

_PICTURES: Final = {"png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_SUFFIX: Final = re.compile(r"(?:[?&]format=|\.)(png|webp|gif)(?:$|[?&:])")


@dataclass(frozen=True, slots=True)
class Around:
    """The `includes` of a response, each by its id."""

    users: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    posts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    media: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, includes: Any) -> Self:
        """Return the includes of a response; what is odd in them is left out."""
        found = table(includes)
        return cls(
            _by(objects(found.get("users")), "id"),
            _by(included_posts(found), "id"),
            _by(objects(found.get("media")), "media_key"),
        )

    def author(self, id: str, handle: str = "") -> Author:
        """Return a user as an author; one of whom nothing more is said has an id only."""
        return author_of({"username": handle, **self.users.get(id, {}), "id": id})

    def attachments(self, keys: Any) -> tuple[Attachment, ...]:
        """Return what hangs on a post or message by its `media_keys`."""
        found = (self.media.get(optional_id(key) or "") for key in members(keys))
        files = (attachment_of(one) for one in found if one)
        return tuple(file for file in files if file)


def _by(found: Iterable[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {id: one for one in found if (id := optional_id(one.get(name)))}


def author_of(user: Mapping[str, Any]) -> Author:
    """Return a user of v2, or one of v1, as an author."""
    followers = table(user.get("public_metrics")).get(
        "followers_count", user.get("followers_count")
    )
    return Author(
        id=optional_id(user.get("id")) or "",
        name=words(user.get("name")),
        handle=words(user.get("username")) or words(user.get("screen_name")),
        followers=tally(followers),
    )


def attachment_of(media: Mapping[str, Any]) -> Attachment | None:
    """Return a picture, or the best of a film's sizes; None where no address is given."""
    text = words(media.get("alt_text"))
    films = [one for one in objects(media.get("variants")) if words(one.get("url"))]
    films = [one for one in films if words(one.get("content_type")).startswith("video/")]
    if films:
        best = max(films, key=lambda one: tally(one.get("bit_rate")) or 0)
        return Attachment(url=best["url"], type=best["content_type"], description=text)
    url = words(media.get("url")) or words(media.get("preview_image_url"))
    return Attachment(url=url, type=picture_type(url), description=text) if url else None


def picture_type(url: str) -> str:
    """Return the media type of a picture by its address: X serves JPEG unless it says otherwise."""
    found = _SUFFIX.search(url)
    return _PICTURES[found[1]] if found else "image/jpeg"
