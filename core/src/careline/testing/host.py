"""A platform on loopback that speaks real HTTP, keeps what it did, and fails as it is told."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Protocol, Self, TypeAlias

import anyio
import h11
import httpx
from anyio.abc import SocketAttribute, SocketStream

Fault: TypeAlias = Literal[
    "401", "403-token", "403-policy", "404", "410", "429", "500",
    "cut-before", "cut-after", "hang", "not-json",
]  # fmt: skip
"""How a platform fails. `cut-after`: it does what it is asked, then the line is cut."""

_log = logging.getLogger(__name__)
_WAIT = 7
"""Seconds that a `429` asks to wait."""
_REFUSALS: Mapping[str, tuple[int, str]] = {
    "401": (401, "the credential is not valid"),
    "403-token": (403, "the token lacks the scope for this"),
    "403-policy": (403, "this customer takes no messages from you"),
    "404": (404, "there is no such message"),
    "410": (410, "the message was deleted"),
    "429": (429, "too many requests"),
    "500": (500, "an internal error"),
}


class Platform(Protocol):
    """What the channel suite asks of a stand-in for a platform."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What the channel must be told to speak to it: its address. It goes over `config`."""
        ...

    @property
    def done(self) -> list[Any]:
        """One entry for each thing really done: what it was, with its key where there are keys.

        The same action tried again gives an equal entry, or none.
        """
        ...

    def fail(self, how: Fault | None) -> None:
        """Fail so from now on. None: do what is asked again."""
        ...


class LoopbackHost(ABC):
    """A platform to talk to: say in `answer` what it does, and keep it in `done`.

    With `async with`, it listens at `base_url`. What it was asked is in `requests`.
    """

    def __init__(self) -> None:
        """Start with nothing done."""
        self.base_url = ""
        self.done: list[Any] = []
        self.requests: list[httpx.Request] = []
        self._failing: Fault | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        """What a channel must be told. Override it where the key is not `url`."""
        return {"url": self.base_url}

    @abstractmethod
    def answer(self, request: httpx.Request) -> httpx.Response:
        """Do what is asked. What it raises is logged, and answered with a 500."""

    def refusal(self, how: Fault) -> httpx.Response:
        """Refuse as the platform does. Override it where the bodies matter to your channel."""
        status, why = _REFUSALS[how]
        headers = {"retry-after": str(_WAIT)} if how == "429" else None
        return httpx.Response(status, headers=headers, json={"error": why})

    def fail(self, how: Fault | None) -> None:
        """Fail so from now on. None: do what is asked again."""
        self._failing = how

    def fault(self, request: httpx.Request) -> Fault | None:
        """Say how this request fails. Override it for a script of your own.

        A line is cut where something is done: a `GET` before that gets its answer.
        """
        asks = request.method in ("GET", "HEAD")
        return None if asks and self._failing in ("cut-before", "cut-after") else self._failing

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._listener = (await anyio.create_tcp_listener(local_host="127.0.0.1")).listeners[0]
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._listener.serve, self._serve)
        port = self._listener.extra(SocketAttribute.local_port)  # noqa: S610 -- not Django's
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop listening."""
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        await self._listener.aclose()

    async def _serve(self, stream: SocketStream) -> None:
        line = h11.Connection(h11.SERVER)
        async with stream:
            try:
                while (request := await self._asked(line, stream)) is not None:
                    response = await self._respond(request, stream)
                    if response is None:
                        return
                    await stream.send(_written(line, request, response))
                    if line.our_state is not h11.DONE:
                        return
                    line.start_next_cycle()
            except (anyio.BrokenResourceError, h11.RemoteProtocolError):
                return  # the other side broke off

    async def _asked(self, line: h11.Connection, stream: SocketStream) -> httpx.Request | None:
        """Return the next request; None: the line is closed."""
        head, body = None, bytearray()
        while not isinstance(event := line.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                line.receive_data(await _received(stream))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return None
        if head is None:
            return None
        method, url = head.method.decode("ascii"), self.base_url + head.target.decode("ascii")
        request = httpx.Request(method, url, headers=list(head.headers), content=bytes(body))
        self.requests.append(request)
        return request

    async def _respond(self, request: httpx.Request, stream: SocketStream) -> httpx.Response | None:
        """Return what is said; None: the line is cut."""
        how = self.fault(request)
        if how == "hang":
            while await _received(stream):
                continue
        if how in ("hang", "cut-before"):
            return None
        if how is not None and how in _REFUSALS:
            return self.refusal(how)
        response = self._answered(request)
        if how == "cut-after":
            return None
        return httpx.Response(200, html="<p>Be right back</p>") if how == "not-json" else response

    def _answered(self, request: httpx.Request) -> httpx.Response:
        try:
            return self.answer(request)
        except Exception:
            _log.exception("this stand-in for a platform has a bug")
            return self.refusal("500")


async def _received(stream: SocketStream) -> bytes:
    """Return what comes next; nothing: the other side has hung up."""
    try:
        return await stream.receive()
    except anyio.EndOfStream:
        return b""


def _written(line: h11.Connection, request: httpx.Request, response: httpx.Response) -> bytes:
    head = h11.Response(status_code=response.status_code, headers=response.headers.raw)
    body = b"" if request.method == "HEAD" else response.content
    events = (head, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(line.send(event) or b"" for event in events)
