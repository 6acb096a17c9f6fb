"""What X makes of a typed text: short links, escapes, the mentions of a reply, entities."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, NamedTuple

from careline_twitter.links import links
from careline_twitter.sandbox.records import Link, User

MENTION = re.compile(r"(?<![\w@!#$%&*])@([A-Za-z0-9_]{1,15})(?![\w@])")
_TAG = re.compile(r"(?<![\w&#])#(\w*[^\W\d]\w*)")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6})(?!\w)")
_SHORT = re.compile(r"https://t\.co/\w{10}")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_DISPLAYED = 27
_SHOWN = 250  # code points of a long post that are shown where its whole text is not asked for


class Added(NamedTuple):
    """A link that X puts behind the text: to what is quoted, to a file."""

    address: str
    media_key: str = ""


class Written(NamedTuple):
    """A text as X keeps it. `display`: without what X put around it, by code points."""

    text: str
    links: Mapping[str, Link]
    display: tuple[int, int]


def written(
    typed: str, random: Random, front: Iterable[User] = (), behind: Iterable[Added] = ()
) -> Written:
    """Return the text that is kept of a typed one. `front`: whom a reply names of itself."""
    made: dict[str, Link] = {}

    def short(address: str, media_key: str = "") -> str:
        link = _link(address, random, media_key)
        made[link.url] = link
        return link.url

    named = "".join(f"{user} " for user in front)
    body = "".join(
        short(piece) if linked else html.escape(piece, quote=False)
        for piece, linked in _pieces(unicodedata.normalize("NFC", typed))
    )
    tail = [short(*added) for added in behind]
    text = " ".join(filter(None, [named + body, *tail]))
    return Written(text, made, (len(named), len(named) + len(body)))


def _pieces(typed: str) -> Iterable[tuple[str, bool]]:
    """Yield the parts of a text, and whether each is a link."""
    at = 0
    for start, end in links(typed):
        yield typed[at:start], False
        yield typed[start:end], True
        at = end
    yield typed[at:], False


def _link(address: str, random: Random, media_key: str) -> Link:
    whole = address if "://" in address else f"http://{address}"
    bare = re.sub(r"^https?://(www\.)?", "", address)
    shown = bare if len(bare) <= _DISPLAYED else f"{bare[: _DISPLAYED - 1]}…"
    return Link(_short(random), whole, shown, media_key)


def _short(random: Random) -> str:
    return "https://t.co/" + "".join(random.choices(_LETTERS, k=10))


def entities(text: str, links: Mapping[str, Link], known: Mapping[str, User]) -> dict[str, Any]:
    """Return what X recognises in a kept text, by code points. `known`: people by their names."""
    found = {
        "urls": [_url_entity(one, links) for one in _SHORT.finditer(text) if one[0] in links],
        "mentions": [
            {**_span(one), "username": user.username, "id": user.id}
            for one in MENTION.finditer(text)
            if (user := known.get(one[1].lower()))
        ],
        "hashtags": [{**_span(one), "tag": one[1]} for one in _TAG.finditer(text)],
        "cashtags": [{**_span(one), "tag": one[1]} for one in _CASHTAG.finditer(text)],
    }
    return {kind: each for kind, each in found.items() if each}


def _span(found: re.Match[str]) -> dict[str, Any]:
    return {"start": found.start(), "end": found.end()}


def _url_entity(found: re.Match[str], links: Mapping[str, Link]) -> dict[str, Any]:
    link = links[found[0]]
    shown = {"url": link.url, "expanded_url": link.expanded, "display_url": link.display}
    key = {"media_key": link.media_key} if link.media_key else {}
    return _span(found) | shown | key


def cut_short(text: str, random: Random) -> str:
    """Return what a long post shows where its whole text is not asked for."""
    return f"{text[:_SHOWN]}… {_short(random)}"
