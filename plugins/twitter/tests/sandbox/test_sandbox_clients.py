"""Clients of other people's making, unchanged but for where they call: what they make of it."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter
from xdk import Client as Xdk
from xdk.oauth1_auth import OAuth1

from careline_twitter.sandbox import TOKENS, TwitterSandbox

pytestmark = pytest.mark.anyio
_PATIENCE = 20


class Redirect(HTTPAdapter):
    """Brings requests to a server of this machine, whatever host they name."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        parts = urlsplit(request.url)
        request.url = parts._replace(scheme=self.base.scheme, netloc=self.base.netloc).geturl()
        return super().send(request, **how)


@pytest.fixture
async def x(anyio_backend):
    """X in the machine's own time, as these clients sign with it."""
    async with TwitterSandbox() as x:
        x.user("kim", name="Kim")
        yield x


def redirected(client: Any, x: TwitterSandbox) -> Any:
    client.session.mount("https://api.twitter.com", Redirect(x.base_url))
    return client


@pytest.fixture
def tweepy_us(x):
    return redirected(tweepy.Client(bearer_token=TOKENS["access"]), x)


@pytest.fixture
def tweepy_signing(x):
    client = tweepy.Client(
        consumer_key=x.app.consumer_key,
        consumer_secret=x.app.consumer_secret,
        access_token=TOKENS["oauth1"],
        access_token_secret=TOKENS["oauth1_secret"],
    )
    return redirected(client, x)


@pytest.fixture
def xdk_us(x):
    client = Xdk(access_token=TOKENS["access"], base_url=x.base_url)
    yield client
    client.session.close()


async def in_thread(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    with anyio.fail_after(_PATIENCE):
        return await anyio.to_thread.run_sync(partial(call, *args, **named))


async def test_tweepy_reads_mentions_page_by_page(x, tweepy_us):
    said = [x.post("kim", f"@acme {number}") for number in range(12)]
    pages = tweepy.Paginator(
        tweepy_us.get_users_mentions,
        x.us.id,
        max_results=5,
        tweet_fields=["created_at", "author_id", "edit_controls"],
        expansions=["author_id"],
    )
    found = await in_thread(lambda: list(pages))
    assert [len(page.data) for page in found] == [5, 5, 2]
    assert [str(post.id) for page in found for post in page.data] == [
        post.id for post in reversed(said)
    ]
    first = found[0]
    assert first.includes["users"][0].username == "kim"
    assert first.data[0].created_at == said[-1].created_at.replace(
        microsecond=said[-1].created_at.microsecond // 1000 * 1000
    )


async def test_tweepy_searches(x, tweepy_us):
    x.post("kim", "My kettle broke")
    x.post(x.us, "A kettle for everybody")
    found = await in_thread(tweepy_us.search_recent_tweets, "kettle -from:acme")
    assert [post.text for post in found.data] == ["My kettle broke"]
    with pytest.raises(tweepy.BadRequest, match="at least one positive operator"):
        await in_thread(tweepy_us.search_recent_tweets, "-kettle")


@pytest.mark.parametrize("signs", [False, True])
async def test_tweepy_answers_in_public_and_in_private(x, tweepy_us, tweepy_signing, signs):
    client = tweepy_signing if signs else tweepy_us
    asked = x.post("kim", "@acme where is my kettle?")
    made = await in_thread(
        client.create_tweet, text="On it!", in_reply_to_tweet_id=asked.id, user_auth=signs
    )
    kim = asked.author.id
    sent = await in_thread(
        client.create_direct_message, participant_id=kim, text="Hello", user_auth=signs
    )
    assert x.done == [("post", "On it!", asked.id), ("direct", "Hello", kim)]
    assert [one.id for one in x.sent] == [made.data["id"], sent.data["dm_event_id"]]
    heard = await in_thread(client.get_direct_message_events, user_auth=signs)
    assert [event.text for event in heard.data] == ["Hello"]


async def test_tweepy_understands_refusals(x, tweepy_us):
    asked = x.post("kim", "My kettle broke")
    with pytest.raises(tweepy.Forbidden, match="have not been mentioned"):
        await in_thread(
            tweepy_us.create_tweet, text="Hm", in_reply_to_tweet_id=asked.id, user_auth=False
        )
    x.fail("429", times=1, seconds=60)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        await in_thread(tweepy_us.get_users_mentions, x.us.id)
    assert 55 < caught.value.reset_time - time.time() < 65
    x.fail("401", times=1)
    with pytest.raises(tweepy.Unauthorized):
        await in_thread(tweepy_us.get_users_mentions, x.us.id)


class Hearing(tweepy.StreamingClient):
    """Puts what it hears into a queue."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.heard: Queue[Any] = Queue()

    def on_connect(self) -> None:
        self.heard.put("connected")

    def on_response(self, response: tweepy.StreamResponse) -> None:
        self.heard.put(response)

    def on_keep_alive(self) -> None:
        self.heard.put("alive")

    def on_request_error(self, status_code: int) -> None:
        self.heard.put(status_code)
        self.disconnect()


async def test_tweepy_hears_the_stream(x):
    client = redirected(Hearing(x.app.bearer, max_retries=0), x)
    await in_thread(client.add_rules, tweepy.StreamRule("kettle -from:acme", tag="brand"))
    rules = await in_thread(client.get_rules)
    assert [(rule.value, rule.tag) for rule in rules.data] == [("kettle -from:acme", "brand")]
    client.filter(threaded=True, tweet_fields=["author_id"], expansions=["author_id"])
    assert await in_thread(client.heard.get) == "connected"
    second = redirected(Hearing(x.app.bearer, max_retries=0), x)
    await in_thread(second.filter)
    assert second.heard.get_nowait() == 429
    x.post(x.us, "kettle of ours")
    post = x.post("kim", "My kettle broke")
    heard = await in_thread(client.heard.get)
    assert (str(heard.data.id), heard.matching_rules[0].tag) == (post.id, "brand")
    assert heard.includes["users"][0].username == "kim"
    client.disconnect()
    x.cut()
    await in_thread(client.thread.join)


async def test_xdk_reads_mentions_page_by_page(x, xdk_us):
    said = [x.post("kim", f"@acme {number}") for number in range(12)]
    pages = xdk_us.users.get_mentions(
        x.us.id,
        max_results=5,
        post_fields=["created_at", "conversation_id"],
        expansions=["author_id"],
    )
    found = await in_thread(lambda: list(pages))
    assert [len(page.data) for page in found] == [5, 5, 2]
    ids = [post.id for page in found for post in page.data]
    assert ids == [post.id for post in reversed(said)]
    assert {post.author_id for page in found for post in page.data} == {said[0].author.id}


async def test_xdk_searches(x, xdk_us):
    x.post("kim", "My kettle broke")
    [page] = await in_thread(
        lambda: list(xdk_us.posts.search_recent("kettle", post_fields=["lang"]))
    )
    assert [(post.text, post.lang) for post in page.data] == [("My kettle broke", "en")]


async def test_xdk_answers_in_public_and_in_private(x, xdk_us):
    asked = x.post("kim", "@acme where is my kettle?")
    answer = {"text": "On it!", "reply": {"in_reply_to_tweet_id": asked.id}}
    made = await in_thread(xdk_us.posts.create, answer)
    kim = asked.author.id
    sent = await in_thread(xdk_us.direct_messages.create_by_participant_id, kim, {"text": "Hello"})
    assert x.done == [("post", "On it!", asked.id), ("direct", "Hello", kim)]
    assert (made.data.id, sent.data.dm_event_id) == (x.sent[0].id, x.sent[1].id)


async def test_xdk_signs_as_the_old_way_has_it(x):
    auth = OAuth1(
        api_key=x.app.consumer_key,
        api_secret=x.app.consumer_secret,
        callback="oob",
        access_token=TOKENS["oauth1"],
        access_token_secret=TOKENS["oauth1_secret"],
    )
    client = Xdk(base_url=x.base_url, auth=auth)
    made = await in_thread(client.posts.create, {"text": "Hello, world"})
    assert [(one.text, one.id) for one in x.sent] == [("Hello, world", made.data.id)]
    client.session.close()


async def _once_open(x: TwitterSandbox, then: Callable[[], Any]) -> None:
    with anyio.fail_after(_PATIENCE):
        while not x.platform.streams.open:  # noqa: ASYNC110 -- a thread opens it
            await anyio.sleep(0.01)
    then()


async def test_xdk_hears_the_stream(x):
    client = Xdk(bearer_token=x.app.bearer, base_url=x.base_url)
    await in_thread(client.stream.update_rules, {"add": [{"value": "kettle", "tag": "brand"}]})
    heard: Iterator[Any] = client.stream.posts(tweet_fields=["author_id"])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_once_open, x, lambda: x.post("kim", "My kettle broke"))
        first = await in_thread(next, heard)
    assert (first.data.text, first.matching_rules[0].tag) == ("My kettle broke", "brand")
    heard.close()
    client.session.close()


async def test_xdk_logs_in_and_refreshes(x, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # it refuses plain HTTP elsewise
    client = Xdk(
        base_url=x.base_url,
        client_id=x.app.client_id,
        client_secret=x.app.client_secret,
        redirect_uri="http://127.0.0.1:8723/callback",
        scope=["tweet.read", "users.read", "offline.access"],
    )
    page = await in_thread(client.get_authorization_url, "some-state")
    code = dict(pair.split("=") for pair in urlsplit(x.decide(page)).query.split("&"))["code"]
    token = await in_thread(client.exchange_code, code)
    assert token["scope"].split() == ["offline.access", "tweet.read", "users.read"]
    me = await in_thread(client.users.get_me)
    assert me.data.username == "acme"
    renewed = await in_thread(client.refresh_token)
    assert renewed["access_token"] != token["access_token"]
    client.session.close()
