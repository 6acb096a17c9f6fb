"""Asks a server of this machine, in plain HTTP: how webhooks are reached."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import anyio
import h11

_FAILS: Final = (
    TimeoutError, OSError, anyio.EndOfStream, anyio.BrokenResourceError, h11.ProtocolError,
)  # fmt: skip


async def request(
    method: str, url: str, headers: Mapping[str, str], body: bytes, patience: float
) -> tuple[int | None, bytes]:
    """Return the status and the body of an answer; None: none came in `patience` seconds."""
    try:
        with anyio.fail_after(patience):
            return await _asked(method, url, headers, body)
    except _FAILS:
        return None, b""


async def _asked(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    to = urlsplit(url)
    target = to.path + (f"?{to.query}" if to.query else "")
    named = {"host": to.netloc, "content-length": str(len(body)), "connection": "close", **headers}
    line = h11.Connection(h11.CLIENT)
    request = h11.Request(method=method, target=target or "/", headers=list(named.items()))
    async with await anyio.connect_tcp(to.hostname or "127.0.0.1", to.port or 80) as stream:
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        await stream.send(b"".join(line.send(event) or b"" for event in events))
        status, answer = 0, bytearray()
        while not isinstance(event := line.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                line.receive_data(await stream.receive())
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                answer += event.data
    return status, bytes(answer)
