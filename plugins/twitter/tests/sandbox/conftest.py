"""A sandbox whose time stands still until a test moves it, and clients that speak to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import httpx
import pytest

from careline.testing import FakeClock
from careline_twitter.sandbox import TOKENS, TwitterSandbox

STREAM = "/2/tweets/search/stream"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def x(anyio_backend: str, clock: FakeClock) -> AsyncIterator[TwitterSandbox]:
    """X, where our account is @acme, and Kim and Robin are."""
    async with TwitterSandbox(clock) as x:
        x.user("kim", name="Kim", followers=120)
        x.user("robin", name="Robin")
        yield x


class Client(httpx.AsyncClient):
    """Asks as somebody, and returns what came with its status."""

    async def ask(self, method: str, path: str, **sent: Any) -> tuple[int, Any]:
        reply = await self.request(method, path, **sent)
        return reply.status_code, reply.json()

    async def get_json(self, path: str, **query: Any) -> Any:
        """Return the body of a good answer; `tweet_fields` stands for `tweet.fields`."""
        named = {name.replace("_fields", ".fields"): value for name, value in query.items()}
        reply = await self.get(path, params=named)
        assert reply.status_code == 200, reply.text
        return reply.json()


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def us(x: TwitterSandbox) -> AsyncIterator[Client]:
    """A client with our own token."""
    async with Client(base_url=x.base_url, headers=bearing(TOKENS["access"])) as client:
        yield client


@pytest.fixture
async def app(x: TwitterSandbox) -> AsyncIterator[Client]:
    """A client with the token of the app alone."""
    async with Client(base_url=x.base_url, headers=bearing(x.app.bearer)) as client:
        yield client


class Line:
    """The lines of an open stream, one at a time."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.chunks, self._rest = response.aiter_raw(), b""

    async def raw(self) -> bytes | None:
        """Return the next line, its end left off; None: there is no more."""
        with anyio.fail_after(5):
            while b"\r\n" not in self._rest:
                try:
                    self._rest += await anext(self.chunks)
                except StopAsyncIteration:
                    return None
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line

    async def next(self) -> Any:
        return json.loads(await self.raw() or b"null")

    async def leave(self) -> None:
        """Cancel the next read: httpx closes its generators by that alone, and trio watches it."""
        with anyio.CancelScope() as scope, suppress(StopAsyncIteration, httpx.HTTPError):
            scope.cancel()
            while True:
                await anext(self.chunks)


@asynccontextmanager
async def opened(client: Client, path: str = STREAM, **query: str) -> AsyncIterator[Line]:
    named = {name.replace("_fields", ".fields"): value for name, value in query.items()}
    async with client.stream("GET", path, params=named) as response:
        line = Line(response)
        try:
            yield line
        finally:
            await line.leave()
