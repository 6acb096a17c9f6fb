"""Who takes no direct messages from us: learned when X refuses one, and kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from careline.plugin import Context
from careline_twitter.payload import Odd, moment, table

HOLDS: Final = timedelta(days=7)
"""After that it is tried again: people change their settings."""
_MOST: Final = 1000
_KEY: Final = "refuses-messages"


class Refusals:
    """The people who refused a message from us, and when."""

    def __init__(self, context: Context) -> None:
        """They lie in the state of `context`."""
        self._context = context
        self._state = context.state(f"twitter:{context.account}")
        self._held: dict[str, datetime] = {}

    def since(self, user: str, now: datetime) -> datetime | None:
        """Return when somebody refused a message; None: not lately."""
        at = self._held.get(user)
        return at if at is not None and now - at < HOLDS else None

    async def load(self) -> None:
        """Read what is kept."""
        record, _ = await self._state.get(_KEY)
        self._held = _read(record)

    async def note(self, user: str, *, refuses: bool) -> None:
        """Keep that somebody refuses messages, or takes them again."""
        if not refuses and user not in self._held:
            return
        now = self._context.clock.now()
        while True:
            record, version = await self._state.get(_KEY)
            held = {one: at for one, at in _read(record).items() if one != user}
            if refuses:
                held[user] = now
            newest = sorted(held.items(), key=lambda pair: pair[1])[-_MOST:]
            self._held = dict(newest)
            told = {one: at.isoformat() for one, at in newest}
            if await self._state.put(_KEY, told, version=version):
                return


def _read(record: Any) -> dict[str, datetime]:
    found: Mapping[str, Any] = table(record)
    held: dict[str, datetime] = {}
    for user, told in found.items():
        try:
            at = moment(told)
        except Odd:
            continue
        if at is not None:
            held[user] = at
    return held
