"""What the sandbox shows: timelines, pages, fields, what is edited, gone, protected."""

from datetime import timedelta

import pytest

from careline.testing.clock import START

from .conftest import bearing

pytestmark = pytest.mark.anyio


def ids(page):
    return [one["id"] for one in page.get("data", [])]


def mentions(x):
    return f"/2/users/{x.us.id}/mentions"


async def test_only_what_is_asked_for_is_shown(x, us):
    post = x.post("kim", "@acme hello")
    page = await us.get_json(mentions(x))
    assert page == {
        "data": [{"id": post.id, "text": "@acme hello", "edit_history_tweet_ids": [post.id]}],
        "meta": {"result_count": 1, "newest_id": post.id, "oldest_id": post.id},
    }


async def test_nothing_found_is_a_count_of_none(x, us):
    assert await us.get_json(mentions(x)) == {"meta": {"result_count": 0}}


async def test_pages_are_walked_newest_first_and_new_posts_do_not_move_them(x, us):
    said = [x.post("kim", f"@acme {number}").id for number in range(12)]
    first = await us.get_json(mentions(x), max_results=5)
    x.post("kim", "@acme late")
    token = first["meta"]["next_token"]
    second = await us.get_json(mentions(x), max_results=5, pagination_token=token)
    token = second["meta"]["next_token"]
    third = await us.get_json(mentions(x), max_results=5, pagination_token=token)
    assert [*ids(first), *ids(second), *ids(third)] == said[::-1]
    assert "next_token" not in third["meta"]


async def test_what_is_older_or_newer_than_asked_is_left_out(x, us, clock):
    said = []
    for number in range(4):
        said.append(x.post("kim", f"@acme {number}").id)
        clock.advance(60)
    assert ids(await us.get_json(mentions(x), since_id=said[1])) == [said[3], said[2]]
    assert ids(await us.get_json(mentions(x), until_id=said[1])) == [said[0]]
    span = {"start_time": "2026-01-05T09:01:00Z", "end_time": "2026-01-05T09:03:00.000Z"}
    assert ids(await us.get_json(mentions(x), **span)) == [said[2], said[1]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"max_results": "4"}, "is not between 5 and 100"),
        ({"max_results": "many"}, "is not between 5 and 100"),
        ({"since_id": "one"}, "does not match"),
        ({"start_time": "yesterday"}, "is not a valid RFC3339 date-time"),
        ({"start_time": "2026-01-05T09:00:00Z", "end_time": "2026-01-04T09:00:00Z"}, "before"),
        ({"pagination_token": "rubbish"}, "is not valid"),
        ({"tweet.fields": "author"}, "[author] is not one of"),
        ({"post.fields": "author_id"}, "[author_id] is not one of"),
        ({"expansions": "author"}, "[author] is not one of"),
        ({"count": "5"}, "[count] is not one of"),
    ],
)
async def test_a_wrong_parameter_is_refused_and_named(x, us, query, said):
    status, problem = await us.ask("GET", mentions(x), params=query)
    assert (status, problem["title"]) == (400, "Invalid Request")
    assert problem["type"].endswith("/problems/invalid-request")
    assert said in problem["errors"][0]["message"]


async def test_only_the_newest_800_mentions_can_be_reached(x, us):
    for number in range(805):
        x.post("kim", f"@acme {number}")
    found, token = 0, {}
    while True:
        page = await us.get_json(mentions(x), max_results=100, **token)
        found += page["meta"]["result_count"]
        if "next_token" not in page["meta"]:
            break
        token = {"pagination_token": page["meta"]["next_token"]}
    assert found == 800


async def test_a_reply_names_whom_it_answers_and_knows_its_conversation(x, us):
    asked = x.post("kim", "@acme help")
    answer = x.post("robin", "me too", reply_to=asked)
    fields = "conversation_id,in_reply_to_user_id,referenced_tweets,display_text_range,entities"
    page = await us.get_json("/2/tweets", ids=answer.id, tweet_fields=fields)
    [shown] = page["data"]
    assert shown["text"] == "@kim @acme me too"
    assert shown["display_text_range"] == [11, 17]
    assert shown["conversation_id"] == asked.id
    assert shown["in_reply_to_user_id"] == asked.author.id
    assert shown["referenced_tweets"] == [{"type": "replied_to", "id": asked.id}]
    assert [one["username"] for one in shown["entities"]["mentions"]] == ["kim", "acme"]
    assert ids(await us.get_json(mentions(x))) == [answer.id, asked.id]


async def test_links_are_shortened_and_signs_escaped_by_code_points(x, us):
    post = x.post("kim", "😡 <&> see example.com and https://example.org/a?b=1&c=2 #fail")
    page = await us.get_json("/2/tweets", ids=post.id, tweet_fields="entities")
    [shown] = page["data"]
    first, second = shown["entities"]["urls"]
    assert shown["text"] == f"😡 &lt;&amp;&gt; see {first['url']} and {second['url']} #fail"
    assert first["expanded_url"] == "http://example.com"
    assert second["expanded_url"] == "https://example.org/a?b=1&c=2"
    for one in (first, second):
        assert shown["text"][one["start"] : one["end"]] == one["url"]
    [tag] = shown["entities"]["hashtags"]
    assert shown["text"][tag["start"] : tag["end"]] == "#fail"


async def test_a_quote_and_a_file_stand_behind_the_text(x, us):
    ours = x.post(x.us, "A new kettle")
    quote = x.post("kim", "Look", quote=ours, media=1)
    query = {"tweet_fields": "entities,attachments,referenced_tweets"}
    page = await us.get_json(
        "/2/tweets", ids=quote.id, expansions="attachments.media_keys", **query
    )
    [shown] = page["data"]
    quoted, photo = shown["entities"]["urls"]
    assert shown["text"] == f"Look {quoted['url']} {photo['url']}"
    assert quoted["expanded_url"] == f"https://x.com/acme/status/{ours.id}"
    [media] = page["includes"]["media"]
    assert media == {"media_key": photo["media_key"], "type": "photo"}
    assert ids(await us.get_json(mentions(x))) == []


async def test_a_long_post_is_cut_unless_its_note_is_asked_for(x, us):
    post = x.post("kim", "@acme " + "It broke. " * 50)
    page = await us.get_json("/2/tweets", ids=post.id, tweet_fields="note_tweet")
    [shown] = page["data"]
    assert len(shown["text"]) < 281
    assert shown["note_tweet"]["text"] == post.text
    page = await us.get_json("/2/tweets", ids=post.id, post_fields="note_post")
    assert page["data"][0]["note_post"]["text"] == post.text


async def test_an_edit_is_a_new_id_that_knows_the_old_ones(x, us):
    first = x.post("kim", "@acme helo")
    second = x.edit(first, "@acme hello")
    page = await us.get_json(mentions(x), since_id=first.id)
    assert page["data"] == [
        {
            "id": second.id,
            "text": "@acme hello",
            "edit_history_tweet_ids": [first.id, second.id],
        }
    ]
    assert ids(await us.get_json(mentions(x))) == [second.id]
    query = {"expansions": "edit_history_tweet_ids", "tweet_fields": "edit_controls"}
    page = await us.get_json("/2/tweets", ids=second.id, **query)
    assert page["data"][0]["edit_controls"]["edits_remaining"] == 4
    assert [one["text"] for one in page["includes"]["tweets"]] == ["@acme helo"]


async def test_what_is_deleted_is_an_error_beside_the_data_with_all_its_versions(x, us):
    first, kept = x.post("kim", "@acme helo"), x.post("kim", "@acme stay")
    second = x.edit(first, "@acme hello")
    x.delete(second)
    page = await us.get_json("/2/tweets", ids=f"{first.id},{second.id},{kept.id}")
    assert ids(page) == [kept.id]
    assert [error["resource_id"] for error in page["errors"]] == [first.id, second.id]
    assert {error["title"] for error in page["errors"]} == {"Not Found Error"}
    assert ids(await us.get_json(mentions(x))) == [kept.id]


async def test_the_parent_that_is_gone_is_an_error_beside_its_reply(x, us):
    parent = x.post("robin", "Kettles!")
    reply = x.post("kim", "@acme hm", reply_to=parent)
    x.delete(parent)
    page = await us.get_json(mentions(x), expansions="referenced_tweets.id")
    assert ids(page) == [reply.id]
    assert page["errors"][0]["parameter"] == "referenced_tweets.id"
    assert "includes" not in page


async def test_what_is_protected_is_shown_to_followers_only(x, us):
    post = x.post("kim", "@acme hush")
    x.protect("kim")
    assert ids(await us.get_json(mentions(x))) == []
    page = await us.get_json("/2/tweets", ids=post.id)
    assert page["errors"][0]["title"] == "Authorization Error"
    x.follow(x.us, "kim")
    assert ids(await us.get_json(mentions(x))) == [post.id]


async def test_a_post_can_show_late_behind_ids_that_were_seen_before(x, us, clock):
    late = x.post("kim", "@acme first", lag=30)
    clock.advance(1)
    soon = x.post("robin", "@acme second")
    assert ids(await us.get_json(mentions(x))) == [soon.id]
    clock.advance(30)
    assert ids(await us.get_json(mentions(x), since_id=soon.id)) == []
    assert ids(await us.get_json(mentions(x))) == [soon.id, late.id]


async def test_the_new_words_bring_ids_by_expansions_alone(x, us):
    ours = x.post(x.us, "A new kettle")
    x.post("kim", "Nice", reply_to=ours)
    page = await us.get_json(mentions(x), post_fields="public_metrics")
    assert "author_id" not in page["data"][0]
    assert page["data"][0]["public_metrics"]["repost_count"] == 0
    page = await us.get_json(mentions(x), expansions="author_id,referenced_posts")
    assert page["data"][0]["referenced_posts"] == [{"type": "replied_to", "id": ours.id}]
    assert [one["id"] for one in page["includes"]["posts"]] == [ours.id]


async def test_direct_messages_come_newest_first_and_are_kept_for_30_days(x, us, clock):
    old = x.dm("kim", "Hello?", at=START - timedelta(days=20))
    new = x.dm("kim", "Anybody?")
    x.dm("robin", "Hi Kim", to="kim")
    fields = {"dm_event_fields": "sender_id,dm_conversation_id,created_at"}
    page = await us.get_json("/2/dm_events", **fields)
    assert ids(page) == [new.id, old.id]
    assert page["data"][0]["dm_conversation_id"] == new.conversation_id
    assert "-".join(sorted([x.us.id, new.sender.id], key=int)) == new.conversation_id
    clock.advance(11 * 86400)
    us.headers.update(bearing(x.grant(x.us).access))
    assert ids(await us.get_json("/2/dm_events")) == [new.id]


async def test_direct_messages_have_pages_and_conversations(x, us):
    said = [x.dm("kim", f"{number}").id for number in range(3)]
    other = x.dm("robin", "Hi").id
    first = await us.get_json("/2/dm_events", max_results=2)
    token = first["meta"]["next_token"]
    assert len(token) >= 16
    second = await us.get_json("/2/dm_events", max_results=2, pagination_token=token)
    assert [*ids(first), *ids(second)] == [other, *said[::-1]]
    kim = x.user("kim").id
    assert ids(await us.get_json(f"/2/dm_conversations/with/{kim}/dm_events")) == said[::-1]


async def test_people_are_looked_up_by_name_and_id(x, us):
    kim = x.user("kim")
    query = {"usernames": "KIM,nobody", "user_fields": "public_metrics,protected"}
    page = await us.get_json("/2/users/by", **query)
    assert page["data"][0]["public_metrics"]["followers_count"] == 120
    assert page["data"][0]["protected"] is False
    assert page["errors"][0]["value"] == "nobody"
    assert (await us.get_json("/2/users", ids=kim.id))["data"][0]["username"] == "kim"
    assert (await us.get_json("/2/users/me"))["data"]["id"] == x.us.id
