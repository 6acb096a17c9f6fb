"""Probes: `/-/live`, `/-/ready` and `/-/health`, for whoever watches this process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from careline.desk import Desk

_FRESH: Final = 1.0
"""Seconds for which a look holds: whoever asks more often costs the store nothing."""


@dataclass(slots=True)
class Probes:
    """What machines ask. Nothing of it is secret, but none of it is for the public."""

    desk: Desk
    run: bool
    """Whether this process is meant to hear and send."""
    _told: tuple[float, str] | None = None
    """What health was told last, and when."""
    _looking: anyio.Lock = field(default_factory=anyio.Lock)

    def routes(self) -> Sequence[Route]:
        """Return the three."""
        told = {"live": self.live, "ready": self.ready, "health": self.health}
        return [Route(f"/-/{name}", tell) for name, tell in told.items()]

    async def live(self, request: Request) -> Response:
        """Say that the process answers."""
        return PlainTextResponse("live")

    async def ready(self, request: Request) -> Response:
        """Say whether it does what it is there for: 503 if not, and why."""
        if self.run and not self.desk.running:
            return PlainTextResponse("not ready: nothing is heard and sent here", 503)
        try:
            await self.desk.read(lambda conn: conn.exec_driver_sql("SELECT 1").scalar())
        except Exception:
            return PlainTextResponse("not ready: the store does not answer", 503)
        if self.desk.receiving.in_trouble:
            return PlainTextResponse("not ready: webhooks cannot be kept", 503)
        return PlainTextResponse("ready")

    async def health(self, request: Request) -> Response:
        """Tell how each account does, as JSON; 200 whatever it says."""
        async with self._looking:
            return Response(await self._health(), media_type="application/json")

    async def _health(self) -> str:
        now = self.desk.clock.monotonic()
        if self._told is None or now - self._told[0] >= _FRESH:
            said = (await self.desk.health()).model_dump_json(ensure_ascii=True)
            self._told = now, said
        return self._told[1]
