"""`careline channel`: a person lets careline in, sees what an account may do and has used up."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import Result

from careline.cli import channel
from careline.cli.comeback import PATH, Comeback

Run = Callable[..., Result]
SECRET = "s3cr3t-w0rds"
PLUGIN = """
import threading
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

from pydantic import SecretStr

from careline.plugin import *


class Config(PluginConfig):
    kept: Path
    fails: str = ""
    ill: bool = False
    comes: str = "code=the-code&state=7"
    token: SecretStr = SecretStr("")


def browse(url):
    with urlopen(url) as page:
        page.read()


class Gate(Channel[Config]):
    kind, title, Config = "gate", "Gate", Config
    capabilities = frozenset({Capability.LOGIN, Capability.USAGE})

    def fail(self):
        told = "the gate refuses " + self.config.token.get_secret_value()
        if self.config.fails == "auth":
            raise AuthFailed(told)
        if self.config.fails == "later":
            raise Transient(told)
        if self.config.fails == "bug":
            raise RuntimeError(told)

    async def begin_login(self, redirect):
        self.fail()
        if self.config.comes:  # the person is quick
            url = redirect + "?" + self.config.comes
            threading.Thread(target=browse, args=[url], daemon=True).start()
        return "https://gate.example/let-in?back=" + redirect

    async def finish_login(self, query):
        self.config.kept.write_text(query)

    async def open(self):
        self.fail()

    @property
    def identity(self):
        return Author(id="42", name="Acme", handle="@acme")

    async def examine(self):
        left = Finding("left", "0 calls: wait\\x1b[2J", fine=False)
        return [Finding("scopes", "read, write")] + [left] * self.config.ill

    async def usage(self):
        self.fail()
        if self.config.ill:
            return []
        return [Usage("2026-11-24", "reply", 12, Decimal("0.180"), "USD")]


class Shut(Channel[PluginConfig]):
    kind, title, Config = "shut", "Shut", PluginConfig
    capabilities = frozenset({Capability.POST})


@hookimpl
def careline_channels():
    return (Gate, Shut)
"""
DIST = {
    "gate-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: gate\nVersion: 1\n",
    "gate-1.dist-info/entry_points.txt": "[careline]\ngate = gate_plugin\n",
    "gate_plugin.py": PLUGIN,
}
CONFIG = """
[brands.acme]
name = "Acme"

[channels.gate]
kind = "gate"
kept = "kept.txt"
token = {env = "GATE_TOKEN"}

[channels.shut]
kind = "shut"
"""


@pytest.fixture
def gate(desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls a command of a desk that has a gate; `key=value` sets a key of it."""
    for name, text in DIST.items():
        path = desk / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (desk / "careline.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("GATE_TOKEN", SECRET)

    def call(*args: str, **keys: str) -> Result:
        sets = [word for key, value in keys.items() for word in ("--set", _key(key, value))]
        result = run("channel", *args, *sets)
        assert SECRET not in result.output + result.stderr
        return result

    return call


def _key(key: str, value: str) -> str:
    return f"channels.gate.{key}={value}"


# -- login


def test_who_lets_us_in_comes_back_and_the_login_ends(gate: Run, desk: Path) -> None:
    result = gate("login", "gate")
    assert (result.exit_code, (desk / "kept.txt").read_text()) == (0, "code=the-code&state=7")
    assert "https://gate.example/let-in?back=http://127.0.0.1:" in result.stdout
    assert result.stdout.endswith("Logged in. See what it may do: careline channel test\n")
    assert "for 10 minutes" in result.stderr
    assert "the-code" not in result.output + result.stderr


def test_the_way_back_is_where_the_person_wants_it(gate: Run) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    result = gate("login", "gate", "--port", str(port))
    assert result.exit_code == 0
    assert f"back=http://127.0.0.1:{port}{PATH}\n" in result.stdout


def test_where_nobody_comes_back_it_says_so(
    gate: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "_MINUTES", 0.005)
    result = gate("login", "gate", comes='""')
    assert result.exit_code == 1
    assert result.stderr.endswith("nobody came back from the login: begin it again\n")
    assert not (desk / "kept.txt").exists()


def test_a_port_that_is_taken_is_said(gate: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = gate("login", "gate", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == f"cannot listen on port {port}: Address already in use\n"


async def test_another_path_or_a_silent_connection_is_not_the_way_back(anyio_backend: str) -> None:
    with Comeback(0) as comeback:
        port = int(comeback.address.rpartition(":")[2].removesuffix(PATH))

        def person() -> None:
            with socket.create_connection(("127.0.0.1", port)):  # as browsers do, ahead
                for path in ("/favicon.ico", PATH):
                    with pytest.raises(OSError, match="404"):
                        urlopen(f"http://127.0.0.1:{port}{path}")
                with urlopen(f"{comeback.address}?code=1") as page:
                    assert b"Close this page" in page.read()

        browser = threading.Thread(target=person)
        browser.start()
        assert await comeback.wait(60) == "code=1"
        browser.join()


def test_a_channel_without_login_or_count_says_so(gate: Run) -> None:
    for command, words in (("login", "needs no login"), ("usage", "does not count what it uses")):
        result = gate(command, "shut")
        assert (result.exit_code, result.stdout) == (1, "")
        assert words in result.stderr


def test_a_channel_that_is_not_there_names_the_nearest(gate: Run) -> None:
    for command in ("login", "test", "usage"):
        result = gate(command, "gat")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "No channel 'gat' is enabled. Did you mean 'gate'?" in result.stderr


# -- test


def test_what_an_account_may_do_is_told(gate: Run) -> None:
    result = gate("test", "gate")
    assert (result.exit_code, result.stdout) == (0, "account: @acme (42)\nscopes: read, write\n")


def test_what_does_not_work_is_marked_and_ends_with_1(gate: Run) -> None:
    result = gate("test", "gate", ill="true")
    assert result.exit_code == 1
    line = "left: 0 calls: wait\u241b[2J  <- this does not work as it is"
    assert result.stdout.splitlines()[2] == line


@pytest.mark.parametrize("fails", ["auth", "later"])
def test_an_account_that_does_not_open_is_a_finding_without_its_secret(
    gate: Run, fails: str
) -> None:
    result = gate("test", "gate", "--json", fails=fails)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"] == [
        {"name": "connection", "said": "the gate refuses ***", "fine": False}
    ]


def test_the_findings_as_json(gate: Run) -> None:
    result = gate("test", "gate", "--json", ill="true")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "schema_version": 1,
        "channel": "gate",
        "findings": [
            {"name": "account", "said": "@acme (42)", "fine": True},
            {"name": "scopes", "said": "read, write", "fine": True},
            {"name": "left", "said": "0 calls: wait\x1b[2J", "fine": False},
        ],
    }


# -- usage


def test_what_was_used_is_a_table(gate: Run) -> None:
    result = gate("usage", "gate")
    assert (result.exit_code, [line.split() for line in result.stdout.splitlines()]) == (
        0,
        [["PERIOD", "WHAT", "COUNT", "COST"], ["2026-11-24", "reply", "12", "0.180", "USD"]],
    )


def test_the_usage_as_json(gate: Run) -> None:
    assert json.loads(gate("usage", "gate", "--json").stdout) == {
        "schema_version": 1,
        "channel": "gate",
        "usage": [
            {
                "period": "2026-11-24", "kind": "reply", "count": 12, "currency": "USD",
                "cost": "0.180",
            }
        ],
    }  # fmt: skip


def test_where_nothing_was_used_it_says_so(gate: Run) -> None:
    assert gate("usage", "gate", ill="true").stdout == "Nothing was used yet.\n"
    assert json.loads(gate("usage", "gate", "--json", ill="true").stdout)["usage"] == []


@pytest.mark.parametrize("command", ["login", "usage"])
@pytest.mark.parametrize(("fails", "code"), [("auth", 1), ("later", 75), ("bug", 70)])
def test_what_a_platform_refuses_is_said_without_secrets(
    gate: Run, command: str, fails: str, code: int
) -> None:
    result = gate(command, "gate", fails=fails)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "the gate refuses ***" in result.stderr
