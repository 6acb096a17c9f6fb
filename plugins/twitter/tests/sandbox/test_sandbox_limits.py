"""What X bounds and bills: windows that move with the clock, and each object to the tenth cent."""

from datetime import timedelta
from decimal import Decimal

import pytest

from careline.testing.clock import START
from careline_twitter.sandbox import User
from careline_twitter.sandbox.app import Who
from careline_twitter.sandbox.limits import Limit, Limits
from careline_twitter.sandbox.problems import Refused

pytestmark = pytest.mark.anyio
MENTIONS = "GET /2/users/{id}/mentions"


def mentions(x):
    return f"/2/users/{x.us.id}/mentions"


def limits(response, prefix="rate-limit"):
    return [int(response.headers[f"x-{prefix}-{name}"]) for name in ("limit", "remaining", "reset")]


async def test_every_answer_tells_what_is_left_until_when(x, us, app, clock):
    reset = int(START.timestamp()) + 900
    assert limits(await us.get(mentions(x))) == [300, 299, reset]
    clock.advance(10)
    assert limits(await us.get(mentions(x), params={"max_results": 1})) == [300, 298, reset]
    assert limits(await app.get(mentions(x))) == [450, 449, reset + 10]


async def test_what_is_used_up_is_refused_until_its_window_ends(x, us, clock):
    for _ in range(15):
        assert (await us.get("/2/dm_events")).status_code == 200
    refused = await us.get("/2/dm_events")
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert limits(refused) == [15, 0, int(START.timestamp()) + 900]
    clock.advance(899)
    assert (await us.get("/2/dm_events")).status_code == 429
    clock.advance(1)
    assert limits(await us.get("/2/dm_events"))[1] == 14


async def test_a_test_can_leave_few(x, us):
    x.leave(1, MENTIONS, x.us)
    assert limits(await us.get(mentions(x)))[1] == 0
    assert (await us.get(mentions(x))).status_code == 429
    x.advance(900)
    assert (await us.get(mentions(x))).status_code == 200


async def test_a_day_has_a_window_too(x, us):
    path = f"/2/dm_conversations/with/{x.user('kim').id}/messages"
    told = await us.post(path, json={"text": "Hi"})
    assert limits(told, "user-limit-24hour") == [1440, 1439, int(START.timestamp()) + 86400]
    assert limits(told, "app-limit-24hour")[:2] == [1440, 1439]


def test_the_limit_of_a_day_outlasts_windows():
    counted, bound = Limits(), Limit(user=2, user_day=3)
    who = Who("oauth1", User("1", "acme", "Acme", START))
    for minutes in (0, 0, 15):
        counted.take("POST /x", bound, who, START + timedelta(minutes=minutes))
    with pytest.raises(Refused) as caught:
        counted.take("POST /x", bound, who, START + timedelta(minutes=30))
    assert caught.value.headers["x-rate-limit-reset"] == str(int(START.timestamp()) + 86400)
    counted.take("POST /x", bound, who, START + timedelta(days=1))


async def test_reading_is_billed_by_object_and_day(x, us, app, clock):
    for number in range(3):
        x.post("kim", f"@acme {number}")
    query = {"expansions": "author_id"}
    await us.get_json(mentions(x), **query)
    assert x.spend.objects == {"owned.read": 3, "user.read": 1}
    assert x.spend.total == Decimal("0.013")
    await us.get_json(mentions(x), **query)
    await app.get_json("/2/tweets/search/recent", query="@acme")
    assert x.spend.total == Decimal("0.013")
    clock.advance(24 * 3600)
    await app.get_json("/2/tweets/search/recent", query="@acme")
    assert x.spend.total == Decimal("0.028")
    tomorrow = x.spend.on((START + timedelta(days=1)).date())
    assert tomorrow.objects == {"post.read": 3}
    assert tomorrow.total == Decimal("0.015")


async def test_what_stands_beside_may_be_free(x, us):
    x.platform.bills_includes = False
    x.post("kim", "@acme hi")
    await us.get_json(mentions(x), expansions="author_id")
    assert x.spend.objects == {"owned.read": 1}


async def test_each_deed_has_its_price_and_what_fails_is_free(x, us):
    asked = x.post("kim", "@acme help")
    answer = {"text": "On it!", "reply": {"in_reply_to_tweet_id": asked.id}}
    for body in (answer, answer, {"text": "We are back"}, {"text": "See example.com"}):
        last = await us.post("/2/tweets", json=body)
    await us.delete(f"/2/tweets/{last.json()['data']['id']}")
    await us.post(f"/2/dm_conversations/with/{asked.author.id}/messages", json={"text": "Hi"})
    x.dm("kim", "Thanks")
    await us.get_json("/2/dm_events")
    assert x.spend.objects == {
        "post.create.summoned": 1, "post.create": 1, "post.create.url": 1, "delete": 1,
        "dm.create": 1, "dm.read": 2,
    }  # fmt: skip
    assert x.spend.total == Decimal("0.270")


async def test_what_was_paid_ends(x, us):
    x.pay(Decimal("0.002"))
    x.post("kim", "@acme one")
    await us.get_json(mentions(x))
    x.post("kim", "@acme two")
    await us.get_json(mentions(x))
    status, problem = await us.ask("GET", mentions(x))
    assert (status, problem["title"]) == (402, "CreditsDepleted")
    x.pay(Decimal(5))
    assert (await us.get(mentions(x))).status_code == 200


async def test_usage_counts_the_posts_of_each_day(x, app, clock):
    x.post("kim", "kettle")
    await app.get_json("/2/tweets/search/recent", query="kettle")
    clock.advance(24 * 3600)
    x.post("kim", "kettle too")
    await app.get_json("/2/tweets/search/recent", query="kettle")
    page = await app.get_json("/2/usage/tweets", days=2, usage_fields="daily_project_usage")
    assert page["data"]["project_usage"] == 3
    assert page["data"]["daily_project_usage"]["usage"] == [
        {"date": "2026-01-05T00:00:00.000Z", "usage": 1},
        {"date": "2026-01-06T00:00:00.000Z", "usage": 2},
    ]
