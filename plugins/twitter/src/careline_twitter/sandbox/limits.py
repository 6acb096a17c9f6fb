"""Rate limits: windows of 15 minutes and of a day, for the app and for each person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from careline_twitter.sandbox.app import Who
from careline_twitter.sandbox.problems import too_many

QUARTER = 15 * 60
DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Limit:
    """How often an endpoint may be asked: in 15 minutes, and in a day. None: no limit."""

    app: int | None = None
    user: int | None = None
    app_day: int | None = None
    user_day: int | None = None


@dataclass(slots=True)
class _Window:
    limit: int
    reset: int
    used: int = 0

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)

    def headers(self, prefix: str) -> dict[str, str]:
        return {
            f"x-{prefix}-limit": str(self.limit),
            f"x-{prefix}-remaining": str(self.left),
            f"x-{prefix}-reset": str(self.reset),
        }


class Limits:
    """Counts requests in their windows."""

    def __init__(self) -> None:
        """Start with nothing used."""
        self._windows: dict[tuple[str, str, int], _Window] = {}
        self._left: dict[tuple[str, str, int], int] = {}

    def take(self, endpoint: str, limit: Limit, who: Who, now: datetime) -> dict[str, str]:
        """Count a request; return its headers, or refuse it."""
        headers: dict[str, str] = {}
        for prefix, holder, allowed, span in _bounds(limit, who):
            window = self._window((endpoint, holder, span), allowed, span, now)
            if not window.left:
                refused = too_many(window.reset)
                refused.headers |= window.headers("rate-limit") | window.headers(prefix)
                raise refused
            window.used += 1
            headers |= window.headers(prefix)
        return headers

    def leave(self, endpoint: str, who: Who, left: int) -> None:
        """Leave so many requests of the next window of 15 minutes, or of the one that runs."""
        self._left[endpoint, who.key, QUARTER] = left

    def _window(self, key: tuple[str, str, int], allowed: int, span: int, now: datetime) -> _Window:
        second = int(now.timestamp())
        window = self._windows.get(key)
        if window is None or window.reset <= second:
            window = self._windows[key] = _Window(allowed, second + span)
        if key in self._left:
            window.used = allowed - self._left.pop(key)
        return window


def _bounds(limit: Limit, who: Who) -> Iterator[tuple[str, str, int, int]]:
    quarter = limit.app if who.user is None else limit.user
    if quarter is not None:
        yield "rate-limit", who.key, quarter, QUARTER
    if limit.app_day is not None:
        yield "app-limit-24hour", "app", limit.app_day, DAY
    if limit.user_day is not None and who.user is not None:
        yield "user-limit-24hour", who.key, limit.user_day, DAY
