"""From responses of API v2 to items. Pure: the same payload gives the same items.

A retweet is no message: it counts on the post that it repeats, where that one comes along.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from careline.plugin import Direction, Item, Message, Observed, Removed, Revised, Seen
from careline_twitter.around import Around
from careline_twitter.fields import reposts
from careline_twitter.payload import (
    Odd,
    born,
    data_of,
    moment,
    objects,
    optional_id,
    set_aside,
    table,
    tally,
    words,
)
from careline_twitter.post import Post
from careline_twitter.us import Scene

_NOT_FOUND: Final = "/resource-not-found"


def items_of(page: Mapping[str, Any], scene: Scene) -> tuple[Item, ...]:
    """Return what a response says: a page, one post, a line of a stream."""
    heard = _Heard(scene, Around.of(page.get("includes")))
    for post in data_of(page):
        heard.take(post)
    heard.take_what_is_around()
    heard.take_errors(objects(page.get("errors")))
    return tuple(heard.items)


def gone(page: Mapping[str, Any], scene: Scene) -> tuple[Removed, ...]:
    """Return which of the posts that were asked for X does not find any more.

    One that we may not see (its author is protected or suspended) may come back: it is not gone.
    """
    return tuple(
        Removed(id, scene.at)
        for error in objects(page.get("errors"))
        if words(error.get("type")).endswith(_NOT_FOUND)
        and (id := _named_by(error))
        and id in scene.asked
    )


class _Heard:
    """The items of one response, as they come to light."""

    def __init__(self, scene: Scene, around: Around) -> None:
        self.items: list[Item] = []
        self._scene, self._around = scene, around
        self._told: set[str] = set()
        self._versions: set[str] = set()
        self._spoken_of: set[str] = set()

    def take(self, raw: Any) -> None:
        """Hear one post of the data, or set it aside."""
        try:
            self._hear(Post.of(raw))
        except (Odd, ValidationError) as error:
            self.items.append(set_aside(raw, error, self._scene.place))

    def take_what_is_around(self) -> None:
        """Hear earlier versions and what we said; keep what is answered or quoted as context."""
        for id, raw in self._around.posts.items():
            if id in self._told:
                continue
            try:
                self._hear_beside(Post.of(raw))
            except (Odd, ValidationError):
                continue  # nobody asked for it: without a text or a time it tells nothing

    def take_errors(self, errors: list[dict[str, Any]]) -> None:
        """Set aside errors about what was asked for; those about what lies around are normal."""
        for error in errors:
            if _named_by(error) in self._scene.asked:
                why = words(error.get("detail")) or words(error.get("title")) or "X says no reason"
                self.items.append(set_aside(error, Odd(why), self._scene.place))

    def _hear(self, post: Post) -> None:
        if post.repeats:
            self._note_counts(self._around.posts.get(post.repeats, {}), post.repeats)
            return
        self._tell(post, post.message(self._around, self._scene, heard=True))
        self._versions.update(post.versions)
        self._spoken_of.update(id for id in (post.parent, post.quoted) if id)

    def _hear_beside(self, post: Post) -> None:
        if post.repeats:
            return
        version = post.id in self._versions
        message = post.message(self._around, self._scene, heard=version)
        if version or message.direction is Direction.OUT:
            self._tell(post, message)
        elif post.id in self._spoken_of:
            self.items.append(Seen(message, context=True))

    def _tell(self, post: Post, message: Message) -> None:
        first = post.versions[0]
        self._told.add(post.id)
        if post.id == first:
            self.items.append(Seen(message))
        else:
            original = message.model_copy(update={"posted_at": self._begun(first, message)})
            self.items.append(Revised(original, first, message.posted_at))
        self._note_counts(post.raw, first)

    def _begun(self, first: str, edited: Message) -> datetime:
        """Return when the first version was posted: clocks run from then."""
        known = moment(self._around.posts.get(first, {}).get("created_at"))
        return min(known or born(first) or edited.posted_at, edited.posted_at)

    def _note_counts(self, raw: Mapping[str, Any], id: str) -> None:
        metrics = table(raw.get("public_metrics"))
        likes, replies, reach = (
            tally(metrics.get(f"{name}_count")) for name in ("like", "reply", "impression")
        )
        observed = Observed(id, self._scene.at, likes, tally(reposts(metrics)), replies, reach)
        if observed != Observed(id, self._scene.at):
            self.items.append(observed)


def _named_by(error: Mapping[str, Any]) -> str | None:
    return optional_id(error.get("resource_id")) or optional_id(error.get("value"))
