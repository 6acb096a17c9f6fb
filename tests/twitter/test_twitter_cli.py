"""`careline channel` on X: real processes, and a sandbox in which a person lets us in."""

import json
import os
import re
import sys
from subprocess import PIPE

import anyio
import httpx
import pytest

from careline_twitter.sandbox import TwitterSandbox

pytestmark = pytest.mark.anyio
CONFIG = """
[security]
key = {{env = "KEY"}}
[brands.acme]
name = "Acme"
[channels.acme-x]
kind = "twitter"
base_url = "{x.base_url}"
authorize_url = "{x.base_url}/i/oauth2/authorize"
"""
LOGIN = (
    'client_id = "sandbox-client"\nclient_secret = {env = "SECRET"}\nbearer = {env = "BEARER"}\n'
)
BUDGET = "budget = {month = 5}\n"
SECRETS = {"KEY": "k" * 40, "SECRET": "sandbox-client-secret", "BEARER": "sandbox-bearer"}


@pytest.fixture
async def x(anyio_backend):
    async with TwitterSandbox() as x:
        yield x


@pytest.fixture
def folder(x, tmp_path):
    (tmp_path / "careline.toml").write_text(CONFIG.format(x=x) + LOGIN + BUDGET, encoding="utf-8")
    return tmp_path


def called(*args):
    return [sys.executable, "-m", "careline", "channel", *args]


def surroundings():
    return {**os.environ, **SECRETS}


async def ask(folder, *args):
    done = await anyio.run_process(
        called(*args), cwd=folder, env=surroundings(), check=False, stdout=PIPE, stderr=PIPE
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def log_in(x, folder):
    with anyio.fail_after(30):
        async with await anyio.open_process(
            called("login", "acme-x"), cwd=folder, env=surroundings(), stdout=PIPE, stderr=PIPE
        ) as process:
            said = ""
            while not (page := re.search(r"(http\S+/i/oauth2/authorize\S+)\n", said)):
                said += (await process.stdout.receive()).decode()
            async with httpx.AsyncClient() as browser:
                assert (await browser.get(x.decide(page[1]))).status_code == 200
            return await process.wait()


async def test_a_person_lets_us_in_and_sees_who_we_are_and_what_it_costs(x, folder):
    code, said, _ = await ask(folder, "test", "acme-x")
    assert code == 1
    assert "careline channel login acme-x" in said
    assert await log_in(x, folder) == 0
    code, said, _ = await ask(folder, "test", "acme-x", "--json")
    found = {one["name"]: one for one in json.loads(said)["findings"]}
    assert code == 0, said
    assert found["login"]["said"] == f"OAuth 2.0, as @acme ({x.us.id})"
    assert "dm.write" in found["scopes"]["said"]
    assert "the app's own token is taken" in found["bearer"]["said"]
    assert any(name.startswith("rate-limit of GET /2/users/me") for name in found)
    assert "of 5 dollars of `budget.month`" in found["budget"]["said"]
    code, said, _ = await ask(folder, "usage", "acme-x", "--json")
    assert code == 0
    rows = [one for one in json.loads(said)["usage"] if len(one["period"]) == 7]
    assert {(one["kind"], one["currency"]) for one in rows} == {("user.read", "USD")}
    assert all(secret not in said for secret in SECRETS.values())


async def test_a_missing_scope_is_found_with_its_way_out(x, folder):
    assert await log_in(x, folder) == 0
    grant = x.app.grants[-1]
    assert grant.user is x.us
    (folder / "careline.toml").write_text(
        CONFIG.format(x=x) + LOGIN + 'tier = "enterprise"\n', encoding="utf-8"
    )
    code, said, _ = await ask(folder, "test", "acme-x")
    assert code == 1
    assert "follows.write missing: run `careline channel login acme-x`" in said


async def test_an_account_without_oauth_2_has_no_login_and_is_told_why(x, folder):
    text = CONFIG.format(x=x) + f'bearer = {{env = "BEARER"}}\nuser_id = "{x.us.id}"\n'
    (folder / "careline.toml").write_text(text, encoding="utf-8")
    code, _, said = await ask(folder, "login", "acme-x")
    assert code != 0
    assert "a login takes OAuth 2.0: give `client_id`" in said
