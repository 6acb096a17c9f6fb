"""A bulletin board on 127.0.0.1, with its real wire format."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "a-made-up-token"
KIM, STAFF = {"id": "kim", "name": "Kim"}, {"id": "front-desk", "name": "Front desk"}
ENTRIES: list[Any] = [
    {"note": "n1", "at": "2026-01-04T10:00:00+00:00", "by": KIM, "text": "Are you open on Sunday?"},
    {"note": "n2", "at": "2026-01-04T10:20:00+00:00", "by": STAFF, "staff": True, "answers": "n1",
     "text": "From ten."},
    {"note": "n3", "at": "2026-01-04T11:00:00+00:00", "by": {"id": "lou"},
     "text": "The lift broke."},
    {"note": "n4", "at": "some time ago", "by": KIM, "text": "Thank you!"},
    {"note": "n3", "at": "2026-01-04T11:05:00+00:00", "by": {"id": "lou"}, "changed": True,
     "text": "The lift broke again."},
    {"note": "n1", "at": "2026-01-04T12:00:00+00:00", "gone": True},
]  # fmt: skip


class Board(ThreadingHTTPServer):
    """Two entries a page; `busy` makes it answer the next requests 429."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.entries = [{"entry": n, **entry} for n, entry in enumerate(ENTRIES, 1)]
        self.busy = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, token: str | None, after: int) -> tuple[int, Any]:
        if token != f"Bearer {TOKEN}":
            return 401, {"error": "who are you?"}
        if self.busy:
            self.busy -= 1
            return 429, {"error": "slowly"}
        rest = [entry for entry in self.entries if entry["entry"] > after]
        return 200, {"entries": rest[:2], "more": len(rest) > 2}


class _Handler(BaseHTTPRequestHandler):
    server: Board

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        after = int(parse_qs(url.query).get("after", ["0"])[0])
        token = self.headers["authorization"]
        known = url.path == "/notes"
        status, said = self.server.answer(token, after) if known else (404, {})
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", "30")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
