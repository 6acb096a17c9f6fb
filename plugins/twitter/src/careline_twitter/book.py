"""The ledger's pages: what was billed on each day, kept so that no two workers count one twice.

A day is a row of pages, each a record of its own: the objects that were read (X bills each once a
day), and what all came to. Both change together by compare-and-set. A day that is over is summed
up in its month's record, and its pages are emptied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from careline.plugin import State

FULL: Final = 1000
"""Objects after which a new page begins: what is full is not written again."""
_LATE: Final = timedelta(hours=1)
"""How long after midnight another worker may still write into the day before."""


class Sum(NamedTuple):
    """How many of a kind, and what they cost in millionths of a dollar."""

    objects: int = 0
    micros: int = 0

    def __add__(self, other: "Sum") -> "Sum":  # type: ignore[override]
        return Sum(self.objects + other.objects, self.micros + other.micros)


Sums: TypeAlias = dict[str, Sum]


class Charge(NamedTuple):
    """One thing to bill. `object`: by which it is known that day; empty: it always counts."""

    kind: str
    object: str
    micros: int


def total(sums: Iterable[Mapping[str, Sum]]) -> Sums:
    """Return what several days or pages come to."""
    made: Sums = {}
    for one in sums:
        for kind, sum in one.items():
            made[kind] = made.get(kind, Sum()) + sum
    return made


@dataclass(slots=True)
class _Page:
    version: int = 0
    seen: list[str] = field(default_factory=list)
    sums: Sums = field(default_factory=dict)

    @classmethod
    def of(cls, record: Any, version: int) -> "_Page":
        told = record or {}
        sums = {kind: Sum(*sum) for kind, sum in told.get("sums", {}).items()}
        return cls(version, list(told.get("seen", ())), sums)

    def with_(self, charges: Iterable[Charge]) -> "_Page":
        made = _Page(self.version, list(self.seen), dict(self.sums))
        for one in charges:
            made.sums[one.kind] = made.sums.get(one.kind, Sum()) + Sum(1, one.micros)
            made.seen += [one.object] if one.object else []
        return made

    @property
    def record(self) -> dict[str, Any]:
        return {"seen": self.seen, "sums": self.sums}


class Day:
    """One day's pages, as far as this worker has read them."""

    def __init__(self, state: State, day: date) -> None:
        """Start with none read."""
        self.day = day
        self._state, self._pages = state, list[_Page]()
        self._seen: set[str] = set()

    @property
    def sums(self) -> Sums:
        """What was billed that day, when it was last looked at."""
        return total(page.sums for page in self._pages)

    async def look(self) -> None:
        """Read what other workers have written."""
        if self._pages:
            await self._read(len(self._pages) - 1)
        while not self._pages or len(self._pages[-1].seen) >= FULL:
            if not await self._read(len(self._pages)):
                return

    async def add(self, charges: Iterable[Charge]) -> None:
        """Bill what is not billed yet."""
        wanted = list(charges)
        while True:
            await self.look()
            fresh = [*self._fresh(wanted)]
            if not fresh or await self._write(fresh):
                return

    async def empty(self) -> None:
        """Forget the objects: the day is summed up."""
        for index, page in enumerate(self._pages):
            await self._state.put(self._key(index), None, version=page.version)

    def _fresh(self, charges: list[Charge]) -> Iterable[Charge]:
        met = set[str]()
        for one in charges:
            if one.object in self._seen or one.object in met:
                continue
            if one.object:  # what has none counts each time
                met.add(one.object)
            yield one

    async def _write(self, fresh: list[Charge]) -> bool:
        last = self._pages[-1] if self._pages else None
        begins = last is None or len(last.seen) >= FULL
        page = (_Page() if begins or last is None else last).with_(fresh)
        index = len(self._pages) - (not begins)
        if not await self._state.put(self._key(index), page.record, version=page.version):
            return False
        page.version += 1
        self._take(index, page)
        return True

    async def _read(self, index: int) -> bool:
        record, version = await self._state.get(self._key(index))
        known = self._pages[index].version if index < len(self._pages) else 0
        if version != known:
            self._take(index, _Page.of(record, version))
        return version > 0

    def _take(self, index: int, page: _Page) -> None:
        self._pages[index : index + 1] = [page]
        self._seen.update(page.seen)

    def _key(self, index: int) -> str:
        return f"spent:{self.day.isoformat()}:{index}"


class Book:
    """All days of a credential."""

    def __init__(self, state: State) -> None:
        """They lie in `state`."""
        self._state = state
        self._today: Day | None = None
        self._before: tuple[date, Sums] | None = None

    def today(self, now: datetime) -> Day:
        """Return the day that it is, in UTC."""
        if self._today is None or self._today.day != now.date():
            self._today = Day(self._state, now.date())
        return self._today

    async def before(self, now: datetime) -> Sums:
        """Return what the days of this month before today come to."""
        today = now.date()
        if self._before is None or self._before[0] != today:
            self._before = today, await self._summed_up(now)
        return self._before[1]

    async def _summed_up(self, now: datetime) -> Sums:
        """Sum up the days that are over."""
        key = f"spent:{now.date():%Y-%m}"
        record, version = await self._state.get(key)
        days: dict[str, Any] = dict(record or {})
        over = list[Day]()
        for number in range(1, now.day):
            day = Day(self._state, now.date().replace(day=number))
            if day.day.isoformat() not in days:
                await day.look()
                days[day.day.isoformat()] = day.sums
                over.append(day)
        late = now - _LATE
        closed = [day for day in over if day.day < late.date()]
        kept = {name: sums for name, sums in days.items() if name < late.date().isoformat()}
        if closed and await self._state.put(key, kept, version=version):
            for day in closed:
                await day.empty()
        return total({kind: Sum(*sum) for kind, sum in sums.items()} for sums in days.values())
