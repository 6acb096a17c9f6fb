"""The machine's clock: the only module that reads the time, so that tests can hand in another."""

import time
from datetime import UTC, datetime

import anyio


class SystemClock:
    """The `Clock` of real life."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring a span."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on asyncio or trio, whichever runs."""
        await anyio.sleep(seconds)
