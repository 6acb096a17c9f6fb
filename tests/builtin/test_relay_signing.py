"""Signatures of the relay, judged by the specification's own library, both ways."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook as Judge
from standardwebhooks import WebhookVerificationError

from careline.builtin.relay.channel import RelayChannel
from careline.builtin.relay.config import RelayConfig
from careline.builtin.relay.signing import key_of, signed
from careline.plugin import Batch, Denied, Webhook

KEY = bytes(range(32))
SECRET = "whsec_" + b64encode(KEY).decode()
OTHER = "whsec_" + b64encode(KEY[::-1]).decode()
BODY = json.dumps({"items": []}).encode()
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def headers(secret=SECRET, body=BODY, at=NOW, id="w1", **more):
    said = Judge(secret).sign(id, at, body.decode())
    stamp = str(int(at.timestamp()))
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": said} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def config(secret=SECRET, **fields):
    return RelayConfig(secret=SecretStr(secret), **fields)


def receive(sent, body=BODY, now=NOW, method="POST", **accounts):
    accounts = accounts or {"shop": config()}
    return RelayChannel.receive(Webhook(method, "/hooks/relay", "", sent, body, now), accounts)


def test_what_the_specifications_library_signs_is_taken():
    assert receive(headers()) == {"shop": Batch()}


@given(body=st.text(), id=st.text("abc-_.", min_size=1))
def test_the_specifications_library_takes_what_we_sign(body, id):
    at, raw = datetime.now(UTC), body.encode("utf-8", "replace")
    judge = Judge(SECRET)
    judge.verify(raw, signed(key_of(SECRET), id, at, raw), json_parse=False)
    with pytest.raises(WebhookVerificationError):
        judge.verify(raw + b".", signed(key_of(SECRET), id, at, raw), json_parse=False)


def test_a_secret_may_be_plain_text():
    text = "a plain sentence, known to both"
    said = headers("whsec_" + b64encode(text.encode()).decode())
    assert receive(said, shop=config(text)) == {"shop": Batch()}


def test_of_several_accounts_the_one_whose_secret_signed_gets_it():
    both = {"shop": config(), "forum": config(OTHER)}
    assert receive(headers(OTHER), **both) == {"forum": Batch()}
    assert receive(headers(SECRET), **both) == {"shop": Batch()}


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed():
    old, new = headers(OTHER)["webhook-signature"], headers()["webhook-signature"]
    for said in (f"{old} {new}", f"{new} {old}", f"v1a,{KEY.hex()} v1,%% v2 {new}"):
        assert receive(headers(webhook_signature=said)) == {"shop": Batch()}


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_no_reason_to_refuse(seconds):
    assert receive(headers(at=NOW + timedelta(seconds=seconds))) == {"shop": Batch()}


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_what_is_staler_is_refused(seconds):
    said = receive(headers(at=NOW + timedelta(seconds=seconds)))
    assert isinstance(said, Denied)
    assert said.status == 401
    assert "ago" in said.why or "ahead" in said.why


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_id": "w2"},
        {"webhook_id": ""},
        {"webhook_timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "١٧٦٧٦٠٣٦٠٠"},
        {"webhook_timestamp": "1" * 5000},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,not base64"},
        {"webhook_signature": headers(OTHER)["webhook-signature"]},
        {"webhook_signature": headers()["webhook-signature"].replace("v1,", "v2,")},
        {"webhook_signature": headers()["webhook-signature"].replace("v1,", "")},
        {"webhook_signature": headers()["webhook-signature"][:-4]},
        {"webhook_signature": "v1,\xe9\xff"},
        {"webhook_id": "\xe9\u20ac"},
    ],
)
def test_a_request_that_is_not_signed_as_it_should_be_is_denied(change):
    said = receive(headers(**change))
    assert isinstance(said, Denied)
    assert said.status == 401


def test_one_flipped_bit_anywhere_is_denied():
    body = b'{"items": [{"type": "removed", "external_id": "1"}]}'
    sent = headers(body=body)
    for place in range(len(body)):
        wrong = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert isinstance(receive(sent, wrong), Denied)
    assert isinstance(receive(sent, body), dict)


def test_without_any_header_or_account_it_is_denied():
    assert isinstance(receive({}, method="GET"), Denied)
    assert isinstance(
        RelayChannel.receive(Webhook("POST", "", "", headers(), BODY, NOW), {}), Denied
    )


def test_the_signature_is_over_the_bytes_and_not_over_what_they_say():
    spaced = BODY.replace(b": ", b":")
    assert isinstance(receive(headers(), spaced), Denied)
    made = hmac.digest(KEY, f"w1.{int(NOW.timestamp())}.".encode() + spaced, sha256)
    said = "v1," + b64encode(made).decode()
    assert receive(headers(webhook_signature=said), spaced) == {"shop": Batch()}


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_AAAA", "whsec_no base64 at all"])
def test_a_secret_that_protects_nothing_is_refused_without_being_repeated(secret):
    with pytest.raises(ValidationError) as caught:
        config(secret)
    assert not any(word in str(caught.value) for word in ("short", "AAAA", "no base64 at all"))


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "ftp://shop.example", "https://", "https://me:pw@shop.example",
     "https://shop.example/?key=1", "https://shop.example/#a"],
)  # fmt: skip
def test_an_address_that_cannot_be_one_is_refused(url):
    with pytest.raises(ValidationError):
        config(url=url)
