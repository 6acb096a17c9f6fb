"""OAuth 2.0 tokens: a code for a pair of them, a new pair for a refresh token, and their end."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from careline_twitter.sandbox.app import ACCESS_LIFE, CODE_LIFE, App, Grant
from careline_twitter.sandbox.signing import pkce_challenge
from careline_twitter.sandbox.wire import Asked, Reply

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform

_INVALID: Final = "Value passed for the {} was invalid."


class Tokens:
    """Gives tokens to the app, and takes them back."""

    def __init__(self, platform: "Platform") -> None:
        """It keeps them in `platform`'s app."""
        self._platform = platform

    @property
    def _app(self) -> App:
        return self._platform.app

    def answer(self, asked: Asked) -> Reply | None:
        """Answer a request for tokens; None: it is about something else."""
        match asked.method, asked.path:
            case "POST", "/2/oauth2/token":
                return self._client(asked) or self._token(asked.form)
            case "POST", "/2/oauth2/revoke":
                return self._client(asked) or self._revoke(asked.form)
            case "POST", "/oauth2/token":
                return self._app_token(asked)
        return None

    def _token(self, form: Mapping[str, str]) -> Reply:
        if form.get("grant_type") == "authorization_code":
            return self._redeemed(form)
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form.get("refresh_token", ""))
        return _error(400, "unsupported_grant_type", "The grant type is not supported.")

    def _client(self, asked: Asked) -> Reply | None:
        """Return the refusal of a client that does not prove who it is."""
        if not self._app.confidential:
            if asked.form.get("client_id") == self._app.client_id:
                return None
            return _error(400, "invalid_request", "Value passed for the client id was invalid.")
        if not _is_basic(asked, self._app.client_id, self._app.client_secret):
            return _error(401, "unauthorized_client", "Missing valid authorization header")
        return None

    def _redeemed(self, form: Mapping[str, str]) -> Reply:
        code = self._app.codes.pop(form.get("code", ""), None)
        if code is None or self._platform.world.now() - code.made_at > CODE_LIFE:
            return _error(400, "invalid_request", _INVALID.format("authorization code"))
        if form.get("redirect_uri") != code.redirect_uri:
            return _error(400, "invalid_request", _INVALID.format("redirect uri"))
        verifier = form.get("code_verifier", "")
        if not hmac.compare_digest(pkce_challenge(verifier, code.method), code.challenge):
            return _error(
                400, "invalid_request", "Value passed for the code verifier did not match."
            )
        grant = Grant(code.user, code.scopes)
        self._app.grants.append(grant)
        return self._issued(grant)

    def _refreshed(self, token: str) -> Reply:
        for grant in self._app.grants:
            if token and grant.refresh == token and not grant.revoked:
                return self._issued(grant)
        return _error(400, "invalid_request", _INVALID.format("token"))

    def _issued(self, grant: Grant) -> Reply:
        grant.access = self._platform.secret("access")
        grant.expires_at = self._platform.world.now() + ACCESS_LIFE
        told: dict[str, object] = {
            "token_type": "bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "access_token": grant.access,
            "scope": " ".join(sorted(grant.scopes)),
        }
        if "offline.access" in grant.scopes:
            told["refresh_token"] = grant.refresh = self._platform.secret("refresh")
        return Reply(told)

    def _revoke(self, form: Mapping[str, str]) -> Reply:
        token = form.get("token", "")
        for grant in self._app.grants:
            if token and token in (grant.access, grant.refresh):
                grant.revoked = True
        return Reply({"revoked": True})

    def _app_token(self, asked: Asked) -> Reply:
        if not _is_basic(asked, self._app.consumer_key, self._app.consumer_secret):
            return _error(403, "invalid_client", "Unable to verify your credentials")
        return Reply({"token_type": "bearer", "access_token": self._app.bearer})


def _is_basic(asked: Asked, name: str, secret: str) -> bool:
    kind, _, value = asked.headers.get("authorization", "").partition(" ")
    try:
        said = base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return kind == "Basic" and hmac.compare_digest(said, f"{name}:{secret}".encode())


def _error(status: int, error: str, said: str) -> Reply:
    return Reply({"error": error, "error_description": said}, status)
