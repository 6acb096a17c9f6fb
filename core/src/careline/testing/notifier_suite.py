"""The suite that a notifier's author subclasses."""

import socket
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import anyio
import httpx
import pytest

from careline.logs import secrets_of
from careline.plugin import Alert, AlertReason, Notifier, Receipt, Rejected, Transient
from careline.testing.classifier_suite import HOSTILE_TEXTS
from careline.testing.context import MemoryContext
from careline.testing.guards import Breach, Hung, in_time, no_network, no_real_clock
from careline.testing.leaks import cut_short, nothing_left_open
from careline.testing.output import caught_output
from careline.testing.recorder import Recorder
from careline.testing.suite import PluginSuite, Unproven

_MOMENTS = (0, 1, 3, 10)  # turns of the event loop after which a call is cancelled
_REFUSALS: tuple[Callable[[httpx.Request], httpx.Response], ...] = (
    lambda request: httpx.Response(401, json={"error": str(request.url)}),
    lambda request: httpx.Response(400, text=f"{request.headers}"),
)
_TROUBLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout)
_LONG = "broken " * 30_000


class NotifierSuite(PluginSuite):
    """All checks of a notifier.

    Subclass it in a test module, and name the class and a sample configuration:

        class TestMine(NotifierSuite):
            notifier = MyNotifier
            config = {"to": "+15551230000", "token": "a-made-up-token"}
    """

    notifier: type[Notifier[Any]]

    @property
    def plugin(self) -> Any:
        """The notifier under test."""
        return self.notifier

    def unreachable(self, port: int) -> Mapping[str, Any] | None:
        """Return a configuration that leads to a port of this machine where nobody listens.

        Override it where the notifier speaks no HTTP: else its host is made unreachable for it.
        """
        return None

    def alert(self, **fields: Any) -> Alert:
        """Return a sample alert, with `fields` unlike it."""
        known: dict[str, Any] = {
            "id": "w0110000001a2b3c4d5e6f7a8b",
            "reason": AlertReason.MISSED,
            "title": "Robin @robin on acme-x: problem, first reply was due 08:55 UTC",
            "body": "My anvil arrived cracked, and nobody answers.",
            "brand": "acme",
            "account": "acme-x",
            "conversation_id": "c0110000001a2b3c4d5e6f7a8b",
            "link": "https://x.example/robin/1",
            "due_at": self.now - timedelta(minutes=5),
            "at": self.now,
        }
        return Alert(**(known | fields))

    async def _notify(self, alert: Alert, notifier: Any = None) -> Receipt:
        bring = (notifier or self.make(self.make_context())).notify(alert)
        receipt: Receipt = await in_time(bring, self.patience, "notify")
        return receipt

    async def told(self, check: str = "") -> tuple[Receipt, datetime]:
        """Return what it gives for the sample, and when; or leave it to another check to fail."""
        self._skip_what_hangs(check)
        try:
            return await self._tell()
        except Unproven as error:
            self._skip_or_fail(error, check)

    async def _tell(self) -> tuple[Receipt, datetime]:
        context = self.make_context()
        try:
            with no_network():
                receipt = await self._notify(self.alert(), self.make(context))
        except Breach as error:
            raise Unproven("test_only_loopback_is_called", str(error)) from error
        except Hung as error:
            raise Unproven("test_an_alert_is_brought", str(error)) from error
        except Exception as error:
            raise Unproven("test_an_alert_is_brought", f"notify raised {error!r}") from error
        if not isinstance(receipt, Receipt):
            raise Unproven("test_a_receipt_is_given", f"notify gives {receipt!r:.100}")
        return receipt, context.clock.now()

    async def _brings(self, *alerts: Alert) -> None:
        """Bring each by a fresh notifier; say which of them made it fail."""
        await self.told()
        for alert in alerts:
            try:
                with no_network():
                    await self._notify(alert)
            except Rejected:
                raise
            except Exception as error:
                what = f"{alert.reason} {alert.title[:40]!r}, {len(alert.body)} characters"
                raise AssertionError(f"{what}: {error!r}") from error

    async def test_an_alert_is_brought(self) -> None:
        """The sample is brought without an error, in time."""
        await self.told("test_an_alert_is_brought")

    async def test_a_receipt_is_given(self) -> None:
        """What comes back is a `Receipt`, its ids are texts."""
        receipt, _ = await self.told("test_a_receipt_is_given")
        ids: Any = receipt.ids
        assert isinstance(ids, tuple), f"ids is {ids!r:.100}, not a tuple"
        assert all(isinstance(id, str) for id in ids), f"{ids!r:.100} are no texts"

    async def test_its_time_is_aware_and_not_to_come(self) -> None:
        """`sent_at` has a zone, and is no later than the clock's time."""
        receipt, now = await self.told()
        assert receipt.sent_at.utcoffset() is not None, f"{receipt.sent_at!r} has no zone"
        assert receipt.sent_at <= now, f"{receipt.sent_at} is yet to come"

    async def test_the_same_alert_twice_is_fine(self) -> None:
        """An alert whose outcome nobody knew comes again, under the same id."""
        await self.told()
        notifier = self.make(self.make_context())
        with no_network():
            for _ in range(2):
                await self._notify(self.alert(), notifier)

    async def test_every_reason_is_brought(self) -> None:
        """Whatever the reason: a customer who waits, a promise, an account."""
        await self._brings(*(self.alert(reason=reason) for reason in AlertReason))

    async def test_an_alert_about_no_conversation_is_brought(self) -> None:
        """One of an account's health has no conversation, link, time or body."""
        bare: dict[str, Any] = {"conversation_id": None, "link": None, "due_at": None, "body": ""}
        await self._brings(self.alert(**bare), *(self.alert(**{n: v}) for n, v in bare.items()))

    async def test_a_group_is_brought(self) -> None:
        """One that stands for two hundred has a line for each of the first."""
        lines = "\n".join([f"Robin {n} @robin{n}: problem" for n in range(20)] + ["and 180 more"])
        title = "200 promises on acme-x were missed, the first due 08:55 UTC"
        await self._brings(self.alert(title=title, body=lines, count=200, conversation_id=None))

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=[f"{t[:12]!a}" for t in HOSTILE_TEXTS])
    async def test_no_text_breaks_it(self, text: str) -> None:
        """Any text is brought, as title and as body, or refused with `Rejected`."""
        for where in ("title", "body"):
            with suppress(Rejected):
                await self._brings(self.alert(**{where: text}))

    async def test_two_at_once_are_brought(self) -> None:
        """A second alert does not wait for the first, nor trip over it."""
        await self.told()
        notifier = self.make(self.make_context())
        with no_network():
            async with anyio.create_task_group() as tasks:
                for number in range(2):
                    tasks.start_soon(self._notify, self.alert(id=f"w{number}"), notifier)

    async def test_nothing_is_left_open(self) -> None:
        """No file, socket or task is left, also where a call is cancelled anywhere."""
        await self.told()
        async with nothing_left_open():
            with no_network():
                await self._notify(self.alert())
                for turns in _MOMENTS:
                    await cut_short(turns, partial(self._notify, self.alert()))

    async def test_a_host_that_is_down_is_transient(self) -> None:
        """A host that cannot be reached, or does not answer, raises `Transient`."""
        await self.told()
        asked: list[httpx.Request] = []
        for trouble in _TROUBLE:

            def fail(request: httpx.Request, trouble: Any = trouble) -> httpx.Response:
                asked.append(request)
                raise trouble("made up", request=request)

            before = len(asked)
            raised = await self._raised(self.make_context(network=httpx.MockTransport(fail)))
            if len(asked) > before:
                _must_be_transient(raised, trouble.__name__)
        elsewhere = self.unreachable(_closed_port())
        if elsewhere is not None:
            self.config = elsewhere
            _must_be_transient(await self._raised(self.make_context()), "a closed port")
        elif not asked:
            pytest.skip("it asks nobody by HTTP, and does not say how to make it ask a closed port")

    async def _raised(self, context: MemoryContext) -> Exception | None:
        try:
            with no_network():
                await self._notify(self.alert(), self.make(context))
        except Exception as error:
            return error
        return None

    async def test_time_is_the_contexts(self) -> None:
        """It asks `context.clock` for the time, and for every wait."""
        await self.told()  # a first call may load what it needs
        with no_real_clock(self.package):
            await self.told()

    async def test_only_loopback_is_called(self) -> None:
        """The sample is brought without any network but loopback."""
        await self.told("test_only_loopback_is_called")

    async def test_secrets_stay_secret(self) -> None:
        """No secret is in a repr, the log, the output or an exception, when things fail too."""
        self._skip_what_hangs()
        secrets = list(secrets_of(self.make_config()))
        short = [secret for secret in secrets if len(secret) < 8]
        assert not short, "give the sample secrets of 8 characters or more"
        for network in (None, *map(httpx.MockTransport, _REFUSALS)):
            for place, said in (await self._everything_said(network)).items():
                assert not any(secret in said for secret in secrets), f"a secret is in {place}"

    async def _everything_said(self, network: httpx.AsyncBaseTransport | None) -> dict[str, str]:
        """Bring the sample and an overlong alert, and return all that was shown of it."""
        log = Recorder()
        notifier, errors = self.make(self.make_context(log=log, network=network)), list[str]()
        with suppress(Breach), caught_output() as output, no_network():
            for alert in (self.alert(), self.alert(title=_LONG, body=_LONG)):
                try:
                    await self._notify(alert, notifier)
                except Hung:
                    pytest.skip("test_an_alert_is_brought says what hangs")
                except Exception as error:
                    errors += traceback.format_exception(error)
        return {
            "the repr of the configuration": f"{notifier.config!r} {notifier.config}",
            "the repr of the notifier": f"{notifier!r} {notifier}",
            "the log": log.text,
            "the output": output.getvalue(),
            "an exception": "".join(errors),
        }


def _must_be_transient(raised: Exception | None, trouble: str) -> None:
    assert raised is not None, f"{trouble}: it says that the alert was brought"
    assert isinstance(raised, Transient), f"{trouble}: it raises {raised!r}, not Transient"


def _closed_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
    return port
