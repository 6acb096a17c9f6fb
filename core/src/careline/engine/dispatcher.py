"""Who runs which key, when, alone. The truth about what is to do lies with the handlers."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, cast

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import EventLoopToken, current_token

from careline.contract.context import Clock, Log
from careline.engine.backoff import full_jitter
from careline.engine.schedule import Schedule, prefix_of
from careline.errors import CarelineError

_UNHEARD = 10_000
"""Wakes that are kept for a run to come."""


class Handler(Protocol):
    """Does the work of all keys of one prefix. Its own tables say what there is to do."""

    async def run(self, key: str) -> datetime | None:
        """Do a slice of the work of `key`; return when to run again, or None: when woken."""
        ...

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return keys that have work to do at `now`, whoever was told of it or not."""
        ...


class Dispatcher(Protocol):
    """Runs keys: at most one holder for each; a wake during a run causes exactly one more run.

    A key is `prefix:rest`, or the prefix alone. Wakes may be lost: the sweep finds what they
    were for.
    """

    def wake(self, keys: Iterable[str]) -> None:
        """Ask that each key is run soon. Any thread may call it, any number of times."""
        ...

    async def run(self, handlers: Mapping[str, Handler], *, until_idle: bool = False) -> None:
        """Run keys, each by the handler of its prefix, until cancelled.

        `until_idle`: return when nothing is woken, running or due now.
        """
        ...

    async def sweep(self) -> None:
        """Wake what the handlers of the running dispatcher say is pending."""
        ...

    def drain(self, prefixes: Iterable[str]) -> None:
        """Cut off all other keys; `run` returns once those of `prefixes` have nothing to do now."""
        ...


class LocalDispatcher:
    """The `Dispatcher` of one process: tasks and a dict."""

    def __init__(
        self,
        clock: Clock,
        random: Random,
        log: Log,
        *,
        concurrency: int = 64,
        sweep_every: float = 1.0,
        sweep_limit: int = 1000,
    ) -> None:
        """`concurrency` holds for each prefix, so that none starves another. Times in seconds."""
        self._clock, self._random, self._log = clock, random, log
        self._sweep_every, self._sweep_limit = sweep_every, sweep_limit
        self._schedule = Schedule(concurrency)
        self._inbox: deque[str] = deque()  # all that other threads touch
        self._failures: Counter[str] = Counter()
        self._handlers: Mapping[str, Handler] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._until_idle = self._draining = False
        self._swept: set[str] = set()
        self._home: tuple[int, EventLoopToken] | None = None
        self._rung = False
        self._nap: anyio.CancelScope | None = None

    @property
    def failing(self) -> frozenset[str]:
        """The keys (`key`) and sweeps (`prefix?`) whose last run raised an exception."""
        return frozenset(self._failures)

    @property
    def running(self) -> bool:
        """Whether it runs keys now, and was not told to end."""
        return self._home is not None and not self._draining

    def wake(self, keys: Iterable[str]) -> None:
        """Ask that each key is run soon; a key that failed keeps its time of retry."""
        self._inbox.extend([keys] if isinstance(keys, str) else keys)
        home = self._home
        if home is not None and home[0] == threading.get_ident():
            self._ring()
        elif home is not None:
            _call_soon(home[1], self._ring)
        elif len(self._inbox) > _UNHEARD:  # nobody runs here: a run asks what is pending first
            self._inbox.clear()

    async def run(self, handlers: Mapping[str, Handler], *, until_idle: bool = False) -> None:
        """Run keys until cancelled, or until nothing is woken, running or due now."""
        if self._home is not None:
            raise RuntimeError("this dispatcher is running already")
        self._handlers, self._home = handlers, (threading.get_ident(), current_token())
        self._until_idle, self._draining = until_idle, False
        try:
            async with anyio.create_task_group() as tasks:
                await self._serve(tasks)
                tasks.cancel_scope.cancel()
        finally:
            self._home = None

    async def sweep(self) -> None:
        """Wake what is pending, but for what runs already or waits for its retry.

        Each handler's keys are woken before the next one is asked: they may be done by then.
        """
        for prefix in (*self._handlers,):
            self.wake(await self._pending_of(prefix))

    def drain(self, prefixes: Iterable[str]) -> None:
        """Cut off all other keys; `run` returns once those of `prefixes` have nothing to do now."""
        kept = frozenset(prefixes)
        self._handlers = {p: handler for p, handler in self._handlers.items() if p in kept}
        self._schedule.keep(kept)
        self._swept.clear()
        self._until_idle = self._draining = True
        for key, scope in self._scopes.items():
            if prefix_of(key) not in kept:
                scope.cancel()
        self._ring()

    async def _pending(self) -> list[str]:
        """Return all that is pending, while nothing runs."""
        return [key for prefix in (*self._handlers,) for key in await self._pending_of(prefix)]

    async def _pending_of(self, prefix: str) -> list[str]:
        handler = self._handlers.get(prefix)
        if handler is None:  # cut off while we asked another
            return []
        try:
            found = await handler.pending(self._clock.now(), self._sweep_limit)
        except Exception as error:
            self._failed(f"{prefix}?", error)
            return []
        self._worked(f"{prefix}?")
        return [key for key in found if not self._schedule.is_held(key)]

    async def _sweep_often(self) -> None:
        while True:
            await self._clock.sleep(self._sweep_every)
            await self.sweep()

    async def _serve(self, tasks: TaskGroup) -> None:
        found = await self._pending()
        self._swept = set(found)  # what stays pending after its run must not keep us here for ever
        self.wake(found)
        tasks.start_soon(self._sweep_often)
        while True:
            self._rung = False
            self._start(tasks)
            if self._until_idle and not self._schedule.running:
                found = [key for key in await self._pending() if key not in self._swept]
                if not (found or self._rung or self._left() == 0.0):
                    return
                self._swept.update(found)
                self.wake(found)
            await self._wait()

    def _start(self, tasks: TaskGroup) -> None:
        while self._inbox:
            key = self._inbox.popleft()
            if prefix_of(key) in self._handlers:
                self._schedule.wake(key)
            elif not self._draining:
                self._log.warning("nothing here runs this key", key=key)
        for key in self._schedule.start(self._clock.now()):
            tasks.start_soon(self._hold, key)

    async def _hold(self, key: str) -> None:
        again: datetime | None = None
        failed = False
        try:
            with anyio.CancelScope() as self._scopes[key]:
                handler = self._handlers.get(prefix_of(key))  # None: cut off before it began
                again = await handler.run(key) if handler else None
                self._worked(key)
        except Exception as error:
            again, failed = self._failed(key, error), True
        finally:
            del self._scopes[key]
            self._schedule.done(key, again, failed=failed)
            self._ring()

    def _failed(self, name: str, error: Exception) -> datetime:
        """Log the first failure in a row; return when to try again."""
        self._failures[name] += 1
        if self._failures[name] == 1:
            known = isinstance(error, CarelineError)  # says itself what is wrong: no trace helps
            said = {"reason": str(error)} if known else {"exc_info": error}
            self._log.error("work failed and is tried again", key=name, **said)
        delay = full_jitter(self._failures[name], self._random)
        return self._clock.now() + timedelta(seconds=delay)

    def _worked(self, name: str) -> None:
        if self._failures.pop(name, 0):
            self._log.info("work goes on", key=name)

    def _ring(self) -> None:
        self._rung = True
        if self._nap is not None:
            self._nap.cancel()

    async def _wait(self) -> None:
        """Sleep until somebody rings or a key is due."""
        with anyio.CancelScope() as self._nap:
            if self._rung:
                return
            left = self._left()
            if left is None:
                await anyio.sleep_forever()
            else:
                await self._clock.sleep(left)

    def _left(self) -> float | None:
        at = self._schedule.next_due
        return None if at is None else max(0.0, (at - self._clock.now()).total_seconds())


def _call_soon(home: EventLoopToken, ring: Callable[[], None]) -> None:
    """Ring in another thread's event loop without waiting for it, on asyncio and on trio."""
    loop = home.native_token
    name = "call_soon_threadsafe" if hasattr(loop, "call_soon_threadsafe") else "run_sync_soon"
    call = cast("Callable[[Callable[[], None]], object]", getattr(loop, name))
    try:
        call(ring)
    except RuntimeError:  # the loop has ended: the next run takes the key from the inbox
        return
