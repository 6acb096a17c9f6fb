"""How `careline run` serves webhooks and health: with uvicorn, on a socket that it opens itself."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import uvicorn

from careline.config.tables import WebSettings
from careline.desk import Desk
from careline.engine.receiving import HOOKS
from careline.errors import CarelineError
from careline.web import asgi

_GRACE: Final = 5
"""Seconds for the requests that are going on when it is told to stop."""
_NOT_OURS: Final = "[web] listen has to name an address of this machine."
_HINTS: Final = {
    errno.EADDRINUSE: "Another program uses that port: stop it, or give [web] listen another one.",
    errno.EACCES: "Ports below 1024 are not for everybody: give [web] listen another one.",
}


class CannotListen(CarelineError):
    """The address at which webhooks are to be served cannot be used."""


def listening(web: WebSettings) -> socket.socket:
    """Return a socket that listens where the operator says.

    Raises:
        CannotListen: the port is taken, or the address is none of this machine's.
    """
    host, _, port = web.listen.rpartition(":")
    address = (host.strip("[]"), int(port))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server(address, family=family, backlog=1024)
    except OSError as error:
        why, hint = error.strerror or str(error), _HINTS.get(error.errno or 0, _NOT_OURS)
        raise CannotListen(f"cannot listen at {web.listen}: {why}. {hint}") from error
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms
    return made


class Server(uvicorn.Server):
    """Answers on one socket, and leaves signals and logging to the command line."""

    def __init__(self, desk: Desk, on: socket.socket) -> None:
        """`on` is listening already; it is closed when the server ends."""
        app = asgi(desk)
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                forwarded_allow_ips="",
                workers=1,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._kinds = sorted(desk.endpoints)
        self._on = on
        self._ended = anyio.Event()

    @property
    def serves(self) -> list[str]:
        """What is served where; the proxy before it has an address of its own."""
        host, port = self._on.getsockname()[:2]
        base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return [
            f"health at {base}/-/health",
            *(f"webhooks at {base}{HOOKS}/{k}" for k in self._kinds),
        ]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield

    async def answer(self) -> None:
        """Answer until told to stop, or cancelled."""
        try:
            await self.serve([self._on])
        finally:
            for server in getattr(self, "servers", ()):  # none yet, where it was stopped at once
                server.close()
            self._on.close()
            self._ended.set()

    async def stop(self) -> None:
        """Take no more requests, and finish those that are there."""
        self.should_exit = True
        await self._ended.wait()
