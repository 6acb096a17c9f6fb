"""Who asks: a bearer token of the app or of a person, or a request signed by OAuth 1.0a."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from careline_twitter.sandbox.app import App, How, Who
from careline_twitter.sandbox.problems import (
    Refused,
    forbidden,
    legacy,
    not_enrolled,
    unauthorized,
    wrong_kind,
)
from careline_twitter.sandbox.signing import base_string, oauth1_signature
from careline_twitter.sandbox.wire import Asked

ORIGINS: Final = ("https://api.x.com", "https://api.twitter.com")
"""Clients that are redirected here sign the address they believe to call."""
_SKEW = 300  # seconds that the clock of a signed request may be off
_PARAMETER = re.compile(r'([\w.]+)="([^"]*)"')
_NAMES: Final[dict[How, str]] = {
    "app": "OAuth 2.0 Application-Only",
    "oauth1": "OAuth 1.0a User Context",
    "oauth2": "OAuth 2.0 User Context",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint takes: which kinds of credential, and which scopes of a person's."""

    kinds: tuple[How, ...] = ("app", "oauth1", "oauth2")
    scopes: frozenset[str] = frozenset()

    def kind(self, who: Who) -> None:
        """Refuse a credential of the wrong kind."""
        if who.how not in self.kinds:
            supported = ", ".join(_NAMES[how] for how in self.kinds)
            raise wrong_kind(_NAMES[who.how], supported)

    def scope(self, who: Who) -> None:
        """Refuse a token that lacks a scope."""
        if who.how == "oauth2" and not self.scopes <= who.scopes:
            raise forbidden("Forbidden")


def needs(scopes: str = "", *, app: bool = True, person: bool = True) -> Needs:
    """Return what an endpoint takes. `scopes`: those of a person's OAuth 2.0 token."""
    kinds: list[How] = ["app"] if app else []
    if person:
        kinds += ["oauth1", "oauth2"] if scopes else ["oauth1"]
    return Needs(tuple(kinds), frozenset(scopes.split()))


class Credentials:
    """Tells by its credential who makes a request."""

    def __init__(self, app: App) -> None:
        """`app` holds the tokens."""
        self._app = app
        self._nonces: set[str] = set()
        self.repeats = False
        """Whether a signed request may come twice: whose randomness is seeded sends it so."""

    def identify(self, asked: Asked, now: datetime, origins: Sequence[str]) -> Who:
        """Return who asks; `origins`: the addresses that a signature may name."""
        kind, _, value = asked.headers.get("authorization", "").partition(" ")
        if kind == "Bearer":
            who = self._bearer(value.strip(), now)
        elif kind == "OAuth":
            who = self._signed(asked, dict(_PARAMETER.findall(value)), now, origins)
        else:
            raise unauthorized()
        if not self._app.enrolled:
            raise not_enrolled(self._app.id)
        return who

    def _bearer(self, token: str, now: datetime) -> Who:
        if hmac.compare_digest(token.encode(), self._app.bearer.encode()):
            return Who("app")
        grant = self._app.grant_of(token, now)
        if grant is None:
            raise unauthorized()
        return Who("oauth2", grant.user, grant.scopes)

    def _signed(
        self, asked: Asked, said: dict[str, str], now: datetime, origins: Sequence[str]
    ) -> Who:
        said = {name: unquote(value) for name, value in said.items()}
        secret, user = self._app.oauth1.get(said.get("oauth_token", ""), ("", None))
        if user is None or said.get("oauth_consumer_key") != self._app.consumer_key:
            raise legacy(401, 89, "Invalid or expired token.")
        signature = said.pop("oauth_signature", "")
        signed = [*said.items(), *asked.pairs, *asked.form.items()]
        expected = {
            oauth1_signature(
                base_string(asked.method, origin + asked.path, signed),
                self._app.consumer_secret,
                secret,
            )
            for origin in origins
        }
        if said.get("oauth_signature_method") != "HMAC-SHA1" or signature not in expected:
            raise _not_authentic()
        self._once(said, now)
        return Who("oauth1", user)

    def _once(self, said: dict[str, str], now: datetime) -> None:
        """Refuse what is stale, and what was sent before."""
        at, nonce = said.get("oauth_timestamp", ""), said.get("oauth_nonce", "")
        if not at.isdigit() or abs(int(at) - now.timestamp()) > _SKEW:
            raise legacy(401, 135, "Timestamp out of bounds.")
        if not nonce or (f"{at}:{nonce}" in self._nonces and not self.repeats):
            raise _not_authentic()
        self._nonces.add(f"{at}:{nonce}")


def _not_authentic() -> Refused:
    return legacy(401, 32, "Could not authenticate you.")
