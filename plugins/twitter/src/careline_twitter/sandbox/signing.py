"""Signatures: of webhooks, of OAuth 1.0a requests, and the challenge of PKCE."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote


def webhook_signature(secret: str, body: bytes) -> str:
    """Return what X puts into `x-twitter-webhooks-signature`, and expects as a CRC's answer."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(made).decode()


def pkce_challenge(verifier: str, method: str = "S256") -> str:
    """Return the challenge that belongs to a verifier."""
    if method == "plain":
        return verifier
    made = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def base_string(method: str, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what OAuth 1.0a signs: `pairs` of the header, the query and a form."""
    encoded = sorted((_escaped(name), _escaped(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((method.upper(), _escaped(url), _escaped(joined)))


def oauth1_signature(base: str, consumer_secret: str, token_secret: str) -> str:
    """Return the HMAC-SHA1 of a base string."""
    key = f"{_escaped(consumer_secret)}&{_escaped(token_secret)}"
    made = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    return base64.b64encode(made).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="~-._")
