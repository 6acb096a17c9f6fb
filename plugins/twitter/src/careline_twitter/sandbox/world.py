"""The state of the platform: who is there, and what was said."""

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal

from careline_twitter.sandbox.clock import PlatformClock
from careline_twitter.sandbox.ids import Ids
from careline_twitter.sandbox.records import Direct, Media, Post, User
from careline_twitter.sandbox.text import written
from careline_twitter.sandbox.writing import COUNTED, Draft, compose

What = Literal["post", "delete", "direct", "follow", "unfollow", "encrypted"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that streams and webhooks tell of: somebody did it, to somebody."""

    what: What
    by: User
    post: Post | None = None
    direct: Direct | None = None
    to: User | None = None


class World:
    """All that X holds of people and their words, and what changes it."""

    def __init__(self, clock: PlatformClock, random: Random) -> None:
        """Start empty."""
        self.clock, self.random = clock, random
        self.lag = 0.0
        """Seconds until timelines and search show a new post."""
        self.users: dict[str, User] = {}
        self.posts: dict[str, Post] = {}
        self.directs: dict[str, Direct] = {}
        self.media: dict[str, Media] = {}
        self.listeners: list[Callable[[Happening], None]] = []
        self._ids = Ids(random)
        self._by_name: dict[str, User] = {}
        self._in_order: list[Post] = []

    def now(self) -> datetime:
        """Return the platform's time."""
        return self.clock.now()

    def new_id(self, at: datetime | None = None) -> str:
        """Return an id for something of now, or of another time."""
        return self._ids.new(at or self.now())

    @property
    def names(self) -> Mapping[str, User]:
        """Everybody by name, in lower case."""
        return self._by_name

    def add_user(self, user: User) -> User:
        """Let somebody join."""
        self.users[user.id] = self._by_name[user.username.lower()] = user
        return user

    def shown(self) -> Iterator[Post]:
        """Yield the posts that timelines and search show by now, newest first."""
        now = self.now()
        for post in reversed(self._in_order):
            if post.is_latest and not post.deleted and post.seen_from <= now:
                yield post

    def may_see(self, viewer: User | None, author: User) -> bool:
        """Tell whether somebody, or an app alone (None), may see what an author posts."""
        if not author.protected or viewer is author:
            return True
        return viewer is not None and author.id in viewer.follows

    def post(self, draft: Draft) -> Post:
        """Publish a draft."""
        post = compose(self, draft)
        self.posts[post.id] = post
        post.author.posts += 1
        insort(self._in_order, post, key=lambda one: int(one.id))
        if draft.edits is None:
            for kind, of in post.references.items():
                of.metrics[COUNTED[kind]] += 1
        self._tell(Happening("post", post.author, post))
        return post

    def delete(self, post: Post) -> None:
        """Take a post away, all its versions."""
        for version in post.versions:
            version.deleted = True
        self._tell(Happening("delete", post.author, post))

    def direct(
        self,
        sender: User,
        to: User,
        typed: str,
        media: tuple[Media, ...] = (),
        at: datetime | None = None,
    ) -> Direct:
        """Send a direct message."""
        at = at or self.now()
        kept = written(typed, self.random)
        message = Direct(self.new_id(at), sender, to, typed, kept.text, at, kept.links, media)
        self.directs[message.id] = message
        self._tell(Happening("direct", sender, direct=message, to=to))
        return message

    def encrypted(self, sender: User, to: User) -> None:
        """Send a message that only the two can read."""
        self._tell(Happening("encrypted", sender, to=to))

    def follow(self, who: User, whom: User) -> None:
        """Let somebody follow somebody."""
        who.follows.add(whom.id)
        whom.followers += 1
        self._tell(Happening("follow", who, to=whom))

    def unfollow(self, who: User, whom: User) -> None:
        """Let somebody follow somebody no more."""
        who.follows.discard(whom.id)
        whom.followers -= 1
        self._tell(Happening("unfollow", who, to=whom))

    def _tell(self, happening: Happening) -> None:
        for listener in self.listeners:
            listener(happening)
