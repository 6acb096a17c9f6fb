"""How far a timeline was heard: what its cursor holds. Pure.

A sweep goes from the newest page to what is known. Only when its last page is stored does the mark
move up. It stays a little below the top, since X may show posts late and out of order; what was
heard above the mark is remembered by id.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from careline.plugin import JSON
from careline_twitter.payload import Odd, members, moment, optional_id, table, tally

LAG: Final = timedelta(seconds=60)
"""So late X may show a post."""
WATCHED: Final = 100
"""Ids in one look for what was deleted: as many as one request takes."""
_WATCHED_FOR: Final = timedelta(days=2)
_REMEMBERED: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SNOWFLAKES_SINCE: Final = timedelta(milliseconds=1_288_834_974_657)


def number(id: str | None) -> int:
    """Return an id as a number, by which it is older or newer than others; 0: it is none."""
    return tally(id) or 0


def first_id(at: datetime) -> int:
    """Return the lowest id that X gives out at a time."""
    return max(0, ((at - _EPOCH - _SNOWFLAKES_SINCE) // timedelta(milliseconds=1)) << 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where one timeline's sweeps stand."""

    since: str | None = None
    """All up to this id was heard."""
    known: tuple[str, ...] = ()
    """What was heard above it."""
    top: str | None = None
    """The newest id of the sweep under way."""
    token: str | None = None
    """The page that follows."""
    count: int = 0
    """What the sweep under way has seen."""
    beyond: bool = False
    """It goes on by search: the timeline itself does not reach so far."""
    start: str | None = None
    """The time to begin from, where `since` is too old for X."""
    watch: tuple[str, ...] = ()
    """The newest that was heard: it is looked up, whether it is still there."""
    looked: str | None = None
    """When it was last looked up."""

    @classmethod
    def of(cls, cursor: JSON) -> Self:
        """Read a cursor; what is odd in it is left out."""
        found = table(cursor)
        ids = {name: optional_id(found.get(name)) for name in ("since", "top")}
        return cls(
            **{name: id for name, id in ids.items() if number(id)},
            known=_ids(found.get("known")),
            token=optional_id(found.get("token")),
            count=tally(found.get("count")) or 0,
            beyond=found.get("beyond") is True,
            start=optional_id(found.get("start")),
            watch=_ids(found.get("watch")),
            looked=optional_id(found.get("looked")),
        )

    def cursor(self) -> JSON:
        """Return it as a cursor, without what is empty."""
        held: dict[str, Any] = {name: value for name, value in asdict(self).items() if value}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in held.items()}

    @property
    def rests(self) -> bool:
        """Whether no sweep is under way."""
        return self.token is None and not self.beyond

    def saw(self, ids: Iterable[str], now: datetime) -> Self:
        """Take note of the ids of a page."""
        seen = sorted({id for id in ids if number(id)}, key=number)
        if not seen:
            return self
        lowest = first_id(now - LAG)
        late = [id for id in seen if number(id) > lowest]
        return replace(
            self,
            top=max(self.top or seen[-1], seen[-1], key=number),
            known=_newest((*self.known, *late), _REMEMBERED),
            watch=_newest((*self.watch, *seen), WATCHED),
            count=self.count + len(seen),
        )

    def ended(self, now: datetime) -> Self:
        """Move up: all pages of the sweep are stored with this mark."""
        top = max(number(self.since), number(self.top))
        since = max(number(self.since), min(top, first_id(now - LAG)))
        return replace(
            self._at_rest(),
            since=str(since) if top else None,
            known=tuple(id for id in self.known if number(id) > since),
            watch=self.watched(now),
            start=None,
            looked=self.looked or now.isoformat(),
        )

    def restarted(self, now: datetime, reach: timedelta) -> Self | None:
        """Return from where to begin anew when X takes this mark no more; None: nothing is left."""
        if not self.rests:
            return self._at_rest()
        if self.since:
            return replace(self, since=None, start=(now - reach).isoformat())
        return replace(self, start=None) if self.start else None

    def _at_rest(self) -> Self:
        return replace(self, top=None, token=None, count=0, beyond=False)

    def looks(self, now: datetime, every: timedelta) -> bool:
        """Tell whether it is time to look up what is watched."""
        try:
            at = moment(self.looked)
        except Odd:
            at = None
        return bool(self.watched(now)) and (at is None or now - at >= every)

    def watched(self, now: datetime) -> tuple[str, ...]:
        """Return what is watched and young enough to be worth its price."""
        oldest = first_id(now - _WATCHED_FOR)
        return tuple(id for id in self.watch if number(id) >= oldest)


def _ids(value: Any) -> tuple[str, ...]:
    return tuple(id for one in members(value) if number(id := optional_id(one)) and id)


def _newest(ids: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(sorted(set(ids), key=number)[-most:])
