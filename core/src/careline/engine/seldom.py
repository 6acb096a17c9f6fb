"""Seldom: what strangers can cause as often as they like makes one line of the log a minute."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from careline.contract.context import Clock

_EVERY: Final = 60.0


@dataclass(slots=True)
class Seldom:
    """Tells when a line is due: at once, then once a minute at the most."""

    clock: Clock
    _said_at: dict[str, float] = field(default_factory=dict)
    _since: Counter[str] = field(default_factory=Counter)

    def count(self, what: str) -> int:
        """Count one more; return how many a line has to tell of. 0: no line is due yet."""
        self._since[what] += 1
        now, last = self.clock.monotonic(), self._said_at.get(what)
        if last is not None and now - last < _EVERY:
            return 0
        self._said_at[what] = now
        return self._since.pop(what)
