"""One request to X: with the right credential, once more after a renewal, and its outcome."""

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from careline.plugin import AuthFailed, Context, Transient
from careline_twitter import outcome
from careline_twitter.auth import Credential, Credentials, Way
from careline_twitter.auth.endpoint import login_again
from careline_twitter.config import TwitterConfig
from careline_twitter.limits import Left, limits

_UNSENT: Final = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError,
)  # fmt: skip
_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `ways`: whose credential it takes, the better one first."""

    method: str
    path: str
    ways: tuple[Way, ...] = ("user",)
    scopes: str = ""
    """What a token of a login has to allow."""
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    file: tuple[str, bytes, str] | None = None
    writes: bool = False
    """Doing it twice would show."""
    patience: float = _PATIENCE


class Asker:
    """Asks X, as the account or as the app."""

    def __init__(self, config: TwitterConfig, context: Context, credentials: Credentials) -> None:
        """Keep them: nothing is asked yet."""
        self._config, self._context, self._credentials = config, context, credentials
        self._stack = AsyncExitStack()
        self._client: httpx.AsyncClient | None = None  # noqa: TID251 -- names the type, makes none
        self.left: dict[str, tuple[Left, ...]] = {}
        """The rate limits, as each endpoint told of them last."""

    async def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        self._client = None
        await self._stack.aclose()

    def way(self, call: Call) -> Way:
        """Return whose credential a call is made with."""
        return self._credentials.of(call.ways)[0]

    async def scopes(self) -> frozenset[str] | None:
        """Return what the account's token may do; None: that is not known."""
        return await self._credentials.of(("user",))[1].scopes()

    async def ask(self, call: Call) -> dict[str, Any]:
        """Return what X answers, or raise what it means."""
        answer = await self.connect(call)
        try:
            with _known(call):
                body = await answer.aread()
        finally:
            await answer.aclose()
        return self.read(call, answer, body)

    async def connect(self, call: Call) -> httpx.Response:
        """Return the answer with its body still to come; a refused token is renewed, once."""
        credential = self._credentials.of(call.ways)[1]
        await self._check_scopes(call, credential)
        headers = await self._headers(call, credential)
        answer = await self._send(call, headers)
        if answer.status_code == 401:
            with _known(call):
                await answer.aread()
            if await credential.renew(headers):
                answer = await self._send(call, await self._headers(call, credential))
        return answer

    def read(self, call: Call, answer: httpx.Response, body: bytes) -> dict[str, Any]:
        """Return what was answered, or raise what it means."""
        self.left[f"{call.method} {call.path}"] = limits(answer.headers)
        now = self._context.clock.now()
        try:
            return outcome.read(
                answer.status_code, answer.headers, body, now=now, writes=call.writes
            )
        except AuthFailed as error:
            raise AuthFailed(f"{error}: {self._way_out(call)}") from error

    async def _check_scopes(self, call: Call, credential: Credential) -> None:
        """Refuse what the login does not cover: X would answer no more than `Forbidden`."""
        held = await credential.scopes() if call.scopes else None
        missing = sorted(set(call.scopes.split()) - held) if held is not None else []
        if missing:
            again = login_again(self._context.account)
            raise AuthFailed(f"the login does not cover {' and '.join(missing)}: {again}")

    async def _headers(self, call: Call, credential: Credential) -> dict[str, str]:
        url = f"{self._config.base_url}{call.path}"
        return await credential.headers(call.method, url, call.query)

    async def _send(self, call: Call, headers: Mapping[str, str]) -> httpx.Response:
        if self._client is None:
            self._client = await self._stack.enter_async_context(
                self._context.http(self._config.base_url)
            )
        request = self._client.build_request(
            call.method,
            call.path,
            params=call.query,
            headers=headers,
            json=call.json,
            data=call.form,
            files={"media": call.file} if call.file else None,
            timeout=call.patience,
        )
        with _known(call):
            return await self._client.send(request, stream=True)

    def _way_out(self, call: Call) -> str:
        if self.way(call) == "app":
            return "give `bearer` the app's token as the developer's portal shows it now"
        if self._config.needs_login:
            return login_again(self._context.account)
        return "make new keys for OAuth 1.0a in the developer's portal, with permission to write"


@contextmanager
def _known(call: Call) -> Iterator[None]:
    """Say of a failure on the way whether the call may have been done."""
    try:
        yield
    except httpx.DecodingError as error:
        raise outcome.unknown("X's answer cannot be read", writes=call.writes) from error
    except Transient as error:
        sent = call.writes and _may_be_sent(error)
        raise Transient(str(error), retry_after=error.retry_after, sent=sent) from error


def _may_be_sent(error: Transient) -> bool:
    """Tell it by the cause; what the rate governor holds back names a time."""
    return error.retry_after is None and not isinstance(error.__cause__, _UNSENT)
