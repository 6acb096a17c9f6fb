"""What a person typed into the search box, as a query of either engine that cannot be malformed."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 100_000
"""Characters of a text that are indexed."""
_TERMS: Final = 64
_WORD: Final = 500  # PostgreSQL refuses a text with a word above 2,046 bytes
_FURTHEST: Final = 16_383  # PostgreSQL counts no position beyond
_PART = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_TOKEN = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*")
_ACCENT = re.compile("[\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side: a phrase of one word or more."""

    words: tuple[str, ...]
    wanted: bool = True
    prefix: bool = False
    """The last word may go on."""


def parse(query: str) -> list[Term]:
    """Read words, "phrases", -unwanted ones and the beginnings of words*; all else is ignored.

    A query that only says what is not wanted asks for nothing. Terms beyond the 64th are left out.
    """
    terms = []
    for minus, phrase, word in _PART.findall(query[:LONGEST]):
        words = tuple(_TOKEN.findall(unicodedata.normalize("NFC", phrase or word)))
        if _folded(" ".join(words)):
            terms.append(Term(words, wanted=not minus, prefix=word.endswith("*")))
    terms = terms[:_TERMS]
    return terms if any(term.wanted for term in terms) else []


def for_sqlite(terms: list[Term]) -> str:
    """Return an expression of FTS5, whose own tokenizer folds case and accents."""
    wanted = " AND ".join(_fts5(term) for term in terms if term.wanted)
    unwanted = " OR ".join(_fts5(term) for term in terms if not term.wanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _fts5(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + "*" * term.prefix


def for_postgres(terms: list[Term]) -> str:
    """Return a `tsquery`."""
    return " & ".join("!" * (not term.wanted) + f"({_tsquery(term)})" for term in terms)


def _tsquery(term: Term) -> str:
    return " <-> ".join(f"'{word}'" for word in _folded(" ".join(term.words))) + ":*" * term.prefix


def vector(text: str) -> str:
    """Return a `tsvector`: made here, so that it hangs on no server's locale or dictionaries."""
    words = enumerate(_folded(text), 1)
    return " ".join(f"'{word}':{min(place, _FURTHEST)}" for place, word in words)


def _folded(text: str) -> list[str]:
    """Return words without case and accents, as FTS5's `unicode61 remove_diacritics 2` has them."""
    if not text.isascii():
        text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return [word[:_WORD] for word in _TOKEN.findall(text.casefold()[:LONGEST])]
