"""Channels that misbehave in what they declare, open, show or use: each breaks one rule."""

import socket
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
from pydantic import ConfigDict, Field

from careline.plugin import JSON, AnyAction, Batch, Capability, Post, Receipt, Source
from careline.testing.hostile.base import AT, Config, HostileChannel, HostileConfig

_ELSEWHERE = ("192.0.2.1", 9)  # an address that no network routes
_endless = count()


class BadKind(HostileChannel):
    """Its kind is no slug."""

    kind = "Bad Kind!"
    fails = "test_kind_and_title"


class Undescribed(HostileChannel):
    """A field of its configuration says nothing of itself."""

    class Config(HostileConfig):
        """A configuration with an unexplained field."""

        knob: int = 1

    fails = "test_config_is_described"


class TakesAnything(HostileChannel):
    """Misspelt keys pass."""

    class Config(HostileConfig):
        """A configuration that ignores what it does not know."""

        model_config = ConfigDict(extra="ignore")

    fails = "test_config_refuses_unknown_keys"


class PlainSecret(HostileChannel):
    """Its password is a plain string."""

    class Config(HostileConfig):
        """A configuration that shows its password."""

        password: str = Field("hunter-2-hunter", description="A made-up password.")

    fails = "test_secrets_are_marked"


class SecretInRepr(HostileChannel):
    """Its repr shows the token."""

    fails = "test_secrets_stay_secret"

    def __repr__(self) -> str:
        return f"<channel with {self.config.token.get_secret_value()}>"


class SecretInLog(HostileChannel):
    """It logs the token."""

    fails = "test_secrets_stay_secret"

    async def open(self) -> None:
        """Log too much."""
        self.context.log.info("opened", token=self.config.token.get_secret_value())


class SecretInError(HostileChannel):
    """Its error for an odd cursor quotes the token."""

    fails = "test_secrets_stay_secret"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Raise with too much in it."""
        if not isinstance(cursor, int | None):
            raise ValueError(f"{cursor!r} for {self.config.token.get_secret_value()}")
        return await super().poll(source, cursor)


class SocketInConstructor(HostileChannel):
    """Its constructor opens a socket."""

    fails = "test_making_one_does_no_io"

    def __init__(self, config: Config, context: Any) -> None:
        """Do what belongs into `open`."""
        super().__init__(config, context)
        socket.socket().close()


class ClosesOnce(HostileChannel):
    """Its second close raises."""

    fails = "test_open_and_close_twice"
    _closed = False

    async def open(self) -> None:
        """Open."""
        self._closed = False

    async def close(self) -> None:
        """Refuse to close what is closed."""
        if self._closed:
            raise RuntimeError("already closed")
        self._closed = True


class LeaksOnClose(HostileChannel):
    """Closing leaves its socket open."""

    fails = "test_open_and_close_twice"

    async def open(self) -> None:
        """Open a socket that nobody closes."""
        self._socket = socket.socket()


class LeaksOnCancel(HostileChannel):
    """A cancelled poll leaves its socket open."""

    fails = "test_a_cancelled_poll_leaves_nothing_open"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Close the socket only if nothing comes between."""
        self._socket = socket.socket()
        await anyio.lowlevel.checkpoint()
        self._socket.close()
        return await super().poll(source, cursor)


class ReadsClock(HostileChannel):
    """It asks the machine for the time."""

    fails = "test_time_is_the_contexts"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Read a clock that is not the context's."""
        datetime.now(UTC)  # noqa: TID251 -- the very thing that is forbidden
        return await super().poll(source, cursor)


class ReallySleeps(HostileChannel):
    """It waits in real time."""

    fails = "test_time_is_the_contexts"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Sleep on the event loop, and in it."""
        await anyio.sleep(0)  # noqa: ASYNC115 -- a sleep, however short, is what is forbidden
        time.sleep(0)  # noqa: TID251, ASYNC251 -- the very thing that is forbidden
        return await super().poll(source, cursor)


class CallsOut(HostileChannel):
    """It opens a connection of its own to a strange machine."""

    fails = "test_only_loopback_is_called"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Connect without the context; a datagram socket's connect sends nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect(_ELSEWHERE)
        return await super().poll(source, cursor)


class TwinSources(HostileChannel):
    """Two sources share a name, and so a cursor."""

    fails = "test_sources_are_declared"

    @property
    def sources(self) -> tuple[Source, ...]:
        """Two of one name."""
        return (Source("posts"), Source("posts"))


class OverDeclared(HostileChannel):
    """It declares a stream that no source uses."""

    capabilities = frozenset({Capability.POLL, Capability.STREAM})
    fails = "test_sources_are_declared"


class UnderDeclared(HostileChannel):
    """It posts without declaring that it can."""

    fails = "test_undeclared_is_refused"

    async def perform(self, action: AnyAction) -> Receipt:
        """Do anything at all."""
        return Receipt(("p1",), AT)


class ListOfCapabilities(HostileChannel):
    """Its capabilities can be changed while it runs."""

    capabilities: ClassVar[Any] = [Capability.POLL]
    fails = "test_capabilities_are_of_the_contract"


class MoodyCheck(HostileChannel):
    """Its `check` answers otherwise each time."""

    fails = "test_check_is_pure"

    def check(self, thread: Any, action: AnyAction) -> Any:
        """Count calls where only facts may count."""
        return super().check(thread, action) if isinstance(action, Post) else next(_endless)
