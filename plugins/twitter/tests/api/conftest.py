"""An `Api` that speaks to a sandbox on loopback, with each kind of credential."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from careline.plugin import State
from careline.testing import FakeClock, MemoryContext, Recorder
from careline_twitter.api import Api
from careline_twitter.config import TwitterConfig
from careline_twitter.sandbox import SCOPES, TOKENS, TwitterSandbox

OAUTH1 = {
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "sandbox-consumer-secret",
    "access_token": TOKENS["oauth1"],
    "access_secret": TOKENS["oauth1_secret"],
}
OAUTH2 = {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}
BEARER = {"bearer": "sandbox-bearer"}


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


class Desk:
    """Makes Apis of one account: each call is a worker of its own, and they share their state."""

    def __init__(self, x: TwitterSandbox, clock: FakeClock) -> None:
        self.x, self.clock, self.log = x, clock, Recorder()
        self.states: dict[str, State] = {}
        self.stack = AsyncExitStack()

    @property
    def state(self) -> State:
        return self.context().state("twitter:acme-x")

    def context(self, clock: Any = None) -> MemoryContext:
        return MemoryContext(
            account="acme-x", clock=clock or self.clock, log=self.log, states=self.states
        )

    def config(self, **said: Any) -> TwitterConfig:
        at = self.x.base_url
        where = {"base_url": at, "authorize_url": f"{at}/i/oauth2/authorize"}
        return TwitterConfig(**where, **said)

    def api(self, clock: Any = None, judge: Any = None, **said: Any) -> Api:
        """A worker; `judge` is shown each request with its answer."""
        context = self.context(clock)
        if judge is not None:
            context.http = _judged(context.http, judge)
        api = Api(self.config(**said), context)
        self.stack.push_async_callback(api.close)
        return api

    async def logged_in(self, expires_in: float = 7200, scope: str = " ".join(SCOPES)) -> None:
        """Keep the sandbox's own tokens, as a login would have."""
        record = {
            "access": TOKENS["access"],
            "refresh": TOKENS["refresh"],
            "expires_at": self.clock.now().timestamp() + expires_in,
            "scope": scope,
        }
        _, version = await self.state.get("oauth2")
        assert await self.state.put("oauth2", record, version=version, secret=True)


def _judged(make: Any, judge: Callable[[httpx.Request, httpx.Response], None]) -> Any:
    async def show(response: httpx.Response) -> None:
        if "/oauth2/" not in response.request.url.path:
            await response.aread()
            judge(response.request, response)

    def made(*given: Any, **named: Any) -> httpx.AsyncClient:
        client = make(*given, **named)
        client.event_hooks = {**client.event_hooks, "response": [show]}
        return client

    return made


@pytest.fixture
async def desk(x: TwitterSandbox, clock: FakeClock) -> AsyncIterator[Desk]:
    desk = Desk(x, clock)
    async with desk.stack:
        yield desk


@pytest.fixture
def secrets_stay(desk: Desk) -> Iterator[None]:
    """No token is in any line of the log, nor in any address that was asked for."""
    yield
    words = (
        "sandbox-bearer",
        "sandbox-access",
        "sandbox-refresh",
        "-secret",
        "access-",
        "refresh-",
    )
    for word in words:
        assert word not in desk.log.text
        assert not any(word in asked.raw_query + asked.path for asked in desk.x.requests)


@pytest.fixture(scope="session")
def spec() -> Callable[[str], Any]:
    """Reads a file of the specifications, or skips the test and says what is missing."""

    def read(name: str) -> Any:
        beside = (folder / "shared" / "specs" for folder in Path(__file__).resolve().parents)
        found = next((one for one in beside if one.is_dir()), Path("no-specs"))
        path = Path(os.environ.get("CARELINE_SPECS", found)) / name
        if not path.is_file():
            pytest.skip(f"no {name} in ../shared/specs (CARELINE_SPECS names another folder)")
        return json.loads(path.read_text("utf-8"))

    return read
