"""A text that is too long, parted at spaces into numbered ones; no link or emoji is ever cut."""

import unicodedata
from collections.abc import Sequence
from itertools import dropwhile

from careline_twitter.text import TODAY, Piece, Rules, length, pieces

_JOINS = "\u200d"
_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


def split(text: str, limit: int = TODAY.maximum, rules: Rules = TODAY) -> tuple[str, ...]:
    """Return a text as parts of `limit` weight at the most, each with its number: `... (1/3)`.

    A text that fits comes back as the only part, without a number.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if length(text, rules=rules) <= limit:
        return (text,)
    digits = 1
    while True:
        parts = _parts(text, limit - len(_number(10**digits - 1, 10**digits - 1)), rules)
        if len(parts) < 10**digits:
            return tuple(part + _number(at, len(parts)) for at, part in enumerate(parts, 1))
        digits += 1


def _number(at: int, of: int) -> str:
    return f" ({at}/{of})"


def _parts(text: str, room: int, rules: Rules) -> list[str]:
    if room < rules.link:
        raise ValueError("the limit leaves no room for a link and the number of its part")
    parts = []
    rest = list(pieces(text, rules))
    while rest:
        part = _first(text, rest, room, rules)
        end = rest[0].start + len(part)
        parts.append(part)
        rest = [piece for piece in rest if piece.start >= end]
        rest = list(dropwhile(lambda piece: text[piece.start].isspace(), rest))
    return parts


def _first(text: str, rest: Sequence[Piece], room: int, rules: Rules) -> str:
    """Return what of the rest fits, up to a space where there is one."""
    start, ends = rest[0].start, _ends(text, rest, room * rules.scale)
    spaced = [end for end in ends if end == len(text) or text[end].isspace()]
    parts = (text[start:end].rstrip() for end in [*reversed(spaced), *reversed(ends)])
    # A cut may make a link of half a word, which weighs more: what fits is measured again.
    return next(part for part in parts if length(part, rules=rules) <= room)


def _ends(text: str, rest: Sequence[Piece], room: int) -> list[int]:
    """Return where the rest may be cut so that what is before weighs `room` at the most."""
    ends: list[int] = []
    for piece in rest:
        joined = bool(ends) and _belongs_to_what_is_before(text, piece)
        room -= piece.weight
        if room < 0:
            return ends[:-1] if joined and len(ends) > 1 else ends
        if joined:
            ends[-1] = piece.end
        else:
            ends.append(piece.end)
    return ends


def _belongs_to_what_is_before(text: str, piece: Piece) -> bool:
    first = text[piece.start]
    return (
        unicodedata.category(first)[0] == "M"
        or first == _JOINS
        or text[piece.start - 1 : piece.start] == _JOINS
        or ord(first) in _TONES
        or ord(first) in _TAGS
    )
