"""Ids as X makes them: the milliseconds since its epoch, and a part that keeps them apart."""

from datetime import UTC, datetime, timedelta
from random import Random

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, UTC)
_BITS = 22
_APART = 1 << 6


def first_id(at: datetime) -> int:
    """Return the lowest id that can be made at a time."""
    return int((at - _EPOCH) / timedelta(milliseconds=1)) << _BITS


class Ids:
    """Makes ids, each once; what is made later at a later time is higher."""

    def __init__(self, random: Random) -> None:
        """`random` sets ids of one moment apart."""
        self._random = random
        self._last: dict[int, int] = {}

    def new(self, at: datetime) -> str:
        """Return a new id for something that came to be `at` a time."""
        first = first_id(at)
        last = self._last.get(first, first)
        self._last[first] = made = last + self._random.randrange(1, _APART)
        return str(made)
