"""A clock that tests move by hand, or that moves by itself from one sleeper to the next."""

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import anyio
import anyio.to_thread
from anyio.lowlevel import checkpoint

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""A Monday morning: where a fake clock starts unless told otherwise."""
_FOREVER = datetime.max.replace(tzinfo=UTC)
_TURNS = 10
_PATIENCE = 1000


async def settle() -> None:
    """Let every other task do what it can do now; worker threads get up to a real second.

    It is a best effort: a task that needs more than ten turns without a thread is not awaited.
    """
    threads = anyio.to_thread.current_default_thread_limiter()
    turns = waited = 0
    while turns < _TURNS and waited < _PATIENCE:
        if threads.borrowed_tokens:
            turns, waited = 0, waited + 1
            await anyio.sleep(0.001)
        else:
            turns += 1
            await checkpoint()


@dataclass(order=True, slots=True)
class _Sleeper:
    due: datetime
    turn: int
    look_again: anyio.Event = field(default_factory=anyio.Event, compare=False)

    async def wait(self) -> None:
        await self.look_again.wait()
        self.look_again = anyio.Event()


class FakeClock:
    """A `Clock` for tests, for use in one event loop.

    `sleep` blocks until a test moves the time by `advance`, `advance_to` or `elapse`; sleepers wake
    in the order of their times. With `auto=True` nobody needs to move it: once every task is
    waiting, the time leaps to the earliest sleeper's, so that a year passes in seconds.
    """

    def __init__(self, start: datetime = START, *, auto: bool = False) -> None:
        """`start` must be aware."""
        self._start = self._now = start.astimezone(UTC)
        self._auto = auto
        self._sleepers: list[_Sleeper] = []
        self._turns = count()

    def now(self) -> datetime:
        """Return the fake time, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the fake seconds since the start."""
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until the fake time has moved on by `seconds`."""
        if seconds <= 0:
            await checkpoint()
            return
        sleeper = _Sleeper(self._after(seconds), next(self._turns))
        heapq.heappush(self._sleepers, sleeper)
        try:
            while self._now < sleeper.due:
                await self._pass(sleeper)
        finally:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)
            self._nudge()

    def advance(self, seconds: float) -> None:
        """Move the time at once; who is due wakes as soon as it gets its turn."""
        self.advance_to(self._after(seconds))

    def advance_to(self, when: datetime) -> None:
        """Move the time at once to `when`, which must be aware and not in the past."""
        if when < self._now:
            raise ValueError(f"time does not go back from {self._now} to {when}")
        self._now = when.astimezone(UTC)
        self._nudge()

    async def elapse(self, seconds: float) -> None:
        """Let `seconds` pass step by step: each sleeper wakes at its own time, and may sleep on."""
        target = self._after(seconds)
        await settle()
        while self._sleepers and self._sleepers[0].due <= target:
            self.advance_to(max(self._now, self._sleepers[0].due))
            await settle()
        self.advance_to(target)

    def _after(self, seconds: float) -> datetime:
        try:
            return self._now + max(timedelta(seconds=seconds), timedelta.resolution)
        except OverflowError:
            return _FOREVER

    async def _pass(self, sleeper: _Sleeper) -> None:
        """Wait for a nudge; in `auto` mode the earliest sleeper moves the time itself."""
        leaps = self._auto and sleeper.due < _FOREVER
        if leaps and self._sleepers[0] is sleeper:
            await settle()
            if self._sleepers[0] is sleeper:
                self._now = max(self._now, sleeper.due)
        else:
            await sleeper.wait()

    def _nudge(self) -> None:
        """Have the earliest sleeper look again; it nudges the next one when it goes."""
        if self._sleepers:
            self._sleepers[0].look_again.set()
