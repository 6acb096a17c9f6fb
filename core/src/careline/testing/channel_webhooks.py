"""The checks of what a channel makes of webhooks: good ones, forged ones, rubbish under a seal."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from careline.logs import secrets_of
from careline.plugin import Challenge, Denied, Malformed, Webhook
from careline.testing.guards import no_io, no_real_clock
from careline.testing.receiving import HEARD, ONE, OTHER, TRIED, ReceivingSuite
from careline.testing.rubbish import RUBBISH, misshapen
from careline.testing.suite import Unproven

_STALE = timedelta(days=1)
_LATER = timedelta(seconds=30)
_NONSENSE = ("", "0", "caf\xe9", "=" * 1000)  # for a signature
_FLIPS = 2000  # so many bytes of a body are changed, one at a time, spread over it


class WebhookChecks(ReceivingSuite):
    """What comes in by webhook."""

    def test_webhooks_are_heard(self) -> None:
        """Each sample is taken in: its account gets a batch with something understood."""
        self.good(HEARD)

    def test_receiving_is_pure(self) -> None:
        """`receive` gives twice the same from one request, and asks no file, network or clock."""
        for webhook in self.good():
            with no_io(self.folder), no_real_clock(self.package):
                first, again = self.receive(webhook), self.receive(webhook)
            assert first == again, f"it gives {first!r:.200} and then {again!r:.200}"

    def test_a_changed_byte_is_denied(self) -> None:
        """A body of which any byte was changed is `Denied`."""
        for webhook in self.good():
            body, step = webhook.body, len(webhook.body) // _FLIPS + 1
            for at in range(0, len(body), step):
                changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
                self._must_deny(replace(webhook, body=changed), f"byte {at} was changed")

    def test_a_missing_signature_is_denied(self) -> None:
        """A request without its signature, or with nonsense for one, is `Denied`."""
        for webhook in self.good():
            self._must_deny(replace(webhook, headers={}), "it has no headers")
            for name in self._seals(webhook):
                rest = {one: value for one, value in webhook.headers.items() if one != name}
                self._must_deny(replace(webhook, headers=rest), f"it has no {name}")
                for odd in _NONSENSE:
                    headers = {**rest, name: odd}
                    self._must_deny(replace(webhook, headers=headers), f"its {name} is {odd!r}")

    def test_an_old_request_is_denied(self) -> None:
        """Where the time is signed, a request of yesterday is `Denied`."""
        for webhook in self.good():
            old = self.bring(webhook.body, at=self.now - _STALE)
            if old.headers == webhook.headers:
                pytest.skip("the platform signs no time")
            self._must_deny(old, "it was signed a day ago")

    def test_a_denial_is_the_senders_fault(self) -> None:
        """A `Denied` has a status from 400 to 499: the platform must not take it for ours."""
        for webhook in self.good():
            given = self._taken(replace(webhook, headers={}), "it has no headers")
            status = getattr(given, "status", 400)
            assert 400 <= status < 500, f"a request without headers is denied with {status}"

    def test_each_account_gets_its_own(self) -> None:
        """At an endpoint of two accounts each gets what is meant for it, and nothing else."""
        self.good()
        if not self.other_config:
            self._skip_or_fail(Unproven(TRIED, "there is no second account"), "")
        accounts = self.accounts()
        for name, stranger in ((ONE, OTHER), (OTHER, ONE)):
            for webhook, _ in self.delivered(name):
                for known in (accounts, {stranger: accounts[stranger]}):
                    items = _items(self.receive(webhook, known), stranger)
                    assert not items, f"what is for {name} is given to {stranger}: {items!r:.200}"

    def test_rubbish_is_set_aside(self) -> None:
        """What cannot be understood, rightly signed, is `Malformed`: never an error, never lost."""
        self.good()
        for what, body in RUBBISH.items():
            given = self._taken(self.bring(body), what)
            kept = [item for item in _items(given) if isinstance(item, Malformed)]
            assert kept, f"{what}, rightly signed, gives {given!r:.200}: it is not set aside"

    def test_samples_out_of_shape_raise_nothing(self) -> None:
        """A sample with a value left out, or of another sort, is no error."""
        for webhook in self.good():
            for body in misshapen(webhook.body):
                self._taken(self.bring(body), f"{body!r:.200}")

    def test_a_webhook_again_gives_the_same_ids(self) -> None:
        """What the platform sends twice is known by its ids, whenever it comes and was signed."""
        for webhook in self.good():
            first = _ids(self.receive(webhook))
            for again in (webhook, self.bring(webhook.body, at=self.now - _LATER)):
                found = _ids(self.receive(replace(again, received_at=self.now + _LATER)))
                assert found == first, f"{found!r:.200} was {first!r:.200} the first time"

    def test_a_handshake_is_answered(self) -> None:
        """A handshake is answered with a `Challenge`."""
        self.good()
        handshakes = self.handshakes(self.make_config())
        for webhook in handshakes:
            given = self._taken(webhook, "a handshake")
            assert isinstance(given, Challenge), f"a handshake gives {given!r:.200}"
        if not handshakes:
            pytest.skip("no sample from handshakes(): answering a challenge is not judged")

    def test_refusals_keep_secrets(self) -> None:
        """No secret is in a `Denied`, nor in why something is `Malformed`."""
        secrets = [one for config in self.accounts().values() for one in secrets_of(config)]
        odd = [self.bring(body) for body in RUBBISH.values()] if self.good() else []
        for webhook in self.good():
            odd += [replace(webhook, headers={}), replace(webhook, body=b"forged")]
        told = "".join(map(self._why, odd))
        assert not any(secret in told for secret in secrets), "a secret is in why it is refused"

    def _why(self, webhook: Webhook) -> str:
        """Return what is said of a request that is refused, or not understood."""
        try:
            given = self.receive(webhook)
        except Exception:  # another check's business
            return ""
        return "".join(getattr(one, "why", "") for one in (given, *_items(given)))

    def _seals(self, webhook: Webhook) -> list[str]:
        """Return the headers that hold the signature: they change with the body or the time."""
        others = (self.bring(webhook.body + b" "), self.bring(webhook.body, at=self.now - _LATER))
        held = webhook.headers.items()
        changed = {name for name, value in held for one in others if one.headers.get(name) != value}
        return sorted(changed - {"content-length"})

    def _must_deny(self, webhook: Webhook, why: str) -> None:
        given = self._taken(webhook, why)
        assert isinstance(given, Denied), f"{why}, and it gives {given!r:.200}"

    def _taken(self, webhook: Webhook, what: str) -> Any:
        try:
            given = self.receive(webhook)
        except Exception as error:
            raise AssertionError(f"{what}: receive raises {error!r:.200}") from error
        assert isinstance(given, Mapping | Challenge | Denied), f"{what}: it gives {given!r:.200}"
        return given


def _items(given: Any, name: str | None = None) -> list[Any]:
    """Return the items of one account, or of all."""
    batches = given.items() if isinstance(given, Mapping) else ()
    return [item for one, batch in batches if name in (None, one) for item in batch.items]


def _ids(given: Any) -> list[Any]:
    """Return what each item is known by."""
    known = []
    for item in _items(given):
        message = getattr(item, "message", item)
        key = (item.raw, item.place) if isinstance(item, Malformed) else message.external_id
        known.append((type(item).__name__, key))
    return known
