"""The endpoint of X that gives OAuth 2.0 tokens."""

import json
from collections.abc import Mapping
from typing import Any, Final

from careline.plugin import AuthFailed, Context, Transient
from careline_twitter.auth.signing import basic
from careline_twitter.config import TwitterConfig

_PATH: Final = "/2/oauth2/token"
_DEAF: Final = (408, 425, 429)


class TokenEndpoint:
    """Trades a code or a refresh token for new tokens."""

    def __init__(self, config: TwitterConfig, context: Context) -> None:
        """`config`: says which app asks."""
        self._config, self._context = config, context

    async def trade(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return what X gives; raise `AuthFailed` where it takes ours no more."""
        headers, body = self._who(form)
        async with self._context.http(self._config.base_url, headers=headers) as client:
            answer = await client.post(_PATH, data=body)
        told = _object(answer.content)
        if answer.status_code == 200 and isinstance(told.get("access_token"), str):
            return told
        said = f"X answers {answer.status_code} to a request for tokens"
        if answer.status_code // 100 != 4 or answer.status_code in _DEAF:
            raise Transient(said, sent=False)
        raise AuthFailed(f"{said} ({_code(told)}): {login_again(self._context.account)}")

    def _who(self, form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """A confidential client proves who it is; a public one is named in the form."""
        config, id = self._config, self._config.client_id or ""
        if config.client_secret is None:
            return {}, {**form, "client_id": id}
        return {"authorization": basic(id, config.client_secret.get_secret_value())}, dict(form)


def login_again(account: str) -> str:
    """Return what a person has to do."""
    return f"run `careline channel login {account}`"


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _code(told: Mapping[str, Any]) -> str:
    """Return X's own word for the reason: it holds nothing that we sent."""
    word = told.get("error")
    fits = isinstance(word, str) and len(word) <= 40 and word.replace("_", "").isalnum()
    return str(word) if fits else "no reason"
