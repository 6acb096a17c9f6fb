"""The base class of channels: where customers speak, and where we answer."""

from abc import ABC
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from careline.contract.actions import AnyAction, Permission, Receipt, ThreadFacts
from careline.contract.context import Context
from careline.contract.items import JSON, Batch, Source
from careline.errors import Refusal, Unsupported
from careline.models import Author


class Capability(StrEnum):
    """What a channel can do. It refuses the rest with `Unsupported`."""

    POLL = "poll"
    STREAM = "stream"
    BACKFILL = "backfill"
    WEBHOOK = "webhook"
    ANSWER = "answer"
    DIRECT = "direct"
    PRIVATE_REPLY = "private_reply"
    POST = "post"
    HIDE = "hide"
    DELETE = "delete"
    FOLLOW = "follow"
    FIND = "find"
    LOGIN = "login"
    USAGE = "usage"


class PluginConfig(BaseModel):
    """Base of every plugin's configuration. Unknown keys are refused; secrets are `SecretStr`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


C = TypeVar("C", bound=PluginConfig)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request as it came in: `body` are the raw bytes that a signature is over."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """Answer a platform's handshake with this body."""

    body: bytes
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Denied:
    """Refuse the request: its signature is missing, wrong or stale."""

    why: str
    status: int = 403


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person who sets an account up wants to know of it."""

    name: str
    """Who we are, a scope, a limit: `account`, `scopes`, `mentions left`."""
    said: str
    fine: bool = True
    """False: something does not work as it is, and `said` names the way out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a kind an account used in a day or a month, as its platform bills it."""

    period: str
    """`2026-11-24`, or `2026-11`."""
    kind: str
    count: int
    cost: Decimal
    currency: str


class Channel(ABC, Generic[C]):
    """One account on one platform.

    The core makes it from the operator's config, and calls only what `capabilities` name.
    Raise `Transient`, `AuthFailed` or `Rejected`; anything else counts as the plugin's bug.
    """

    kind: ClassVar[str]
    """The word in `kind = "..."`: lower case, digits and hyphens."""
    title: ClassVar[str]
    """The platform's name for people."""
    Config: ClassVar[type[PluginConfig]]
    capabilities: ClassVar[frozenset[Capability]]

    def __init__(self, config: C, context: Context) -> None:
        """Keep both. No I/O here, but for files that came with the plugin."""
        self.config = config
        self.context = context

    @property
    def network(self) -> str:
        """The namespace in which the platform's ids are unique: `x`, `amazon:US`."""
        return self.kind

    @property
    def identity(self) -> Author | None:
        """Us on the platform, once known: what this author says is ours."""
        return None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Each stream of items, with its own cursor."""
        return ()

    @property
    def concerns(self) -> tuple[str, ...]:
        """What a person should know while the account works: a budget that is nearly spent."""
        return ()

    async def open(self) -> None:
        """Prepare: called before the first use, again after `close`."""

    async def close(self) -> None:
        """Let go of everything. May be called twice."""

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return what follows `cursor` (None at first), and the cursor that follows it."""
        raise Unsupported("poll")

    def stream(self, source: Source, cursor: JSON) -> AsyncIterator[Batch]:
        """Yield batches as they come; ends or raises when the line is lost."""
        raise Unsupported("stream")

    def backfill(self, source: Source, since: datetime, until: datetime) -> AsyncIterator[Batch]:
        """Yield what was said between two times, oldest first where the platform can."""
        raise Unsupported("backfill")

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Return a batch for each account concerned, the handshake's answer, or a refusal.

        Pure and sync, over raw bytes. `accounts` maps each account's name to its config: one
        endpoint may serve many. Verify the signature first. Raise nothing: what is not understood
        is a `Malformed` item. What this raises at is set aside whole, but not without end: beyond
        1,000 webhooks or 64 MiB of them for an account the platform is told 503.
        """
        raise Unsupported("webhook")

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Tell whether `action` is possible now. Pure: stored facts in, a permission out."""
        return Permission.no(Refusal.READ_ONLY, f"{self.title} takes no answers from here.")

    async def perform(self, action: AnyAction) -> Receipt:
        """Do it, once.

        Raise `Transient(sent=False)` where the platform did surely not do it (429, no connection).
        Any other failure, a time-out or a 5xx, is an unknown outcome: it is looked up by `find`
        before it is tried again, or left to a person where `find` is not declared.
        """
        raise Unsupported(type(action).__name__)

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look on the platform whether `action` was done after `since`; None: it surely was not.

        Raise `Unsupported` where the platform cannot be asked: then a person has to look.
        """
        raise Unsupported("find")

    def length(self, text: str) -> int:
        """Return how long `text` is as this platform counts: `Permission.max_length` bounds it."""
        return len(text)

    def same_text(self, sent: str, seen: str) -> bool:
        """Tell whether `seen` is our `sent`, as this platform rewrites text."""
        return sent.split() == seen.split()

    async def begin_login(self, redirect: str) -> str:
        """Return the address at which a person lets us in; it sends them back to `redirect`."""
        raise Unsupported("login")

    async def finish_login(self, query: str) -> None:
        """Take the query that the person came back with, and keep the credential in `state`."""
        raise Unsupported("login")

    async def examine(self) -> Sequence[Finding]:
        """Ask the platform who we are, what we may do and what is left: for a person to read."""
        return ()

    async def usage(self) -> Sequence[Usage]:
        """Return what was used up, by day and month, the latest first."""
        raise Unsupported("usage")
