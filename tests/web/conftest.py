"""An open desk with two relay accounts and a channel that pushes whatever a test wants."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from standardwebhooks import Webhook as Judge
from starlette.types import ASGIApp

from careline.desk import Desk
from careline.engine.reading import ConversationView
from careline.ids import conversation_id, message_id
from careline.plugin import Capability, Channel, PluginConfig, Webhook, hookimpl
from careline.registry import Registry
from careline.store.rejected import RejectedView, rejected_views
from careline.testing import FakeClock
from careline.testing.clock import START
from careline.web import asgi

SECRETS = {
    "shop": "whsec_" + b64encode(b"the shop's own secret, 32 bytes.").decode(),
    "forum": "whsec_" + b64encode(b"the forum's secret: 32 bytes too").decode(),
}


class Pushy(Channel[PluginConfig]):
    """A channel whose `receive` does what a test says."""

    kind, title, Config = "pushy", "Pushy", PluginConfig
    capabilities = frozenset({Capability.WEBHOOK})
    does: ClassVar[Callable[[Webhook, Mapping[str, Any]], Any]]
    broken: ClassVar[str] = ""

    def __init__(self, config: PluginConfig, context: Any) -> None:
        super().__init__(config, context)
        if context.account == self.broken:
            raise RuntimeError("it cannot be made")

    @classmethod
    def receive(cls, webhook: Webhook, accounts: Mapping[str, Any]) -> Any:
        return cls.does(webhook, accounts)


class Web:
    """A desk, its app, and those who push to it."""

    start, secrets = START, SECRETS

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.pushy: type[Pushy] = type("Here", (Pushy,), {})
        self.strict = False
        for name, secret in SECRETS.items():
            (folder / name).write_text(secret)
        self.config: dict[str, Any] = {
            "store": {"url": url},
            "brands": {"acme": {"name": "Acme"}},
            "agents": {"ann": {"name": "Ann"}},
            "channels": {
                "shop": {"kind": "relay", "secret": {"file": str(folder / "shop")}},
                "forum": {"kind": "relay", "secret": {"file": str(folder / "forum")}},
                "one": {"kind": "pushy"},
                "two": {"kind": "pushy"},
                "day": {"kind": "practice", "start": self.at(60 * 24)},
            },
        }
        self._open = AsyncExitStack()
        self.desk: Desk
        self.client: httpx.AsyncClient

    def make(self) -> Desk:
        """Return a desk that is still to be opened."""
        plugin = type("Plugin", (), {})()
        plugin.careline_channels = hookimpl(lambda: [self.pushy])
        registry = Registry.load(extra=[plugin])
        return Desk(self.config, registry=registry, clock=self.clock, strict=self.strict)

    async def open(self) -> None:
        """Open the desk anew."""
        await self.close()
        self.desk = await self._open.enter_async_context(self.make())
        self.client = await self._open.enter_async_context(self.asking(asgi(self.desk)))

    async def close(self) -> None:
        await self._open.aclose()

    @staticmethod
    @asynccontextmanager
    async def asking(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
        """Give a client of an app in this process."""
        network = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=network, base_url="http://desk.test") as client:
            yield client

    # -- who pushes

    @classmethod
    def at(cls, minutes: float = 0) -> datetime:
        return cls.start + timedelta(minutes=minutes)

    @classmethod
    def said(cls, id: str, text: str = "It is broken", minutes: float = 0) -> dict[str, Any]:
        """Return a customer's public word, as the shop tells it."""
        message = {
            "external_id": id, "kind": "mention", "addressed": True, "text": text,
            "posted_at": cls.at(minutes).isoformat(), "author": {"id": "u-kim", "name": "Kim"},
        }  # fmt: skip
        return {"type": "seen", "message": message}

    def signed(
        self, body: bytes, by: str = "shop", id: str = "w1", at: datetime | None = None
    ) -> dict[str, str]:
        """Return the headers of a webhook, made by the specification's own library."""
        when = at or self.clock.now()
        said = Judge(SECRETS[by]).sign(id, when, body.decode("utf-8", "surrogateescape"))
        stamp = str(int(when.timestamp()))
        return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": said}

    async def tells(self, *items: Any, by: str = "shop", id: str = "w1") -> httpx.Response:
        """Have the shop push these items."""
        return await self.sends(json.dumps({"items": items}).encode(), by, id)

    async def sends(self, body: bytes, by: str = "shop", id: str = "w1") -> httpx.Response:
        """Have the shop push a body."""
        return await self.client.post(
            "/hooks/relay", content=body, headers=self.signed(body, by, id)
        )

    async def pushes(
        self, body: bytes = b"a body", does: Callable[..., Any] | None = None
    ) -> httpx.Response:
        """Have something pushed at the channel that does what it is told."""
        if does is not None:
            self.pushy.does = staticmethod(does)
        return await self.client.post("/hooks/pushy", content=body)

    # -- what became of it

    @staticmethod
    def id(message: str, account: str = "shop") -> str:
        return conversation_id(message_id("acme", f"relay:{account}", message))

    async def case(self, message: str, account: str = "shop") -> ConversationView:
        return await self.desk.conversation(self.id(message, account))

    async def count(self) -> int:
        """Return how many messages are kept."""
        count = "SELECT count(*) FROM messages"
        return int(await self.desk.read(lambda c: c.exec_driver_sql(count).scalar() or 0))

    async def aside(self) -> list[RejectedView]:
        """Return what was set aside, as `careline rejected` does."""
        views, _ = await self.desk.read(lambda conn: rejected_views(conn))
        return list(views)


@pytest.fixture
async def closed(tmp_path: Path, url: str, anyio_backend: str) -> AsyncIterator[Web]:
    """A desk that is still to be opened: `await closed.open()`."""
    made = Web(tmp_path, url)
    yield made
    await made.close()


@pytest.fixture
async def web(closed: Web) -> Web:
    await closed.open()
    return closed
