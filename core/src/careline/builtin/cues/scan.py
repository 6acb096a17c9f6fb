"""Finds the cues of a text, each with its place."""

from itertools import accumulate
from operator import itemgetter
from typing import TypeAlias

from careline.builtin.cues.lexicon import Node, lexicon, pieces, plain
from careline.builtin.cues.table import CUES, Cue

LIMIT = 4000
"""Only so many characters of a text are read."""
REACH = 4
"""A negation holds for what begins within so many words after it."""
BACK = 3
"""One that may stand last ("werkt niet") holds for what ended within so many words before it."""

_AROUND = CUES["negation around"]
_NEGATIONS = frozenset((CUES["negation"], CUES["refusal"], _AROUND))
_STOPS = frozenset(".,!?;:")
_BEFORE_SIGNS = frozenset('@.!?,;:-#("')
_BEFORE_WORDS = frozenset((
    "hi", "hey", "hello", "dear", "team", "guys", "so", "and", "but", "also", "ok", "okay", "well",
    "hallo", "dag", "hoi", "beste", "en", "maar", "dus", "bonjour", "salut", "et", "mais", "alors",
    "hola", "buenas", "y", "pero", "und", "aber", "moin",
))  # fmt: skip

Hit: TypeAlias = tuple[Cue, int, int]
"""A cue and where it was found: `text[start:end]`."""
_Find: TypeAlias = tuple[Cue, int, int]
"""A cue and the words that gave it: `words[first:after]`. Plain tuples, as there are many."""


def scan(text: str) -> list[Hit]:
    """Return the cues in the first `LIMIT` characters of `text`, negations settled, in order."""
    parts = pieces(plain(text[:LIMIT]))
    words = parts[1::2]
    finds = _settled(_finds(words, lexicon()), words)
    return _located(parts, finds) if finds else []


def _finds(words: list[str], tree: dict[str, Node]) -> list[_Find]:
    finds = []
    resume = 0
    for first, node in enumerate(map(tree.get, words)):
        if node is None or first < resume:
            continue
        cue, resume = node.cue, first + 1
        if resume < len(words) and words[resume] in node.following:  # most words stand alone
            cue, resume = _longest(words, first, tree)
        if cue and (not cue.opening or _opens(words, first)):
            finds.append((cue, first, resume))
    return finds


def _longest(words: list[str], first: int, tree: dict[str, Node]) -> tuple[Cue | None, int]:
    """Return the cue of the longest phrase that begins at `first`, and where to read on."""
    cue, after = None, first + 1
    for at in range(first, len(words)):
        node = tree.get(words[at])
        if node is None:
            break
        if node.cue:
            cue, after = node.cue, at + 1
        tree = node.following
    return cue, after


def _opens(words: list[str], at: int) -> bool:
    return at == 0 or words[at - 1] in _BEFORE_WORDS or words[at - 1][0] in _BEFORE_SIGNS


def _settled(finds: list[_Find], words: list[str]) -> list[_Find]:
    """Apply each negation to what it is about, and leave out cues that say nothing alone."""
    for cue, _, _ in finds:
        if cue.silent or cue in _NEGATIONS:
            return _Negations(words).settle(finds)
    return finds


class _Negations:
    """Reads the cues of a text in order, and turns those that a negation is about."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._kept: list[_Find] = []
        self._negation: _Find | None = None
        self._waiting: _Find | None = None  # may still be negated by the words that follow

    def settle(self, finds: list[_Find]) -> list[_Find]:
        """Return `finds` without negations, each turned where one reaches it."""
        for find in finds:
            if find[0] in _NEGATIONS:
                self._negate(find)
            elif find[0].negated:
                self._wait(find)
            else:
                self._kept.append(find)
        self._release()
        return sorted(self._kept, key=itemgetter(1))

    def _negate(self, find: _Find) -> None:
        waiting = self._waiting
        if waiting and find[0] is _AROUND and _near(waiting, find, BACK, self._words):
            self._turn(waiting, waiting[1], find[2])
        else:
            self._release()
        self._negation, self._waiting = find, None
        if not find[0].silent:
            self._kept.append(find)

    def _wait(self, find: _Find) -> None:
        self._release()
        if self._negation and _near(self._negation, find, REACH, self._words):
            self._turn(find, self._negation[1], find[2])
        else:
            self._waiting = find

    def _turn(self, find: _Find, first: int, after: int) -> None:
        if find[0].negated:
            self._kept.append((CUES[find[0].negated], first, after))

    def _release(self) -> None:
        if self._waiting and not self._waiting[0].silent:
            self._kept.append(self._waiting)
        self._waiting = None


def _near(left: _Find, right: _Find, reach: int, words: list[str]) -> bool:
    """Tell whether `right` follows `left` closely, in the same clause."""
    between = words[left[2] : right[1]]
    return len(between) < reach and _STOPS.isdisjoint(between)


def _located(parts: list[str], finds: list[_Find]) -> list[Hit]:
    """Turn numbers of words into places in the text."""
    ends = list(accumulate(map(len, parts)))  # of each gap (where a word begins) and each word
    return [(cue, ends[2 * first], ends[2 * after - 1]) for cue, first, after in finds]
