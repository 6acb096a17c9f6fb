"""The words of a post as people see them, and whether they name us."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from careline_twitter.payload import objects, optional_id, tally, words
from careline_twitter.us import Us

_MENTION: Final = re.compile(r"(?<![\w@])@(\w{1,15})(?!\w)", re.ASCII)
_OWN_MEDIA: Final = re.compile(r"/(?:photo|video)/\d+$", re.ASCII)
_RENAMED: Final = {"iw": "he", "in": "id"}
_NO_LANGUAGE: Final = frozenset({"und", "zxx"})


class Mention(NamedTuple):
    """A user named in a text, at `text[start:end]`, in code points."""

    start: int
    end: int
    ours: bool


def shown(text: str, entities: Mapping[str, Any], *, has_files: bool = False) -> str:
    """Return a text as it was typed: addresses at full length, `&` for `&amp;`.

    `has_files`: what is attached is known, so that its own links need not be read.
    """
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for link in objects(entities.get("urls")):
        short, long = words(link.get("url")), words(link.get("expanded_url"))
        if not (short and long):
            continue
        ours = optional_id(link.get("media_key")) or _OWN_MEDIA.search(long)
        whole = "" if ours and has_files else long
        text = whole.join(re.split(re.escape(short) + r"(?!\w)", text))
    return text.rstrip() if has_files else text


def addressed(
    text: str, entities: Mapping[str, Any], us: Us, *, reply: bool, visible_from: int | None = None
) -> bool:
    """Tell whether a text names us beyond the mentions with which a reply begins of itself.

    `visible_from`: where the part begins that X shows, if it says so. What stands before it was
    put there by X; what stands after it was typed.
    """
    mentions = list(_mentions(text, entities, us))
    leading = _leading(text, mentions) if reply else 0
    if visible_from is not None:
        leading = min(leading, visible_from)
    return any(mention.ours and mention.end > leading for mention in mentions)


def _leading(text: str, mentions: list[Mention]) -> int:
    """Return where the mentions end with which a text begins."""
    end = 0
    for mention in mentions:
        if text[end : mention.start].strip():
            break
        end = mention.end
    return end


def _mentions(text: str, entities: Mapping[str, Any], us: Us) -> Iterator[Mention]:
    """Yield the mentions in order; where X marks none, those that are written."""
    marked = entities.get("mentions")
    if not isinstance(marked, list):
        for found in _MENTION.finditer(text):
            yield Mention(*found.span(), us.is_called(found[1]))
        return
    after = 0
    for mention in sorted(objects(marked), key=lambda one: tally(one.get("start")) or 0):
        start = _place(text, mention, after)
        after = start + len(words(mention.get("username"))) + 1
        yield Mention(start, after, us.is_user(mention))


def _place(text: str, mention: Mapping[str, Any], after: int) -> int:
    """Return where a mention begins: where X says, or where its handle is really written."""
    start, name = tally(mention.get("start")) or 0, words(mention.get("username"))
    if text[start + 1 : start + 1 + len(name)].lower() == name.lower():
        return start
    found = re.compile(re.escape(f"@{name}"), re.IGNORECASE).search(text, after)
    return found.start() if found else start


def language(tag: Any) -> str:
    """Return a language's tag as others write it; empty where X saw none."""
    known = words(tag)
    if known in _NO_LANGUAGE or (known[:1] == "q" and len(known) == 3):
        return ""
    return _RENAMED.get(known, known)
