"""Lengths are as X counts them: all cases of twitter-text, and what a reply carries of itself."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline_twitter.emoji import sequences
from careline_twitter.text import LONG, TODAY, Rules, length, measure, without_carried

SUITES = {
    "WeightedTweetsCounterTest": 2,
    "WeightedTweetsWithDiscountedEmojiCounterTest": 3,
    "UnicodeDirectionalMarkerCounterTest": 3,
}


def rules_of(config: dict[str, Any]) -> Rules:
    return Rules(
        maximum=config["maxWeightedTweetLength"],
        scale=config["scale"],
        default=config["defaultWeight"],
        link=config["transformedURLLength"],
        light=tuple((one["start"], one["end"], one["weight"]) for one in config["ranges"]),
        whole_emoji=config.get("emojiParsingEnabled", False),
    )


@pytest.mark.parametrize(("suite", "version"), SUITES.items())
def test_every_case_of_twitter_text_is_counted_as_it_says(spec, suite, version):
    rules = rules_of(spec(f"twitter-text/v{version}.json"))
    cases = spec("twitter-text/validate.yml")["tests"][suite]
    wrong = [
        case["description"] for case in cases if said_of(case["text"], rules) != case["expected"]
    ]
    assert cases
    assert not wrong


def said_of(text: str, rules: Rules) -> dict[str, Any]:
    said = measure(text, rules)
    return {
        "weightedLength": said.weight,
        "valid": said.valid,
        "permillage": said.permillage,
        "displayRangeStart": 0,
        "displayRangeEnd": said.display_end,
        "validRangeStart": 0,
        "validRangeEnd": said.valid_end,
    }


def test_posts_of_old_are_judged_by_the_old_rules(spec):
    rules = rules_of(spec("twitter-text/v1.json"))
    for case in spec("twitter-text/validate.yml")["tests"]["tweets"]:
        assert measure(case["text"], rules).valid == case["expected"], case["description"]


def test_our_numbers_are_those_of_version_3(spec):
    assert rules_of(spec("twitter-text/v3.json")) == TODAY


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("abc", 3),
        ("字", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("see https://acme.example/a/long/path?with=a&query=1", 51),
        ("see https://acme.com/a/long/path?with=a&query=1", 27),
        ("👨‍👩‍👧‍👦", 2),
        ("👩🏽‍🚀👍🏿🇩🇪1️⃣🏴󠁧󠁢󠁳󠁣󠁴󠁿", 10),
        ("☺️☺", 4),
        ("🇦🇦", 4),
        ("acme.com", 23),
        ("ann@acme.com", 12),
        ("e.g.this", 8),
    ],
)
def test_what_weighs_how_much(text, weight):
    assert length(text) == weight


def test_every_emoji_weighs_two():
    for emoji in sequences():
        assert length(emoji.replace("?", "🏽")) == 2, emoji


def test_a_tone_that_fits_nothing_weighs_by_itself():
    assert length("x🏽") == 3


def test_281_are_one_too_many():
    assert measure("x" * 280).valid
    assert not measure("x" * 281).valid
    assert measure("x" * 281, LONG).valid


@pytest.mark.parametrize(
    ("text", "carried", "left"),
    [
        ("@kim @acme on it", ("@Kim", "acme"), "on it"),
        ("@kim on it, @kim", ("kim",), "on it, @kim"),
        ("@kim on it", (), "@kim on it"),
        ("@lou @kim on it", ("kim",), "@lou @kim on it"),
        ("@kim", ("kim",), ""),
        ("@kimberly on it", ("kim",), "@kimberly on it"),
        ("@kim's", ("kim",), "'s"),
        ("on it", ("kim",), "on it"),
    ],
)
def test_mentions_that_a_reply_carries_of_itself_do_not_count(text, carried, left):
    assert without_carried(text, carried) == left
    assert length(text, carried) == length(left)


@given(st.text(max_size=300))
def test_any_text_can_be_measured(text):
    said = measure(text)
    assert said.weight == length(text)
    assert 0 <= said.valid_end <= max(said.display_end, 0) + len(text)
    assert json.dumps(said)


@given(st.text(max_size=60), st.text(max_size=60))
def test_texts_on_two_lines_weigh_as_each_does(one, other):
    assert length(f"{one} \n {other}") == length(one) + length(other) + 3
