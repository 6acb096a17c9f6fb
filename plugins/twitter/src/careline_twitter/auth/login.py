"""A person agrees that we act for the account: OAuth 2.0 with PKCE."""

import hmac
from string import ascii_letters, digits
from typing import Final
from urllib.parse import parse_qs, urlencode

from careline.plugin import JSON, AuthFailed, Context
from careline_twitter.auth.endpoint import TokenEndpoint, login_again
from careline_twitter.auth.signing import challenge
from careline_twitter.auth.tokens import SCOPES, Tokens
from careline_twitter.config import TwitterConfig

_KEY: Final = "login"
_OF_ENTERPRISE: Final = "follows.write"
_LETTERS: Final = ascii_letters + digits + "-_"


class Login:
    """One login: it begins here, goes through the account's browser, and ends here."""

    def __init__(self, config: TwitterConfig, context: Context, tokens: Tokens) -> None:
        """`tokens`: where the new ones go."""
        self._config, self._context, self._tokens = config, context, tokens
        self._state = context.state(f"twitter:{context.account}")

    async def begin(self, redirect: str) -> str:
        """Return the address that a person opens; X leads them back to `redirect`."""
        if self._config.client_id is None:
            raise AuthFailed("a login takes the app's `client_id`: give it in the configuration")
        verifier, state = self._secret(64), self._secret(43)
        await self._keep({"verifier": verifier, "state": state, "redirect": redirect})
        said = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(scopes_of(self._config)),
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._config.authorize_url}?{urlencode(said)}"

    async def finish(self, query: str) -> None:
        """Take the query with which X led the person back, and keep the tokens."""
        said = {name: values[0] for name, values in parse_qs(query.lstrip("?")).items()}
        begun, _ = await self._state.get(_KEY)
        again = login_again(self._context.account)
        if not begun or not _same(begun["state"], said.get("state", "")):
            raise AuthFailed(f"this answer belongs to no login that was begun here: {again}")
        await self._keep(None)  # a code is of one use, and so is this
        if "code" not in said:
            raise AuthFailed(f"X gave no code: the account has not agreed. Else {again}")
        form = {
            "grant_type": "authorization_code",
            "code": said["code"],
            "redirect_uri": begun["redirect"],
            "code_verifier": begun["verifier"],
        }
        told = await TokenEndpoint(self._config, self._context).trade(form)
        await self._tokens.keep(told)

    async def _keep(self, begun: JSON) -> None:
        while True:
            _, version = await self._state.get(_KEY)
            if await self._state.put(_KEY, begun, version=version, secret=True):
                return

    def _secret(self, length: int) -> str:
        return "".join(self._context.random.choices(_LETTERS, k=length))


def scopes_of(config: TwitterConfig) -> tuple[str, ...]:
    """Return what a login asks for: what the channel does takes all of it."""
    return (*SCOPES, _OF_ENTERPRISE) if config.tier == "enterprise" else SCOPES


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
