"""Unread: bounds what is set aside whole of webhooks that a plugin cannot read.

Such a plugin may have failed before it looked who signed them: a stranger could fill the disk.
"""

from dataclasses import dataclass, field
from typing import Final

from careline.contract.context import Clock, Log
from careline.engine.health import Unavailable
from careline.store.rejected import unread
from careline.store.store import Store

MOST_ROWS: Final = 1000
MOST_BYTES: Final = 64 * 1024 * 1024
_FRESH: Final = 1.0
"""Seconds for which a look at the store holds: others may set aside, or empty, what is there."""
_FULL: Final = "too much that its plugin could not read is set aside: it has to be repeated"


@dataclass(slots=True)
class _Held:
    looked_at: float
    rows: int
    size: int


@dataclass(slots=True)
class Unread:
    """How much is set aside whole, by account."""

    store: Store
    clock: Clock
    log: Log
    place: str
    """Under which source, and as coming from where, it is kept."""
    _held: dict[str, _Held] = field(default_factory=dict)
    _full: set[str] = field(default_factory=set)

    async def admit(self, account: str, size: int) -> None:
        """Count one more webhook of so many bytes, which is then to be kept.

        Raises:
            Unavailable: there are too many already, so the platform has to repeat it.
        """
        held = await self._look(account)
        if held.rows + 1 > MOST_ROWS or held.size + size > MOST_BYTES:
            if account not in self._full:
                self.log.error("webhooks that cannot be read are kept no more", account=account)
            self._full.add(account)
            raise Unavailable(account, _FULL, next_try=None, called=True)
        if account in self._full:
            self.log.info("webhooks that cannot be read are kept again", account=account)
        self._full.discard(account)
        held.rows, held.size = held.rows + 1, held.size + size

    async def _look(self, account: str) -> _Held:
        known, now = self._held.get(account), self.clock.monotonic()
        if known is None or now - known.looked_at >= _FRESH:
            rows, size = await self.store.read(lambda conn: unread(conn, account, self.place))
            self._held[account] = _Held(now, rows, size)
        return self._held[account]
