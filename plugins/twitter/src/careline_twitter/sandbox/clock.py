"""The platform's own time: the clock that was handed in, and how far the story has moved it."""

from datetime import UTC, datetime, timedelta

import anyio

from careline.plugin import Clock


class MachineClock:
    """The machine's clock, for a sandbox that somebody else's client talks to."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- a platform has a clock of its own

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return anyio.current_time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


class PlatformClock:
    """A clock that can be moved on without moving anybody else's."""

    def __init__(self, clock: Clock) -> None:
        """`clock` says how time goes by."""
        self._clock = clock
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the platform's time, in UTC."""
        return self._clock.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait by the clock that was handed in."""
        await self._clock.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Let the platform be `seconds` further than the clock that was handed in."""
        self._ahead += timedelta(seconds=seconds)
