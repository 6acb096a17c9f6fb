"""Webhooks of X: the challenge, the signature over raw bytes, and whose account an event is for."""

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs

from careline.plugin import Batch, Challenge, Denied, Item, Malformed, Webhook
from careline_twitter.config import TwitterConfig
from careline_twitter.events import Event, events_of, items_of
from careline_twitter.us import Scene, Us

SIGNATURE: Final = "x-twitter-webhooks-signature"
_PLACE: Final = "webhook"
_LONGEST: Final = 1024
"""Characters of a challenge: X sends some thirty."""


def seal(secret: str, told: bytes) -> str:
    """Return what X writes beside a body, and expects as the answer to a challenge."""
    return "sha256=" + b64encode(hmac.digest(secret.encode(), told, sha256)).decode()


def receive(
    webhook: Webhook, accounts: Mapping[str, TwitterConfig]
) -> Mapping[str, Batch] | Challenge | Denied:
    """Return what a webhook says for each account that it concerns."""
    secrets = {
        name: config.consumer_secret.get_secret_value()
        for name, config in accounts.items()
        if config.consumer_secret is not None
    }
    if webhook.method == "GET":
        return _answered(webhook, secrets)
    signed = {name: accounts[name] for name in _signers(webhook, secrets)}
    if not signed:
        return Denied(f"no account's consumer_secret has signed it: see its {SIGNATURE}", 401)
    return _heard(webhook, signed)


def _answered(webhook: Webhook, secrets: Mapping[str, str]) -> Challenge | Denied:
    """Answer a challenge. It does not say of which app it is: `?account=NAME` in the URL does."""
    try:
        asked = parse_qs(webhook.query, strict_parsing=True, max_num_fields=20)
    except ValueError:
        asked = {}
    tokens, names = asked.get("crc_token", []), asked.get("account", list(secrets)[:1])
    if len(tokens) != 1 or len(tokens[0]) > _LONGEST:
        return Denied("it asks without a crc_token", 400)
    secret = secrets.get(names[0]) if names else None
    if secret is None:
        return Denied("no account that it is for has a consumer_secret", 404)
    answer = {"response_token": seal(secret, tokens[0].encode("utf-8", "surrogatepass"))}
    return Challenge(json.dumps(answer).encode(), "application/json")


def _signers(webhook: Webhook, secrets: Mapping[str, str]) -> Iterator[str]:
    """Yield the accounts whose secret has signed the body; each is tried, in constant time."""
    given = webhook.headers.get(SIGNATURE, "").encode("utf-8", "surrogatepass")
    made = {secret: seal(secret, webhook.body).encode() for secret in secrets.values()}
    good = {secret for secret, seal in made.items() if hmac.compare_digest(seal, given)}
    yield from (name for name, secret in secrets.items() if secret in good)


def _heard(webhook: Webhook, signed: Mapping[str, TwitterConfig]) -> Mapping[str, Batch]:
    """Share out the events; what is none is set aside under the first account."""
    found: dict[str, list[Item]] = {}
    for event in events_of(webhook.body, _PLACE):
        if isinstance(event, Malformed):
            found.setdefault(next(iter(signed)), []).append(event)
            continue
        for name in _concerned(event, signed):
            scene = Scene(_us(event, signed[name]), webhook.received_at, event.uuid or _PLACE)
            found.setdefault(name, []).extend(items_of(event, scene))
    return {name: Batch(tuple(items)) for name, items in found.items()}


def _concerned(event: Event, signed: Mapping[str, TwitterConfig]) -> list[str]:
    """Return whose event it is. One that names nobody, or whom we do not know by id, is for all.

    An account without a `user_id` is whoever of the app's users has no account here.
    """
    known = [name for name, config in signed.items() if config.user_id == event.user]
    if event.user is None:
        return list(signed)
    return known or [name for name, config in signed.items() if config.user_id is None]


def _us(event: Event, config: TwitterConfig) -> Us:
    user = config.user_id or event.user
    return Us.of([user] if user else [], [config.handle] if config.handle else [])
