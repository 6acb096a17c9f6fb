"""Reads the word lists into one tree, so that a text is looked up in one pass."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from unicodedata import combining, normalize

from careline.builtin.cues.table import CUES, Cue

LANGUAGES = ("any", "en", "nl", "fr", "de", "es")

# Possessive (++) wherever it repeats: nothing is read twice, so time grows with length only.
_TOKEN = re.compile(
    r"(@\w++|https?://\S++|www\.\S++|\w++(?:'\w++)?+|[:;=]['-]?[()/|dpo*](?!\w)|<3|[^\w\s])"
)


@dataclass(slots=True)
class Node:
    """A place in the tree: the cue of the phrase that ends here, and the words that may follow."""

    cue: Cue | None = None
    following: "dict[str, Node]" = field(default_factory=dict)


def plain(text: str) -> str:
    """Return `text` in lower case with one sort of apostrophe, each character where it was."""
    lower = text.lower()
    if len(lower) != len(text):  # one letter of Unicode gets longer in lower case
        lower = text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "I").lower()
    return lower.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def pieces(text: str) -> list[str]:
    """Return all of `text` in pieces, in turns a gap (may be empty) and a token.

    Tokens are words, links, mentions, emoticons and signs: all but spaces.
    """
    return _TOKEN.split(text)


@cache
def lexicon() -> dict[str, Node]:
    """Return the tree of all phrases of all languages. Where two lists clash, the first holds."""
    root = Node()
    for language in LANGUAGES:
        for name, phrase in _phrases(language):
            for spelling in _spellings(phrase):
                _plant(root, pieces(spelling)[1::2], CUES[name])
    return root.following


def _phrases(language: str) -> Iterator[tuple[str, str]]:
    source = files(__package__).joinpath("words", f"{language}.toml")
    for name, listed in tomllib.loads(source.read_text("utf-8")).items():
        for phrase in listed.split(","):
            if phrase.strip():
                yield name.replace("_", " "), plain(" ".join(phrase.split()))


def _spellings(phrase: str) -> set[str]:
    """Return `phrase`, and how hurried people type it: without accents, without apostrophes."""
    if not phrase[0].isalpha():
        return {phrase}
    bare = "".join(c for c in normalize("NFD", phrase) if not combining(c))
    return {phrase, bare, phrase.replace("'", ""), bare.replace("'", "")}


def _plant(root: Node, words: list[str], cue: Cue) -> None:
    node = root
    for word in words:
        node = node.following.setdefault(word, Node())
    node.cue = node.cue or cue
