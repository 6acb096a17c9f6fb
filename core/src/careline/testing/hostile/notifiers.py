"""Notifiers that each break one rule; `fails` names the one check that must find it."""

import socket
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import anyio
from anyio.lowlevel import checkpoint
from pydantic import Field, SecretStr

from careline.plugin import (
    Alert,
    AlertReason,
    Notifier,
    PluginConfig,
    Receipt,
    Refusal,
    Rejected,
    Transient,
)

_ELSEWHERE = ("192.0.2.1", 53)  # reserved for documentation: nobody is there
_NOBODY = "http://127.0.0.1:9"


class HostileNotifierConfig(PluginConfig):
    """What every notifier here is configured by."""

    token: SecretStr = Field(SecretStr("hostile-token-1"), description="A made-up credential.")


class HostileNotifier(Notifier[Any]):
    """Breaks no rule: it takes note. The others derive from it."""

    kind: ClassVar[str] = "hostile-none"
    title: ClassVar[str] = "Hostile"
    Config: ClassVar[type[PluginConfig]] = HostileNotifierConfig
    fails: ClassVar[str] = ""
    """The check of `NotifierSuite` that finds what it does."""

    async def notify(self, alert: Alert) -> Receipt:
        """Take note."""
        await checkpoint()
        return Receipt((alert.id,), self.context.clock.now())


class Raises(HostileNotifier):
    """It has a bug."""

    fails = "test_an_alert_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Raise."""
        raise RuntimeError("a bug in this plugin")


class Hangs(HostileNotifier):
    """It never comes back."""

    fails = "test_an_alert_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Wait for ever."""
        await anyio.sleep_forever()
        return await super().notify(alert)


class Blocks(HostileNotifier):
    """It never comes back, and lets nobody else go on."""

    fails = "test_an_alert_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Go round in circles."""
        while True:
            pass


class GivesNothing(HostileNotifier):
    """It brings the alert and says nothing."""

    fails = "test_a_receipt_is_given"

    async def notify(self, alert: Alert) -> Receipt:
        """Forget the receipt."""
        return None  # type: ignore[return-value]


class NumbersItsReceipts(HostileNotifier):
    """The ids that it gives are numbers."""

    fails = "test_a_receipt_is_given"

    async def notify(self, alert: Alert) -> Receipt:
        """Give a number for an id."""
        return Receipt((7,), self.context.clock.now())  # type: ignore[arg-type]


class NaiveTime(HostileNotifier):
    """Its receipt does not say in which zone its time is."""

    fails = "test_its_time_is_aware_and_not_to_come"

    async def notify(self, alert: Alert) -> Receipt:
        """Take the zone away."""
        return Receipt((alert.id,), self.context.clock.now().replace(tzinfo=None))


class FutureTime(HostileNotifier):
    """It was sent in a minute from now, it says."""

    fails = "test_its_time_is_aware_and_not_to_come"

    async def notify(self, alert: Alert) -> Receipt:
        """Be ahead of its time."""
        return Receipt((alert.id,), self.context.clock.now() + timedelta(minutes=1))


class RefusesRepeats(HostileNotifier):
    """It takes an alert once only."""

    fails = "test_the_same_alert_twice_is_fine"

    async def notify(self, alert: Alert) -> Receipt:
        """Refuse what was here before."""
        known = self.__dict__.setdefault("known", set())
        if alert.id in known:
            raise Rejected(Refusal.DUPLICATE)
        known.add(alert.id)
        return await super().notify(alert)


class KnowsPromisesOnly(HostileNotifier):
    """Of accounts it has never heard."""

    fails = "test_every_reason_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Look a reason up where it may not be."""
        _ = {AlertReason.NEW: "!", AlertReason.WARNED: "!!", AlertReason.MISSED: "!!!"}[
            alert.reason
        ]
        return await super().notify(alert)


class NeedsConversation(HostileNotifier):
    """Every alert is about a conversation, it thinks."""

    fails = "test_an_alert_about_no_conversation_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Shorten what may not be there."""
        if alert.count == 1:
            _ = alert.conversation_id[:8]  # type: ignore[index]
        return await super().notify(alert)


class NeedsDueTime(HostileNotifier):
    """Every alert has a time, it thinks."""

    fails = "test_an_alert_about_no_conversation_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Write a time that may not be there."""
        _ = alert.due_at.isoformat()  # type: ignore[union-attr]
        return await super().notify(alert)


class ChokesOnGroups(HostileNotifier):
    """It brings one at a time only."""

    fails = "test_a_group_is_brought"

    async def notify(self, alert: Alert) -> Receipt:
        """Fail at more than one."""
        if alert.count > 1:
            raise ValueError(f"{alert.count} is more than one")
        return await super().notify(alert)


class Ascetic(HostileNotifier):
    """It cannot take text that is not plain."""

    fails = "test_no_text_breaks_it"

    async def notify(self, alert: Alert) -> Receipt:
        """Fail at what no telegraph knows."""
        (alert.title + alert.body).encode("ascii")
        return await super().notify(alert)


class OneAtATime(HostileNotifier):
    """A second alert trips over the first."""

    fails = "test_two_at_once_are_brought"
    _busy = False

    async def notify(self, alert: Alert) -> Receipt:
        """Refuse to be disturbed."""
        if self._busy:
            raise RuntimeError("one at a time, please")
        self._busy = True
        try:
            return await super().notify(alert)
        finally:
            self._busy = False


class LeaksOnCancel(HostileNotifier):
    """A cancelled call leaves its socket open."""

    fails = "test_nothing_is_left_open"

    async def notify(self, alert: Alert) -> Receipt:
        """Close the socket only if nothing comes between."""
        line = self.__dict__["line"] = socket.socket()
        await checkpoint()
        line.close()
        return await super().notify(alert)


class Swallows(HostileNotifier):
    """Whether it arrives or not, all is well."""

    fails = "test_a_host_that_is_down_is_transient"

    async def notify(self, alert: Alert) -> Receipt:
        """Say that it was brought, whatever happened."""
        async with self.context.http(_NOBODY) as http:
            with suppress(Transient):
                await http.post("/", json={"text": alert.title})
        return await super().notify(alert)


class PassesItOn(HostileNotifier):
    """It makes an error of its own of a host that is down."""

    fails = "test_a_host_that_is_down_is_transient"

    async def notify(self, alert: Alert) -> Receipt:
        """Hide what could be tried again; but where nobody listens at all it is content."""
        async with self.context.http(_NOBODY) as http:
            try:
                await http.post("/", json={"text": alert.title})
            except Transient as error:
                if "made up" in str(error.__cause__):
                    raise RuntimeError("it did not work") from error
        return await super().notify(alert)


class SecretInRepr(HostileNotifier):
    """Its repr shows the token."""

    fails = "test_secrets_stay_secret"

    def __repr__(self) -> str:
        return f"<notifier with {self.config.token.get_secret_value()}>"


class SecretInLog(HostileNotifier):
    """It logs the token."""

    fails = "test_secrets_stay_secret"

    async def notify(self, alert: Alert) -> Receipt:
        """Log too much."""
        self.context.log.info("notified", token=self.config.token.get_secret_value())
        return await super().notify(alert)


class SecretInError(HostileNotifier):
    """Its refusal of a long text quotes the token."""

    fails = "test_secrets_stay_secret"

    async def notify(self, alert: Alert) -> Receipt:
        """Refuse with too much in it."""
        if len(alert.body) > 100_000:
            why = f"too long for {self.config.token.get_secret_value()}"
            raise Rejected(Refusal.TOO_LONG, why)
        return await super().notify(alert)


class ReadsClock(HostileNotifier):
    """It asks the machine for the time."""

    fails = "test_time_is_the_contexts"

    async def notify(self, alert: Alert) -> Receipt:
        """Read a clock that is not the context's."""
        datetime.now(UTC)  # noqa: TID251 -- the very thing that is forbidden
        return await super().notify(alert)


class ReallySleeps(HostileNotifier):
    """It waits in real time."""

    fails = "test_time_is_the_contexts"

    async def notify(self, alert: Alert) -> Receipt:
        """Sleep on the event loop, and in it."""
        await anyio.sleep(0)  # noqa: ASYNC115 -- a sleep, however short, is what is forbidden
        time.sleep(0)  # noqa: TID251, ASYNC251 -- the very thing that is forbidden
        return await super().notify(alert)


class CallsOut(HostileNotifier):
    """It opens a connection of its own to a strange machine."""

    fails = "test_only_loopback_is_called"

    async def notify(self, alert: Alert) -> Receipt:
        """Connect without the context; a datagram socket's connect sends nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect(_ELSEWHERE)
        return await super().notify(alert)
