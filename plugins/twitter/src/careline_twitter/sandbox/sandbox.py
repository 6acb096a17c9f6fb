"""The sandbox: X on loopback, with a story to tell."""

from contextlib import AsyncExitStack
from random import Random
from types import MappingProxyType
from typing import Any, Self

from careline.plugin import Clock, Sandbox
from careline_twitter.sandbox.app import ACCESS_LIFE, SCOPES, Grant
from careline_twitter.sandbox.clock import MachineClock
from careline_twitter.sandbox.controls import Controls
from careline_twitter.sandbox.platform import Platform
from careline_twitter.sandbox.router import Router
from careline_twitter.sandbox.server import Server
from careline_twitter.sandbox.story import Story

TOKENS = MappingProxyType(
    {
        "access": "sandbox-access",
        "refresh": "sandbox-refresh",
        "oauth1": "sandbox-token",
        "oauth1_secret": "sandbox-token-secret",
    }
)
"""The tokens of our account, the same in every sandbox: they open nothing else."""


class TwitterSandbox(Story, Controls, Sandbox):
    """A stateful X on 127.0.0.1, while it is entered.

    Time is the clock's that is handed in; people and their words are told as a story:

        async with TwitterSandbox(clock) as x:
            asked = x.post("kim", "@acme my kettle broke")
            ...                                     # a client answers, at `x.base_url`
            assert x.done == [("post", "On it!", asked.id)]
    """

    kind = "twitter"
    title = "X"

    def __init__(
        self, clock: Clock | None = None, random: Random | None = None, *, us: str = "acme"
    ) -> None:
        """`clock`: the machine's, if none is handed in. `us`: the name of our account."""
        random = random or Random(1)  # noqa: S311 -- repeatable
        self.platform = Platform(clock or MachineClock(), random)
        self.base_url = ""
        self._stack = AsyncExitStack()
        self.platform.us = self.user(us, followers=1000)
        self._grant()

    def _grant(self) -> None:
        """Grant our tokens: all that the app can be granted."""
        app, now = self.platform.app, self.platform.world.now()
        scopes = frozenset(SCOPES)
        grant = Grant(self.us, scopes, TOKENS["access"], TOKENS["refresh"], now + ACCESS_LIFE)
        app.grants.append(grant)
        app.oauth1[TOKENS["oauth1"]] = (TOKENS["oauth1_secret"], self.us)

    @property
    def config(self) -> dict[str, Any]:
        """What a channel must be told to speak to it."""
        page = f"{self.base_url}/i/oauth2/authorize"
        return {"base_url": self.base_url, "authorize_url": page}

    async def __aenter__(self) -> Self:
        """Start listening on a free port of 127.0.0.1."""
        server = Server(Router(self.platform).answer)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server)
            server.tasks.start_soon(self.platform.courier.run)
            self._stack = stack.pop_all()
        self.base_url = self.platform.origin = server.url
        return self

    async def __aexit__(self, *exc: object) -> None:
        """End all streams, and let go of the port."""
        self.platform.streams.cut()
        await self._stack.aclose()
