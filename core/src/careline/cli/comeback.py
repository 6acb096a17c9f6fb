"""Where a person comes back to after a login: one address on this machine, for one answer."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from anyio import to_thread

from careline.errors import CarelineError

PATH: Final = "/callback"
_LOOK: Final = 0.2
"""Seconds in which one request may come, before it is seen whether to go on."""
_PATIENCE: Final = 2.0
"""Seconds for a connection that says nothing: browsers open some ahead."""
_DONE: Final = b"<!doctype html><title>careline</title><p>careline is let in. Close this page."


class NoComeback(CarelineError):
    """Nobody came back from the login in time, or this machine cannot wait for them."""


class _Server(HTTPServer):
    said: str | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Take the query of the one path that counts."""
        parts = urlsplit(self.path)
        found = parts.path == PATH and bool(parts.query)
        if found:
            self.server.said = parts.query
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(_DONE if found else b"nothing is here")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the query holds a code."""


class Comeback:
    """Listens on 127.0.0.1 while it is entered."""

    def __init__(self, port: int) -> None:
        """`port`: 0 takes a free one."""
        self._port = port

    def __enter__(self) -> Self:
        """Begin to listen."""
        try:
            self._server = _Server(("127.0.0.1", self._port), _Handler)
        except OSError as error:
            raise NoComeback(f"cannot listen on port {self._port}: {error.strerror}") from error
        self._server.timeout = _LOOK
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where the platform sends the person."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    async def wait(self, seconds: float) -> str:
        """Return the query that somebody comes back with.

        Raises:
            NoComeback: nobody did in time.
        """
        for _ in range(int(seconds / _LOOK)):
            await to_thread.run_sync(self._server.handle_request)
            if self._server.said is not None:
                return self._server.said
        raise NoComeback("nobody came back from the login: begin it again")
