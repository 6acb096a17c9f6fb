"""Events: on the activity stream, and by webhook with its challenge, signature and replay."""

import json
from datetime import timedelta

import httpx
import pytest

from careline.testing.clock import START
from careline.testing.host import LoopbackHost
from careline_twitter.sandbox.signing import webhook_signature

from . import judges
from .conftest import opened

pytestmark = pytest.mark.anyio
HOOKS, SUBSCRIPTIONS = "/2/webhooks", "/2/activity/subscriptions"
PUBLIC = "https://care.example"


class Receiver(LoopbackHost):
    """Takes webhooks as an app does."""

    secret, status = "sandbox-consumer-secret", 200

    def answer(self, request):
        if request.method == "GET":
            made = webhook_signature(self.secret, request.url.params["crc_token"].encode())
            return httpx.Response(200, json={"response_token": made})
        return httpx.Response(self.status)

    @property
    def events(self):
        return [json.loads(one.content)["data"] for one in self.requests if one.method == "POST"]

    def event_types(self):
        return [event["event_type"] for event in self.events]


@pytest.fixture
async def receiver(x):
    async with Receiver() as receiver:
        x.serve(PUBLIC, receiver.base_url)
        yield receiver


async def register(app, path="/hooks/twitter"):
    status, told = await app.ask("POST", HOOKS, json={"url": f"{PUBLIC}{path}"})
    assert status == 200, told
    return told["id"]


async def subscribe(client, kind, user, **more):
    body = {"event_type": kind, "filter": {"user_id": user.id}, **more}
    return await client.ask("POST", SUBSCRIPTIONS, json=body)


async def test_a_webhook_that_answers_its_challenge_is_registered(x, app, receiver):
    id = await register(app)
    [hook] = (await app.get_json(HOOKS))["data"]
    assert (hook["id"], hook["url"], hook["valid"]) == (id, f"{PUBLIC}/hooks/twitter", True)
    [asked] = receiver.requests
    assert asked.url.path == "/hooks/twitter"
    x.speak("post")
    assert "data" in (await app.ask("POST", HOOKS, json={"url": f"{PUBLIC}/other"}))[1]


async def test_a_wrong_answer_is_no_webhook(x, app, receiver):
    receiver.secret = "wrong"
    status, problem = await app.ask("POST", HOOKS, json={"url": f"{PUBLIC}/hooks/twitter"})
    assert status == 400
    assert "CrcValidationFailed" in problem["errors"][0]["message"]
    assert (await app.get_json(HOOKS))["meta"]["result_count"] == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://care.example/hooks", "UrlValidationFailed"),
        ("https://care.example:8443/hooks", "UrlValidationFailed"),
        ("care.example", "UrlValidationFailed"),
        (f"https://care.example/{'a' * 200}", "UrlValidationFailed"),
        (f"{PUBLIC}/hooks/twitter", "DuplicateUrlFailed"),
    ],
)
async def test_an_address_that_is_not_right_is_refused(app, receiver, url, why):
    await register(app)
    status, problem = await app.ask("POST", HOOKS, json={"url": url})
    assert status == 400
    assert why in problem["errors"][0]["message"]


async def test_events_are_brought_signed_over_their_bytes(x, app, receiver):
    hook = await register(app)
    await subscribe(app, "post.mention.create", x.us, webhook_id=hook, tag="brand")
    post = x.post("kim", "@acme café 😀")
    x.post("kim", "Nothing for acme")
    await x.delivered()
    [event] = receiver.events
    assert event["payload"]["id"] == post.id
    assert event["payload"]["text"] == "@acme café 😀"
    assert (event["tag"], event["filter"]) == ("brand", {"user_id": x.us.id})
    sent = receiver.requests[-1]
    seal = webhook_signature(x.app.consumer_secret, sent.content)
    assert sent.headers["x-twitter-webhooks-signature"] == seal


async def test_each_thing_gives_the_events_that_it_should(x, us, app, receiver):
    hook = await register(app)
    for kind in (
        "post.create", "post.delete", "post.mention.create", "post.reply.create",
        "post.quote.create", "post.repost.create", "follow.follow", "dm.received", "dm.sent",
        "chat.received",
    ):  # fmt: skip
        assert (await subscribe(us, kind, x.us, webhook_id=hook))[0] == 200
    ours = x.post(x.us, "A new kettle")
    x.post("kim", "Nice", reply_to=ours)
    x.post("robin", "@acme look", quote=ours)
    x.repost("kim", ours)
    x.follow("kim")
    message = x.dm("kim", "Hello")
    x.encrypted_dm("kim")
    x.dm(x.us, "Hi", to="kim")
    x.delete(ours)
    await x.delivered()
    assert receiver.event_types() == [
        "post.create", "post.reply.create", "post.mention.create", "post.quote.create",
        "post.repost.create", "follow.follow", "dm.received", "chat.received", "dm.sent",
        "post.delete",
    ]  # fmt: skip
    by_kind = {event["event_type"]: event["payload"] for event in receiver.events}
    [direct] = by_kind["dm.received"]["direct_message_events"]
    assert direct["id"] == message.id
    assert direct["message_create"]["message_data"]["text"] == "Hello"
    assert by_kind["dm.received"]["users"][message.sender.id]["data"]["username"] == "kim"
    assert by_kind["follow.follow"]["source"]["data"]["username"] == "kim"
    assert by_kind["post.delete"] == {"id": ours.id, "author_id": x.us.id}
    uuids = [event["event_uuid"] for event in receiver.events]
    assert len(set(uuids)) == len(uuids)


async def test_private_events_need_the_token_of_whom_they_are_about(x, us, app):
    assert (await subscribe(app, "dm.received", x.us))[0] == 403
    assert (await subscribe(us, "dm.received", x.user("kim")))[0] == 403
    assert (await subscribe(us, "dm.received", x.us))[0] == 200
    assert (await subscribe(us, "dm.received", x.us))[0] == 409
    us.headers["authorization"] = f"Bearer {x.grant(x.us, 'tweet.read users.read').access}"
    assert (await subscribe(us, "dm.sent", x.us))[0] == 403


async def test_events_come_down_the_activity_stream(x, app):
    await subscribe(app, "post.mention.create", x.us)
    async with opened(app, "/2/activity/stream") as line:
        x.post("kim", "@acme hi")
        x.protect("robin")
        x.post("robin", "@acme hush")
        x.post("kim", "@acme again")
        texts = [(await line.next())["data"]["payload"]["text"] for _ in range(2)]
    assert texts == ["@acme hi", "@acme again"]


async def test_after_an_hour_a_challenge_comes_again_and_who_fails_it_gets_nothing(
    x, app, receiver, clock
):
    hook = await register(app)
    await subscribe(app, "post.mention.create", x.us, webhook_id=hook)
    receiver.secret = "wrong"
    clock.advance(3600)
    x.post("kim", "@acme two")
    await x.delivered()
    assert receiver.events == []
    assert (await app.get_json(HOOKS))["data"][0]["valid"] is False
    assert (await app.ask("PUT", f"{HOOKS}/{hook}"))[0] == 400
    receiver.secret = x.app.consumer_secret
    assert (await app.ask("PUT", f"{HOOKS}/{hook}"))[0] == 200
    x.post("kim", "@acme three")
    await x.delivered()
    assert [event["payload"]["text"] for event in receiver.events] == ["@acme three"]


async def test_what_was_lost_is_brought_by_a_replay(x, app, receiver, clock):
    hook = await register(app)
    await subscribe(app, "post.mention.create", x.us, webhook_id=hook)
    receiver.status = 500
    x.post("kim", "@acme one")
    await x.delivered()
    clock.advance(120)
    receiver.status = 200
    x.post("kim", "@acme two")
    await x.delivered()
    span = {
        "from_date": f"{START:%Y%m%d%H%M}",
        "to_date": f"{START + timedelta(minutes=1):%Y%m%d%H%M}",
    }
    await app.post(f"{HOOKS}/replay", json={"webhook_id": hook, **span})
    await x.delivered()
    texts = [event["payload"]["text"] for event in receiver.events]
    assert texts == ["@acme one", "@acme two", "@acme one"]
    assert receiver.events[0]["event_uuid"] == receiver.events[2]["event_uuid"]


async def test_a_webhook_and_a_subscription_can_be_let_go(x, app, receiver):
    hook = await register(app)
    _, made = await subscribe(app, "post.mention.create", x.us, webhook_id=hook)
    id = made["data"]["subscription"]["subscription_id"]
    told = (await app.ask("PUT", f"{SUBSCRIPTIONS}/{id}", json={"tag": "new"}))[1]
    assert told["data"]["subscription"]["tag"] == "new"
    assert (await app.ask("DELETE", f"{SUBSCRIPTIONS}/{id}"))[1]["data"] == {"deleted": True}
    assert (await app.ask("DELETE", f"{SUBSCRIPTIONS}/{id}"))[0] == 404
    assert (await app.ask("DELETE", f"{HOOKS}/{hook}"))[1]["data"] == {"deleted": True}
    x.post("kim", "@acme hi")
    await x.delivered()
    assert receiver.events == []


async def test_events_are_billed_by_their_kind(x, us):
    for kind in ("post.mention.create", "dm.received", "dm.sent"):
        await subscribe(us, kind, x.us)
    us.headers["authorization"] = f"Bearer {x.app.bearer}"
    async with opened(us, "/2/activity/stream") as line:
        x.post("kim", "@acme hi")
        x.dm("kim", "hi")
        x.dm(x.us, "hello", to="kim")
        for _ in range(3):
            await line.next()
    assert x.spend.objects == {"event.post": 1, "event.dm": 1, "event.free": 1}


async def test_an_event_of_any_kind_can_be_sent(x, app, receiver):
    await register(app)
    x.tell("post.sparkle.create", {"id": "1"})
    await x.delivered()
    [event] = receiver.events
    assert (event["event_type"], event["payload"]) == ("post.sparkle.create", {"id": "1"})


async def test_every_sample_of_x_has_the_envelope_that_the_sandbox_sends(x, us, app, receiver):
    hook = await register(app)
    samples = judges.read("x/samples/xaa-event-payloads.json")
    for kind in ("post.mention.create", "dm.received", "follow.follow", "post.delete"):
        await subscribe(us, kind, x.us, webhook_id=hook, tag="ours")
    x.post("kim", "@acme hi")
    x.dm("kim", "hi")
    x.follow("kim")
    x.delete(x.post(x.us, "oops"))
    await x.delivered()
    assert len(receiver.events) == 4
    for event in receiver.events:
        sample = samples[event["event_type"]]["data"]
        assert set(event) - {"includes"} == set(sample) - {"includes"}
        assert set(event["payload"]) <= set(sample["payload"]) | _NOT_IN_EVERY_SAMPLE


_NOT_IN_EVERY_SAMPLE = {"note_tweet", "attachments", "referenced_tweets", "in_reply_to_user_id"}
