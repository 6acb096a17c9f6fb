"""The real network as the suites lay it: it keeps what was asked, and can be short of patience."""

from urllib.parse import unquote

import httpx


class Network(httpx.AsyncBaseTransport):
    """Hand it to a `MemoryContext` as `network`. Each client of a test may share it."""

    def __init__(self, patience: float | None = None) -> None:
        """`patience`: real seconds for which an answer is waited for, in place of the time-out."""
        self.urls: list[str] = []
        """Each URL that was asked for, with nothing hidden."""
        self._patience = patience
        self._inner = httpx.AsyncHTTPTransport(verify=False)  # loopback, no TLS

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask."""
        self.urls.append(unquote(bytes(request.url.raw_path).decode("ascii")))
        if self._patience is not None:
            short = {**request.extensions["timeout"], "read": self._patience}
            request.extensions = {**request.extensions, "timeout": short}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is open; it can be used again."""
        await self._inner.aclose()
