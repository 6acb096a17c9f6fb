"""Channels that mistake who sent a webhook, to whom, or what: each breaks one rule of `receive`."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careline.plugin import Batch, Challenge, Denied, Item, Malformed, Message, Seen, Webhook
from careline.testing.hostile.speaking import Speaks


class DeafToWebhooks(Speaks):
    """It takes webhooks, and makes nothing of them."""

    fails = "test_webhooks_are_heard"

    @classmethod
    def word(cls, said: Any, webhook: Webhook) -> Message:
        """Understand nothing."""
        raise ValueError("what could this be?")


class OpensFileInReceive(Speaks):
    """It keeps a file open beside what it hears."""

    fails = "test_receiving_is_pure"

    @classmethod
    def word(cls, said: Any, webhook: Webhook) -> Message:
        """Do I/O."""
        with open(os.devnull, "wb") as file:
            file.write(webhook.body)
        return super().word(said, webhook)


class ReadsBeforeItProves(Speaks):
    """What is no JSON it sets aside, whoever sent it."""

    fails = "test_a_changed_byte_is_denied"

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Parse first, and ask for the signature then."""
        try:
            json.loads(webhook.body or b"{}")
        except (RecursionError, ValueError):
            return {name: Batch((Malformed(webhook.body, "it is no JSON"),)) for name in accounts}
        return super().receive(webhook, accounts)


class SignsOptional(Speaks):
    """A request without a signature needs none."""

    fails = "test_a_missing_signature_is_denied"

    @classmethod
    def is_for(cls, webhook: Webhook, config: Any) -> bool:
        """Check what is there."""
        return "signature" not in webhook.headers or super().is_for(webhook, config)


class ChokesOnSignatures(Speaks):
    """It takes a signature for plain letters."""

    fails = "test_a_missing_signature_is_denied"

    @classmethod
    def is_for(cls, webhook: Webhook, config: Any) -> bool:
        """Read it as what it should be."""
        bytes(webhook.headers.get("signature", ""), "ascii")
        return super().is_for(webhook, config)


class TakesTheOld(Speaks):
    """A request is good for ever."""

    fails = "test_an_old_request_is_denied"

    @classmethod
    def is_fresh(cls, webhook: Webhook, sent: datetime) -> bool:
        """Never look at the time."""
        return True


class DeniesPolitely(Speaks):
    """It denies a request with a status that says it was taken."""

    fails = "test_a_denial_is_the_senders_fault"

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Smile."""
        given = super().receive(webhook, accounts)
        return Denied(given.why, 200) if isinstance(given, Denied) else given


class SharesWebhooks(Speaks):
    """What is for one account is for all."""

    fails = "test_each_account_gets_its_own"

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Give it to everybody."""
        given = super().receive(webhook, accounts)
        if not isinstance(given, Mapping):
            return given
        return {name: batch for name in accounts for batch in given.values()}


class ChokesOnRubbish(Speaks):
    """Some bodies are too deep for it."""

    fails = "test_rubbish_is_set_aside"

    @classmethod
    def items_of(cls, webhook: Webhook) -> tuple[Item, ...]:
        """Expect that what is no JSON is a `ValueError`."""
        try:
            return (Seen(cls.word(json.loads(webhook.body), webhook)),)
        except (LookupError, TypeError, ValueError):
            return (Malformed(webhook.body, "it is no word of ours"),)


class LosesRubbish(Speaks):
    """What it does not understand is as if it had not come."""

    fails = "test_rubbish_is_set_aside"

    @classmethod
    def items_of(cls, webhook: Webhook) -> tuple[Item, ...]:
        """Drop what is malformed."""
        return tuple(one for one in super().items_of(webhook) if not isinstance(one, Malformed))


class BreaksOnShapes(Speaks):
    """A text that is no text is more than it can bear."""

    fails = "test_samples_out_of_shape_raise_nothing"

    @classmethod
    def word(cls, said: Any, webhook: Webhook) -> Message:
        """Take a text for granted."""
        return super().word({**said, "text": said["text"].strip()}, webhook)


class NewIdsEachTime(Speaks):
    """A word that is sent twice is two words."""

    fails = "test_a_webhook_again_gives_the_same_ids"

    @classmethod
    def word(cls, said: Any, webhook: Webhook) -> Message:
        """Number words by when they came."""
        known = super().word(said, webhook)
        return known.model_copy(
            update={"external_id": f"{known.external_id} {webhook.received_at}"}
        )


class DeafToHandshakes(Speaks):
    """It lets the platform ask in vain."""

    fails = "test_a_handshake_is_answered"

    @classmethod
    def greet(cls, webhook: Webhook) -> Challenge | Denied:
        """Turn away."""
        return Denied("nobody is in")


class SecretInDenial(Speaks):
    """It tells strangers what it would have taken."""

    fails = "test_refusals_keep_secrets"

    @classmethod
    def why(cls, accounts: Mapping[str, Any]) -> str:
        """Say too much."""
        return f"use one of {[one.seal.get_secret_value() for one in accounts.values()]}"
