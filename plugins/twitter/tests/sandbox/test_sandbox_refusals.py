"""What is asked wrongly, endpoint by endpoint; and what the server makes of odd clients."""

import anyio
import httpx
import pytest

from careline_twitter.sandbox import TwitterSandbox

from .conftest import bearing

pytestmark = pytest.mark.anyio
RULES, PARTS = "/2/tweets/search/stream/rules", "/2/media/upload"
SUBSCRIPTIONS, HOOKS = "/2/activity/subscriptions", "/2/webhooks"


def post(path, **body):
    return "POST", path, {"json": body}


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        (("POST", "/2/tweets", {"content": b"{"}), 400, "Unable to parse"),
        (("POST", "/2/tweets", {"content": b"[]"}), 400, "must be a JSON object"),
        (post("/2/tweets", text="Hi", reply=[]), 400, "$.reply: is not an object"),
        (post("/2/tweets", text="Hi", quote_tweet_id="12"), 403, "attempted to quote"),
        (post("/2/dm_conversations/with/12/messages", text="Hi"), 404, "Could not find user"),
        (("GET", "/2/dm_events/12", {}), 404, "Could not find dm_event"),
        (("GET", "/2/dm_events?event_types=Wave", {}), 400, "[Wave] is not known"),
        (("GET", "/2/users/by/username/nobody", {}), 404, "Could not find user"),
        (("GET", "/2/users/by?usernames=no-name", {}), 400, "does not match"),
        (("GET", "/2/users?ids=", {}), 400, "[0] is not between 1 and 100"),
        (post(PARTS, media="aGk=", media_category="poem"), 400, "media_category"),
        (post(PARTS, media="?", media_category="tweet_image"), 400, "is not base64"),
        (post(PARTS, media_category="tweet_image"), 400, "is missing"),
        (
            post(f"{PARTS}/initialize", media_category="dm_gif", total_bytes=10**9),
            400,
            "File size exceeds",
        ),
        (post(f"{PARTS}/12/append", media="aGk=", segment_index=0), 400, "IDs are invalid"),
    ],
)
async def test_somebody_is_told_what_is_wrong(us, asked, status, why):
    method, path, sent = asked
    answer = await us.request(method, path, **sent)
    assert answer.status_code == status
    assert why in answer.text


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        (post(RULES), 400, "is missing"),
        (("GET", "/2/connections?status=odd", {}), 400, "[odd] is not one of"),
        (("GET", "/2/tweets/counts/recent?query=a&granularity=year", {}), 400, "granularity"),
        (post(SUBSCRIPTIONS, event_type="post.sparkle", filter={}), 400, "is not known"),
        (post(SUBSCRIPTIONS, event_type="post.create"), 400, "$.filter: is missing"),
        (
            post(SUBSCRIPTIONS, event_type="post.create", filter={"user_id": "12"}),
            404,
            "Could not find user",
        ),
        (post(HOOKS, url="https://nowhere.example/hook"), 400, "CrcValidationFailed"),
        (post(f"{HOOKS}/replay", webhook_id="12"), 404, "WebhookIdInvalid"),
        (("DELETE", f"{HOOKS}/12", {}), 404, "WebhookIdInvalid"),
    ],
)
async def test_an_app_is_told_what_is_wrong(x, app, asked, status, why):
    x.serve("https://nowhere.example", "http://127.0.0.1:1")
    method, path, sent = asked
    answer = await app.request(method, path, **sent)
    assert answer.status_code == status
    assert why in answer.text


async def test_an_upload_in_parts_has_to_be_whole(us):
    begun = await us.post(f"{PARTS}/initialize", json={"media_category": "tweet_image"})
    part = f"{PARTS}/{begun.json()['data']['id']}"
    assert (await us.post(f"{part}/finalize")).status_code == 400
    for index, status in ((1, 200), (1000, 400)):
        body = {"media": "aGk=", "segment_index": index}
        assert (await us.post(f"{part}/append", json=body)).status_code == status
    refused = await us.post(f"{part}/finalize")
    assert "do not add up" in refused.text


async def test_somebody_follows_for_themselves_only(x, us):
    x.app.level = "enterprise"
    kim = x.user("kim").id
    other = await us.post(f"/2/users/{kim}/following", json={"target_user_id": x.us.id})
    assert "must be the same as the authenticating user" in other.text
    path = f"/2/users/{x.us.id}/following"
    assert (await us.post(path, json={"target_user_id": x.us.id})).status_code == 403
    await us.post(path, json={"target_user_id": kim})
    assert (await us.ask("DELETE", f"{path}/{kim}"))[1] == {"data": {"following": False}}
    assert [done[0] for done in x.done] == ["follow", "unfollow"]


async def test_a_timeline_can_leave_out_replies_and_reposts_and_hide_the_protected(x, us, app):
    hers = x.post("kim", "Kettles!")
    x.post(x.us, "indeed", reply_to=hers)
    x.repost(x.us, hers)
    ours = x.post(x.us, "A new kettle")
    path = f"/2/users/{x.us.id}/tweets"
    page = await us.get_json(path, exclude="replies,retweets")
    assert [one["id"] for one in page["data"]] == [ours.id]
    x.protect(x.us)
    page = await app.get_json(path)
    assert page["errors"][0]["title"] == "Authorization Error"


async def test_a_client_that_breaks_off_harms_nobody(x, us):
    port = int(x.base_url.rpartition(":")[2])
    for said in (b"", b"GET /2/users/me HT", b"rubbish\r\n\r\n"):
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            if said:
                await stream.send(said)
    assert (await us.get("/2/users/me")).status_code == 200


async def test_a_client_may_wait_to_be_told_to_go_on(x):
    port = int(x.base_url.rpartition(":")[2])
    head = f"POST /2/oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 2\r\n"
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert (await stream.receive()).startswith(b"HTTP/1.1 100 ")
        await stream.send(b"{}")
        assert (await stream.receive()).startswith(b"HTTP/1.1 401 ")


async def test_a_bug_of_the_sandbox_fails_the_test(anyio_backend):
    async def ask():
        async with TwitterSandbox() as x, httpx.AsyncClient(base_url=x.base_url) as client:
            x.platform.world.shown = lambda: 1 / 0
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"/2/users/{x.us.id}/mentions", headers=bearing(x.app.bearer))

    with pytest.raises(ZeroDivisionError):
        await ask()
