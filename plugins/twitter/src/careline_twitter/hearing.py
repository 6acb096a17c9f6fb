"""Polling: mentions, searches and direct messages, page by page, and a look for what is gone."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from careline.plugin import JSON, Batch, Context, Item, Observed, Refusal, Rejected, Transient
from careline_twitter import direct, mapping
from careline_twitter.api import Api
from careline_twitter.marks import Mark, number
from careline_twitter.payload import data_of, moment, optional_id, table
from careline_twitter.us import Scene, Us

Page: TypeAlias = dict[str, Any]
_Ask: TypeAlias = Callable[[Mark, int], Awaitable[Page]]
_Read: TypeAlias = Callable[[Mapping[str, Any], Scene], tuple[Item, ...]]

SMALL, LARGE = 10, 100
"""Posts of a page: of the first one where little is new, and of those that follow."""
REACH: Final = timedelta(days=7) - timedelta(minutes=5)
"""How far back recent search goes, with some room."""
_TIMELINE: Final = 780
"""X shows the newest 800 mentions: from here on there may be more than it shows."""
_LOOK: Final = timedelta(hours=1)
_ENDPOINTS: Final = {"mentions": "/mentions", "direct": "/dm_events"}
_SEARCH: Final = "/search/recent"


@contextmanager
def paid(now: datetime) -> Iterator[None]:
    """Let a spent budget make us wait: it is no reason to give up what we hear."""
    try:
        yield
    except Rejected as error:
        if error.reason is not Refusal.BUDGET_EXHAUSTED:
            raise
        wait = (error.until - now).total_seconds() if error.until else None
        raise Transient(f"budget exhausted: {error}", retry_after=wait, sent=False) from error


@dataclass(frozen=True, slots=True)
class Hearing:
    """Hears one account's timelines."""

    api: Api
    context: Context
    us: Us

    async def mentions(self, place: str, cursor: JSON) -> Batch:
        """Return the next page of our mentions; what the timeline does not reach, search finds."""
        mark, me = Mark.of(cursor), self.us.ids[0]

        async def ask(mark: Mark, size: int) -> Page:
            if mark.beyond:
                return await self._found(f"@{self._handle} -is:retweet", mark, LARGE)
            return await self.api.mentions(
                me, since_id=mark.since, token=mark.token, max_results=size
            )

        return await self._posts(place, mark, ask)

    async def search(self, place: str, query: str, cursor: JSON) -> Batch:
        """Return the next page of what a query finds."""

        async def ask(mark: Mark, size: int) -> Page:
            return await self._found(query, mark, size)

        return await self._posts(place, Mark.of(cursor), ask)

    async def directs(self, place: str, cursor: JSON) -> Batch:
        """Return the next page of direct messages: newest first, up to one that is known."""

        async def ask(mark: Mark, size: int) -> Page:
            page = await self.api.dm_events(token=mark.token, max_results=size)
            return page if _all_new(page, mark) else _last(page)

        return await self._sweep(place, Mark.of(cursor), ask, direct.items_of)

    @property
    def _handle(self) -> str:
        return next(iter(sorted(self.us.handles)), "")

    async def _found(self, query: str, mark: Mark, size: int) -> Page:
        return await self.api.search(
            query,
            since_id=mark.since,
            start_time=moment(mark.start),
            token=mark.token,
            max_results=size,
        )

    async def _posts(self, place: str, mark: Mark, ask: _Ask) -> Batch:
        if mark.rests and mark.looks(self.context.clock.now(), _LOOK):
            return await self._look(place, mark)
        return await self._sweep(place, mark, ask, mapping.items_of)

    async def _look(self, place: str, mark: Mark) -> Batch:
        """Look up the newest that we heard: what X does not find any more is gone."""
        now = self.context.clock.now()
        watched, looked = mark.watched(now), replace(mark, looked=now.isoformat())
        try:
            page = await self.api.posts(watched)
        except Rejected as error:
            if error.reason is not Refusal.BUDGET_EXHAUSTED:
                raise
            self.context.log.warning("the budget does not allow a look for deletions", place=place)
            return Batch((), looked.cursor(), more=True)  # new posts come first
        scene = Scene(self.us, now, place, watched)
        gone = mapping.gone(page, scene)
        counts = (one for one in mapping.items_of(page, scene) if isinstance(one, Observed))
        left = set(watched) - {one.external_id for one in gone}
        watch = tuple(sorted(left, key=number))
        return Batch((*gone, *counts), replace(looked, watch=watch).cursor(), more=True)

    async def _sweep(self, place: str, mark: Mark, ask: _Ask, read: _Read) -> Batch:
        now = self.context.clock.now()
        size = SMALL if mark.since and mark.token is None else LARGE
        try:
            with paid(now):
                page = await ask(mark, size)
        except Rejected as error:
            again = mark.restarted(now, REACH) if error.reason is Refusal.INVALID else None
            if again is None:
                raise
            self.context.log.info("X takes a mark no more: it begins anew", place=place)
            return Batch((), again.cursor())
        fresh = _fresh(page, mark)
        items = read({**page, "data": fresh}, Scene(self.us, now, place)) if fresh else ()
        mark = mark.saw((optional_id(table(one).get("id")) or "" for one in data_of(page)), now)
        return self._turned(place, items, page, mark)

    def _turned(self, place: str, items: tuple[Item, ...], page: Page, mark: Mark) -> Batch:
        """Return a page's batch: with the next page's token, or the mark moved up."""
        now = self.context.clock.now()
        token = optional_id(table(page.get("meta")).get("next_token"))
        if token and token != mark.token:
            return Batch(items, replace(mark, token=token).cursor(), more=True)
        if self._reaches_no_further(mark):
            return Batch(items, replace(mark, token=None, beyond=True).cursor(), more=True)
        return Batch(items, mark.ended(now).cursor(), again_at=self._again_at(place, now))

    def _again_at(self, place: str, now: datetime) -> datetime | None:
        """Return when X may be asked again, where its limit is used up now."""
        end = _ENDPOINTS.get(place, _SEARCH)
        lefts = (left for call, held in self.api.left().items() if call.endswith(end)
                 for left in held)  # fmt: skip
        used_up = [left.resets_at for left in lefts if not left.remaining and left.resets_at > now]
        return max(used_up, default=None)

    def _reaches_no_further(self, mark: Mark) -> bool:
        """Tell whether there may be mentions that the timeline does not show."""
        return bool(mark.since and self._handle and not mark.beyond and mark.count >= _TIMELINE)


def _fresh(page: Page, mark: Mark) -> list[Any]:
    """Return what of a page was not heard yet, oldest first."""
    known, since = {number(id) for id in mark.known}, number(mark.since)
    fresh = [(_id(one), one) for one in data_of(page)]
    kept = [(id, one) for id, one in fresh if not id or (id > since and id not in known)]
    return [one for _, one in sorted(kept, key=lambda pair: pair[0])]


def _id(one: Any) -> int:
    return number(optional_id(table(one).get("id")))


def _all_new(page: Page, mark: Mark) -> bool:
    return all(_id(one) > number(mark.since) for one in data_of(page))


def _last(page: Page) -> Page:
    """Return a page that reaches what is known: the last one, without what was heard."""
    return {**page, "meta": {}}
