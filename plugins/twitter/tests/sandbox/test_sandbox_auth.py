"""Who may ask: kinds of credentials, scopes, logins, tokens of one use, signatures."""

import base64
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from careline_twitter.sandbox import SCOPES, TOKENS
from careline_twitter.sandbox.signing import (
    base_string,
    oauth1_signature,
    pkce_challenge,
    webhook_signature,
)

from . import judges
from .conftest import Client, bearing

pytestmark = pytest.mark.anyio
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
BACK = "http://127.0.0.1:8723/callback"


@pytest.fixture
async def nobody(x):
    async with Client(base_url=x.base_url) as client:
        yield client


@pytest.fixture
def basic(x):
    pair = base64.b64encode(f"{x.app.client_id}:{x.app.client_secret}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def page_of(x, **changed):
    said = {
        "response_type": "code",
        "client_id": x.app.client_id,
        "redirect_uri": BACK,
        "scope": "tweet.read users.read offline.access",
        "state": "s&t",
        "code_challenge": pkce_challenge(VERIFIER),
        "code_challenge_method": "S256",
        **changed,
    }
    return f"/i/oauth2/authorize?{urlencode(said)}"


def code_in(where):
    return dict(parse_qsl(urlsplit(where).query))["code"]


def exchange(code, **changed):
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **changed,
    }


async def token(client, form, headers=None):
    answer = await client.post("/2/oauth2/token", data=form, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("headers", [{}, bearing("wrong"), {"authorization": "Basic YTpi"}])
async def test_without_a_valid_credential_nothing_is_shown(x, nobody, headers):
    answer = await nobody.get("/2/users/me", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


async def test_the_wrong_kind_of_credential_is_told_which_is_right(us, app):
    status, problem = await app.ask("GET", "/2/dm_events")
    assert (status, problem["title"]) == (403, "Unsupported Authentication")
    assert problem["type"] == "https://api.twitter.com/2/problems/unsupported-authentication"
    assert "[OAuth 1.0a User Context, OAuth 2.0 User Context]" in problem["detail"]
    status, problem = await us.ask("GET", "/2/usage/tweets")
    assert status == 403
    assert "[OAuth 2.0 Application-Only]" in problem["detail"]


async def test_a_scope_that_is_missing_is_forbidden_without_a_word(x, nobody):
    few = x.grant(x.us, "tweet.read users.read")
    nobody.headers.update(bearing(few.access))
    assert (await nobody.get("/2/users/me")).status_code == 200
    status, problem = await nobody.ask("GET", "/2/dm_events")
    assert problem == {
        "title": "Forbidden", "detail": "Forbidden", "type": "about:blank", "status": status,
    }  # fmt: skip


async def test_an_app_that_is_not_enrolled_is_forbidden(x, us):
    x.app.enrolled = False
    status, problem = await us.ask("GET", "/2/users/me")
    assert (status, problem["reason"]) == (403, "client-not-enrolled")
    assert problem["type"].endswith("/problems/client-forbidden")


async def test_somebody_logs_in_on_the_page(x, nobody, basic):
    page = await nobody.get(page_of(x))
    assert "sandbox-client wants to access your X account" in page.text
    assert "<li>offline.access</li>" in page.text
    fields = dict(parse_qsl(urlsplit(page_of(x)).query))
    sent = await nobody.post("/i/oauth2/authorize", data=fields | {"decision": "allow"})
    assert sent.status_code == 302
    where = sent.headers["location"]
    assert where.startswith(f"{BACK}?state=s%26t&code=")
    status, tokens = await token(nobody, exchange(code_in(where)), basic)
    assert (status, tokens["expires_in"], tokens["token_type"]) == (200, 7200, "bearer")
    assert tokens["scope"] == "offline.access tweet.read users.read"
    me = await nobody.get("/2/users/me", headers=bearing(tokens["access_token"]))
    assert me.json()["data"]["username"] == "acme"


async def test_who_says_no_leads_back_without_a_code(x):
    where = x.decide(page_of(x), allow=False)
    assert where == f"{BACK}?state=s%26t&error=access_denied"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"scope": "tweet.read everything"},
        {"scope": ""},
        {"state": ""},
        {"state": "s" * 501},
        {"code_challenge": ""},
        {"code_challenge_method": "S512"},
        {"response_type": "token"},
    ],
)
async def test_a_page_that_is_asked_for_wrongly_leads_nowhere(x, nobody, changed):
    page = await nobody.get(page_of(x, **changed))
    assert page.status_code == 400
    assert "Something went wrong" in page.text
    with pytest.raises(ValueError, match="something went wrong"):
        x.decide(page_of(x, **changed))


async def test_a_code_is_good_once_for_30_seconds_and_its_verifier(x, nobody, basic):
    code = code_in(x.decide(page_of(x)))
    assert (await token(nobody, exchange(code), basic))[0] == 200
    problem = {
        "error": "invalid_request",
        "error_description": "Value passed for the authorization code was invalid.",
    }
    assert await token(nobody, exchange(code), basic) == (400, problem)
    late = code_in(x.decide(page_of(x)))
    x.advance(31)
    assert await token(nobody, exchange(late), basic) == (400, problem)
    for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": "http://127.0.0.1/"}):
        code = code_in(x.decide(page_of(x)))
        assert (await token(nobody, exchange(code, **wrong), basic))[0] == 400


async def test_a_confidential_client_proves_itself_a_public_one_names_itself(x, nobody, basic):
    code = code_in(x.decide(page_of(x)))
    named = exchange(code, client_id=x.app.client_id)
    status, problem = await token(nobody, named)
    assert (status, problem["error_description"]) == (401, "Missing valid authorization header")
    x.app.confidential = False
    assert (await token(nobody, exchange(code, client_id="another")))[0] == 400
    assert (await token(nobody, named))[0] == 200


async def test_a_refresh_token_is_good_once(x, nobody, basic):
    form = {"grant_type": "refresh_token", "refresh_token": TOKENS["refresh"]}
    status, first = await token(nobody, form, basic)
    assert status == 200
    assert (await nobody.get("/2/users/me", headers=bearing(TOKENS["access"]))).status_code == 401
    assert (
        await nobody.get("/2/users/me", headers=bearing(first["access_token"]))
    ).status_code == 200
    assert await token(nobody, form, basic) == (
        400,
        {
            "error": "invalid_request",
            "error_description": "Value passed for the token was invalid.",
        },
    )
    status, second = await token(nobody, form | {"refresh_token": first["refresh_token"]}, basic)
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]


async def test_without_offline_access_there_is_nothing_to_refresh(x, nobody, basic):
    code = code_in(x.decide(page_of(x, scope="tweet.read users.read")))
    _, tokens = await token(nobody, exchange(code), basic)
    assert "refresh_token" not in tokens


async def test_an_access_token_lives_two_hours(x, us, clock):
    clock.advance(7199)
    assert (await us.get("/2/users/me")).status_code == 200
    clock.advance(1)
    assert (await us.get("/2/users/me")).status_code == 401


async def test_what_is_revoked_is_good_for_nothing(x, us, nobody, basic):
    form = {"token": TOKENS["refresh"]}
    sent = await nobody.post("/2/oauth2/revoke", data=form, headers=basic)
    assert sent.json() == {"revoked": True}
    assert (await us.get("/2/users/me")).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": TOKENS["refresh"]}
    assert (await token(nobody, form, basic))[0] == 400


async def test_the_app_gets_its_own_token_by_its_keys(x, nobody):
    pair = base64.b64encode(f"{x.app.consumer_key}:{x.app.consumer_secret}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    sent = await nobody.post("/oauth2/token", data=form, headers={"authorization": f"Basic {pair}"})
    assert sent.json() == {"token_type": "bearer", "access_token": x.app.bearer}


def signed(x, clock, **changed):
    said = {
        "oauth_consumer_key": x.app.consumer_key,
        "oauth_nonce": "n1",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(clock.now().timestamp())),
        "oauth_token": TOKENS["oauth1"],
        "oauth_version": "1.0",
        **changed,
    }
    base = base_string("GET", "https://api.x.com/2/users/me", said.items())
    signature = oauth1_signature(base, x.app.consumer_secret, TOKENS["oauth1_secret"])
    pairs = urlencode(said | {"oauth_signature": signature}).split("&")
    quoted = ", ".join('{}="{}"'.format(*pair.split("=", 1)) for pair in pairs)
    return {"authorization": f"OAuth {quoted}"}


async def test_a_signed_request_is_good_once_and_only_now(x, nobody, clock):
    headers = signed(x, clock)
    assert (await nobody.get("/2/users/me", headers=headers)).json()["data"]["id"] == x.us.id
    answer = await nobody.get("/2/users/me", headers=headers)
    assert answer.json() == {"errors": [{"code": 32, "message": "Could not authenticate you."}]}
    old = signed(x, clock, oauth_nonce="n2", oauth_timestamp="1767600000")
    assert (await nobody.get("/2/users/me", headers=old)).json()["errors"][0]["code"] == 135
    other = signed(x, clock, oauth_nonce="n3", oauth_token="another")
    assert (await nobody.get("/2/users/me", headers=other)).json()["errors"][0]["code"] == 89
    query = await nobody.get(
        "/2/users/me?user.fields=id", headers=signed(x, clock, oauth_nonce="n4")
    )
    assert query.json()["errors"][0]["code"] == 32
    x.revoke(x.us)
    gone = signed(x, clock, oauth_nonce="n5")
    assert (await nobody.get("/2/users/me", headers=gone)).json()["errors"][0]["code"] == 89


async def test_a_signed_request_may_be_let_come_twice(x, nobody, clock):
    x.forgive()
    for _ in range(2):
        assert (await nobody.get("/2/users/me", headers=signed(x, clock))).status_code == 200


def test_scopes_are_those_that_x_has():
    flows = judges.read(judges.OLD)["components"]["securitySchemes"]["OAuth2UserToken"]["flows"]
    assert set(SCOPES) <= set(flows["authorizationCode"]["scopes"])


def test_signatures_are_those_of_the_vectors():
    vectors = judges.read("vectors/signatures.json")
    for one in vectors["x_crc"]:
        made = webhook_signature(one["consumer_secret"], one["crc_token"].encode())
        assert made == one["response_token"]
    for one in vectors["x_webhook_signature"]:
        assert webhook_signature(one["consumer_secret"], one["body_utf8"].encode()) == one["value"]
    for one in vectors["oauth1_hmac_sha1"]:
        pairs = [*one["oauth"].items(), *one["query"].items()]
        base = base_string(one["method"], one["url"], pairs)
        assert base == one["base_string"]
        made = oauth1_signature(base, one["consumer_secret"], one["token_secret"])
        assert made == one["oauth_signature"]
    for one in vectors["pkce_s256"]:
        assert pkce_challenge(one["code_verifier"]) == one["code_challenge"]
