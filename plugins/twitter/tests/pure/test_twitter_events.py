"""Events of webhooks and of the activity stream say what was said, in today's spelling or older."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from careline.plugin import Direction, Kind, Malformed, Removed, Revised, Seen
from careline_twitter.events import Event, events_of, items_of
from careline_twitter.us import Scene, Us

WORDS = {
    "post.create", "post.mention.create", "post.reply.create", "post.quote.create", "dm.received",
    "dm.sent", "chat.received", "chat.sent",
}  # fmt: skip


def told(kind: str, payload: Any, **more: Any) -> bytes:
    data = {"event_uuid": "u1", "event_type": kind, "filter": {"user_id": "1"}, "payload": payload}
    return json.dumps({"data": {**data, **more}}).encode()


def heard(body: bytes, scene: Scene) -> list[Any]:
    items: list[Any] = []
    for event in events_of(body, "hook"):
        items += items_of(event, scene) if isinstance(event, Event) else [event]
    return items


def post(**said: Any) -> dict[str, Any]:
    made = {"id": "1990000000000000010", "author_id": "2", "created_at": "2026-10-01T10:00:00Z"}
    return {**made, "text": "it broke", **said}


@pytest.fixture(scope="module")
def example() -> Scene:
    return Scene(Us.of(["1111111111111111111"], ["ExampleUser"]), datetime(2026, 11, 1, tzinfo=UTC))


def test_every_sample_of_x_activity_is_understood(spec, example):
    samples = spec("x/samples/xaa-event-payloads.json")
    assert len(samples) == 27
    del samples["Event envelope"]  # a form to fill in: it holds no payload
    for kind, sample in samples.items():
        [event] = events_of(json.dumps(sample).encode(), "hook")
        items = items_of(event, example)
        assert not [item for item in items if isinstance(item, Malformed)], kind
        assert any(isinstance(item, Seen) for item in items) == (kind in WORDS), kind
        assert event.type == kind
        assert event.uuid
        assert items_of(event, example) == items


def test_every_sample_of_the_api_before_it_is_understood(spec):
    samples = spec("x/samples/aaa-legacy-payloads.json")
    scene = Scene(Us.of(["4337869213", "930524282358325248"]), datetime(2026, 11, 1, tzinfo=UTC))
    found = {name: heard(json.dumps(sample).encode(), scene) for name, sample in samples.items()}
    assert found.pop("tweet_delete_events") == [
        Removed("1045405559317569537", datetime(2015, 5, 21, 17, 9, 15, 593000, UTC), "us")
    ]
    [message] = found.pop("direct_message_events")
    assert (message.message.text, message.message.author.name) == ("Hello World!", "Jordan Brinks")
    assert message.message.author.followers == 22
    assert not any(found.values())


@pytest.mark.parametrize("kind", ["post.mention.create", "PostMentionCreate"])
def test_x_says_itself_that_a_mention_is_meant(scene, kind):
    reply = post(
        text="@acme it broke",
        referenced_tweets=[{"type": "replied_to", "id": "7"}],
        entities={"mentions": [{"start": 0, "end": 5, "username": "acme", "id": "1"}]},
    )
    [named] = heard(told(kind, reply), scene)
    assert (named.message.addressed, named.message.kind) == (True, Kind.REPLY)
    [carried] = heard(told("post.reply.create", reply), scene)
    assert not carried.message.addressed


def test_what_comes_along_is_read_wrapped_or_not(scene):
    user = {"id": "2", "username": "kim", "name": "Kim"}
    for users in ([user], [{"data": user}]):
        [seen] = heard(
            told("post.create", post(), includes={"users": users, "tweets": [post()]}), scene
        )
        assert seen.message.author.handle == "kim"


def test_an_edit_that_is_pushed_revises(scene):
    edited = post(edit_history_tweet_ids=["1990000000000000001", "1990000000000000010"])
    [item] = heard(told("post.create", edited), scene)
    assert isinstance(item, Revised)


def test_a_deleted_post_is_removed_by_whom_it_was(scene):
    assert heard(told("post.delete", {"id": "44", "author_id": "2"}), scene) == [
        Removed("44", scene.at, "author")
    ]
    assert heard(told("PostDelete", {"id": 44, "author_id": 1}), scene) == [
        Removed("44", scene.at, "us")
    ]


def test_our_own_message_is_heard_as_ours(scene):
    created = {"target": {"recipient_id": "2"}, "sender_id": "1", "message_data": {"text": "Hi"}}
    event = {"type": "message_create", "id": "50", "created_timestamp": "1784927750704"}
    payload = {"direct_message_events": [event | {"message_create": created}]}
    [seen] = heard(told("dm.sent", payload), scene)
    assert seen.message.direction is Direction.OUT


@pytest.mark.parametrize(
    "kind",
    [
        "like.create", "follow.follow", "FollowUnfollow", "profile.update.bio", "ProfileBioUpdate",
        "mute.mute", "block.block", "spaces.start", "news.new", "broadcast.chat", "oauth.revoke",
        "dm.indicate_typing", "chat.conversation_join", "post.repost.create",
    ],
)  # fmt: skip
def test_what_is_no_word_of_anybody_gives_nothing(scene, kind):
    payload = post(referenced_tweets=[{"type": "retweeted", "id": "7"}])
    assert heard(told(kind, payload), scene) == []


def test_an_event_of_an_unknown_type_is_kept(scene):
    [odd] = heard(told("post.bookmark.create", {"id": "1"}), scene)
    assert odd.why == 'an event of the unknown type "post.bookmark.create"'
    assert b"post.bookmark.create" in odd.raw


def test_unknown_fields_are_no_trouble(scene):
    [seen] = heard(told("post.create", post(novel={"a": [1]}), novel=True), scene)
    assert seen.message.text == "it broke"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"7", "an event that is no object"),
        (b"[]", "no event at all"),
        (b"{}", "an event without an event_type"),
        (b'{"data": null}', "an event without an event_type"),
        (told("post.create", None), "it has no id"),
        (told("post.delete", {}), "it has no id"),
        (told("dm.received", {"direct_message_events": [{"type": "welcome"}]}), "unknown type"),
        (told("chat.received", {}), "it has no conversation_id"),
        (b'{"for_user_id": "1", "tweet_delete_events": [null]}', "it has no id"),
    ],
)
def test_rubbish_is_set_aside_with_its_reason(scene, body, why):
    [odd] = heard(body, scene)
    assert isinstance(odd, Malformed)
    assert why in odd.why


def test_a_list_of_events_is_heard_one_by_one(scene):
    one = json.loads(told("post.create", post()))
    body = json.dumps([one, 7, {**one, "data": {**one["data"], "filter": {"user_id": 5}}}]).encode()
    first, odd, last = events_of(body, "hook")
    assert isinstance(odd, Malformed)
    assert (first.user, last.user) == ("1", "5")
