"""A long text becomes parts that fit, and nothing of it is lost or cut that must not be."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careline_twitter.emoji import emoji
from careline_twitter.links import links
from careline_twitter.splitting import split
from careline_twitter.text import length

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "https://acme.com/a/very/long/path?with=a&query=1&and=more",
        "acme.com",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇩🇪🇫🇷",
        "1️⃣",
        "字" * 40,
        "x" * 300,
        "a" * 80 + ".com",
        "e" + "\u0301" * 90,
    ]
)
TEXTS = st.tuples(st.sampled_from(["", " ", "\n"]), st.lists(WORDS, max_size=40)).map(
    lambda made: made[0].join(made[1])
)


def bare(parts: tuple[str, ...]) -> list[str]:
    return [re.sub(r" \(\d+/\d+\)$", "", part) for part in parts] if len(parts) > 1 else [*parts]


def test_what_fits_is_left_alone():
    assert split("x" * 280) == ("x" * 280,)


def test_a_long_text_is_parted_between_words_and_numbered():
    assert split("one two three four five six seven " * 2, 31) == (
        "one two three four five (1/3)",
        "six seven one two three (2/3)",
        "four five six seven (3/3)",
    )


def test_ten_parts_have_room_for_their_numbers():
    parts = split("word " * 60, 36)
    assert parts[-1].endswith("(12/12)")
    assert max(map(length, parts)) <= 36


def test_a_word_that_fits_nowhere_is_cut():
    assert bare(split("x" * 300)) == ["x" * 274, "x" * 26]


def test_a_limit_without_room_is_refused():
    with pytest.raises(ValueError, match="no room for a link"):
        split("word " * 20, 25)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(31, 280))
def test_each_part_fits_and_together_they_say_all(text, limit):
    normal, parts = unicodedata.normalize("NFC", text), split(text, limit)
    assert all(length(part) <= limit for part in parts)
    assert "".join("".join(bare(parts)).split()) == "".join(normal.split())


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(31, 280))
def test_no_link_and_no_emoji_is_ever_cut(text, limit):
    normal, parts = unicodedata.normalize("NFC", text), bare(split(text, limit))
    whole = [*links(normal), *emoji(normal)]
    assert all(any(normal[a:b] in part for part in parts) for a, b in whole)
