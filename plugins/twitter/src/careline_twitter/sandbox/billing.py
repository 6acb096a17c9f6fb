"""What X bills: objects read and things done, by its price list of 2026."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from careline_twitter import prices

PRICES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {**prices.PRICES, "counts": Decimal("0.005"), "event.free": Decimal(0)}
)
"""Dollars for one of each."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing billed."""

    at: datetime
    kind: str
    object: str
    price: Decimal


class Bill:
    """All that was billed, and what it comes to."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self.charges: list[Charge] = []
        self._seen: set[tuple[date, str, str]] = set()

    def add(self, at: datetime, kind: str, object: str = "") -> None:
        """Bill one thing; an object that was read that day is not billed again."""
        if kind in prices.SUBJECTS:
            key = (at.date(), prices.SUBJECTS[kind], object)
            if key in self._seen:
                return
            self._seen.add(key)
        self.charges.append(Charge(at, kind, object, PRICES[kind]))

    @property
    def total(self) -> Decimal:
        """Dollars, to the tenth of a cent."""
        return sum((charge.price for charge in self.charges), Decimal(0))

    @property
    def objects(self) -> Counter[str]:
        """How many of each kind."""
        return Counter(charge.kind for charge in self.charges)

    def on(self, day: date) -> "Bill":
        """Return what was billed on one day, in UTC."""
        bill = Bill()
        bill.charges = [charge for charge in self.charges if charge.at.date() == day]
        return bill

    def posts_read(self, day: date) -> int:
        """Return how many posts were read on a day: what `usage` counts."""
        objects = self.on(day).objects
        return objects["post.read"] + objects["owned.read"]
