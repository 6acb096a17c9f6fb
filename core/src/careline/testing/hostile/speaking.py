"""What the hostile channels that speak derive from, and the platform on which they do."""

import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from careline.plugin import (
    JSON,
    Answer,
    AnyAction,
    AuthFailed,
    Author,
    Batch,
    Capability,
    Challenge,
    Denied,
    Hide,
    Item,
    Kind,
    Malformed,
    Message,
    Permission,
    PluginConfig,
    Receipt,
    Refusal,
    Rejected,
    Seen,
    ThreadFacts,
    Transient,
    Unsupported,
    Webhook,
)
from careline.testing.host import LoopbackHost, Platform
from careline.testing.hostile.base import AT, HostileChannel, HostileConfig

LONGEST = 280


class SpeakingConfig(HostileConfig):
    """What a channel here is configured by that speaks."""

    url: str = Field("http://127.0.0.1:9", description="Where the platform is.")
    page: str = Field("page-1", description="Our page there.")
    seal: SecretStr = Field(SecretStr("hostile-seal-1"), description="Signs webhooks.")


class HostileHost(LoopbackHost):
    """Does what comes by POST, under its key; tells of it by GET."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Do it, or say whether it was done."""
        if request.method == "POST":
            self.done.append(json.loads(request.content)["key"])
            return httpx.Response(201, json={"id": f"made-{len(self.done)}"})
        key = request.url.path.rpartition("/")[2]
        made = [number for number, done in enumerate(self.done, 1) if done.startswith(key)]
        return httpx.Response(200 if made else 404, json={"id": f"made-{max(made, default=0)}"})


class HostileHooks:
    """What a suite is given to try these channels."""

    other_config: ClassVar[Mapping[str, Any]] = {"page": "page-2", "seal": "hostile-seal-2"}

    def platform(self) -> AbstractAsyncContextManager[Platform]:
        """Return the platform."""
        return HostileHost()

    def payloads(self, config: Any) -> Sequence[bytes]:
        """Return one word to our page."""
        return (json.dumps({"page": config.page, "id": "w1", "text": "Hello?"}).encode(),)

    def signed(self, body: bytes, config: Any, at: datetime) -> Webhook:
        """Sign a body and the time."""
        return Webhook("POST", "/hooks", "", seal(body, config, at.isoformat()), body, at)

    def handshakes(self, config: Any) -> Sequence[Webhook]:
        """Return the question that the platform asks first."""
        return (Webhook("GET", "/hooks", "challenge=42", {}, b"", AT),)


def seal(body: bytes, config: Any, sent: str) -> dict[str, str]:
    """Return the headers that a good request has."""
    key = config.seal.get_secret_value().encode()
    signature = hmac.digest(key, sent.encode() + body, "sha256").hex()
    return {"content-type": "application/json", "sent": sent, "signature": signature}


class Speaks(HostileChannel):
    """Speaks, looks up what it did, and hears by webhook; it breaks no rule."""

    Config: ClassVar[type[PluginConfig]] = SpeakingConfig
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.POLL, Capability.ANSWER, Capability.HIDE, Capability.FIND, Capability.WEBHOOK}
    )

    async def perform(self, action: AnyAction) -> Receipt:
        """Do it."""
        if not isinstance(action, Answer | Hide):
            raise Unsupported(type(action).__name__)
        return await self.act(action)

    async def act(self, action: AnyAction) -> Receipt:
        """Do what is declared."""
        return self.receipt(await self.ask("POST", "/acts", {"key": self.key(action)}))

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look for it by its key."""
        try:
            return self.receipt(await self.ask("GET", f"/acts/{self.key(action)}"))
        except Rejected as error:
            if error.reason is Refusal.GONE:
                return None
            raise

    def key(self, action: AnyAction) -> str:
        """Return what the platform knows an action by."""
        return action.id

    def receipt(self, said: Any) -> Receipt:
        """Return what the platform said as a receipt."""
        return Receipt((said["id"],), self.context.clock.now())

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Return what the platform answers."""
        headers = {"authorization": f"Bearer {self.config.token.get_secret_value()}"}
        async with self.context.http(self.config.url, headers=headers) as http:
            response = await http.request(method, path, json=said)
        self.refuse(response)
        return self.read(response)

    def refuse(self, response: httpx.Response) -> None:
        """Raise what a refusal means."""
        status, said = response.status_code, f"the platform answers {response.status_code}"
        if status == 401 or (status == 403 and "token" in response.text):
            raise AuthFailed(said)
        if status in (404, 410):
            raise Rejected(Refusal.GONE, said)
        if status == 429:
            raise Transient(said, retry_after=float(response.headers["retry-after"]), sent=False)
        if status >= 500:
            raise Transient(said)
        if status >= 400:
            raise Rejected(Refusal.UNKNOWN, said)

    def read(self, response: httpx.Response) -> JSON:
        """Return the answer's JSON."""
        try:
            return response.json()
        except ValueError as error:
            raise Transient("the platform answers no JSON") from error

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Allow what is declared."""
        if isinstance(action, Answer):
            return self.against(thread, action) or self.allow(thread)
        return Permission.yes() if isinstance(action, Hide) else super().check(thread, action)

    def against(self, thread: ThreadFacts, answer: Answer) -> Permission | None:
        """Return why an answer is not allowed."""
        if answer.visibility is not thread.visibility:
            return Permission.no(Refusal.NOT_PERMITTED, "An answer stays where its question is.")
        gone = {word.external_id for word in thread.words if word.removed}
        if answer.in_reply_to in gone:
            return Permission.no(Refusal.GONE, "The message was removed.")
        return None

    def allow(self, thread: ThreadFacts) -> Permission:
        """Allow an answer for a day."""
        return Permission.yes(until=thread.now + timedelta(days=1), max_length=LONGEST)

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Give each account what was signed for it."""
        if webhook.query:
            return cls.greet(webhook)
        meant = [name for name, config in accounts.items() if cls.is_for(webhook, config)]
        if not meant:
            return Denied(cls.why(accounts))
        return {name: Batch(cls.items_of(webhook)) for name in meant}

    @classmethod
    def greet(cls, webhook: Webhook) -> Challenge | Denied:
        """Answer the handshake."""
        return Challenge(webhook.query.removeprefix("challenge=").encode())

    @classmethod
    def why(cls, accounts: Mapping[str, Any]) -> str:
        """Say why a request is denied."""
        return "its signature is missing, wrong or stale"

    @classmethod
    def is_for(cls, webhook: Webhook, config: Any) -> bool:
        """Tell whether a request was signed for an account, just now."""
        sent = webhook.headers.get("sent", "")
        wanted = seal(webhook.body, config, sent)["signature"]
        found = webhook.headers.get("signature", "")
        signed = hmac.compare_digest(found.encode(), wanted.encode())
        return signed and cls.is_fresh(webhook, datetime.fromisoformat(sent))

    @classmethod
    def is_fresh(cls, webhook: Webhook, sent: datetime) -> bool:
        """Tell whether a request is no replay of an old one."""
        return abs(webhook.received_at - sent) < timedelta(minutes=5)

    @classmethod
    def items_of(cls, webhook: Webhook) -> tuple[Item, ...]:
        """Return the word that a request brings."""
        try:
            return (Seen(cls.word(json.loads(webhook.body), webhook)),)
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            return (Malformed(webhook.body, f"it is no word of ours: {type(error).__name__}"),)

    @classmethod
    def word(cls, said: Any, webhook: Webhook) -> Message:
        """Return the message that a body is."""
        who = Author(id="robin")
        return Message(
            external_id=said["id"], kind=Kind.MENTION, posted_at=AT, author=who, text=said["text"]
        )
