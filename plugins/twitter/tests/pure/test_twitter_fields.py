"""Requests ask for fields that X knows, in either vocabulary; responses are read in both."""

import pytest

from careline_twitter.fields import direct_parameters, post_parameters, user_parameters
from careline_twitter.mapping import items_of

FILES = {"tweet": "x/openapi-2.166-tweet-vocab.json", "post": "x/openapi-2.167-post-vocab.json"}
PLACES = [
    "/2/users/{id}/mentions", "/2/tweets/search/recent", "/2/tweets/search/all", "/2/tweets",
    "/2/users/{id}/tweets",
]  # fmt: skip


def allowed(spec, path):
    """The values that each parameter of an operation takes, by its name."""
    known = {}
    for one in spec["paths"][path]["get"]["parameters"]:
        parameter = one
        if "$ref" in one:
            parameter = spec["components"]["parameters"][one["$ref"].rpartition("/")[2]]
        known[parameter["name"]] = parameter["schema"].get("items", {}).get("enum")
    return known


def check(asked, known):
    for name, value in asked.items():
        assert name in known, name
        fields = value.split(",")
        assert len(set(fields)) == len(fields)
        assert set(fields) <= set(known[name]), set(fields) - set(known[name])


@pytest.mark.parametrize("vocabulary", FILES)
@pytest.mark.parametrize("path", PLACES)
def test_posts_are_asked_for_by_fields_that_x_knows(spec, vocabulary, path):
    check(post_parameters(vocabulary), allowed(spec(FILES[vocabulary]), path))


@pytest.mark.parametrize("vocabulary", FILES)
def test_direct_messages_are_asked_for_by_fields_that_x_knows(spec, vocabulary):
    for path in ("/2/dm_events", "/2/dm_conversations/{id}/dm_events"):
        known = spec(FILES[vocabulary])
        if path in known["paths"]:
            check(direct_parameters(vocabulary), allowed(known, path))


@pytest.mark.parametrize("vocabulary", FILES)
def test_streams_speak_the_old_vocabulary(spec, vocabulary):
    check(post_parameters("tweet"), allowed(spec(FILES[vocabulary]), "/2/tweets/search/stream"))


@pytest.mark.parametrize("vocabulary", FILES)
def test_users_are_asked_for_by_fields_that_x_knows(spec, vocabulary):
    check(user_parameters(), allowed(spec(FILES[vocabulary]), "/2/users/me"))


OLD = {
    "data": [
        {
            "id": "1990000000000000002", "author_id": "2", "created_at": "2026-10-01T10:05:00.000Z",
            "text": "cut…", "note_tweet": {"text": "all of it"},
            "referenced_tweets": [{"type": "replied_to", "id": "1980000000000000000"}],
            "edit_history_tweet_ids": ["1990000000000000001", "1990000000000000002"],
            "public_metrics": {"retweet_count": 3, "like_count": 2, "reply_count": 1},
        }
    ],
    "includes": {"tweets": [{"id": "1980000000000000000", "author_id": "1", "text": "we"}]},
}  # fmt: skip
NEW = {
    "data": [
        {
            "id": "1990000000000000002", "author_id": "2", "created_at": "2026-10-01T10:05:00Z",
            "text": "cut…", "note_post": {"text": "all of it"},
            "referenced_posts": [{"type": "replied_to", "id": "1980000000000000000"}],
            "edit_history_post_ids": ["1990000000000000001", "1990000000000000002"],
            "public_metrics": {"repost_count": 3, "like_count": 2, "reply_count": 1},
        }
    ],
    "includes": {"posts": [{"id": "1980000000000000000", "author_id": "1", "text": "we"}]},
}  # fmt: skip


def test_both_vocabularies_say_the_same(scene):
    items = items_of(OLD, scene)
    assert items == items_of(NEW, scene)
    assert [type(item).__name__ for item in items] == ["Revised", "Observed", "Seen"]
    assert items[0].message.text == "all of it"
    assert items[1].reposts == 3


def test_null_stands_for_what_is_absent(scene):
    post = {**NEW["data"][0], "referenced_tweets": None, "note_tweet": None, "entities": None}
    post |= {"edit_history_tweet_ids": None, "attachments": None, "lang": None, "withheld": None}
    nulled = {"data": [post], "includes": {**NEW["includes"], "users": None, "media": None}}
    assert items_of(nulled | {"errors": None}, scene) == items_of(NEW, scene)
