"""What can be done at the sandbox, and every reason for which it refuses."""

import httpx
import pytest

pytestmark = pytest.mark.anyio


def reply_to(post, text="On it!", **more):
    return {"text": text, "reply": {"in_reply_to_tweet_id": post.id, **more}}


async def refused(client, method, path, status=403, **sent):
    got, problem = await client.ask(method, path, **sent)
    assert got == status, problem
    return problem["detail"] if "detail" in problem else problem["errors"][0]["message"]


async def test_an_answer_names_whom_it_answers_and_is_kept(x, us):
    asked = x.post("kim", "@acme help")
    status, made = await us.ask("POST", "/2/tweets", json=reply_to(asked))
    assert status == 201
    assert made["data"]["text"] == "@kim On it!"
    assert x.done == [("post", "On it!", asked.id)]
    assert x.sent[0].id == made["data"]["id"]
    page = await us.get_json("/2/tweets", ids=made["data"]["id"], tweet_fields="conversation_id")
    assert page["data"][0]["conversation_id"] == asked.id


async def test_who_did_not_call_us_cannot_be_answered(x, us):
    stranger = x.post("kim", "My kettle broke")
    problem = await refused(us, "POST", "/2/tweets", json=reply_to(stranger))
    assert "have not been mentioned or otherwise engaged" in problem
    quoted = x.post("kim", "Look", quote=x.post(x.us, "A new kettle"))
    assert (await us.post("/2/tweets", json=reply_to(quoted))).status_code == 201
    x.app.level = "enterprise"
    assert (await us.post("/2/tweets", json=reply_to(stranger, "Hello"))).status_code == 201


async def test_the_same_text_is_refused_for_a_day(x, us, clock):
    for _ in range(2):
        response = await us.post("/2/tweets", json={"text": "We are back."})
    assert response.status_code == 403
    assert "duplicate content" in response.json()["detail"]
    one, other = x.post("kim", "@acme help"), x.post("robin", "@acme help")
    for asked in (one, other):
        assert (await us.post("/2/tweets", json=reply_to(asked))).status_code == 201
    again = reply_to(x.post("kim", "@acme hello?"))
    assert "duplicate content" in await refused(us, "POST", "/2/tweets", json=again)


async def test_length_is_weighed_without_the_mentions_that_a_reply_carries(x, us):
    asked = x.post("kim", "@acme help")
    fits, kanji = "a" * 280, "漢" * 141
    assert (await us.post("/2/tweets", json=reply_to(asked, fits))).status_code == 201
    for text in ("a" * 281, kanji):
        assert "too long" in await refused(us, "POST", "/2/tweets", json={"text": text})
    link = "https://example.com/" + "a" * 400
    assert (await us.post("/2/tweets", json={"text": f"See {link}"})).status_code == 201
    x.user("acme", premium=True)
    assert (await us.post("/2/tweets", json={"text": "b" * 25_000})).status_code == 201


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "Required fields"),
        ({"text": "  "}, "Required fields"),
        ({"text": "Hi", "mood": "good"}, "$.mood: is not defined"),
        ({"text": "Hi", "reply": {"in_reply_to_tweet_id": 12}}, "does not match"),
        ({"text": "Hi", "media": {"media_ids": ["12"]}}, "media IDs are invalid"),
        ({"text": "Hi", "direct_message_deep_link": "https://example.com"}, "deep_link"),
    ],
)
async def test_a_body_that_is_not_right_is_refused(us, body, why):
    assert why in (await us.ask("POST", "/2/tweets", json=body))[1]["errors"][0]["message"]


async def test_what_is_gone_cannot_be_answered(x, us):
    asked = x.post("kim", "@acme help")
    x.delete(asked)
    problem = await refused(us, "POST", "/2/tweets", json=reply_to(asked))
    assert problem.startswith("You attempted to reply to a Tweet that is deleted")


async def test_quotes_and_follows_are_not_for_everybody(x, us):
    post = x.post("kim", "@acme hm")
    quote, kim = {"text": "See", "quote_tweet_id": post.id}, {"target_user_id": post.author.id}
    following = f"/2/users/{x.us.id}/following"
    assert "Quoting this post" in await refused(us, "POST", "/2/tweets", json=quote)
    assert "different access level" in await refused(us, "POST", following, json=kim)
    x.app.level = "enterprise"
    assert (await us.post("/2/tweets", json=quote)).status_code == 201
    answers = [(await us.post(following, json=kim)).json()["data"] for _ in range(2)]
    assert answers == [{"following": True, "pending_follow": False}] * 2
    assert x.done[1:] == [("follow", "", post.author.id)]
    x.protect("robin")
    robin = {"target_user_id": x.user("robin").id}
    asked = (await us.post(following, json=robin)).json()["data"]
    assert asked == {"following": False, "pending_follow": True}


async def test_only_our_own_can_be_edited_five_times_within_the_hour(x, us, clock):
    x.user("acme", premium=True)
    id = (await us.post("/2/tweets", json={"text": "v0"})).json()["data"]["id"]
    for number in range(1, 6):
        edit = {"text": f"v{number}", "edit_options": {"previous_post_id": id}}
        id = (await us.post("/2/tweets", json=edit)).json()["data"]["id"]
    sixth = {"text": "v6", "edit_options": {"previous_post_id": id}}
    assert "no longer be edited" in await refused(us, "POST", "/2/tweets", json=sixth)
    hers = {"text": "Ha", "edit_options": {"previous_post_id": x.post("kim", "Hm").id}}
    await refused(us, "POST", "/2/tweets", json=hers)
    late = {"text": "late", "edit_options": {"previous_post_id": x.post(x.us, "early").id}}
    clock.advance(3601)
    assert "no longer be edited" in await refused(us, "POST", "/2/tweets", json=late)
    assert [done[0] for done in x.done] == ["post", *["edit"] * 5]


async def test_only_our_own_can_be_deleted_once(x, us):
    ours, hers = x.post(x.us, "Oops"), x.post("kim", "@acme hm")
    assert (await us.ask("DELETE", f"/2/tweets/{ours.id}"))[1] == {"data": {"deleted": True}}
    await refused(us, "DELETE", f"/2/tweets/{ours.id}", status=404)
    await refused(us, "DELETE", f"/2/tweets/{hers.id}")
    assert x.done == [("delete", "", ours.id)]


async def test_replies_to_us_can_be_hidden_and_shown_again(x, us):
    reply = x.post("kim", "Boo", reply_to=x.post(x.us, "A new kettle"))
    path = f"/2/tweets/{reply.id}/hidden"
    for hidden in (True, False):
        answer = await us.ask("PUT", path, json={"hidden": hidden})
        assert answer == (200, {"data": {"hidden": hidden}})
        assert reply.hidden is hidden
    elsewhere = x.post("kim", "@acme boo", reply_to=x.post("robin", "Hi"))
    await refused(us, "PUT", f"/2/tweets/{elsewhere.id}/hidden", json={"hidden": True})
    await refused(us, "PUT", path, 400, json={"hidden": "yes"})
    assert [done[0] for done in x.done] == ["hide", "unhide"]


async def test_who_takes_no_messages_gets_none(x, us):
    kim = x.user("kim").id
    path, message = f"/2/dm_conversations/with/{kim}/messages", {"text": "Hello"}
    x.refuse_dms("kim")
    problem = await refused(us, "POST", path, json=message)
    assert problem == "You do not have permission to DM one or more participants."
    x.refuse_dms("kim", refuse=False)
    for _ in range(2):
        status, made = await us.ask("POST", path, json=message)
        assert status == 201
    assert made["data"]["dm_event_id"] == x.sent[1].id
    assert x.twice == {("direct", "Hello", kim): 2}
    within = f"/2/dm_conversations/{made['data']['dm_conversation_id']}/messages"
    assert (await us.post(within, json={"text": "More"})).status_code == 201
    await refused(us, "POST", path, 400, json={"text": "a" * 10_001})
    await refused(us, "POST", path, 400, json={})
    await refused(us, "POST", "/2/dm_conversations/1-2/messages", 404, json=message)


async def test_a_file_can_be_uploaded_as_a_form_and_lives_for_a_day(x, us, clock):
    form = {"media_category": "tweet_image"}
    photo = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    sent = await us.post("/2/media/upload", data=form, files={"media": ("a.png", photo)})
    told = sent.json()["data"]
    assert (told["size"], told["expires_after_secs"]) == (len(photo), 86400)
    post = {"text": "Look", "media": {"media_ids": [told["id"]]}}
    made = (await us.post("/2/tweets", json=post)).json()["data"]
    page = await us.get_json("/2/tweets", ids=made["id"], tweet_fields="attachments")
    assert page["data"][0]["attachments"] == {"media_keys": [told["media_key"]]}
    x.advance(86400)
    us.headers["authorization"] = f"Bearer {x.grant(x.us).access}"
    post["text"] = "Look again"
    assert "media IDs are invalid" in await refused_400(us, post)


async def refused_400(client, post):
    status, problem = await client.ask("POST", "/2/tweets", json=post)
    assert status == 400
    return problem["errors"][0]["message"]


async def test_a_file_that_is_too_big_is_refused(us):
    big = {"media": ("a.png", b"0" * (5 * 1024 * 1024 + 1))}
    form = {"media_category": "tweet_image"}
    sent: httpx.Response = await us.post("/2/media/upload", data=form, files=big)
    assert sent.status_code == 400
    assert "File size exceeds" in sent.text
