"""Search queries and stream rules from what a brand is called, within X's syntax and lengths."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from careline.plugin import Brand

SEARCH: Final = 512
"""Characters of a query of recent search."""
RULE: Final = 1024
"""Characters of a rule of the filtered stream."""

_HANDLE: Final = re.compile(r"\w{1,15}", re.ASCII)
_USER_ID: Final = re.compile(r"\d{1,19}", re.ASCII)
_TAG: Final = re.compile(r"#(?=\w*[^\W\d_])\w+")
_PLAIN: Final = re.compile(r"[^\W_]+")
_OPERATORS: Final = frozenset({"and", "or", "not"})
_TAGS: Final = (
    "am ar bg bn bo bs ca ckb cs cy da de dv el en es et eu fa fi fr gu hi hr ht hu hy in is it iw"
    " ja ka km kn ko lo lt lv ml mr my ne nl no or pa pl ps pt ro ru sd si sk sl sr sv ta te th tl"
    " tr ug uk ur vi zh-TW zh-CN hi-Latn"
)
"""The languages that X tells apart."""
_LANGUAGES: Final = frozenset(_TAGS.split())
_RENAMED: Final = {"he": "iw", "id": "in", "nb": "no", "nn": "no", "zh": "zh-CN"}


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, and what to leave out."""

    terms: tuple[str, ...]
    languages: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    """Our own handles or user ids: their posts are left out."""
    untagged: tuple[str, ...] = ()
    """Handles whose mentions are left out: the mentions timeline brings them."""
    without: tuple[str, ...] = ()
    """Terms whose posts are left out; `from:NAME` leaves out what that author says."""


def search_of(
    brand: Brand, *, ours: Iterable[str] = (), without: Iterable[str] = (), tagged: bool = False
) -> Search:
    """Return the search for a brand's terms; with `tagged`, for its handles too."""
    handles = tuple(f"@{handle.lstrip('@')}" for handle in brand.handles if handle.strip("@"))
    return Search(
        terms=(*brand.terms, *(handles if tagged else ())),
        languages=brand.languages,
        ours=(*ours, *handles),
        untagged=() if tagged else handles,
        without=tuple(without),
    )


def queries(search: Search, limit: int = SEARCH) -> tuple[str, ...]:
    """Return queries of `limit` characters at the most, each term in exactly one of them.

    Retweets, and what `search` leaves out, are left out of each.

    Raises:
        ValueError: a term cannot be written in X's syntax, or does not fit; it says which.
    """
    rest = " ".join(_rest(search))
    room = limit - _size(f"() {rest}")
    terms = _distinct(map(_term, search.terms))
    for term in terms:
        if _size(term) > room:
            raise ValueError(
                f"{_shown(term)} does not fit into a query of {limit} characters"
                f" beside what it leaves out, which takes {_size(rest)} of them"
            )
    return tuple(f"{_any(group)} {rest}" for group in _groups(terms, room))


def _groups(terms: Iterable[str], room: int) -> Iterator[list[str]]:
    group: list[str] = []
    for term in terms:
        if group and _size(" OR ".join([*group, term])) > room:
            yield group
            group = []
        group.append(term)
    if group:
        yield group


def _rest(search: Search) -> Iterator[str]:
    """Yield what is the same in each query: no group is negated, X refuses that."""
    yield "-is:retweet"
    languages = _distinct(f"lang:{_language(tag)}" for tag in search.languages)
    if languages:
        yield _any(languages)
    yield from _distinct(f"-from:{_user(one)}" for one in search.ours)
    yield from _distinct(f"-@{_user(one)}" for one in search.untagged)
    yield from _distinct(f"-{_left_out(one)}" for one in search.without)


def _left_out(said: str) -> str:
    author = said.partition("from:")[2] if said.startswith("from:") else ""
    return f"from:{_user(author)}" if author else _term(said)


def _any(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _distinct(terms: Iterable[str]) -> list[str]:
    """Return terms once each: X takes no heed of case."""
    found: dict[str, str] = {}
    for term in terms:
        found.setdefault(term.lower(), term)
    return list(found.values())


def _term(said: str) -> str:
    """Return a term as X takes it: what is not plainly a word, a tag or a handle is quoted."""
    term = " ".join(said.split())
    if '"' in term or "\\" in term:
        raise ValueError(f'{_shown(said)}: X cannot search for " or \\; leave them out')
    if not all(map(_can_be_sent, term)):
        raise ValueError(f"{_shown(said)} holds a character that cannot be sent")
    if term[:1] == "@" and _HANDLE.fullmatch(term[1:]):
        return term
    if _TAG.fullmatch(term):
        return term
    if not any(map(_is_searched, term)):
        raise ValueError(f"{_shown(said)} is nothing to search for: no letter, digit or emoji")
    plain = _PLAIN.fullmatch(term) and term.casefold() not in _OPERATORS
    return term if plain else f'"{term}"'


def _can_be_sent(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Cn")


def _is_searched(character: str) -> bool:
    """Tell whether X keeps a character when it parts a text into words."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "So"


def _user(said: str) -> str:
    name = said.strip().lstrip("@")
    if not (_HANDLE.fullmatch(name) or _USER_ID.fullmatch(name)):
        raise ValueError(f"{_shown(said)} is neither a handle nor a user id")
    return name


def _language(tag: str) -> str:
    """Return a language as X names it, which keeps some old names."""
    for one in (tag, tag.replace("_", "-").partition("-")[0].lower()):
        if one in _LANGUAGES or one in _RENAMED:
            return _RENAMED.get(one, one)
    raise ValueError(f"X tells no posts in {_shown(tag)} apart: leave it out of the languages")


def _size(text: str) -> int:
    """Return a text's length as the strictest count has it: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def _shown(text: str) -> str:
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
