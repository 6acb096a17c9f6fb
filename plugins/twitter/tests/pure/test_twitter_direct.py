"""Direct messages are one and the same whichever way they come, and stay private."""

from datetime import UTC, datetime
from typing import Any

import pytest

from careline.plugin import (
    Attachment,
    Delivered,
    Direction,
    Kind,
    Malformed,
    Seen,
    Visibility,
)
from careline_twitter import direct, pushed
from careline_twitter.us import Scene, Us

AT = "2026-10-01T10:00:00.000Z"
MILLISECONDS = str(int(datetime(2026, 10, 1, 10, tzinfo=UTC).timestamp() * 1000))
USERS = [{"id": "1", "username": "acme"}, {"id": "2", "username": "kim", "name": "Kim"}]


def event(**said: Any) -> dict[str, Any]:
    made = {"id": "50", "event_type": "MessageCreate", "text": "Hello &amp; help", "sender_id": "2"}
    return {**made, "dm_conversation_id": "1-2", "created_at": AT, **said}


def page(*events: Any, **includes: Any) -> dict[str, Any]:
    return {"data": list(events), "includes": {"users": USERS, **includes}}


def push(sender: str = "2", recipient: str = "1", **said: Any) -> dict[str, Any]:
    data = {"text": "Hello &amp; help", **said}
    created = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": data}
    one = {"type": "message_create", "id": "50", "created_timestamp": MILLISECONDS}
    users = {user["id"]: {"data": user} for user in USERS}
    return {"direct_message_events": [{**one, "message_create": created}], "users": users}


def one(items: Any) -> Any:
    [item] = items
    assert isinstance(item, Seen), item
    return item.message


def test_a_customers_message_is_private_in_the_conversation_of_two(scene):
    message = one(direct.items_of(page(event()), scene))
    assert (message.external_id, message.root) == ("1:50", "1-2")
    assert (message.kind, message.visibility, message.direction) == (
        Kind.DIRECT, Visibility.PRIVATE, Direction.IN,
    )  # fmt: skip
    assert (message.author.handle, message.to, message.text) == ("kim", None, "Hello & help")
    assert message.posted_at == datetime(2026, 10, 1, 10, tzinfo=UTC)


def test_ours_says_whom_it_is_for(scene):
    message = one(direct.items_of(page(event(sender_id="1")), scene))
    assert (message.external_id, message.direction) == ("1:50", Direction.OUT)
    assert (message.to.id, message.to.name) == ("2", "Kim")


@pytest.mark.parametrize("sender", ["1", "2"])
def test_polled_and_pushed_are_one_and_the_same(scene, sender):
    polled = direct.items_of(page(event(sender_id=sender)), scene)
    assert polled == tuple(pushed.messages(push(sender, "2" if sender == "1" else "1"), scene))


def test_a_conversation_has_one_name_from_either_side(scene):
    assert one(direct.items_of(page(event(dm_conversation_id="2-1")), scene)).root == "1-2"
    ninth = Scene(Us.of(["9"]), scene.at)
    told = event(dm_conversation_id="10-9", sender_id="10")
    assert one(direct.items_of(page(told), ninth)).root == "9-10"


def test_a_group_is_a_conversation_too(scene):
    message = one(direct.items_of(page(event(dm_conversation_id="1582103724607971328")), scene))
    assert (message.external_id, message.root) == ("1:50", "1582103724607971328")


def test_who_joins_or_leaves_a_group_is_no_message(scene):
    for kind in ("ParticipantsJoin", "ParticipantsLeave"):
        assert direct.items_of(page(event(event_type=kind)), scene) == ()


def test_files_hang_on_it(scene):
    media = {"media_key": "3_1", "type": "photo", "url": "https://ton.x.com/dm/a.jpg"}
    link = {
        "url": "https://t.co/p",
        "expanded_url": "https://x.com/messages/media/50",
        "media_key": "3_1",
    }
    told = event(
        text="look https://t.co/p", attachments={"media_keys": ["3_1"]}, entities={"urls": [link]}
    )
    message = one(direct.items_of(page(told, media=[media]), scene))
    assert message.attachments == (Attachment(url="https://ton.x.com/dm/a.jpg", type="image/jpeg"),)
    assert message.text == "look"


def test_a_pushed_file_hangs_on_it(scene):
    media = {"media_url_https": "https://ton.twitter.com/dm/a.png", "type": "photo"}
    message = one(pushed.messages(push(attachment={"type": "media", "media": media}), scene))
    assert message.attachments[0].type == "image/png"


def test_links_are_read_at_full_length_wherever_they_stand(scene):
    link = [{"url": "https://t.co/a", "expanded_url": "https://acme.com/order"}]
    for told in (event(text="https://t.co/a", urls=link),
                 event(text="https://t.co/a", entities={"urls": link})):  # fmt: skip
        assert one(direct.items_of(page(told), scene)).text == "https://acme.com/order"


def test_our_handle_tells_who_we_are_where_no_id_does(scene):
    us = Scene(Us.of((), ["acme"]), scene.at)
    assert one(direct.items_of(page(event()), us)).external_id == "1:50"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (event(event_type="MessageDelete"), "MessageDelete"),
        (event(id=None), "it has no id"),
        (event(sender_id=None), "it has no sender_id"),
        (event(id="50", created_at=None), "it has no created_at"),
        (event(created_at="soon"), '"soon" is no time'),
        (event(dm_conversation_id="8-9", sender_id="8"), "neither is known to be us"),
        (event(dm_conversation_id="x" * 600), "root: String should have at most 512 characters"),
        (None, "unknown kind"),
    ],
)
def test_what_is_odd_is_set_aside_and_its_neighbours_are_heard(scene, told, why):
    items = direct.items_of(page(event(id="1"), told, event(id="2")), scene)
    [odd] = [item for item in items if isinstance(item, Malformed)]
    assert why in odd.why
    assert [item.message.external_id for item in items if isinstance(item, Seen)] == ["1:1", "1:2"]


def test_a_message_of_ours_that_was_read_is_known_by_its_own_id(scene):
    read = {"created_timestamp": MILLISECONDS, "sender_id": "2", "last_read_event_id": "50"}
    told = {"direct_message_mark_read_events": [read | {"target": {"recipient_id": "1"}}]}
    [item] = pushed.messages(told, scene)
    assert item == Delivered("1:50", datetime(2026, 10, 1, 10, tzinfo=UTC), "read")


def test_what_we_read_ourselves_is_no_news(scene):
    read = {"created_timestamp": MILLISECONDS, "sender_id": "1", "last_read_event_id": "50"}
    told = {"direct_message_mark_read_events": [read | {"target": {"recipient_id": "2"}}, 7]}
    [odd] = pushed.messages(told, scene)
    assert isinstance(odd, Malformed)


@pytest.mark.parametrize("at", [None, "soon", -1, "9" * 18])
def test_a_time_that_is_none_is_set_aside(scene, at):
    read = {"created_timestamp": at, "sender_id": "2", "last_read_event_id": "50"}
    told = {"direct_message_mark_read_events": [read | {"target": {"recipient_id": "1"}}]}
    [odd] = pushed.messages(told, scene)
    assert isinstance(odd, Malformed)


def test_an_encrypted_message_says_that_it_is_one(scene):
    told = {"id": "e4f4d3fc-8bbf", "created_at_msec": MILLISECONDS, "sender_id": "2",
            "conversation_id": "2:1", "encoded_event": "CwABAAAAEz"}  # fmt: skip
    message = one(pushed.encrypted(told, scene))
    assert (message.external_id, message.root) == ("1:e4f4d3fc-8bbf", "encrypted:1-2")
    assert message.text == "[An encrypted message. Open it in X to read it.]"
    assert "CwAB" not in message.model_dump_json()
    [odd] = pushed.encrypted({"id": "e4f4d3fc-8bbf"}, scene)
    assert odd.why == "it has no conversation_id"
