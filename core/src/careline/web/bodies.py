"""Bodies of webhooks: raw bytes, only so many, and only so long in coming."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

LARGEST: Final = 4 * 2**20
"""Bytes of one body."""
TOGETHER: Final = 64 * 2**20
"""Bytes of all bodies that are held at one moment."""
PATIENCE: Final = 30.0
"""Real seconds in which a body has to be there."""


@dataclass(slots=True)
class Bodies:
    """Reads bodies, and knows how much of memory they take."""

    largest: int = LARGEST
    together: int = TOGETHER
    patience: float = PATIENCE
    held: int = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Give a request's body; one that is refused raises what is answered."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.largest:
            raise self._too_large()
        body = bytearray()
        try:
            await self._fill(body, request)
            yield bytes(body)
        finally:
            self.held -= len(body)

    async def _fill(self, body: bytearray, request: Request) -> None:
        try:
            with anyio.fail_after(self.patience):
                async with aclosing(request.stream()) as parts:
                    async for part in parts:
                        self._admit(body, part)
        except TimeoutError:
            raise HTTPException(408, "the body did not come in time", _CLOSE) from None
        except ClientDisconnect:  # nobody hears this answer, and nothing is kept
            raise HTTPException(400, "the body broke off") from None

    def _admit(self, body: bytearray, part: bytes) -> None:
        if len(body) + len(part) > self.largest:
            raise self._too_large()
        if self.held + len(part) > self.together:
            raise HTTPException(503, "too much at once: try again", {"retry-after": "5"})
        body += part
        self.held += len(part)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a webhook has {self.largest} bytes at the most")


_CLOSE: Final = {"connection": "close"}
"""Who is slow is not waited for any more."""
