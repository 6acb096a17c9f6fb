"""Brings events to webhooks: signed, in order, to a machine that is really this one."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import anyio

from careline_twitter.sandbox.outward import request
from careline_twitter.sandbox.signing import webhook_signature
from careline_twitter.sandbox.wire import JSON_TYPE, encoded, stamp

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform

PATIENCE: Final = 10.0  # seconds within which a webhook has to answer
_CHALLENGED: Final = timedelta(hours=1)


@dataclass(slots=True, eq=False)
class Hook:
    """One webhook."""

    id: str
    url: str
    created_at: datetime
    valid: bool = False
    challenged_at: datetime | None = None

    def told(self) -> dict[str, Any]:
        """Return it as it is shown."""
        at = stamp(self.created_at)
        return {"id": self.id, "url": self.url, "valid": self.valid, "created_at": at}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to a webhook, or what became of it. `status`: None where none came."""

    hook: Hook
    body: bytes
    at: datetime
    status: int | None = None


class Courier:
    """Delivers events, one after the other."""

    def __init__(self, platform: "Platform") -> None:
        """It signs with the secret of `platform`'s app."""
        self._platform = platform
        self._waiting: deque[Delivery] = deque()
        self._news = anyio.Event()
        self._idle = anyio.Event()
        self.delivered: list[Delivery] = []
        """What was brought, with the answers."""
        self.lost: list[Delivery] = []
        """What could not be brought: a replay brings it."""

    def send(self, hook: Hook, payload: dict[str, Any]) -> None:
        """Let an event be brought to a webhook."""
        self.bring(Delivery(hook, encoded(payload).encode(), self._platform.world.now()))

    def bring(self, delivery: Delivery) -> None:
        """Let something be brought, perhaps again."""
        self._waiting.append(delivery)
        if self._idle.is_set():
            self._idle = anyio.Event()
        self._news.set()

    async def run(self) -> None:
        """Bring what waits, for ever."""
        while True:
            while self._waiting:
                await self._deliver(self._waiting.popleft())
            self._idle.set()
            self._news = anyio.Event()
            await self._news.wait()

    async def rest(self) -> None:
        """Wait until nothing is on its way."""
        while self._waiting or not self._idle.is_set():
            await self._idle.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        hook, now = delivery.hook, self._platform.world.now()
        if hook.challenged_at is None or now - hook.challenged_at >= _CHALLENGED:
            await self.challenge(hook)
        status = None
        if hook.valid:
            secret = self._platform.app.consumer_secret
            signature = webhook_signature(secret, delivery.body)
            headers = {"x-twitter-webhooks-signature": signature, "content-type": JSON_TYPE}
            status, _ = await self._request("POST", hook.url, headers, delivery.body)
        told = Delivery(hook, delivery.body, delivery.at, status)
        (self.delivered if status == 200 else self.lost).append(told)

    async def challenge(self, hook: Hook) -> bool:
        """Ask a webhook to prove that it is ours; what fails is valid no more."""
        token = self._platform.world.new_id()
        hook.challenged_at = self._platform.world.now()
        joined = "&" if "?" in hook.url else "?"
        where = f"{hook.url}{joined}crc_token={quote(token)}&nonce={self._platform.world.new_id()}"
        status, body = await self._request("GET", where, {}, b"")
        expected = webhook_signature(self._platform.app.consumer_secret, token.encode())
        hook.valid = status == 200 and _answer(body) == expected
        return hook.valid

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int | None, bytes]:
        return await request(method, self._platform.reach(url), headers, body, PATIENCE)


def _answer(body: bytes) -> str:
    try:
        return str(json.loads(body)["response_token"])
    except (ValueError, TypeError, KeyError):
        return ""
