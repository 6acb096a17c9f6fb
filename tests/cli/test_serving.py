"""`careline run` as it serves webhooks: a real process, real sockets, real signals."""

import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from standardwebhooks import Webhook as Judge

Run = Callable[..., Result]
Start = Callable[..., Any]
Says = Callable[..., str]
SECRET = "whsec_" + b64encode(b"a secret of 32 bytes or so: here").decode()
CONFIG = """
[channels.shop]
kind = "relay"
secret = {env = "SHOP_SECRET"}
"""
WEB = '[web]\nlisten = "127.0.0.1:0"\n'


@pytest.fixture
def shop(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk with a shop that pushes."""
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    with (desk / "careline.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIG + WEB)
    return desk


@pytest.fixture
def serve(shop: Path, start: Start, says: Says) -> Callable[..., Any]:
    """Starts `careline run`; gives the process and a client of it."""

    @contextmanager
    def serving(*args: str) -> Iterator[tuple[Any, httpx.Client]]:
        with start("run", *args) as process:
            url = says(process, "serving webhooks at ").split(" at ")[1].split()[0].strip('",')
            assert url.endswith("/hooks/relay")
            with httpx.Client(base_url=url.removesuffix("/hooks/relay"), timeout=20) as client:
                yield process, client

    return serving


def signed(*ids: str) -> dict[str, Any]:
    """Return a webhook that brings messages of these ids."""
    now = datetime.now(UTC)
    said = [
        {
            "type": "seen",
            "message": {
                "external_id": id, "kind": "mention", "posted_at": now.isoformat(),
                "text": "It is broken", "author": {"id": "u-kim"},
            },
        }
        for id in ids
    ]  # fmt: skip
    body = json.dumps({"items": said})
    headers = {
        "webhook-id": f"w-{ids[0]}",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Judge(SECRET).sign(f"w-{ids[0]}", now, body),
    }
    return {"content": body.encode(), "headers": headers}


def kept(desk: Path) -> int:
    with closing(sqlite3.connect(desk / "careline.db")) as conn:
        count = "SELECT count(*) FROM messages WHERE account = 'shop'"
        return int(conn.execute(count).fetchone()[0])


def dial(client: httpx.Client) -> socket.socket:
    url = client.base_url
    return socket.create_connection((url.host, url.port), timeout=20)


def raw(webhook: dict[str, Any], **more: str) -> bytes:
    """Return a webhook as it goes over the line."""
    headers = {**webhook["headers"], "host": "desk", "content-length": len(webhook["content"])}
    lines = [f"{name}: {value}" for name, value in (headers | more).items()]
    head = "\r\n".join(["POST /hooks/relay HTTP/1.1", *lines]) + "\r\n\r\n"
    return head.encode() + bytes(webhook["content"])


def test_it_serves_until_it_is_told_to_stop(serve: Any, shop: Path) -> None:
    with serve("--log-json", "-v") as (process, client):
        assert client.get("/-/live").text == "live"
        assert client.get("/-/ready").text == "ready"
        assert client.post("/hooks/relay", **signed("1", "2")).text == "kept"
        assert client.post("/hooks/relay", **signed("1", "2")).text == "kept"
        found = {one["account"]: one for one in client.get("/-/health").json()["accounts"]}
        assert found["shop"]["last_item_at"] is not None
        process.terminate()
        assert process.wait(20) == 0
        said = [json.loads(line) for line in process.stderr]
    assert said[-1]["event"] == "stopping: SIGTERM"
    assert {one["level"] for one in said} <= {"debug", "info"}
    assert kept(shop) == 2


def test_an_answer_on_an_open_line_does_not_wait_for_the_one_before(serve: Any) -> None:
    with serve() as (_, client):
        waits = [client.get("/-/live").elapsed.total_seconds() for _ in range(20)]
    assert min(waits[1:]) < 0.03  # a line that delays small packets takes 0.04 for each


def shown(language: str, name: str = "") -> str:
    """Return a block of the page that tells how to connect a system."""
    page = Path(__file__).parents[2] / "docs/operate/relay.md"
    found = re.search(rf"^```{language}{name}\n(.*?)^```$", page.read_text(), re.DOTALL | re.M)
    assert found
    return found[1]


def test_a_push_as_the_docs_show_it_is_kept_and_taken_back(serve: Any, shop: Path) -> None:
    with serve() as (_, client):
        base = str(client.base_url).rstrip("/")
        code = shown("python", " name=push").replace("http://127.0.0.1:8765", base)
        exec(compile(code, "relay.md", "exec"), {})
        assert kept(shop) == 1
        if not all(map(shutil.which, ("bash", "curl", "openssl"))):
            pytest.skip("there is no bash, curl or openssl here")
        script = shown("bash").replace("http://127.0.0.1:8765", base)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout == "kept"
    with closing(sqlite3.connect(shop / "careline.db")) as conn:
        gone = "SELECT count(*) FROM messages WHERE removed_at IS NOT NULL"
        assert conn.execute(gone).fetchone()[0] == 1


def test_what_is_pushed_can_be_found_beside_it(serve: Any, run: Run) -> None:
    with serve() as (_, client):
        assert client.post("/hooks/relay", **signed("1")).status_code == 200
        listed = json.loads(run("conversations", "--json").stdout)["conversations"]
        assert "relay" in {one["channel"] for one in listed}


def test_a_port_that_is_taken_is_said_and_nothing_is_begun(shop: Path, run: Run) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        result = run("run", "--set", f"web.listen=127.0.0.1:{port}")
    assert result.exit_code == 69
    assert f"cannot listen at 127.0.0.1:{port}: Address already in use" in result.stderr
    assert "Another program uses that port" in result.stderr
    assert "hearing" not in result.stderr


@pytest.mark.parametrize("listen", ["192.0.2.1:0", "no-such-host.invalid:0", "[::1::1]:0"])
def test_an_address_of_another_machine_is_said(listen: str, shop: Path, run: Run) -> None:
    result = run("run", "--set", f"web.listen={listen}")
    assert result.exit_code == 69
    assert f"cannot listen at {listen}: " in result.stderr
    assert "[web] listen has to name an address of this machine." in result.stderr
    assert "Traceback" not in result.stderr


def test_once_serves_nothing(shop: Path, run: Run) -> None:
    result = run("run", "--once")
    assert result.exit_code == 0
    assert "serving" not in result.stderr


def test_webhooks_that_nobody_serves_are_said(shop: Path, start: Start, says: Says) -> None:
    text = (shop / "careline.toml").read_text()
    (shop / "careline.toml").write_text(text.replace(WEB, ""))
    with start("run") as process:
        assert says(process, "webhooks of shop are not served: [web] is missing")
        says(process, "hearing")


def test_a_body_that_is_cut_off_leaves_nothing(serve: Any, shop: Path) -> None:
    with serve() as (_, client):
        whole = raw(signed("1"))
        for size in (10, len(whole) // 2, len(whole) - 1):
            with closing(dial(client)) as line:
                line.sendall(whole[:size])
        assert client.post("/hooks/relay", **signed("2")).status_code == 200
        assert kept(shop) == 1


def test_fifty_megabytes_are_refused_and_it_goes_on(serve: Any, shop: Path) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 2**20

    with serve() as (_, client):
        webhook = signed("1")
        webhook["content"] = b"x" * 50 * 2**20
        assert client.post("/hooks/relay", **webhook).status_code == 413
        webhook["content"] = parts()
        assert client.post("/hooks/relay", **webhook).status_code == 413
        assert client.post("/hooks/relay", **signed("2")).status_code == 200
        assert kept(shop) == 1


def test_what_is_no_http_is_refused_and_it_goes_on(serve: Any) -> None:
    with serve() as (_, client):
        with closing(dial(client)) as line:
            line.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 400")
        assert client.get("/-/live").status_code == 200


def test_a_request_that_has_begun_is_finished_and_no_other_is_begun(
    serve: Any, shop: Path, says: Says
) -> None:
    with serve() as (process, client):
        whole = raw(signed("1"))
        with closing(dial(client)) as line:
            line.sendall(whole[:-20])
            assert client.get("/-/live").status_code == 200  # it has read what was sent before
            process.terminate()
            says(process, "stopping")
            with pytest.raises(OSError, match="refused"):  # noqa: PT012 -- once it does not listen
                while True:
                    dial(client).close()
            line.sendall(whole[-20:])
            assert line.recv(1000).startswith(b"HTTP/1.1 200")
        assert process.wait(20) == 0
    assert kept(shop) == 1


def test_a_request_that_never_ends_is_cut_off(serve: Any, shop: Path) -> None:
    with serve() as (process, client), closing(dial(client)) as line:
        line.sendall(raw(signed("1"))[:-20])
        assert client.get("/-/live").status_code == 200
        process.terminate()
        assert process.wait(20) == 0
    assert kept(shop) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(number: signal.Signals, serve: Any, says: Says) -> None:
    with serve() as (process, client), closing(dial(client)) as line:
        line.sendall(raw(signed("1"))[:-20])
        assert client.get("/-/live").status_code == 200
        process.send_signal(number)
        says(process, "stopping")
        process.send_signal(number)
        assert process.wait(3) == -number


def test_what_was_answered_survives_every_kill(serve: Any, shop: Path) -> None:
    for round in range(3):
        with serve() as (process, client):
            for number in range(5):
                assert client.post("/hooks/relay", **signed(f"{round}-{number}")).is_success
            process.kill()
            process.wait(20)
        assert kept(shop) == (round + 1) * 5
    with serve() as (_, client):
        assert client.post("/hooks/relay", **signed("0-0", "2-4", "new")).is_success
    assert kept(shop) == 16
