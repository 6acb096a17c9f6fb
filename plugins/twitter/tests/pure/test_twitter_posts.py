"""A post becomes the message that it is: whose, where, about whom, in which words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from careline.plugin import (
    Attachment,
    Direction,
    Kind,
    Malformed,
    Observed,
    Removed,
    Revised,
    Seen,
    Visibility,
)
from careline_twitter.mapping import gone, items_of
from careline_twitter.us import Scene, Us

KIM = {"id": "2", "username": "kim", "name": "Kim", "public_metrics": {"followers_count": 400}}
ACME = {"id": "1", "username": "Acme", "name": "Acme Inc."}
LOU = {"id": "3", "username": "lou", "name": "Lou"}


def post(id: str = "1990000000000000010", **said: Any) -> dict[str, Any]:
    made = {"author_id": "2", "created_at": "2026-10-01T10:00:00.000Z", "text": "@acme it broke"}
    return {"id": id, **made, **said}


def mentions(*spans: tuple[int, int, str, str]) -> dict[str, Any]:
    names = ("start", "end", "username", "id")
    return {"mentions": [dict(zip(names, span, strict=True)) for span in spans]}


def replied_to(id: str) -> list[dict[str, str]]:
    return [{"type": "replied_to", "id": id}]


def page(*posts: Any, **includes: Any) -> dict[str, Any]:
    return {"data": list(posts), "includes": {"users": [KIM, ACME, LOU], **includes}}


def messages(items: Any) -> list[Any]:
    return [item.message for item in items if isinstance(item, Seen | Revised)]


def the_message(scene: Scene, raw: dict[str, Any], **includes: Any) -> Any:
    [message, *_] = messages(items_of(page(raw, **includes), scene))
    return message


def test_a_mention_says_who_where_and_what(scene):
    message = the_message(scene, post(conversation_id="1990000000000000010", lang="en"))
    assert (message.external_id, message.kind, message.direction, message.visibility) == (
        "1990000000000000010", Kind.MENTION, Direction.IN, Visibility.PUBLIC,
    )  # fmt: skip
    assert (message.author.id, message.author.handle, message.author.name) == ("2", "kim", "Kim")
    assert message.author.followers == 400
    assert message.posted_at == datetime(2026, 10, 1, 10, tzinfo=UTC)
    assert message.root == "1990000000000000010"
    assert message.permalink == "https://x.com/kim/status/1990000000000000010"
    assert (message.text, message.lang, message.addressed) == ("@acme it broke", "en", True)


def test_what_we_post_in_xs_own_app_is_ours(scene):
    message = the_message(
        scene, post(author_id="1", text="On it!", referenced_tweets=replied_to("7"))
    )
    assert (message.direction, message.kind, message.parent) == (Direction.OUT, Kind.REPLY, "7")
    assert message.sent_by == "elsewhere"
    assert not message.addressed


def test_another_account_of_the_brand_is_ours_by_its_handle(scene):
    us = Scene(Us.of(["99"], ["acme"]), scene.at)
    assert the_message(us, post(author_id="1", text="Hello")).direction is Direction.OUT


@pytest.mark.parametrize(
    ("said", "kind", "parent", "quoted"),
    [
        ({}, Kind.MENTION, None, None),
        ({"referenced_tweets": replied_to("7")}, Kind.REPLY, "7", None),
        ({"in_reply_to_tweet_id": "7"}, Kind.REPLY, "7", None),
        ({"referenced_tweets": [{"type": "quoted", "id": "8"}]}, Kind.QUOTE, None, "8"),
        (
            {"referenced_tweets": [*replied_to("7"), {"type": "quoted", "id": "8"}]},
            Kind.REPLY, "7", "8",
        ),
        ({"text": "acme anvil broke", "entities": {}}, Kind.MENTION, None, None),
        ({"author_id": "1", "text": "Sale!"}, Kind.POST, None, None),
        (
            {"author_id": "1", "referenced_tweets": [{"type": "quoted", "id": "8"}]},
            Kind.QUOTE, None, "8",
        ),
        ({"in_reply_to_user_id": "1"}, Kind.MENTION, None, None),
    ],
)  # fmt: skip
def test_its_kind_follows_from_what_it_refers_to(scene, said, kind, parent, quoted):
    message = the_message(scene, post(**said))
    assert (message.kind, message.parent, message.quoted) == (kind, parent, quoted)


@pytest.mark.parametrize(
    ("text", "marked", "reply", "visible", "addressed"),
    [
        ("@Acme it broke", [(0, 5, "Acme", "1")], False, None, True),
        ("@Acme it broke", [(0, 5, "Acme", "1")], True, None, False),
        ("@Acme it broke", [(0, 5, "Acme", "1")], True, 6, False),
        ("@Acme it broke", [(0, 5, "Acme", "1")], True, 0, True),
        ("@lou @Acme look", [(0, 4, "lou", "3"), (5, 10, "Acme", "1")], True, None, False),
        ("@lou @Acme look", [(0, 4, "lou", "3"), (5, 10, "Acme", "1")], True, 5, True),
        ("@lou hey @Acme", [(0, 4, "lou", "3"), (9, 14, "Acme", "1")], True, None, True),
        ("@Acme thanks @acme", [(0, 5, "Acme", "1"), (13, 18, "acme", "1")], True, 6, True),
        ("👨‍👩‍👧‍👦 @lou hi @Acme", [(8, 12, "lou", "3"), (16, 21, "Acme", "1")], True, None, True),
        ("@lou 👍🏽 @Acme", [(0, 4, "lou", "3"), (8, 13, "Acme", "1")], True, None, True),
        ("👍 @Acme", [(3, 8, "Acme", "1")], False, None, True),
        ("it broke", [], False, None, False),
        ("renamed @oldacme", [(8, 16, "oldacme", "1")], False, None, True),
        ("hey @lou", [(4, 8, "lou", "3")], False, None, False),
        ("ann@acme.com wrote", None, False, None, False),
        ("@lou hi @ACME!", None, True, None, True),
        ("@lou @acme hi", None, True, None, False),
    ],
)
def test_it_addresses_us_beyond_what_its_reply_carries(
    scene, text, marked, reply, visible, addressed
):
    said: dict[str, Any] = {"text": text}
    if marked is not None:
        said["entities"] = mentions(*marked)
    if reply:
        said["referenced_tweets"] = replied_to("7")
    if visible is not None:
        said["display_text_range"] = [visible, len(text)]
    assert the_message(scene, post(**said)).addressed is addressed


def test_a_long_post_is_read_whole_with_its_own_mentions(scene):
    whole = "x" * 300 + " @acme https://t.co/b"
    long = {
        "text": whole,
        "entities": {
            **mentions((301, 306, "acme", "1")),
            "urls": [{"url": "https://t.co/b", "expanded_url": "https://acme.com/orders?a=1&b=2"}],
        },
    }
    message = the_message(scene, post(text="x" * 270 + "…", entities={}, note_tweet=long))
    assert message.text == "x" * 300 + " @acme https://acme.com/orders?a=1&b=2"
    assert message.addressed


def test_words_read_as_they_were_typed(scene):
    links = [
        {"url": "https://t.co/a", "expanded_url": "https://acme.com/?a&b"},
        {"url": "https://t.co/ab", "expanded_url": "https://acme.com/\\1"},
        {"url": "https://t.co/none"},
        None,
    ]
    said = "1 &lt; 2 &amp;amp; https://t.co/ab https://t.co/a https://t.co/none"
    message = the_message(scene, post(text=said, entities={"urls": links}))
    assert (
        message.text == r"1 < 2 &amp; https://acme.com/\1 https://acme.com/?a&b https://t.co/none"
    )


def test_pictures_and_films_hang_on_it(scene):
    media = [
        {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.png",
         "alt_text": "a broken anvil"},
        {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.twimg.com/b.jpg",
         "variants": [
             {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/b.m3u8"},
             {"content_type": "video/mp4", "bit_rate": 256000, "url": "https://video.twimg.com/s.mp4"},
             {"content_type": "video/mp4", "bit_rate": 832000, "url": "https://video.twimg.com/l.mp4"},
         ]},
        {"media_key": "16_3", "type": "animated_gif", "preview_image_url": "https://pbs.twimg.com/c?format=webp"},
        {"media_key": "3_4", "type": "photo"},
    ]  # fmt: skip
    link = {"url": "https://t.co/p", "expanded_url": "https://x.com/kim/status/1/photo/1"}
    raw = post(
        text="@acme look https://t.co/p",
        entities={"urls": [link]},
        attachments={"media_keys": ["3_1", "7_2", "16_3", "3_4", "3_5"]},
    )
    message = the_message(scene, raw, media=media)
    assert message.text == "@acme look"
    assert message.attachments == (
        Attachment(
            url="https://pbs.twimg.com/media/a.png", type="image/png", description="a broken anvil"
        ),
        Attachment(url="https://video.twimg.com/l.mp4", type="video/mp4"),
        Attachment(url="https://pbs.twimg.com/c?format=webp", type="image/webp"),
    )
    unknown = the_message(scene, raw)
    assert unknown.text == "@acme look https://x.com/kim/status/1/photo/1"


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        ("en", "en"),
        ("und", ""),
        ("qme", ""),
        ("zxx", ""),
        ("iw", "he"),
        ("in", "id"),
        (None, ""),
        (7, ""),
    ],
)
def test_a_language_is_named_as_others_name_it(scene, tag, lang):
    assert the_message(scene, post(lang=tag)).lang == lang


@pytest.mark.parametrize("fraction", ["", ".0", ".1", ".12", ".000", ".123456", ".123456789"])
def test_times_are_read_with_any_fraction(scene, fraction):
    posted_at = the_message(scene, post(created_at=f"2026-01-05T09:10:11{fraction}Z")).posted_at
    assert posted_at.replace(microsecond=0) == datetime(2026, 1, 5, 9, 10, 11, tzinfo=UTC)


def test_a_time_that_is_left_out_is_read_from_the_id(scene):
    raw = post("1136048014974423040")
    del raw["created_at"]
    assert the_message(scene, raw).posted_at == datetime(2019, 6, 4, 23, 12, 8, tzinfo=UTC)


def test_ids_may_come_as_numbers(scene):
    told = post(
        conversation_id="1990000000000000001", referenced_tweets=replied_to("1990000000000000002")
    )
    numbered = told | {
        "id": int(told["id"]),
        "author_id": 2,
        "conversation_id": 1990000000000000001,
    }
    numbered["referenced_tweets"] = [{"type": "replied_to", "id": 1990000000000000002}]
    assert items_of(page(numbered), scene) == items_of(page(told), scene)


def test_an_author_of_whom_nothing_more_is_said_is_known_by_id(scene):
    message = the_message(scene, post(author_id="77"))
    assert (message.author.id, message.author.handle, message.author.followers) == ("77", "", None)
    assert message.permalink == "https://x.com/i/status/1990000000000000010"
    bare = post()
    del bare["author_id"]
    assert the_message(scene, bare).author is None


FIRST, SECOND, THIRD = "1990000000000000010", "1990000000000000020", "1990000000000000030"


def edited(id: str, text: str, at: str, upto: list[str]) -> dict[str, Any]:
    return post(id, text=text, created_at=at, edit_history_tweet_ids=upto)


def test_an_edit_revises_the_first_version(scene):
    second = edited(SECOND, "@acme it burnt", "2026-10-01T10:10:00Z", [FIRST, SECOND])
    [item] = items_of(page(second), scene)
    assert isinstance(item, Revised)
    assert (item.of, item.at) == (FIRST, datetime(2026, 10, 1, 10, 10, tzinfo=UTC))
    assert (item.message.external_id, item.message.text) == (SECOND, "@acme it burnt")
    assert item.message.posted_at < item.at


def test_all_versions_that_come_along_are_heard(scene):
    upto = [THIRD, FIRST, SECOND]
    third = edited(THIRD, "three", "2026-10-01T10:20:00Z", upto)
    earlier = [
        edited(SECOND, "two", "2026-10-01T10:10:00Z", upto),
        edited(FIRST, "one", "2026-10-01T10:00:00Z", upto),
    ]
    items = items_of(page(third, tweets=earlier), scene)
    assert [(type(item), item.message.text) for item in items] == [
        (Revised, "three"), (Revised, "two"), (Seen, "one"),
    ]  # fmt: skip
    assert {item.message.posted_at for item in items} == {datetime(2026, 10, 1, 10, tzinfo=UTC)}
    assert {item.message.kind for item in items} == {Kind.MENTION}


def test_an_edited_root_keeps_its_place(scene):
    upto = [FIRST, SECOND]
    second = post(SECOND, edit_history_tweet_ids=upto, conversation_id=SECOND)
    assert the_message(scene, second).root == FIRST


def test_a_history_without_the_post_itself_is_not_believed(scene):
    [item] = items_of(page(post(edit_history_tweet_ids=["5", "6"])), scene)
    assert isinstance(item, Seen)


def test_counts_are_observed_when_they_came(scene):
    metrics = {"like_count": 5, "retweet_count": 2, "reply_count": 0, "impression_count": "480"}
    _, observed = items_of(page(post(public_metrics=metrics)), scene)
    assert observed == Observed("1990000000000000010", scene.at, 5, 2, 0, 480)


@pytest.mark.parametrize("metrics", [{}, None, [], {"like_count": -1}, {"like_count": True}])
def test_counts_that_are_none_are_not_observed(scene, metrics):
    [seen] = items_of(page(post(public_metrics=metrics)), scene)
    assert isinstance(seen, Seen)


def test_a_retweet_is_no_message_but_counts_on_what_it_repeats(scene):
    metrics = {"retweet_count": 12}
    repeat = post(text="RT @kim: it broke", author_id="3",
                  referenced_tweets=[{"type": "retweeted", "id": FIRST}])  # fmt: skip
    original = post(FIRST, public_metrics=metrics)
    assert items_of(page(repeat), scene) == ()
    assert items_of(page(repeat, tweets=[original]), scene) == (
        Observed(FIRST, scene.at, reposts=12),
    )


def test_what_is_answered_or_quoted_is_kept_as_context(scene):
    asked = post("11", author_id="3", text="which anvil?", created_at="2026-10-01T09:00:00Z")
    other = post("12", author_id="3", text="beside the point")
    raw = post(referenced_tweets=[*replied_to("11"), {"type": "quoted", "id": "13"}])
    quoted = post("13", author_id="3", text="an anvil", created_at="2026-10-01T08:00:00Z")
    items = items_of(page(raw, tweets=[other, asked, quoted]), scene)
    assert [(item.message.external_id, item.message.kind, item.context) for item in items] == [
        (raw["id"], Kind.REPLY, False), ("11", Kind.POST, True), ("13", Kind.POST, True),
    ]  # fmt: skip


def test_ours_that_comes_along_is_heard_as_an_answer(scene):
    ours = post("11", author_id="1", text="On it!", referenced_tweets=replied_to("10"))
    items = items_of(page(post(referenced_tweets=replied_to("11")), tweets=[ours]), scene)
    assert items[1] == Seen(messages(items)[1], context=False)
    assert messages(items)[1].direction is Direction.OUT


def test_a_retweet_that_comes_along_is_left_out(scene):
    beside = post("11", referenced_tweets=[{"type": "retweeted", "id": "7"}])
    items = items_of(page(post(referenced_tweets=replied_to("11")), tweets=[beside]), scene)
    assert len(items) == 1


def test_what_comes_along_and_says_too_little_is_left_out(scene):
    for beside in ({"id": "11"}, {"id": "11", "text": "no time"}, {"id": "x"}, None, 7):
        items = items_of(page(post(referenced_tweets=replied_to("11")), tweets=[beside]), scene)
        assert len(items) == 1


def test_a_withheld_post_is_kept_without_its_words(scene):
    raw = post(withheld={"copyright": False, "country_codes": ["DE"]})
    del raw["text"]
    assert the_message(scene, raw).text == ""


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (7, "it is no object"),
        ({}, "it has no id"),
        (post("abc"), 'the id "abc" is no number'),
        ({"id": "1990000000000000010"}, "it has no text"),
        (post(created_at="yesterday"), '"yesterday" is no time'),
        (post(created_at={"a": 1}), "is no time"),
        ({"id": "7", "text": "old, and without a time"}, "it has no created_at"),
        (post(author_id="x" * 600), "id: String should have at most 512 characters"),
        (post(edit_history_tweet_ids=["1990000000000000010", "b"]), 'the id "b" is no number'),
    ],
)
def test_what_is_odd_is_set_aside_and_its_neighbours_are_heard(scene, raw, why):
    items = items_of(page(post("1990000000000000001"), raw, post("1990000000000000002")), scene)
    [odd] = [item for item in items if isinstance(item, Malformed)]
    assert why in odd.why
    assert odd.place == "mentions"
    assert odd.raw
    assert [message.external_id[-1] for message in messages(items)] == ["1", "2"]


NOT_FOUND = {
    "resource_type": "tweet", "resource_id": "44", "parameter": "ids", "value": "44",
    "title": "Not Found Error", "detail": "Could not find tweet with ids: [44].",
    "type": "https://api.x.com/2/problems/resource-not-found",
}  # fmt: skip
PROTECTED = NOT_FOUND | {
    "resource_id": "45", "value": "45", "title": "Authorization Error",
    "type": "https://api.x.com/2/problems/not-authorized-for-resource",
}  # fmt: skip


def test_errors_count_only_where_they_name_what_was_asked_for(scene):
    told = page(post()) | {"errors": [NOT_FOUND, PROTECTED, None, {"title": "?"}]}
    assert len(items_of(told, scene)) == 1
    asking = Scene(scene.us, scene.at, "lookup", asked=("44", "46"))
    seen, odd = items_of(told, asking)
    assert isinstance(seen, Seen)
    assert odd.why == "Could not find tweet with ids: [44]."


def test_a_post_that_is_not_found_any_more_is_gone(scene):
    asking = Scene(scene.us, scene.at, asked=("44", "45"))
    told = {"errors": [NOT_FOUND, PROTECTED, NOT_FOUND | {"resource_id": "47"}]}
    assert gone(told, asking) == (Removed("44", scene.at),)


def test_a_line_of_a_stream_holds_one_post(scene):
    told = {"data": post(), "includes": {"users": [KIM]}, "matching_rules": [{"id": "5"}]}
    assert [message.author.name for message in messages(items_of(told, scene))] == ["Kim"]
    assert items_of({"errors": [{"title": "operational-disconnect"}]}, scene) == ()
