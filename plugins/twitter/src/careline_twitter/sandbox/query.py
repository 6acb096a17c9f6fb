"""The query language of search and of stream rules: its grammar, and what X refuses of it."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from careline_twitter.sandbox.operators import Match, Wrong, operator, phrase, tagged, who
from careline_twitter.sandbox.problems import invalid

LONGEST_SEARCH: Final = 512
LONGEST_RULE: Final = 1024
_WORD = re.compile(r'\s*(-?\(|\)|-?[@#$]?(?:[\w.]+:)?(?:"[^"]*"|[^\s()"]+))')
_OPERATOR = re.compile(r"([a-z_]+):(.*)", re.DOTALL)


class Part(NamedTuple):
    """A part of a query. `alone`: whether it may stand without another."""

    match: Match
    alone: bool
    negative: bool = False


def parse(text: str, longest: int) -> Match:
    """Return the matcher of a query, or raise `Wrong` as X would."""
    if not 0 < len(text.strip()) <= longest:
        raise Wrong(f"the query must be 1 to {longest} characters long, not {len(text)}")
    parser = _Parser(_words(text))
    whole = parser.alternatives()
    if parser.next:
        raise Wrong(f"extraneous input '{parser.next}'")
    if not whole.alone:
        raise Wrong("it must hold at least one positive operator that can stand alone")
    return whole.match


def search_query(text: str) -> Match:
    """Return the matcher of a search, or refuse it."""
    try:
        return parse(text, LONGEST_SEARCH)
    except Wrong as error:
        said = f"There were errors processing your request: {error}"
        raise invalid(said, {"query": text}) from error


def _words(text: str) -> list[str]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise Wrong(f"no viable alternative at character '{text[at]}' (at position {at + 1})")
        found.append(word[1])
        at = word.end()
    return found


class _Parser:
    """Reads alternatives of sequences of terms and groups: OR binds less than a space."""

    def __init__(self, words: list[str]) -> None:
        self._words = words[::-1]

    @property
    def next(self) -> str:
        return self._words[-1] if self._words else ""

    def alternatives(self) -> Part:
        parts = [self._sequence()]
        while self.next == "OR":
            self._words.pop()
            parts.append(self._sequence())
        if len(parts) > 1 and any(part.negative for part in parts):
            raise Wrong("a negation cannot be an alternative of OR")
        return _joined(parts, any, all)

    def _sequence(self) -> Part:
        parts = []
        while self.next not in ("", ")", "OR"):
            parts.append(self._one())
        if not parts:
            raise Wrong(f"no viable alternative at input '{self.next}'")
        return _joined(parts, all, any)

    def _one(self) -> Part:
        word = self._words.pop()
        if word == "-(":
            raise Wrong("negating a group is not supported: negate each of its operators")
        if word != "(":
            return _term(word)
        part = self.alternatives()
        if self.next != ")":
            raise Wrong("missing ')'")
        self._words.pop()
        return part


def _joined(parts: list[Part], match: Callable[..., bool], alone: Callable[..., bool]) -> Part:
    if len(parts) == 1:
        return parts[0]
    return Part(
        lambda post, view: match(part.match(post, view) for part in parts),
        alone(part.alone for part in parts),
    )


def _term(word: str) -> Part:
    if word.startswith("-") and len(word) > 1:
        inner = _term(word[1:])
        return Part(lambda post, view: not inner.match(post, view), alone=False, negative=True)
    if named := _OPERATOR.fullmatch(word):
        return Part(*operator(named[1], named[2].strip('"')))
    if word[0] == "@" and len(word) > 1:
        return Part(who(word[1:]), alone=True)
    if word[0] in "#$" and len(word) > 1:
        return Part(tagged(word), alone=True)
    return Part(phrase(word.strip('"')), alone=True)
