"""Whatever X sends, mapping is quiet, repeatable and blind to how it is written down."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careline.plugin import Malformed, Seen
from careline_twitter import direct, mapping
from careline_twitter.archive.flat import items_of as archived
from careline_twitter.events import Event, events_of, items_of
from careline_twitter.payload import born, moment
from careline_twitter.us import Scene, Us

MARK = {"start": 0, "end": 5, "username": "acme", "id": "1"}
LINK = {"start": 9, "end": 20, "url": "https://t.co/a", "expanded_url": "https://acme.com/a"}
POST = {
    "id": "1990000000000000020", "author_id": "2", "conversation_id": "1990000000000000001",
    "created_at": "2026-10-01T10:00:00.000Z", "text": "@acme hi https://t.co/a", "lang": "en",
    "in_reply_to_user_id": "1", "display_text_range": [6, 20],
    "referenced_tweets": [{"type": "replied_to", "id": "1990000000000000001"}],
    "entities": {"mentions": [MARK], "urls": [LINK]}, "attachments": {"media_keys": ["3_1"]},
    "note_tweet": {"text": "@acme hi https://t.co/a and more", "entities": {"mentions": [MARK]}},
    "edit_history_tweet_ids": ["1990000000000000010", "1990000000000000020"],
    "public_metrics": {"like_count": 1, "retweet_count": 2, "reply_count": 3,
                       "impression_count": 4},
}  # fmt: skip
PAGE = {
    "data": [POST],
    "includes": {
        "users": [{"id": "2", "username": "kim", "public_metrics": {"followers_count": 4}}],
        "tweets": [
            {"id": "1990000000000000001", "author_id": "1", "text": "Sale!",
             "created_at": "2026-09-01T10:00:00Z"},
        ],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/a.jpg"}],
    },
    "errors": [{"resource_id": "9", "title": "Not Found Error", "type": "about:blank"}],
    "meta": {"result_count": 1},
}  # fmt: skip
DIRECTS = {
    "data": [
        {"id": "1990000000000000030", "event_type": "MessageCreate", "text": "hi",
         "sender_id": "2", "dm_conversation_id": "1-2", "created_at": "2026-10-01T10:00:00.000Z",
         "attachments": {"media_keys": ["3_1"]}, "participant_ids": ["1", "2"],
         "entities": {"urls": [LINK]}},
    ],
    "includes": PAGE["includes"],
}  # fmt: skip
EVENT = {"data": {"event_uuid": "7", "event_type": "post.mention.create", "payload": POST,
                  "filter": {"user_id": "1"}, "includes": PAGE["includes"]}}  # fmt: skip
SHAPES = {"posts": PAGE, "directs": DIRECTS, "event": EVENT}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def heard(shape: str, told: Any, scene: Scene) -> tuple[Any, ...]:
    if shape == "event":
        found: list[Any] = []
        for event in events_of(json.dumps(told).encode(), "here"):
            found += items_of(event, scene) if isinstance(event, Event) else [event]
        return tuple(found)
    return (mapping if shape == "posts" else direct).items_of(told, scene)


def shuffled(told: Any, draw: Any) -> Any:
    """Return the same with the keys of each object in another order."""
    if isinstance(told, dict):
        return {key: shuffled(told[key], draw) for key in draw(st.permutations(sorted(told)))}
    return [shuffled(one, draw) for one in told] if isinstance(told, list) else told


def places(told: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where each value of a payload stands."""
    inner = (
        told.items()
        if isinstance(told, dict)
        else enumerate(told)
        if isinstance(told, list)
        else ()
    )
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


def changed(told: Any, place: tuple[Any, ...], into: Any) -> Any:
    copy = deepcopy(told)
    if not place:
        return into
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = into
    return copy


def numbered(told: Any) -> Any:
    """Return the same with each id as a number."""
    if isinstance(told, dict):
        return {key: numbered(one) for key, one in told.items()}
    if isinstance(told, list):
        return [numbered(one) for one in told]
    return int(told) if isinstance(told, str) and told.isdigit() else told


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_the_order_of_keys_does_not_matter(scene, shape, data):
    told = shuffled(SHAPES[shape], data.draw)
    assert heard(shape, told, scene) == heard(shape, SHAPES[shape], scene)


@pytest.mark.parametrize("shape", SHAPES)
def test_ids_as_numbers_say_the_same(scene, shape):
    assert heard(shape, numbered(SHAPES[shape]), scene) == heard(shape, SHAPES[shape], scene)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_heard_twice_is_the_same(scene, shape):
    before = deepcopy(SHAPES[shape])
    items = heard(shape, SHAPES[shape], scene)
    assert items == heard(shape, SHAPES[shape], scene)
    assert any(isinstance(item, Seen) for item in items) or shape == "event"
    assert SHAPES[shape] == before, "a payload was changed"


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_is_left_out_or_null_raises_nothing(scene, shape):
    for place in places(SHAPES[shape])[1:]:
        nulled = changed(SHAPES[shape], place, None)
        assert isinstance(heard(shape, nulled, scene), tuple)
        if isinstance(place[-1], str):
            left_out = changed(SHAPES[shape], place[:-1], without(SHAPES[shape], place))
            assert isinstance(heard(shape, left_out, scene), tuple)


def without(told: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        told = told[key]
    return {key: one for key, one in told.items() if key != place[-1]}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=200, deadline=None)
@given(data=st.data(), into=ANYTHING)
def test_whatever_stands_in_a_values_place_raises_nothing(scene, shape, data, into):
    place = data.draw(st.sampled_from(places(SHAPES[shape])[1:]))
    told = changed(SHAPES[shape], place, into)
    assert heard(shape, told, scene) == heard(shape, deepcopy(told), scene)


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_any_json_is_heard_or_set_aside(scene, told):
    raw = json.dumps(told).encode()
    for event in events_of(raw, "here"):
        if isinstance(event, Event):
            items_of(event, scene)
    list(archived(raw, scene))


@given(st.binary(max_size=60))
def test_any_bytes_are_heard_or_set_aside(scene, raw):
    assert events_of(raw, "here")
    list(archived(raw, scene))


@given(st.integers(29_700_859_247, 2**63 - 1))
def test_an_id_tells_when_it_was_given_out(id):
    assert born(str(id)).year >= 2010


def test_old_ids_tell_no_time():
    assert born("1234567890") is None
    assert born("9" * 20) is None
    assert born("x") is None


def test_times_of_both_apis_are_read():
    assert moment("Wed Jan 06 18:40:40 +0000 2021") == moment("2021-01-06T18:40:40Z")
    assert moment("2021-01-06T18:40:40") == moment("2021-01-06T19:40:40+01:00")


def test_the_samples_of_xs_own_pages_raise_nothing(spec, scene):
    us = Scene(Us.of(["9876543210"]), scene.at, "docs")
    pages = spec("x/samples/rest-docs-samples.json")
    assert len(pages) == 20
    for name, samples in pages.items():
        for sample in samples:
            items = list(archived(json.dumps(sample).encode(), us))
            assert items == list(archived(json.dumps(sample).encode(), us)), name


def test_the_timelines_and_searches_of_xs_own_pages_are_understood(spec, scene):
    pages = spec("x/samples/rest-docs-samples.json")
    for name in ("timelines/quickstart/user-mention-quickstart", "search/quickstart/recent-search"):
        for sample in pages[f"x-api/posts/{name}.mdx"]:
            items = mapping.items_of(sample, scene)
            assert items
            assert not [item for item in items if isinstance(item, Malformed)], name


def test_the_example_in_the_specification_is_understood(spec, scene):
    schemas = spec("x/openapi-2.166-tweet-vocab.json")["components"]["schemas"]
    told = {
        "data": schemas["Tweet"]["example"],
        "includes": {"users": [schemas["User"]["example"]]},
    }
    [seen] = mapping.items_of(told, scene)
    assert seen.message.posted_at == moment("2021-01-06T18:40:40Z")
    assert seen.message.author.handle == "TwitterDev"
