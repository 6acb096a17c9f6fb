"""What a webhook of the relay says: JSON to items, each by itself."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline.builtin.relay.mapping import body_of, items_of
from careline.plugin import (
    Answer,
    Attachment,
    Author,
    Delete,
    Delivered,
    Direct,
    Direction,
    Follow,
    Hide,
    Kind,
    Malformed,
    Message,
    Observed,
    Post,
    PrivateReply,
    Removed,
    Revised,
    Seen,
    Visibility,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SAID = {"external_id": "1", "kind": "mention", "posted_at": "2026-03-02T09:00:00Z"}
SEEN = {"type": "seen", "message": SAID}
GONE = {"type": "removed", "external_id": "1", "at": "2026-03-02T10:00:00+01:00"}
KIM = Author(id="u1", name="Kim", handle="kim", scope="", followers=7)


def items(*told):
    return items_of(json.dumps({"items": told}).encode(), "w1")


def test_each_item_of_the_contract_has_its_json():
    counts = {"likes": 1, "reposts": 2, "replies": 3, "reach": 4}
    message = Message(external_id="1", kind=Kind.MENTION, posted_at=AT)
    assert items(
        SEEN,
        SEEN | {"context": True},
        SEEN | {"type": "revised", "of": "0", "at": "2026-03-02T09:00:00Z"},
        GONE | {"by": "author", "purge": True},
        GONE | {"type": "observed"} | counts,
        GONE | {"type": "delivered", "state": "failed", "why": "no such address"},
    ) == (
        Seen(message),
        Seen(message, context=True),
        Revised(message, of="0", at=AT),
        Removed("1", AT, by="author", purge=True),
        Observed("1", AT, 1, 2, 3, 4),
        Delivered("1", AT, "failed", "no such address"),
    )


def test_a_message_has_all_fields_of_the_model():
    whole = Message(
        external_id="2", kind=Kind.DIRECT, posted_at=AT, precision="day", direction=Direction.OUT,
        visibility=Visibility.PRIVATE, author=KIM, to=KIM, parent="1", root="r", quoted="q",
        addressed=True, text="Grüße 👋", title="T", lang="de", permalink="https://x.example/2",
        attachments=(Attachment(url="https://x.example/a.png", type="image/png", size=9),),
        rating=4.5, sent_by="agent",
    )  # fmt: skip
    assert set(Message.model_fields) == whole.model_fields_set
    assert items({"type": "seen", "message": whole.model_dump(mode="json")}) == (Seen(whole),)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (7, "Input should be a valid dictionary"),
        ({}, "Unable to extract tag"),
        ({"type": "shouted"}, "does not match any of the expected tags"),
        ({"type": "seen"}, "seen.message: Field required"),
        (SEEN | {"message": SAID | {"kind": "shout"}}, "seen.message.kind: Input should be"),
        (SEEN | {"message": SAID | {"mood": "bad"}}, "seen.message.mood: Extra inputs"),
        (SEEN | {"message": SAID | {"external_id": ""}}, "at least 1 character"),
        (SEEN | {"message": SAID | {"posted_at": "2026-03-02T09:00:00"}}, "timezone"),
        (SEEN | {"loud": True}, "seen.loud: Extra inputs"),
        (GONE | {"external_id": "a\u0000b"}, "control characters"),
        (GONE | {"external_id": "x" * 513}, "at most 512 characters"),
        (GONE | {"at": "soon"}, "removed.at: Input should be a valid datetime"),
        (GONE | {"type": "observed", "likes": -1}, "observed.likes: Input should be greater"),
        (GONE | {"type": "observed", "likes": 2**63}, "observed.likes: Input should be less"),
        (GONE | {"type": "delivered", "state": "lost"}, "delivered.state: Input should be"),
    ],
)
def test_an_item_that_is_wrong_is_set_aside_with_the_reason_and_its_neighbours_are_kept(told, why):
    first, wrong, last = items(SEEN, told, GONE)
    assert (type(first), type(last)) == (Seen, Removed)
    assert isinstance(wrong, Malformed)
    assert why in wrong.why
    assert wrong.place == "w1:1"
    assert json.loads(wrong.raw) == told


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON: Expecting value"),
        (b"{", "not JSON"),
        (b'{"items": [' + b"7,", "not JSON"),
        (b"\xff\xfe\xfd", "not JSON"),
        (b'{"items": [NaN]}', "not JSON: NaN is no number"),
        (b"[" * 100_000, "not JSON"),
        (b'{"items": [' + b"7" * 5000 + b"]}", "not JSON"),
        (b"[]", 'not an object with a list of "items"'),
        (b"{}", 'not an object with a list of "items"'),
        (b'{"items": {}}', 'not an object with a list of "items"'),
        (json.dumps({"items": [7] * 10_001}).encode(), "more than 10000 items at once"),
    ],
)
def test_a_body_that_is_no_list_of_items_is_set_aside_whole(body, why):
    [wrong] = items_of(body, "w1")
    assert isinstance(wrong, Malformed)
    assert wrong.why.startswith(why)
    assert (wrong.raw, wrong.place) == (body, "w1")


def test_half_of_an_emoji_costs_no_message():
    [seen] = items_of(b'{"items": [%s]}' % json.dumps(
        SEEN | {"message": SAID | {"text": "cut \ud83d"}}
    ).encode(), "w1")  # fmt: skip
    assert seen.message.text == "cut \N{REPLACEMENT CHARACTER}"


@given(st.binary())
def test_no_body_makes_it_raise(body):
    assert isinstance(items_of(body, "w1"), tuple)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(JSON | st.fixed_dictionaries({"type": st.just("seen"), "message": JSON})))
def test_no_item_makes_it_raise_and_each_becomes_one(told):
    assert len(items(*told)) == len(told)


WHO = {"id": "a1", "actor": "ann"}


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (
            Answer(
                **WHO, place="r", visibility=Visibility.PUBLIC, customer=KIM, in_reply_to="1",
                text="Grüße", attachments=(Attachment(url="https://x.example/a"),),
            ),
            {
                "type": "answer", "place": "r", "visibility": "public", "in_reply_to": "1",
                "text": "Grüße", "customer": KIM.model_dump(),
                "attachments": [{
                    "url": "https://x.example/a", "type": "application/octet-stream",
                    "size": None, "description": "",
                }],
            },
        ),
        (
            Direct(**WHO, customer=KIM, text="Hello"),
            {"type": "direct", "customer": KIM.model_dump(), "text": "Hello", "place": None,
             "attachments": []},
        ),
        (
            PrivateReply(**WHO, message="1", customer=KIM, text="Hello"),
            {"type": "private_reply", "message": "1", "customer": KIM.model_dump(),
             "text": "Hello"},
        ),
        (Post(**WHO, text="Hello"), {"type": "post", "text": "Hello", "attachments": []}),
        (Hide(**WHO, message="1"), {"type": "hide", "message": "1", "hidden": True}),
        (Delete(**WHO, message="1"), {"type": "delete", "message": "1"}),
        (Follow(**WHO, customer=KIM), {"type": "follow", "customer": KIM.model_dump()}),
    ],
)  # fmt: skip
def test_each_action_says_what_where_and_who(action, told):
    assert json.loads(body_of(action)) == WHO | told
    assert body_of(action) == body_of(action)
