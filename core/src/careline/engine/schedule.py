"""Which keys are ready, running or due later. Pure: no task, no clock, no thread."""

from collections import Counter
from datetime import datetime
from heapq import heapify, heappop, heappush


def prefix_of(key: str) -> str:
    """Return what names the handler of a key: `pull` of `pull:acme-x:mentions`."""
    return key.partition(":")[0]


class Schedule:
    """Every key is in one place at most: ready, running, or due at a time."""

    def __init__(self, concurrency: int) -> None:
        """`concurrency`: how many keys of one prefix may run at once."""
        self._concurrency = concurrency
        self._ready: dict[str, dict[str, None]] = {}
        self._running: dict[str, bool] = {}  # whether it was woken since it started
        self._busy: Counter[str] = Counter()
        self._due: dict[str, datetime] = {}
        self._alarms: list[tuple[datetime, str]] = []  # all of `_due`, and times that hold no more
        self._retrying: set[str] = set()

    @property
    def running(self) -> bool:
        """Whether any key runs."""
        return bool(self._running)

    @property
    def next_due(self) -> datetime | None:
        """When to look again at the latest; None: when somebody wakes a key."""
        return self._alarms[0][0] if self._alarms else None

    def is_held(self, key: str) -> bool:
        """Tell whether a key runs or waits for its retry: a sweep leaves it alone."""
        return key in self._running or key in self._retrying

    def wake(self, key: str) -> None:
        """Make a key ready, or run it once more if it runs; a retry keeps its time."""
        if key in self._running:
            self._running[key] = True
        elif key not in self._retrying:
            self._due.pop(key, None)
            self._ready.setdefault(prefix_of(key), {})[key] = None

    def keep(self, prefixes: frozenset[str]) -> None:
        """Forget what is ready or due of all other prefixes; what runs stays until it is done."""
        self._ready = {p: keys for p, keys in self._ready.items() if p in prefixes}
        self._due = {key: at for key, at in self._due.items() if prefix_of(key) in prefixes}
        self._retrying = {key for key in self._retrying if prefix_of(key) in prefixes}
        self._alarms = [(at, key) for key, at in self._due.items()]
        heapify(self._alarms)

    def start(self, now: datetime) -> list[str]:
        """Return the keys that may run now; until `done` they count as running."""
        self._ring_alarms(now)
        started = []
        for prefix, keys in self._ready.items():
            while keys and self._busy[prefix] < self._concurrency:
                key = next(iter(keys))
                del keys[key]
                self._running[key] = False
                self._busy[prefix] += 1
                started.append(key)
        return started

    def done(self, key: str, again: datetime | None, *, failed: bool = False) -> None:
        """Take a key back that ran; `again` is when to run it next, None: when woken."""
        self._busy[prefix_of(key)] -= 1
        woken = self._running.pop(key)
        if failed:
            self._retrying.add(key)
        elif woken:
            return self.wake(key)
        if again is not None:
            self._due[key] = again
            heappush(self._alarms, (again, key))
            self._forget_old_alarms()
        return None

    def _ring_alarms(self, now: datetime) -> None:
        while self._alarms and self._alarms[0][0] <= now:
            at, key = heappop(self._alarms)
            if self._due.get(key) == at:
                self._retrying.discard(key)
                self.wake(key)

    def _forget_old_alarms(self) -> None:
        if len(self._alarms) > 2 * len(self._due) + 64:
            self._alarms = [(at, key) for key, at in self._due.items()]
            heapify(self._alarms)
