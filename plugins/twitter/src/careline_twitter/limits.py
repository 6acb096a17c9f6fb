"""X's rate limits, as the headers of an answer tell them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

UNTOLD: Final = 60.0
"""Seconds to wait where X does not say how long."""
_LONGEST: Final = 86_400.0
_NAMES: Final = ("rate-limit", "app-limit-24hour", "user-limit-24hour")


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one limit, until it is full again."""

    name: str
    limit: int
    remaining: int
    resets_at: datetime


def limits(headers: Mapping[str, str]) -> tuple[Left, ...]:
    """Return the limits that an answer tells of: of 15 minutes, and of a day."""
    return tuple(_limits(headers))


def wait(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds to wait after a 429: until every limit that is used up is full again."""
    told = headers.get("retry-after", "")
    if told.isascii() and told.isdigit():
        return min(float(told), _LONGEST)
    used_up = [left.resets_at for left in limits(headers) if left.remaining == 0]
    reset = _moment(headers.get("x-rate-limit-reset", ""))
    if not used_up and reset is not None:
        used_up = [reset]
    if not used_up:
        return UNTOLD
    return min(max(0.0, (max(used_up) - now).total_seconds()), _LONGEST)


def _limits(headers: Mapping[str, str]) -> Iterator[Left]:
    for name in _NAMES:
        limit, left, reset = (
            headers.get(f"x-{name}-{part}", "") for part in ("limit", "remaining", "reset")
        )
        at = _moment(reset)
        if _is_count(limit) and _is_count(left) and at is not None:
            yield Left(name, int(limit), int(left), at)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _moment(text: str) -> datetime | None:
    """Return a time of seconds since 1970."""
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return datetime.fromtimestamp(int(text), UTC)
