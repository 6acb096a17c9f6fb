"""Each failure of X, and what the core is to make of it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from careline.plugin import AuthFailed, Refusal, Rejected, Transient
from careline_twitter import outcome
from careline_twitter.limits import wait
from careline_twitter.outcome import SlotTaken, TooOld

from .conftest import BEARER, OAUTH1, OAUTH2

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MENTIONS = "GET */mentions"


@pytest.mark.parametrize(
    ("how", "sent"), [("429", False), ("500", True), ("503", True), ("cut-before", True),
    ("cut-after", True), ("cut-body", True), ("not-json", True)]
)  # fmt: skip
async def test_a_write_that_fails_says_whether_it_may_have_been_done(desk, x, how, sent):
    api = desk.api(**OAUTH1)
    x.fail(how, on="POST /2/tweets", times=1)
    with pytest.raises(Transient) as caught:
        await api.post("Hello")
    assert caught.value.sent is sent


@pytest.mark.parametrize("how", ["429", "500", "503", "cut-before", "cut-body", "not-json"])
async def test_a_read_that_fails_has_done_nothing(desk, x, how):
    x.post("kim", "@acme hello")
    x.fail(how, on=MENTIONS, times=1)
    with pytest.raises(Transient) as caught:
        await desk.api(**OAUTH1).mentions(x.us.id)
    assert caught.value.sent is False


async def test_a_platform_that_is_not_there_was_sent_nothing(desk, x):
    x.base_url = "http://127.0.0.1:9"
    with pytest.raises(Transient) as caught:
        await desk.api(**OAUTH1).post("Hello")
    assert caught.value.sent is False


async def test_a_used_up_limit_says_when_it_is_full_again_and_is_not_asked_before(desk, x, clock):
    api = desk.api(**OAUTH1)
    x.fail("429", on=MENTIONS, times=1, seconds=90)
    with pytest.raises(Transient) as caught:
        await api.mentions(x.us.id)
    assert caught.value.retry_after == 90
    with pytest.raises(Transient) as caught:
        await api.mentions(x.us.id)
    assert (caught.value.retry_after, caught.value.sent) == (90, False)
    assert len(x.requests) == 1
    clock.advance(90)
    assert (await api.mentions(x.us.id))["meta"]["result_count"] == 0
    (left,) = api.left()[f"GET /2/users/{x.us.id}/mentions"]
    assert (left.limit, left.remaining) == (300, 299)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "5"}, 5),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 30)}, 30),
        ({"x-rate-limit-reset": "soon"}, 60),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) - 30)}, 0),
        ({"x-rate-limit-reset": "99999999999"}, 86_400),
        (
            {
                "x-rate-limit-limit": "100",
                "x-rate-limit-remaining": "7",
                "x-rate-limit-reset": str(int(NOW.timestamp()) + 30),
                "x-user-limit-24hour-limit": "1440",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": str(int(NOW.timestamp()) + 7000),
            },
            7000,
        ),
    ],
)
async def test_the_wait_is_that_of_the_limit_which_is_used_up(headers, seconds):
    assert wait(headers, NOW) == seconds


async def test_our_limit_of_credits_at_x_is_no_rate_limit(desk, x):
    x.fail("usage-capped", on=MENTIONS, times=1)
    with pytest.raises(Rejected) as caught:
        await desk.api(**OAUTH1).mentions(x.us.id)
    assert caught.value.reason is Refusal.BUDGET_EXHAUSTED
    assert caught.value.until == datetime(2026, 2, 1, tzinfo=UTC)
    x.pay(0)
    with pytest.raises(Rejected) as caught:
        await desk.api(**OAUTH1).search("acme")
    assert caught.value.reason is Refusal.BUDGET_EXHAUSTED


@pytest.mark.parametrize("how", ["401", "403-token"])
async def test_a_dead_credential_stops_the_account(desk, x, how):
    x.fail(how)
    for api, way_out in (
        (desk.api(**OAUTH1), "OAuth 1.0a"),
        (desk.api(**BEARER, user_id=x.us.id), "give `bearer`"),
    ):
        with pytest.raises(AuthFailed, match=way_out):
            await api.mentions(x.us.id)


async def test_a_bare_forbidden_means_that_the_login_lacks_a_scope(desk, x):
    await desk.logged_in()
    x.app.grants[0].scopes = frozenset({"tweet.read", "users.read"})
    with pytest.raises(AuthFailed, match="careline channel login"):
        await desk.api(**OAUTH2).post("Hello")


async def test_refusals_of_one_thing_have_their_reasons(desk, x):
    api = desk.api(**OAUTH1)
    kim, hers = x.user("kim"), x.post("kim", "just talking")
    gone = x.post("kim", "@acme hello")
    x.delete(gone)
    x.refuse_dms("kim")
    await api.post("Hello")
    refused = {
        Refusal.NOT_SUMMONED: api.post("Hi", reply_to=hers.id),
        Refusal.DUPLICATE: api.post("Hello"),
        Refusal.RECIPIENT_REFUSES: api.dm("Hi", user=kim.id),
        Refusal.TOO_LONG: api.post("long " * 100),
        Refusal.NOT_PERMITTED: api.delete(hers.id),
        Refusal.INVALID: api.post("Look", media=("123",)),
    }
    for reason, doing in refused.items():
        with pytest.raises(Rejected) as caught:
            await doing
        assert caught.value.reason is reason, caught.value
    for doing in (api.post("Hi", reply_to=gone.id), api.delete(gone.id), api.hide(gone.id, True)):
        with pytest.raises(Rejected) as caught:
            await doing
        assert caught.value.reason is Refusal.GONE
    with pytest.raises(Rejected) as caught:
        await api.follow(x.us.id, kim.id)
    assert caught.value.reason is Refusal.NOT_PERMITTED
    assert len(x.sent) == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, 187, Refusal.DUPLICATE),
        (403, 349, Refusal.RECIPIENT_REFUSES),
        (403, 326, Refusal.NEEDS_REAUTH),
        (403, 64, Refusal.NEEDS_REAUTH),
        (403, 453, Refusal.NOT_PERMITTED),
        (404, 34, Refusal.GONE),
        (410, 0, Refusal.GONE),
        (400, 0, Refusal.INVALID),
        (402, 0, Refusal.BUDGET_EXHAUSTED),
        (200, 187, Refusal.DUPLICATE),
    ],
)
async def test_older_codes_have_their_reasons(status, code, reason):
    body = httpx.Response(status, json={"errors": [{"code": code, "message": "No."}]}).content
    with pytest.raises(Rejected) as caught:
        outcome.read(status, {}, body, now=NOW, writes=True)
    assert caught.value.reason is reason


@pytest.mark.parametrize("code", [32, 89, 215])
async def test_older_codes_of_credentials_stop_the_account(code):
    body = httpx.Response(403, json={"errors": [{"code": code, "message": "No."}]}).content
    with pytest.raises(AuthFailed):
        outcome.read(403, {}, body, now=NOW, writes=True)


async def test_an_access_level_without_an_endpoint_stops_what_would_read_for_nothing():
    body = b'{"errors": [{"code": 453, "message": "a subset of endpoints only"}]}'
    with pytest.raises(AuthFailed, match="a subset of endpoints only"):
        outcome.read(403, {}, body, now=NOW, writes=False)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"{", b"[" * 100_000, b'{"errors": 7}', b'{"errors": [7], "type": 7}',
     b'{"detail": {"x": 1}, "title": null}', b'\xff\xfe'],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 418, 429, 500, 502, 301, 100])
async def test_whatever_stands_in_a_failure_it_is_one_of_three(status, body):
    with pytest.raises((Transient, AuthFailed, Rejected)):
        outcome.read(status, {}, body, now=NOW, writes=True)


async def test_what_lies_too_far_back_is_told_apart(desk, x, clock):
    old = x.post("kim", "@acme hello")
    clock.advance(timedelta(days=8).total_seconds())
    api = desk.api(**OAUTH1)
    with pytest.raises(TooOld):
        await api.search("acme", since_id=old.id)
    with pytest.raises(TooOld):
        await api.search("acme", start_time=clock.now() - timedelta(days=9))
    assert await api.search("acme", start_time=clock.now() - timedelta(days=6))


async def test_errors_beside_data_are_no_failure(desk, x):
    there, gone = x.post("kim", "@acme one"), x.post("kim", "@acme two")
    x.delete(gone)
    told = await desk.api(**OAUTH1).posts([there.id, gone.id])
    assert [one["id"] for one in told["data"]] == [there.id]
    assert [one["resource_id"] for one in told["errors"]] == [gone.id]


async def test_a_slot_of_the_stream_that_is_taken_is_told_apart_and_can_be_freed(desk, x):
    api, other = (desk.api(**BEARER, user_id=x.us.id) for _ in range(2))
    await api.change_rules([{"value": "acme", "tag": "a"}])
    held = api.stream()
    x.linger()
    first = x.post("kim", "acme?")  # heard by nobody: the stream is not open yet
    x.fail("too-many-connections", on="GET */stream", times=1)
    with pytest.raises(SlotTaken) as caught:
        await anext(held)
    assert caught.value.sent is False
    assert first.id
    assert (await other.free_stream_slot())["data"]["failed_kills"] == 0
