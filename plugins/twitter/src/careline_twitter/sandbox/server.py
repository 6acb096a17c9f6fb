"""A small HTTP/1.1 server for asyncio and trio: whole replies, and streams without an end."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Self, TypeAlias

import anyio
import h11
from anyio.abc import SocketAttribute, SocketStream, TaskGroup

from careline_twitter.sandbox.wire import Asked, Pour, Reply

Answer: TypeAlias = Callable[[Asked], Awaitable[Reply]]
_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError, h11.RemoteProtocolError)


class Server:
    """Listens on a free port of 127.0.0.1 while it is entered."""

    def __init__(self, answer: Answer) -> None:
        """`answer`: what it raises is a bug, raised again when the server closes."""
        self._answer = answer
        self._bugs: list[Exception] = []
        self.url = ""
        self.tasks: TaskGroup

    async def __aenter__(self) -> Self:
        """Listen."""
        async with AsyncExitStack() as stack:
            listener = (await anyio.create_tcp_listener(local_host="127.0.0.1")).listeners[0]
            await stack.enter_async_context(listener)
            self.tasks = anyio.create_task_group()
            await self.tasks.__aenter__()
            self.tasks.start_soon(listener.serve, self._serve)
            self._stack = stack.pop_all()
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"  # noqa: S610 -- not Django's
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop listening; raise what `answer` raised."""
        self.tasks.cancel_scope.cancel()
        await self.tasks.__aexit__(None, None, None)
        await self._stack.aclose()
        if self._bugs:
            raise self._bugs[0]

    async def _serve(self, stream: SocketStream) -> None:
        line = h11.Connection(h11.SERVER)
        async with stream:
            try:
                while (asked := await _asked(line, stream)) is not None:
                    reply = await self._answer(asked)
                    await _say(line, stream, asked, reply)
                    if line.our_state is not h11.DONE:
                        return
                    line.start_next_cycle()
            except _BROKEN:
                return  # the other side broke off
            except Exception as error:
                self._bugs.append(error)


async def _asked(line: h11.Connection, stream: SocketStream) -> Asked | None:
    """Return the next request; None: the line is closed."""
    head, body = None, bytearray()
    while not isinstance(event := line.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            await _go_on(line, stream)
            line.receive_data(await _received(stream))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            return None
    if head is None:
        return None
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    path, _, query = head.target.decode("ascii").partition("?")
    return Asked(head.method.decode("ascii"), path, query, headers, bytes(body))


async def _go_on(line: h11.Connection, stream: SocketStream) -> None:
    """Let a client send its body that waits to be told so."""
    if line.they_are_waiting_for_100_continue:
        go_on = h11.InformationalResponse(status_code=100, headers=[])
        await stream.send(line.send(go_on) or b"")


async def _received(stream: SocketStream) -> bytes:
    """Return what comes next; nothing: the other side has hung up."""
    try:
        return await stream.receive()
    except anyio.EndOfStream:
        return b""


async def _say(line: h11.Connection, stream: SocketStream, asked: Asked, reply: Reply) -> None:
    if reply.fate == "hang":
        await _until_hung_up(stream)
    if reply.fate in ("hang", "cut"):
        return
    head = {"content-type": reply.content_type, **reply.headers}
    if reply.pour is None:
        body = reply.body if asked.method != "HEAD" else b""
        await _whole(line, stream, reply, head | {"content-length": str(len(body))}, body)
        return
    start = h11.Response(status_code=reply.status, headers=list(head.items()))
    try:
        await stream.send(line.send(start) or b"")
        await _poured(line, stream, reply.pour)
    finally:
        reply.pour.gone()
        reply.pour.chunks.close()


async def _whole(
    line: h11.Connection, stream: SocketStream, reply: Reply, head: dict[str, str], body: bytes
) -> None:
    events: list[h11.Event] = [h11.Response(status_code=reply.status, headers=list(head.items()))]
    if reply.fate == "cut-body":
        events.append(h11.Data(data=body[: len(body) // 2]))
    else:
        events += [h11.Data(data=body), h11.EndOfMessage()]
    await stream.send(b"".join(line.send(event) or b"" for event in events))


async def _poured(line: h11.Connection, stream: SocketStream, pour: Pour) -> None:
    """Send what comes until the platform ends it, or the client hangs up."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pour.beat)
        tasks.start_soon(_until_hung_up, stream, tasks.cancel_scope)
        with suppress(anyio.BrokenResourceError):
            async for chunk in pour.chunks:
                await stream.send(line.send(h11.Data(data=chunk)) or b"")
            if pour.clean:
                await stream.send(line.send(h11.EndOfMessage()) or b"")
        tasks.cancel_scope.cancel()


async def _until_hung_up(stream: SocketStream, then: anyio.CancelScope | None = None) -> None:
    with suppress(anyio.BrokenResourceError):  # hung up without a word
        while await _received(stream):
            continue
    if then is not None:
        then.cancel()
