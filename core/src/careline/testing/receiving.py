"""How the channel suite hands a channel webhooks: signed as its platform signs, to two accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from careline.plugin import Batch, Capability, Malformed, Webhook
from careline.testing.guards import no_hang
from careline.testing.suite import PluginSuite, Unproven

TRIED = "test_what_is_declared_can_be_tried"
HEARD = "test_webhooks_are_heard"
ONE, OTHER = "one-account", "another-account"


class ReceivingSuite(PluginSuite):
    """Makes webhooks of samples. Where they are not heard, one check is red and others skipped."""

    other_config: Mapping[str, Any] = MappingProxyType({})
    """What a second account at the same endpoint is configured with, over `config`."""

    def payloads(self, config: Any) -> Sequence[bytes]:
        """Return bodies that the platform sends to the account so configured."""
        return ()

    def signed(self, body: bytes, config: Any, at: datetime) -> Webhook:
        """Return the request that brings any `body` to that account, signed at `at`."""
        raise Unproven(TRIED, "nothing signs a webhook")

    def handshakes(self, config: Any) -> Sequence[Webhook]:
        """Return requests by which the platform asks whether the account is there."""
        return ()

    def accounts(self) -> dict[str, Any]:
        """Return the two accounts of the endpoint, by name."""
        other = self.plugin.Config.model_validate({**self.config, **self.other_config})
        return {ONE: self.make_config(), OTHER: other}

    def bring(self, body: bytes, name: str = ONE, at: datetime | None = None) -> Webhook:
        """Return a request that brings `body` to an account now, whenever it was signed."""
        webhook = self.signed(body, self.accounts()[name], at or self.now)
        return replace(webhook, received_at=self.now)

    def receive(self, webhook: Webhook, accounts: Mapping[str, Any] | None = None) -> Any:
        """Return what the channel makes of a request."""
        with no_hang(self.patience, "receive"):
            return self.plugin.receive(webhook, self.accounts() if accounts is None else accounts)

    def good(self, check: str = "") -> list[Webhook]:
        """Return a good request of each sample, each of which is heard."""
        if Capability.WEBHOOK not in self.plugin.capabilities:
            pytest.skip("it declares no webhooks")
        try:
            return [webhook for webhook, _ in self.delivered()]
        except Unproven as error:
            self._skip_or_fail(error, check)

    def delivered(self, name: str = ONE) -> list[tuple[Webhook, Batch]]:
        """Return a good request of each sample, and the batch that the account gets."""
        payloads = self.payloads(self.accounts()[name])
        if not payloads:
            raise Unproven(TRIED, "there is no sample of a webhook")
        webhooks = [self.bring(body, name) for body in payloads]
        return [(webhook, self._batch(webhook, name)) for webhook in webhooks]

    def _batch(self, webhook: Webhook, name: str) -> Batch:
        try:
            given = self.receive(webhook)
        except Exception as error:
            raise Unproven(HEARD, f"receive raises {error!r}") from error
        batch = given.get(name) if isinstance(given, Mapping) else None
        if not isinstance(batch, Batch):
            raise Unproven(HEARD, f"a webhook of {name} gives {given!r:.300}, with no batch for it")
        if all(isinstance(item, Malformed) for item in batch.items):
            raise Unproven(HEARD, f"a webhook gives nothing that was understood: {batch!r:.300}")
        return batch
