"""The base classes of what faces staff and machines of ours: notifiers, listeners, sandboxes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Self

from careline.contract.actions import Receipt
from careline.contract.channel import C, PluginConfig
from careline.contract.context import Context
from careline.models import Alert, Event


class Notifier(ABC, Generic[C]):
    """A way to reach a person of ours: email, SMS, a console."""

    kind: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[PluginConfig]]

    def __init__(self, config: C, context: Context) -> None:
        """Keep both. No I/O here, but for files that came with the plugin."""
        self.config = config
        self.context = context

    @abstractmethod
    async def notify(self, alert: Alert) -> Receipt:
        """Bring the alert to its receivers. The same alert id may come twice."""


class Listener(ABC, Generic[C]):
    """Hears each event of the audit log after its commit: a CRM, a metric, a queue."""

    kind: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[PluginConfig]]

    def __init__(self, config: C, context: Context) -> None:
        """Keep both. No I/O here, but for files that came with the plugin."""
        self.config = config
        self.context = context

    @abstractmethod
    async def hear(self, events: Sequence[Event]) -> None:
        """Take note of events, oldest first. After a failure the same events come again."""


class Sandbox(ABC):
    """A stateful stand-in for a platform on loopback, with its real wire format."""

    kind: ClassVar[str]
    """The channel's or notifier's kind that it stands in for."""
    title: ClassVar[str]
    base_url: str
    """Where it listens, once entered: `http://127.0.0.1:PORT`."""

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Start listening on a free port of 127.0.0.1."""

    @abstractmethod
    async def __aexit__(self, *exc: object) -> None:
        """Stop, and let go of the port."""
