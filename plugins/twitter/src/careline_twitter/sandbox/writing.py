"""How a post comes to be: what X adds to what was typed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING

from careline_twitter.sandbox.records import Media, Post, Reference, User
from careline_twitter.sandbox.text import MENTION, Added, cut_short, written
from careline_twitter.text import length

if TYPE_CHECKING:
    from careline_twitter.sandbox.world import World

LONGEST = 280
LONGEST_PREMIUM = 25_000
_METRICS = (
    "retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count",
    "impression_count",
)  # fmt: skip
COUNTED: Mapping[Reference, str] = MappingProxyType(
    {"replied_to": "reply_count", "quoted": "quote_count", "retweeted": "retweet_count"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be posted."""

    author: User
    typed: str
    references: Mapping[Reference, Post] = field(default_factory=dict)
    media: tuple[Media, ...] = ()
    lang: str = "en"
    edits: Post | None = None
    silent: frozenset[str] = frozenset()
    """Ids of people whom the reply is not to name of itself."""
    at: datetime | None = None
    lag: float | None = None

    def carried(self) -> list[User]:
        """Return whom X names in front of a reply: its parent's author, and those named there."""
        parent = self.references.get("replied_to")
        if parent is None:
            return []
        people = dict.fromkeys((parent.author, *parent.mentions))
        return [one for one in people if one is not self.author and one.id not in self.silent]

    @property
    def front(self) -> list[User]:
        """Those of them that were not typed."""
        words = takewhile(lambda word: word.startswith("@"), self.typed.lower().split())
        typed = set(words)
        return [one for one in self.carried() if f"{one}".lower() not in typed]

    @property
    def plain(self) -> str:
        """By which X knows a text that was posted before."""
        return " ".join([*map(str, self.front), *self.typed.split()]).casefold()

    def weight(self) -> int:
        """Return how long it is as X counts."""
        return length(self.typed, [user.username for user in self.carried()])


def compose(world: "World", draft: Draft) -> Post:
    """Return the post that a draft becomes."""
    at = draft.at or world.now()
    id, lag = world.new_id(at), world.lag if draft.lag is None else draft.lag
    typed = draft.typed
    if (shared := draft.references.get("retweeted")) is not None:
        typed = f"RT {shared.author}: {shared.typed}"
    kept = written(typed, world.random, draft.front, _behind(id, draft))
    known, parent, edits = world.names, draft.references.get("replied_to"), draft.edits
    within, start = parent or edits, kept.display[0]
    post = Post(
        id=id,
        author=draft.author,
        typed=draft.typed,
        plain=draft.plain,
        text=kept.text,
        display=kept.display,
        created_at=at,
        seen_from=at + timedelta(seconds=lag),
        conversation_id=within.conversation_id if within else id,
        lang=draft.lang,
        links=kept.links,
        mentions=() if shared else tuple(dict.fromkeys(_named(kept.text, known))),
        named=() if shared else tuple(dict.fromkeys(_named(kept.text[start:], known))),
        references=draft.references,
        media=draft.media,
        versions=edits.versions if edits else [],
        metrics=edits.metrics if edits else dict.fromkeys(_METRICS, 0),
    )
    if draft.weight() > LONGEST:
        post.short = cut_short(post.text, world.random)
    post.versions.append(post)
    return post


def _named(text: str, known: Mapping[str, User]) -> Iterator[User]:
    for found in MENTION.finditer(text):
        if user := known.get(found[1].lower()):
            yield user


def _behind(id: str, draft: Draft) -> Iterator[Added]:
    """Yield the links that X puts behind the text."""
    if (quoted := draft.references.get("quoted")) is not None:
        yield Added(address_of(quoted))
    for number, media in enumerate(draft.media, 1):
        where = f"https://x.com/{draft.author.username}/status/{id}"
        yield Added(f"{where}/{media.kind.replace('animated_gif', 'photo')}/{number}", media.key)


def address_of(post: Post) -> str:
    """Return the page of a post."""
    return f"https://x.com/{post.author.username}/status/{post.id}"
