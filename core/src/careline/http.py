"""The only maker of HTTP clients: time-outs always, rate limits kept, secrets never shown."""

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import cast

import httpx

from careline import __version__
from careline.contract.context import Clock, Log
from careline.errors import Transient
from careline.governor import Governor, Held
from careline.logs import Redactor

_CONNECT = 10.0
_LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0)
_UNSENT = (Held, httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_BUGS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


def was_sent(error: BaseException) -> bool | None:
    """Tell whether the request that failed with `error` may have reached the platform.

    `error` is the `Transient` that a client of ours raised; None: it is none of ours.
    """
    cause = error.__cause__
    return not isinstance(cause, _UNSENT) if isinstance(cause, httpx.TransportError) else None


@contextmanager
def _as_transient(request: httpx.Request, redactor: Redactor) -> Iterator[None]:
    """Turn failures of the network into `Transient`; what the plugin did wrong stays as it is."""
    try:
        yield
    except _BUGS:
        raise
    except httpx.TransportError as error:
        late = isinstance(error, httpx.TimeoutException)
        why = "no answer in time" if late else redactor.text(str(error)) or type(error).__name__
        raise Transient(
            f"{request.url.host}: {why}", retry_after=getattr(error, "retry_after", None)
        ) from error


class _QuietURL(httpx.URL):
    """A URL that works as any other and shows no secret: `httpx` logs it, errors quote it."""

    def __init__(self, url: httpx.URL, redactor: Redactor) -> None:
        super().__init__(url)
        self._redactor = redactor

    def __str__(self) -> str:
        return self._redactor.text(super().__str__())


class _Body(httpx.AsyncByteStream):
    """A response's body, whose failures are `Transient` too."""

    def __init__(
        self, inner: httpx.AsyncByteStream, request: httpx.Request, redactor: Redactor
    ) -> None:
        self._inner, self._request, self._redactor = inner, request, redactor

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_transient(self._request, self._redactor):
            async for part in self._inner:
                yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """The network as plugins see it: governed, timed, logged without secrets."""

    def __init__(
        self, factory: "ClientFactory", inner: httpx.AsyncBaseTransport, timeout: httpx.Timeout
    ) -> None:
        self._factory, self._inner, self._timeout = factory, inner, timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        factory = self._factory
        given = request.extensions.get("timeout", {})
        limits = self._timeout.as_dict() | {k: v for k, v in given.items() if v is not None}
        request.extensions = {**request.extensions, "timeout": limits}
        request.url = _QuietURL(request.url, factory.redactor)
        with _as_transient(request, factory.redactor):
            factory.governor.admit(request)
            response = await self._timed(request)
        factory.governor.learn(request, response)
        stream = cast("httpx.AsyncByteStream", response.stream)
        response.stream = _Body(stream, request, factory.redactor)
        return response

    async def _timed(self, request: httpx.Request) -> httpx.Response:
        clock, outcome = self._factory.clock, "failed"
        start = clock.monotonic()
        try:
            response = await self._inner.handle_async_request(request)
            outcome = str(response.status_code)
        finally:
            self._factory.log.debug(
                "request",
                method=request.method,
                host=request.url.host,
                path=request.url.path,
                status=outcome,
                ms=round((clock.monotonic() - start) * 1000),
            )
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once: it takes longer than many a request."""
    return httpx.create_ssl_context()


class ClientFactory:
    """Makes the HTTP clients of one account: the `Http` of its context.

    All its clients share one governor, so what one learns of a limit the others know.
    """

    def __init__(
        self,
        clock: Clock,
        log: Log,
        redactor: Redactor,
        *,
        proxy: str | None = None,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`proxy`: a URL; no variable of the environment is read. `network`: one to use instead."""
        self.clock, self.log, self.redactor = clock, log, redactor
        self.governor = Governor(clock)
        self._proxy, self._network = proxy, network

    def __call__(
        self, base_url: str = "", *, headers: Mapping[str, str] | None = None, timeout: float = 20.0
    ) -> httpx.AsyncClient:
        """Return a client; `timeout` in seconds holds for each read, write and wait for a place.

        A request may change its time-out, but never go without. Redirects are not followed.
        Failures of the network raise `Transient`; the `httpx` error is its cause.
        """
        named = httpx.Headers({"user-agent": f"careline/{__version__}"})
        named.update(headers)
        limits = httpx.Timeout(timeout, connect=min(timeout, _CONNECT))
        inner = self._network or httpx.AsyncHTTPTransport(
            verify=_tls(), limits=_LIMITS, proxy=self._proxy
        )
        return httpx.AsyncClient(
            base_url=base_url,
            headers=named,
            timeout=limits,
            follow_redirects=False,
            transport=_Transport(self, inner, limits),
        )
