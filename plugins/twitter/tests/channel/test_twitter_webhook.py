"""Webhooks: the vectors of others, the challenge, and whose account an event is for."""

import json
from urllib.parse import quote

import pytest

from careline.plugin import Challenge, Denied, Malformed, Webhook
from careline.testing.clock import START
from careline_twitter.config import TwitterConfig
from careline_twitter.webhook import SIGNATURE, receive, seal


def account(user, secret="dummy-consumer-secret", **more):
    return TwitterConfig(bearer="a-made-up-bearer", user_id=user, consumer_secret=secret, **more)


@pytest.fixture
def vectors(spec):
    return spec("vectors/signatures.json")


def asked(query):
    return Webhook("GET", "/hooks/twitter", query, {}, b"", START)


def told(body, secret="dummy-consumer-secret"):
    return Webhook("POST", "/hooks/twitter", "", {SIGNATURE: seal(secret, body)}, body, START)


def event(user, uuid="u1", kind="post.mention.create"):
    post = {
        "id": "1995000000000000001",
        "text": "@acme hi",
        "author_id": "7",
        "created_at": "2026-01-01T00:00:00Z",
    }
    data = {"event_uuid": uuid, "event_type": kind, "filter": {"user_id": user}, "payload": post}
    return json.dumps({"data": data}).encode()


def test_challenges_are_answered_as_x_expects(vectors):
    for case in vectors["x_crc"]:
        query = f"crc_token={quote(case['crc_token'])}&nonce=1"
        given = receive(asked(query), {"a": account("1", case["consumer_secret"])})
        assert isinstance(given, Challenge)
        assert json.loads(given.body) == {"response_token": case["response_token"]}


def test_signatures_are_those_of_the_vectors(vectors):
    for case in vectors["x_webhook_signature"]:
        body, headers = case["body_utf8"].encode(), {case["header"]: case["value"]}
        webhook = Webhook("POST", "/", "", headers, body, START)
        assert not isinstance(
            receive(webhook, {"a": account("1", case["consumer_secret"])}), Denied
        )
        assert isinstance(receive(webhook, {"a": account("1", "another-secret")}), Denied)


def test_an_app_of_several_is_named_in_the_url():
    accounts = {"a": account("1", "secret-one"), "b": account("2", "secret-two")}
    given = receive(asked("account=b&crc_token=t"), accounts)
    assert json.loads(given.body)["response_token"] == seal("secret-two", b"t")


@pytest.mark.parametrize(
    "query", ["", "crc_token=", "nonce=1", "crc_token=a&crc_token=b", "account=c&crc_token=t"]
)
def test_what_is_no_challenge_is_denied(query):
    assert isinstance(receive(asked(query), {"a": account("1")}), Denied)


def test_an_event_goes_to_the_account_that_it_is_for():
    accounts = {"a": account("1"), "b": account("2"), "c": account("3", "another-secret")}
    assert list(receive(told(event("2")), accounts)) == ["b"]
    assert receive(told(event("9")), accounts) == {}


def test_old_and_new_names_are_one_and_what_is_unknown_is_set_aside():
    accounts = {"a": account("1")}
    new, old = (
        receive(told(event("1", kind=kind)), accounts)["a"].items
        for kind in ("post.mention.create", "PostMentionCreate")
    )
    assert new == old != ()
    [odd] = receive(told(event("1", kind="post.sparkle.create")), accounts)["a"].items
    assert isinstance(odd, Malformed)
    assert receive(told(event("1", kind="like.create")), accounts)["a"].items == ()
