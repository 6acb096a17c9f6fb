"""Who asks: the app by its bearer, or the account by a signature or by a token of its login."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from pydantic import SecretStr

from careline.plugin import AuthFailed, Context
from careline_twitter.auth.signing import base_string, header, signature
from careline_twitter.auth.tokens import Tokens
from careline_twitter.config import TwitterConfig

Way: TypeAlias = Literal["app", "user"]
Headers: TypeAlias = dict[str, str]


class Credential(Protocol):
    """One way to say who asks."""

    async def headers(self, method: str, url: str, query: Mapping[str, str]) -> Headers:
        """Return what goes with a request."""
        ...

    async def renew(self, refused: Headers) -> bool:
        """Get a new token for the one that was refused; tell whether there is one."""
        ...

    async def scopes(self) -> frozenset[str] | None:
        """Return what it may do; None: that is not known."""
        ...


class Bearer:
    """The app's own token."""

    def __init__(self, token: SecretStr) -> None:
        """`token`: from the developer's portal."""
        self._token = token

    async def headers(self, method: str, url: str, query: Mapping[str, str]) -> Headers:
        """Return the token."""
        return {"authorization": f"Bearer {self._token.get_secret_value()}"}

    async def renew(self, refused: Headers) -> bool:
        """There is no other."""
        return False

    async def scopes(self) -> frozenset[str] | None:
        """It has none: endpoints take it, or not."""
        return None


class Signed:
    """The account, by the four keys of OAuth 1.0a."""

    def __init__(self, keys: Sequence[SecretStr], context: Context) -> None:
        """`keys`: consumer key and secret, token and its secret."""
        self._keys, self._context = keys, context

    async def headers(self, method: str, url: str, query: Mapping[str, str]) -> Headers:
        """Sign a request."""
        key, secret, token, token_secret = (one.get_secret_value() for one in self._keys)
        said = {
            "oauth_consumer_key": key,
            "oauth_nonce": self._context.new_id(),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._context.clock.now().timestamp())),
            "oauth_token": token,
            "oauth_version": "1.0",
        }
        base = base_string(method, url, [*said.items(), *query.items()])
        said["oauth_signature"] = signature(base, secret, token_secret)
        return {"authorization": header(said)}

    async def renew(self, refused: Headers) -> bool:
        """It lives until the account takes it back."""
        return False

    async def scopes(self) -> frozenset[str] | None:
        """The app's permissions are in the token: nobody tells."""
        return None


class Credentials:
    """All credentials of an account, and which of them an endpoint is asked with."""

    def __init__(self, config: TwitterConfig, context: Context, tokens: Tokens) -> None:
        """`tokens`: of the login, where `config` names one."""
        self._held: dict[Way, Credential] = {}
        if config.bearer:
            self._held["app"] = Bearer(config.bearer)
        if config.needs_login:
            self._held["user"] = tokens
        keys = (
            config.consumer_key,
            config.consumer_secret,
            config.access_token,
            config.access_secret,
        )
        if config.signs:
            self._held["user"] = Signed([key for key in keys if key], context)

    def of(self, ways: Sequence[Way]) -> tuple[Way, Credential]:
        """Return the first that there is of the ways that an endpoint takes."""
        for way in ways:
            if way in self._held:
                return way, self._held[way]
        if "app" in ways:
            raise AuthFailed("this takes the app's own token: give `bearer` in the configuration")
        raise AuthFailed(
            "this takes tokens of the account: give `client_id`, then run `careline channel login`"
        )
