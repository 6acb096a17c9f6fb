"""OAuth 1.0a signatures, and the challenge of PKCE. Pure."""

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha1, sha256
from urllib.parse import quote


def base_string(method: str, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what is signed: `pairs` of the header and of the query. A JSON body is left out."""
    encoded = sorted((_escaped(name), _escaped(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((method.upper(), _escaped(url), _escaped(joined)))


def signature(base: str, consumer_secret: str, token_secret: str) -> str:
    """Return the HMAC-SHA1 of a base string."""
    key = f"{_escaped(consumer_secret)}&{_escaped(token_secret)}"
    return b64encode(hmac.digest(key.encode(), base.encode(), sha1)).decode()


def header(said: Mapping[str, str]) -> str:
    """Return the value of `authorization`."""
    parts = (f'{_escaped(name)}="{_escaped(value)}"' for name, value in sorted(said.items()))
    return f"OAuth {', '.join(parts)}"


def challenge(verifier: str) -> str:
    """Return the challenge that belongs to a verifier, by S256."""
    made = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def basic(name: str, secret: str) -> str:
    """Return the value of `authorization` by which a confidential client says who it is."""
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
