"""Links in a text, as X finds them: with or without `https://`, by the top level domains it knows.

The rules are twitter-text's; its own cases judge them (tests/test_links.py).
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

LONGEST = 4096
_LONGEST_LABEL = 63
_LONGEST_SLUG = 40
_MOST_LABELS = 126  # a domain has 253 characters at the most
_INVALID = r"\ufffe\ufeff\uffff"
_DIRECTIONAL = r"\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_SPACES = r"\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NEVER = rf"!'#%&()*+,\\./:;<=>?@\[\]^{{|}}~${_SPACES}{_INVALID}{_DIRECTIONAL}"
_LATIN = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\xff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268"
    r"\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_CYRILLIC = r"\u0400-\u04ff"

_NOT_BEFORE = rf"A-Za-z0-9@＠$#＃{_INVALID}"  # noqa: RUF001 -- people type the wide ones, too
_BEFORE = rf"(?:[^{_NOT_BEFORE}]|[{_DIRECTIONAL}]|\A)"
_SUBDOMAIN = rf"(?![_-])[^{_NEVER}]++(?<![_-])\."
_NAME = rf"(?!-)[^_{_NEVER}]++(?<!-)\."
_IN_PATH = rf"[a-z{_CYRILLIC}0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"
_PARENTHESES = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_ENDS_PATH = rf"[+\-a-z{_CYRILLIC}0-9=_#/{_LATIN}]"
_PATH = rf"(?:{_IN_PATH}*(?:{_PARENTHESES}{_IN_PATH}*)*{_ENDS_PATH}|{_PARENTHESES}|@{_IN_PATH}+/)"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
_SHORTENED = re.compile(rf"https?://t\.co/([a-z0-9]+)(?:{_QUERY})?", re.IGNORECASE)


class Link(NamedTuple):
    """A link: `text[start:end]`, in code points."""

    start: int
    end: int


class _Patterns(NamedTuple):
    link: re.Pattern[str]
    ascii_domain: re.Pattern[str]


def links(text: str) -> list[Link]:
    """Return the links of a text, in order. It should be in NFC, as X takes it."""
    if "." not in text:
        return []
    patterns = _patterns()
    return [
        link
        for match in patterns.link.finditer(text)
        if match["url"] is not None and _usable(match, patterns)
        for link in _of(match, patterns)
    ]


def _usable(match: re.Match[str], patterns: _Patterns) -> bool:
    domain = match["domain"]
    if domain.startswith("xn--") and not patterns.ascii_domain.search(domain):
        return False
    length = len(match["protocol"] or "https://") + len(match["url"])
    return length <= LONGEST and all(map(_fits, domain.split(".")))


def _fits(label: str) -> bool:
    if label.isascii() or len(label) > _LONGEST_LABEL:
        return 0 < len(label) <= _LONGEST_LABEL
    return len(label.encode("punycode")) + len("xn--") <= _LONGEST_LABEL


def _of(match: re.Match[str], patterns: _Patterns) -> list[Link]:
    start, end = match.span("url")
    if match["protocol"] is None:
        return _bare(match, patterns, start, end)
    if short := _SHORTENED.match(match["url"]):
        if len(short[1]) > _LONGEST_SLUG:
            return []
        end = start + short.end()
    return [Link(start, end)]


def _bare(match: re.Match[str], patterns: _Patterns, start: int, end: int) -> list[Link]:
    """Return what is ASCII of a domain without a protocol; the last one takes the path."""
    if match["before"] and match["before"] in "-_./":
        return []
    spans = [found.span() for found in patterns.ascii_domain.finditer(match["domain"])]
    found = [Link(start + first, start + last) for first, last in spans]
    if found and match["path"]:
        found[-1] = found[-1]._replace(end=end)
    return found


@cache
def _patterns() -> _Patterns:
    country, generic = top_level()
    tld = rf"(?:{_any(generic)}|{_any(country)}|xn--[\-0-9a-z]+)"
    url = (
        rf"(?P<protocol>https?://)?(?P<domain>(?:{_SUBDOMAIN}){{0,{_MOST_LABELS}}}{_NAME}{tld})"
        rf"(?::[0-9]+)?(?P<path>/{_PATH}*)?(?:{_QUERY})?"
    )
    # Where no link begins in a word, none begins later in it: passing over it keeps this linear.
    word = rf"(?=[^{_NOT_BEFORE}])(?:(?!.https?://)[^\-_{_NEVER}])++"
    ascii_domain = rf"(?:[\-a-z0-9{_LATIN}]+\.)+{tld}"
    return _Patterns(
        re.compile(rf"(?P<before>{_BEFORE})(?P<url>{url})|{word}", re.IGNORECASE),
        re.compile(ascii_domain, re.IGNORECASE),
    )


def _any(domains: Iterable[str]) -> str:
    return rf"{_one_of(sorted(domains))}(?=[^0-9a-zA-Z@+-]|\Z)"


def _one_of(words: list[str]) -> str:
    """Return a pattern for any of some words, the longest first, that tries each letter once."""
    rest = [word for word in words if word]
    branches = [
        re.escape(first) + _one_of([word[1:] for word in group])
        for first, group in groupby(rest, key=lambda word: word[0])
    ]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if '' in words else ''}"


@cache
def top_level() -> tuple[list[str], list[str]]:
    """Return the top level domains that X knows: of countries, and generic ones."""
    text = files("careline_twitter").joinpath("data/tlds.txt").read_text("utf-8")
    country, generic = text.split("# Generic ones.\n")
    return _words(country), _words(generic)


def _words(text: str) -> list[str]:
    return [word for line in text.splitlines() if line[:1] != "#" for word in line.split()]
