"""Emoji that are several code points and count as one: families, flags, skin tones, keycaps."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_KEYCAPS = [key + sign + "\u20e3" for key in "#*0123456789" for sign in ("\ufe0f", "")]


def emoji(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each emoji that is more than one code point."""
    if text.isascii():
        return
    for match in _pattern().finditer(text):
        yield match.span()


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted([*sequences(), *_KEYCAPS], key=lambda one: (-len(one), one))
    return re.compile("|".join(map(_any_tone, longest_first)))


def _any_tone(sequence: str) -> str:
    return re.escape(sequence).replace(r"\?", "[\U0001f3fb-\U0001f3ff]")


@cache
def sequences() -> tuple[str, ...]:
    """Return the sequences, keycaps aside; `?` stands for any skin tone."""
    text = files("careline_twitter").joinpath("data/emoji.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if line[:1] != "#")
    return tuple(word for line in lines for word in line.split())
