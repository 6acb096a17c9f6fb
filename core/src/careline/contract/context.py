"""What the core hands to every plugin object: time, HTTP, ids, randomness, durable state."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, Protocol

import httpx

from careline.contract.items import JSON
from careline.models import Brand


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring a span."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Log(Protocol):
    """A structured logger: an event in plain words, and its values by name."""

    def debug(self, event: str, **values: Any) -> None:
        """Log what only a developer asks for."""
        ...

    def info(self, event: str, **values: Any) -> None:
        """Log what an operator likes to know."""
        ...

    def warning(self, event: str, **values: Any) -> None:
        """Log what an operator should look at."""
        ...

    def error(self, event: str, **values: Any) -> None:
        """Log what a person must act on."""
        ...


class State(Protocol):
    """Small durable records of one credential, shared by all workers.

    A record is committed before `put` returns, so a single-use token may be used after it.
    """

    async def get(self, key: str) -> tuple[JSON, int]:
        """Return the record and its version; `(None, 0)` where there is none."""
        ...

    async def put(self, key: str, value: JSON, *, version: int, secret: bool = False) -> bool:
        """Write the record if it still has `version`; return False if another was faster.

        `secret` records are encrypted at rest; without `[security] key` they raise `ConfigError`.
        """
        ...


class Http(Protocol):
    """The only maker of HTTP clients."""

    def __call__(
        self, base_url: str = "", *, headers: Mapping[str, str] | None = None, timeout: float = 20.0
    ) -> httpx.AsyncClient:  # noqa: TID251 -- names the type, makes none
        """Return a client with time-outs, the account's rate governor and redaction.

        Use it in `async with`. Its responses raise nothing: read the status.
        """
        ...


class Context(Protocol):
    """Handed to each channel, classifier, notifier and listener when it is made."""

    @property
    def account(self) -> str:
        """The operator's name for this object in the configuration."""
        ...

    @property
    def brand(self) -> Brand:
        """The brand it speaks for."""
        ...

    @property
    def http(self) -> Http:
        """Makes HTTP clients."""
        ...

    @property
    def clock(self) -> Clock:
        """Tells the time and waits."""
        ...

    @property
    def log(self) -> Log:
        """Logs, bound to this account."""
        ...

    @property
    def random(self) -> Random:
        """Randomness, seeded in tests."""
        ...

    @property
    def mount(self) -> str | None:
        """Where the platform reaches this channel's webhooks; None where the operator says none."""
        ...

    def new_id(self) -> str:
        """Return a new unique id."""
        ...

    def state(self, credential: str) -> State:
        """Return the durable records of a credential, by a name that holds no secret."""
        ...
