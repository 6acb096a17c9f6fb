"""The demo's notifier: the phones of its staff, which ring in what is told."""

from collections.abc import Sequence

from anyio.lowlevel import checkpoint

from careline.plugin import Alert, Context, Notifier, PluginConfig, Receipt, hookimpl


class PhoneConfig(PluginConfig):
    """Nothing to set: it belongs to whoever it is named after."""


class Phone(Notifier[PhoneConfig]):
    """Keeps what it was brought until somebody looks at it."""

    kind = "demo-phone"
    title = "Phone"
    Config = PhoneConfig

    def __init__(self, config: PhoneConfig, context: Context) -> None:
        """Begin with nothing to look at."""
        super().__init__(config, context)
        self._brought: list[Alert] = []

    async def notify(self, alert: Alert) -> Receipt:
        """Ring."""
        await checkpoint()
        self._brought.append(alert)
        return Receipt((alert.id,), self.context.clock.now())

    def look(self) -> Sequence[Alert]:
        """Return what it was brought since the last look."""
        brought, self._brought = self._brought, []
        return brought


@hookimpl
def careline_notifiers() -> Sequence[type[Phone]]:
    """Return the phone, to a registry that is handed this module."""
    return (Phone,)
