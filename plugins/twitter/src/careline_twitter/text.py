"""How long a text is as X counts: weights by code point, links 23, an emoji 2, 280 at the most.

The rules are twitter-text's, configuration 3; its own cases judge them (tests/test_text.py).
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from careline_twitter.emoji import emoji
from careline_twitter.links import links

_NEVER_VALID = re.compile(r"[\ufffe\ufeff\uffff]")
_LEADING = re.compile(r"\s*@(\w{1,15})(?!\w)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rules:
    """One configuration of twitter-text, in its own numbers."""

    maximum: int = 280
    scale: int = 100
    default: int = 200
    link: int = 23
    light: tuple[tuple[int, int, int], ...] = (
        (0, 4351, 100),
        (8192, 8205, 100),
        (8208, 8223, 100),
        (8242, 8247, 100),
    )
    """First code point, last one, weight."""
    whole_emoji: bool = True
    """An emoji weighs `default` once, however many code points it is."""

    def weight(self, character: str) -> int:
        """Return the weight of one code point."""
        point = ord(character)
        at = bisect_right(self.light, point, key=lambda span: span[0]) - 1
        if at >= 0 and point <= self.light[at][1]:
            return self.light[at][2]
        return self.default


TODAY = Rules()
"""Version 3, which X uses today."""
LONG = Rules(maximum=25_000)
"""For accounts that may write long posts."""


class Measure(NamedTuple):
    """What X would say of a text before it is posted. Indices count UTF-16 units, ends included."""

    weight: int
    valid: bool
    permillage: int
    display_end: int
    valid_end: int


class Piece(NamedTuple):
    """What is counted as one and never cut: a link, an emoji, a code point."""

    start: int
    end: int
    weight: int


def length(text: str, carried: Collection[str] = (), rules: Rules = TODAY) -> int:
    """Return the weighted length of a text.

    `carried`: handles whose mentions a reply carries of itself. At its start they do not count.
    """
    normal = unicodedata.normalize("NFC", without_carried(text, carried))
    return sum(piece.weight for piece in pieces(normal, rules)) // rules.scale


def without_carried(text: str, carried: Collection[str]) -> str:
    """Return a text without those leading mentions that its reply carries of itself."""
    names = {handle.lstrip("@").casefold() for handle in carried}
    at = 0
    while (found := _LEADING.match(text, at)) and found[1].casefold() in names:
        at = found.end()
    return text[at:]


def pieces(text: str, rules: Rules = TODAY) -> Iterator[Piece]:
    """Yield what a text in NFC is made of, each with its scaled weight."""
    ends = {start: (end, rules.default) for start, end in emoji(text) if rules.whole_emoji}
    ends |= {link.start: (link.end, rules.link * rules.scale) for link in links(text)}
    at = 0
    while at < len(text):
        end, weight = ends.get(at) or (at + 1, rules.weight(text[at]))
        yield Piece(at, end, weight)
        at = end


def measure(text: str, rules: Rules = TODAY) -> Measure:
    """Return all that twitter-text says of a text."""
    normal = unicodedata.normalize("NFC", text)
    weight, fits, usable = 0, 0, True
    for piece in pieces(normal, rules):
        weight += piece.weight
        usable = usable and not _NEVER_VALID.match(normal, piece.end - 1)
        if usable and weight <= rules.maximum * rules.scale:
            fits = piece.end
    weight //= rules.scale
    shrunk = _units(text) - _units(normal)
    return Measure(
        weight,
        valid=usable and 0 < weight <= rules.maximum,
        permillage=weight * 1000 // rules.maximum,
        display_end=max(_units(text) - 1, 0),
        valid_end=max(_units(normal[:fits]) - 1, 0) + shrunk,
    )


def _units(text: str) -> int:
    """Return how many UTF-16 units a text is."""
    return len(text) + sum(character > "\uffff" for character in text)
