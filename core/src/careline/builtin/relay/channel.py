"""The `relay` channel: signed webhooks in, signed requests out."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from careline.builtin.relay.config import RelayConfig
from careline.builtin.relay.mapping import body_of, items_of
from careline.builtin.relay.outcome import outcome
from careline.builtin.relay.signing import Claim, NotSigned, key_of, signed
from careline.plugin import (
    Answer,
    AnyAction,
    Author,
    Batch,
    Capability,
    Challenge,
    Channel,
    Delete,
    Denied,
    Direction,
    Hide,
    Permission,
    Receipt,
    Refusal,
    Rejected,
    ThreadFacts,
    Unsupported,
    Webhook,
)

_LARGEST = 65_536  # bytes that are kept of an answer: a receipt has a few hundred
_PATIENCE = 15.0


class RelayChannel(Channel[RelayConfig]):
    """A system of the operator's own: a shop, a form, a bot.

    It POSTs what customers say to `/hooks/relay`, and takes what we say at `url`. Both sides sign
    by the Standard Webhooks specification; the secret tells the accounts apart.
    """

    kind = "relay"
    title = "Relay"
    Config = RelayConfig
    capabilities = frozenset(
        {
            Capability.WEBHOOK,
            Capability.ANSWER,
            Capability.DIRECT,
            Capability.PRIVATE_REPLY,
            Capability.POST,
            Capability.HIDE,
            Capability.DELETE,
            Capability.FOLLOW,
            Capability.FIND,
        }
    )

    @property
    def network(self) -> str:
        """Each system has ids of its own."""
        return f"relay:{self.context.account}"

    @property
    def identity(self) -> Author | None:
        """Us over there, where the operator says so."""
        return Author(id=self.config.identity) if self.config.identity else None

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, RelayConfig]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Return what it says, for the account whose secret signed it."""
        try:
            claim = Claim.of(webhook.headers, webhook.received_at)
        except NotSigned as error:
            return Denied(str(error), 401)
        signers = [name for name in accounts if claim.is_by(_key(accounts[name]), webhook.body)]
        if not signers:
            return Denied("no account's secret has signed it", 401)
        if len(signers) > 1:
            named = webhook.path.rpartition("/")[2]
            if named not in signers:
                several = ", ".join(signers)
                return Denied(f"accounts {several} share a secret: push to .../relay/NAME", 401)
            signers = [named]
        return {signers[0]: Batch(items_of(webhook.body, claim.id))}

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Allow all that is about something still there, where the host can be told."""
        if self.config.url is None:
            return Permission.no(Refusal.READ_ONLY, "This account has no `url` to send it to.")
        if isinstance(action, Answer) and action.visibility is not thread.visibility:
            return Permission.no(Refusal.INVALID, f"This thread is {thread.visibility}.")
        about = getattr(action, "in_reply_to", None) or getattr(action, "message", None)
        word = next((one for one in thread.words if one.external_id == about), None)
        if word is not None and word.removed:
            return Permission.no(Refusal.GONE, "That message was removed.")
        if word is not None and word.direction is _NOT_FOR.get(type(action)):
            whose = "ours" if word.direction is Direction.OUT else "a customer's"
            return Permission.no(Refusal.NOT_PERMITTED, f"That message is {whose}.")
        return Permission.yes(max_length=self.config.max_length)

    async def perform(self, action: AnyAction) -> Receipt:
        """Have the host do it; by `webhook-id`, the action's id, it knows what it did before."""
        if self.config.url is None:
            raise Rejected(Refusal.READ_ONLY, "this account has no `url` to send it to")
        status, headers, body = await self._ask("POST", self.config.url, action.id, body_of(action))
        return outcome(action, status, headers, body, self.context.clock.now())

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Ask the host whether it did it."""
        if self.config.url is None:
            raise Unsupported("find")
        url = f"{self.config.url}/{quote(action.id, safe='')}"
        status, headers, body = await self._ask("GET", url, action.id, b"")
        if status == 404:
            return None
        if status in (405, 501):
            raise Unsupported("find")
        return outcome(action, status, headers, body, self.context.clock.now())

    async def _ask(
        self, method: str, url: str, id: str, body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a signed request; return the answer's status, headers and body."""
        headers = signed(_key(self.config), id, self.context.clock.now(), body)
        headers |= {"content-type": "application/json", "accept-encoding": "identity"}
        answer = bytearray()
        async with (
            self.context.http(headers=headers, timeout=_PATIENCE) as client,
            client.stream(method, url, content=body) as response,
        ):
            async for part in response.aiter_raw():
                answer += part[: _LARGEST - len(answer)]
        return response.status_code, response.headers, bytes(answer)


_NOT_FOR = {Delete: Direction.IN, Hide: Direction.OUT}
"""Whose messages an action is not for."""


def _key(config: RelayConfig) -> bytes:
    return key_of(config.secret.get_secret_value())
