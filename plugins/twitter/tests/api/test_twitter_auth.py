"""Each kind of credential against the sandbox: whose it is, how it is renewed, how it ends."""

from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.lowlevel
import pytest

from careline.plugin import AuthFailed, Transient
from careline.testing import FakeClock, MemoryState
from careline_twitter.auth.signing import base_string, challenge, signature

from .conftest import BEARER, OAUTH1, OAUTH2

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]
BACK = "http://127.0.0.1:8765/back"


def refreshes(x):
    """The refresh tokens that were used, in order."""
    forms = [asked.form for asked in x.requests if asked.path == "/2/oauth2/token"]
    return [form["refresh_token"] for form in forms if "refresh_token" in form]


async def test_signatures_are_those_of_the_published_vectors(spec):
    vectors = spec("vectors/signatures.json")
    for one in vectors["oauth1_hmac_sha1"]:
        base = base_string(
            one["method"], one["url"], [*one["oauth"].items(), *one["query"].items()]
        )
        assert base == one["base_string"]
        made = signature(base, one["consumer_secret"], one["token_secret"])
        assert made == one["oauth_signature"]
    for one in vectors["pkce_s256"]:
        assert challenge(one["code_verifier"]) == one["code_challenge"]


async def test_four_keys_of_oauth1_read_and_write(desk, x):
    api = desk.api(**OAUTH1)
    assert (await api.me())["data"]["username"] == "acme"
    x.post("kim", "@acme it's broken, again: 100% & more?")
    assert (await api.mentions(x.us.id))["data"]
    assert (await api.search("(@acme OR broken) -is:retweet"))["data"]
    await api.post("Sorry about that & more! 100%")
    assert x.sent[-1].text == "Sorry about that & more! 100%"


async def test_a_bearer_reads_what_is_public_and_says_who_it_takes_for_more(desk, x):
    api = desk.api(**BEARER, user_id=x.us.id)
    x.post("kim", "@acme hello")
    assert len((await api.mentions(x.us.id))["data"]) == 1
    with pytest.raises(AuthFailed, match="careline channel login"):
        await api.post("Hello")
    assert not x.sent


async def test_a_login_goes_through_the_browser_and_back(desk, x):
    api = desk.api(**OAUTH2)
    with pytest.raises(AuthFailed, match="nobody has logged in yet: run `careline channel login a"):
        await api.me()
    url = await api.begin_login(BACK)
    assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
    await api.finish_login(urlsplit(x.decide(url)).query)
    assert (await api.who_we_are()) == (x.us.id, "acme")
    assert "dm.write" in (await api.scopes() or ())
    assert {"oauth2", "login"} <= desk.state.secret


async def test_an_answer_to_a_login_is_taken_once_and_from_the_one_who_began_it(desk, x):
    api = desk.api(**OAUTH2)
    url = await api.begin_login(BACK)
    back = urlsplit(x.decide(url)).query
    with pytest.raises(AuthFailed, match="belongs to no login"):
        await api.finish_login(back.replace("state=", "state=x"))
    await api.finish_login(back)
    with pytest.raises(AuthFailed, match="belongs to no login"):
        await api.finish_login(back)


async def test_who_does_not_agree_is_told_so(desk, x):
    api = desk.api(**OAUTH2)
    url = await api.begin_login(BACK)
    with pytest.raises(AuthFailed, match="has not agreed"):
        await api.finish_login(urlsplit(x.decide(url, allow=False)).query)


async def test_a_public_client_logs_in_and_refreshes_without_a_secret(desk, x, clock):
    x.app.confidential = False
    api = desk.api(client_id="sandbox-client")
    url = await api.begin_login(BACK)
    await api.finish_login(urlsplit(x.decide(url)).query)
    clock.advance(7200)
    assert (await api.me())["data"]["username"] == "acme"
    assert len(refreshes(x)) == 1


async def test_a_token_is_renewed_before_it_ends_and_the_new_one_is_kept_before_it_is_used(
    desk, x, clock
):
    await desk.logged_in()
    clock.advance(7200 - 200)
    await desk.api(**OAUTH2).me()
    record, _ = await desk.state.get("oauth2")
    assert record["refresh"] == x.app.grants[0].refresh != "sandbox-refresh"
    assert x.requests[-1].headers["authorization"] == f"Bearer {record['access']}"
    assert all(not asked.path.endswith("/me") for asked in list(x.requests)[:-1])


async def test_a_token_that_x_refuses_is_renewed_once(desk, x):
    await desk.logged_in()
    x.app.grants[0].access = "another"
    assert (await desk.api(**OAUTH2).me())["data"]["username"] == "acme"
    assert refreshes(x) == ["sandbox-refresh"]


async def test_a_token_refused_again_after_its_renewal_needs_a_person(desk, x):
    await desk.logged_in()
    x.fail("401")
    with pytest.raises(AuthFailed, match="careline channel login acme-x"):
        await desk.api(**OAUTH2).me()
    assert len(refreshes(x)) == 1


@pytest.mark.parametrize("at_once", [2, 5])
async def test_workers_that_all_need_a_new_token_use_the_refresh_token_once(desk, x, at_once):
    await desk.logged_in(expires_in=0)
    clock = FakeClock(auto=True)
    workers = [desk.api(clock, **OAUTH2) for _ in range(at_once)]
    async with anyio.create_task_group() as tasks:
        for api in workers:
            tasks.start_soon(api.me)
            tasks.start_soon(api.mentions, x.us.id)
    assert refreshes(x) == ["sandbox-refresh"]


async def test_workers_refused_at_the_same_time_use_the_refresh_token_once(desk, x):
    await desk.logged_in()
    x.app.grants[0].access = "another"
    clock = FakeClock(auto=True)
    async with anyio.create_task_group() as tasks:
        for api in [desk.api(clock, **OAUTH2) for _ in range(3)]:
            tasks.start_soon(api.me)
    assert refreshes(x) == ["sandbox-refresh"]


class Far:
    """Records that lie far away: others come in between any two looks at them."""

    def __init__(self):
        self.near = MemoryState()

    async def get(self, key):
        await anyio.lowlevel.checkpoint()
        found = await self.near.get(key)
        await anyio.lowlevel.checkpoint()
        return found

    async def put(self, key, value, *, version, secret=False):
        await anyio.lowlevel.checkpoint()
        done = await self.near.put(key, value, version=version, secret=secret)
        await anyio.lowlevel.checkpoint()
        return done


async def test_workers_of_a_far_database_use_each_refresh_token_once(desk, x):
    desk.states["twitter:acme-x"] = Far()
    await desk.logged_in(expires_in=0)
    clock = FakeClock(auto=True)
    for _ in range(5):
        async with anyio.create_task_group() as tasks:
            for api in [desk.api(clock, **OAUTH2) for _ in range(4)]:
                tasks.start_soon(api.me)
                tasks.start_soon(api.mentions, x.us.id)
        record, version = await desk.state.get("oauth2")
        stale = {**record, "expires_at": 0.0}
        await desk.state.put("oauth2", stale, version=version, secret=True)
    assert len(refreshes(x)) == len(set(refreshes(x))) == 5


async def test_a_refresh_goes_on_when_its_caller_gives_up(desk, x):
    await desk.logged_in(expires_in=0)
    api = desk.api(**OAUTH2)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(api.me)
            while not refreshes(x):
                await anyio.lowlevel.checkpoint()
            scope.cancel()
    record, _ = await desk.state.get("oauth2")
    assert record["refresh"] == x.app.grants[0].refresh != "sandbox-refresh"
    assert (await api.me())["data"]["username"] == "acme"


async def test_a_worker_that_died_with_its_claim_is_followed_by_another(desk, x, clock):
    await desk.logged_in(expires_in=0)
    record, version = await desk.state.get("oauth2")
    claim = {**record, "claimed_at": clock.now().timestamp()}
    await desk.state.put("oauth2", claim, version=version, secret=True)
    with pytest.raises(Transient, match="another worker") as caught:
        await desk.api(FakeClock(auto=True), **OAUTH2).me()
    assert caught.value.sent is False
    assert not refreshes(x)
    clock.advance(61)
    assert (await desk.api(**OAUTH2).me())["data"]


async def test_a_refresh_token_that_x_knows_no_more_needs_a_person(desk, x):
    await desk.logged_in(expires_in=0)
    x.revoke(x.us)
    with pytest.raises(AuthFailed, match="run `careline channel login acme-x`"):
        await desk.api(**OAUTH2).post("Hello")


@pytest.mark.parametrize("how", ["500", "429", "cut-before", "cut-after", "not-json"])
async def test_a_renewal_that_fails_for_now_leaves_what_it_was_for_undone(desk, x, how):
    await desk.logged_in(expires_in=0)
    x.fail(how, on="POST /2/oauth2/token", times=1)
    with pytest.raises((Transient, AuthFailed)) as caught:
        await desk.api(**OAUTH2).post("Hello")
    assert isinstance(caught.value, AuthFailed) or caught.value.sent is False
    assert not x.sent


async def test_a_renewal_that_failed_for_now_is_tried_again(desk, x):
    await desk.logged_in(expires_in=0)
    x.fail("500", on="POST /2/oauth2/token", times=1)
    api = desk.api(**OAUTH2)
    with pytest.raises(Transient):
        await api.post("Hello")
    await api.post("Hello")
    assert x.sent[-1].text == "Hello"


async def test_a_scope_that_the_login_lacks_is_said_before_anything_is_asked(desk, x):
    await desk.logged_in(scope="tweet.read users.read")
    with pytest.raises(AuthFailed, match=r"does not cover dm\.write: run `careline"):
        await desk.api(**OAUTH2).dm("Hello", user=x.user("kim").id)
    assert not x.requests


async def test_who_we_are_is_asked_once_and_kept(desk, x):
    assert await desk.api(**OAUTH1).who_we_are() == (x.us.id, "acme")
    assert await desk.api(**OAUTH1).who_we_are() == (x.us.id, "acme")
    assert len(x.requests) == 1


async def test_a_bearer_learns_our_handle(desk, x):
    api = desk.api(**BEARER, user_id=x.us.id)
    assert await api.who_we_are() == (x.us.id, "acme")


async def test_a_new_login_of_another_account_is_known_as_such(desk, x):
    api = desk.api(**OAUTH2)
    for name in ("acme", "robin"):
        url = await api.begin_login(BACK)
        await api.finish_login(urlsplit(x.decide(url, user=x.user(name))).query)
        assert await api.who_we_are() == (x.user(name).id, name)


async def test_a_login_of_the_wrong_account_is_refused(desk, x):
    api = desk.api(**OAUTH2, user_id=x.us.id)
    url = await api.begin_login(BACK)
    with pytest.raises(AuthFailed, match=r"the login is of @robin .* names another"):
        await api.finish_login(urlsplit(x.decide(url, user=x.user("robin"))).query)
