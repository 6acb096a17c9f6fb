"""What X is paid: counted, kept, and stopped before the operator's limit is passed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from careline.plugin import Context, Refusal, Rejected
from careline_twitter.book import Book, Charge, Sum, Sums, total
from careline_twitter.config import TwitterConfig
from careline_twitter.prices import SUBJECTS

_MICROS: Final = 1_000_000
_ALARM: Final = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Spent:
    """A row of `usage`: how many of a kind in a day or a month, and what they cost."""

    period: str
    """`2026-11-24`, or `2026-11`."""
    kind: str
    objects: int
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit of the operator's, and how much of it is used."""

    name: str
    unit: str
    most: Decimal
    used: Decimal
    ends: datetime

    @property
    def is_near(self) -> bool:
        return self.used >= self.most * _ALARM

    def says(self) -> str:
        return f"{self.used} of {self.most} {self.unit} of `{self.name}` are spent"


class Ledger:
    """Counts objects and money of one account by day and month, in UTC; all its workers share it.

    An object read twice on a day counts once. What costs nothing need not be told.
    """

    def __init__(self, context: Context, config: TwitterConfig) -> None:
        """It lies in the state of `context`."""
        self._context, self._config = context, config
        self._state = context.state(f"twitter:{context.account}:spending")
        self._book = Book(self._state)
        self._limits: tuple[_Limit, ...] = ()
        self._told: set[tuple[str, datetime]] = set()

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each limit of which 80 % are used, as last looked at."""
        now = self._context.clock.now()
        return tuple(one.says() for one in self._limits if one.is_near and now < one.ends)

    async def admit(self, kind: str, count: int = 1) -> None:
        """Raise `Rejected` where so many more would pass a limit."""
        await self.admit_all({kind: count})

    async def admit_all(self, counts: Mapping[str, int]) -> None:
        """The same for several kinds at once."""
        await self.room(counts, 1)

    async def room(self, counts: Mapping[str, int], most: int) -> int:
        """Return how often, up to `most`, so many more fit; raise where they do not fit once."""
        objects = sum(counts.values())
        dollars = sum((self._config.price(kind) * n for kind, n in counts.items()), Decimal(0))
        fits = most
        for limit in await self._now_limits():
            each = Decimal(objects) if limit.unit == "objects" else dollars
            if each and each * fits > limit.most - limit.used:
                fits = int((limit.most - limit.used) // each)
            if fits < 1:
                said = f"{limit.says()}: all stops until {limit.ends:%Y-%m-%d}"
                raise Rejected(Refusal.BUDGET_EXHAUSTED, said, until=limit.ends)
        return fits

    async def spend(self, kind: str, what: int | Iterable[str] = 1) -> None:
        """Count what a call has cost: so many, or the objects of these ids."""
        ids = [""] * what if isinstance(what, int) else what
        await self.spend_all((kind, id) for id in ids)

    async def spend_all(self, spent: Iterable[tuple[str, str]]) -> None:
        """The same for several kinds at once: each with the id of its object, or none."""
        charges = [self._charge(kind, id) for kind, id in spent]
        if not charges:
            return
        await self._book.today(self._context.clock.now()).add(charges)
        for limit in await self._now_limits():
            if limit.is_near and await self._is_news(limit):
                self._context.log.warning("budget nearly spent", limit=limit.says())

    async def standing(self) -> Mapping[str, bool]:
        """Return a sentence for each limit, and whether anything is left of it."""
        return {one.says(): one.used < one.most for one in await self._now_limits()}

    async def usage(self) -> tuple[Spent, ...]:
        """Return what was spent today and this month, kind by kind."""
        now = self._context.clock.now().astimezone(UTC)
        today, month = await self._sums(now)
        return (*_rows(f"{now:%Y-%m-%d}", today), *_rows(f"{now:%Y-%m}", month))

    def _charge(self, kind: str, id: str) -> Charge:
        subject = SUBJECTS.get(kind) or ".".join(kind.split(".")[:2])  # a post has several prices
        object = f"{subject}:{id}" if id else ""
        return Charge(kind, object, int(self._config.price(kind) * _MICROS))

    async def _is_news(self, limit: _Limit) -> bool:
        """Tell whether nobody was warned of a limit in this period: one worker is the first."""
        if (limit.name, limit.ends) in self._told:
            return False
        self._told.add((limit.name, limit.ends))
        key, period = f"warned:{limit.name}", limit.ends.isoformat()
        told, version = await self._state.get(key)
        return told != period and await self._state.put(key, period, version=version)

    async def _sums(self, now: datetime) -> tuple[Sums, Sums]:
        day = self._book.today(now)
        await day.look()
        return day.sums, total((await self._book.before(now), day.sums))

    async def _now_limits(self) -> tuple[_Limit, ...]:
        """Return the limits as they stand; nothing is read where there are none."""
        if self._config.budget.model_dump(exclude_none=True):
            self._limits = tuple(await self._looked_up())
        return self._limits

    async def _looked_up(self) -> list[_Limit]:
        now = self._context.clock.now().astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        ends = midnight + timedelta(days=1), (midnight.replace(day=1) + timedelta(days=32))
        budget, (today, month) = self._config.budget, await self._sums(now)
        rows = (
            ("budget.day", "dollars", budget.day, today, ends[0]),
            ("budget.day_objects", "objects", budget.day_objects, today, ends[0]),
            ("budget.month", "dollars", budget.month, month, ends[1].replace(day=1)),
            (
                "budget.month_objects",
                "objects",
                budget.month_objects,
                month,
                ends[1].replace(day=1),
            ),
        )
        return [
            _Limit(name, unit, Decimal(most), _used(unit, sums), end)
            for name, unit, most, sums, end in rows
            if most is not None
        ]


def _used(unit: str, sums: Sums) -> Decimal:
    whole = sum(sums.values(), Sum())
    return Decimal(whole.objects) if unit == "objects" else _dollars(whole)


def _dollars(sum: Sum) -> Decimal:
    return Decimal(sum.micros) / _MICROS


def _rows(period: str, sums: Sums) -> Iterator[Spent]:
    for kind in sorted(sums):
        yield Spent(period, kind, sums[kind].objects, _dollars(sums[kind]))
