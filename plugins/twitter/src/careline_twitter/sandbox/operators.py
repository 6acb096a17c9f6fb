"""What the terms of a query match: words, names, tags, and operators with a value."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from careline_twitter.sandbox.records import Post, User
from careline_twitter.sandbox.text import entities

_WORD = re.compile(r"\w+")


class Wrong(Exception):
    """The query cannot be understood."""


class View(NamedTuple):
    """Where posts are matched: a stream sees quoted text, and takes accents as they are."""

    stream: bool = False

    def folded(self, text: str) -> str:
        """Return a text as it is compared here."""
        text = unicodedata.normalize("NFC", text).casefold()
        if self.stream:
            return text
        apart = unicodedata.normalize("NFD", text)
        return "".join(one for one in apart if not unicodedata.combining(one))

    def text(self, post: Post) -> str:
        """Return the text in which words are looked for."""
        quoted = post.references.get("quoted") if self.stream else None
        return post.typed if quoted is None else f"{post.typed}\n{quoted.typed}"


Match = Callable[[Post, View], bool]


def phrase(text: str) -> Match:
    """Match a word, or words that follow each other."""

    def match(post: Post, view: View) -> bool:
        wanted, seen = view.folded(text), view.folded(view.text(post))
        words = _WORD.findall(wanted)
        if not words:
            return wanted in seen
        return _follow(words, _WORD.findall(seen))

    return match


def _follow(words: list[str], seen: list[str]) -> bool:
    starts = range(len(seen) - len(words) + 1)
    return any(seen[at : at + len(words)] == words for at in starts)


def who(username: str) -> Match:
    """Match posts that name somebody."""
    return lambda post, view: any(_is(user, username) for user in post.mentions)


def tagged(tag: str) -> Match:
    """Match posts with a `#tag`, or a `$tag`."""
    kind = "hashtags" if tag[0] == "#" else "cashtags"
    wanted = tag[1:].casefold()

    def match(post: Post, view: View) -> bool:
        found = entities(view.text(post), {}, {}).get(kind, [])
        return any(one["tag"].casefold() == wanted for one in found)

    return match


def operator(name: str, value: str) -> tuple[Match, bool]:
    """Return what an operator matches, and whether it may stand alone."""
    if name in _FLAGS:
        test = _FLAGS[name].get(value)
        if test is None:
            raise Wrong(f"Reference to invalid field '{name}:{value}'")
        return (lambda post, view: test(post)), False
    made = _VALUED.get(name)
    if made is None or not value:
        raise Wrong(
            f"Reference to invalid operator '{name}'. Operator is not available in current product"
            " or product packaging"
        )
    return made(value), name != "lang"


def _is(user: User, named: str) -> bool:
    return named.lstrip("@").lower() in (user.username.lower(), user.id)


def _parent_is(named: str) -> Match:
    return lambda post, view: post.parent is not None and _is(post.parent.author, named)


def _refers(kind: str, id: str) -> Match:
    return lambda post, view: any(k == kind and of.id == id for k, of in post.references.items())


def _links_to(address: str) -> Match:
    words = _WORD.findall(address.casefold())
    return lambda post, view: any(
        _follow(words, _WORD.findall(link.expanded.casefold())) for link in post.links.values()
    )


def _has_links(post: Post) -> bool:
    return any(not link.media_key for link in post.links.values())


def _has_kind(*kinds: str) -> Callable[[Post], bool]:
    return lambda post: any(one.kind in kinds for one in post.media)


def _has_entity(kind: str) -> Callable[[Post], bool]:
    return lambda post: kind in entities(post.text, post.links, {})


_VALUED: Final[Mapping[str, Callable[[str], Match]]] = {
    "from": lambda value: lambda post, view: _is(post.author, value),
    "to": _parent_is,
    "url": _links_to,
    "conversation_id": lambda value: lambda post, view: post.conversation_id == value,
    "lang": lambda value: lambda post, view: post.lang == value,
    "in_reply_to_tweet_id": lambda value: _refers("replied_to", value),
    "quotes_of_tweet_id": lambda value: _refers("quoted", value),
    "retweets_of_tweet_id": lambda value: _refers("retweeted", value),
}
_FLAGS: Final[Mapping[str, Mapping[str, Callable[[Post], bool]]]] = {
    "is": {
        "reply": lambda post: "replied_to" in post.references,
        "quote": lambda post: "quoted" in post.references,
        "retweet": lambda post: "retweeted" in post.references,
        "verified": lambda post: post.author.verified,
    },
    "has": {
        "links": _has_links,
        "media": lambda post: bool(post.media),
        "images": _has_kind("photo"),
        "video_link": _has_kind("video"),
        "videos": _has_kind("video"),
        "mentions": lambda post: bool(post.mentions),
        "hashtags": _has_entity("hashtags"),
        "cashtags": _has_entity("cashtags"),
    },
}
