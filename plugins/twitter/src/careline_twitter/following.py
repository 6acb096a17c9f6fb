"""The filtered stream: its rules kept, its line opened anew as X asks, its gaps filled."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from careline.plugin import JSON, Batch, Context, Transient
from careline_twitter import mapping
from careline_twitter.api import Api
from careline_twitter.hearing import Hearing, paid
from careline_twitter.marks import Mark
from careline_twitter.outcome import Down, Dropped, SlotTaken
from careline_twitter.payload import data_of, objects, optional_id, table, words
from careline_twitter.us import Scene

_STEP, _HIGHEST_STEP = 0.25, 16.0
_WRONG_RULES: Final = 3600.0


@dataclass(slots=True)
class Ladder:
    """How long to wait before the line is opened again: by what went wrong, and how often."""

    drops: int = 0
    failures: int = 0
    refusals: int = 0

    def reset(self) -> None:
        """Something came: the next trouble is a first one."""
        self.drops = self.failures = self.refusals = 0

    def dropped(self) -> float:
        """Return the wait after a line that ended: none, then a little more each time."""
        self.drops += 1
        return min((self.drops - 1) * _STEP, _HIGHEST_STEP)

    def failed(self, error: Transient) -> float:
        """Return the wait after X did not open the line."""
        if error.retry_after is not None:
            self.refusals += 1
            return max(error.retry_after, 60.0 * 2.0 ** min(self.refusals - 1, 6))
        if isinstance(error, Down):
            self.failures += 1
            return float(min(5.0 * 2 ** min(self.failures - 1, 8), 320.0))
        return self.dropped()


@dataclass(slots=True)
class Following:
    """Follows one account's stream."""

    api: Api
    context: Context
    hearing: Hearing
    rules: tuple[str, ...]
    searches: tuple[str, ...]
    """What finds the same where the stream was down."""
    ladder: Ladder = field(default_factory=Ladder)
    _frees: bool = True

    async def stream(self, place: str, cursor: JSON) -> AsyncIterator[Batch]:
        """Yield what the stream says. It raises `Transient` when X does not open the line."""
        mark = Mark.of(cursor)
        await self._keep_rules()
        while True:
            heard = False
            async with aclosing(self._line(place, mark)) as batches:
                async for batch in batches:
                    heard, mark = True, Mark.of(batch.cursor)
                    yield batch
            if not heard or self.ladder.drops:
                self.context.log.info("the stream ended", place=place, drops=self.ladder.drops)
            await self.context.clock.sleep(self.ladder.dropped())

    async def _line(self, place: str, mark: Mark) -> AsyncGenerator[Batch, None]:
        """Yield what one line says until it ends; what was missed before it comes first."""
        opened = False
        lines = self.api.stream()
        async with aclosing(lines):
            while True:
                try:
                    with paid(self.context.clock.now()):
                        said = await anext(lines)
                except StopAsyncIteration:
                    return
                except Transient as error:
                    if isinstance(error, Dropped):
                        return
                    await self._not_opened(error)
                    return
                self.ladder.reset()
                self._frees = True
                if not opened and mark.since:
                    async for batch in self._refill(place, mark):
                        mark = Mark.of(batch.cursor)
                        yield batch
                opened = True
                if said is not None:
                    batch = self._batch(place, said, mark)
                    mark = Mark.of(batch.cursor)
                    yield batch

    async def _not_opened(self, error: Transient) -> None:
        """Free a slot that a line of ours left taken, once; else wait as X asks."""
        if isinstance(error, SlotTaken) and self._frees:
            self._frees = False
            await self.api.free_stream_slot()
            return
        wait = self.ladder.failed(error)
        raise Transient(str(error), retry_after=wait, sent=False) from error

    def _batch(self, place: str, said: dict[str, Any], mark: Mark) -> Batch:
        now = self.context.clock.now()
        items = mapping.items_of(said, Scene(self.hearing.us, now, place))
        ids = [optional_id(table(one).get("id")) or "" for one in data_of(said)]
        return Batch(items, replace(mark.saw(ids, now).ended(now), watch=()).cursor())

    async def _refill(self, place: str, mark: Mark) -> AsyncIterator[Batch]:
        """Search for what was said while the line was down."""
        for query in self.searches:
            one = replace(mark, known=())
            while True:
                batch = await self.hearing.search(place, query, one.cursor())
                one = Mark.of(batch.cursor)
                yield replace(batch, cursor=mark.cursor(), more=True)
                if one.rests:
                    break

    async def _keep_rules(self) -> None:
        """Have X hold our rules and no older ones of ours; a rule is known by its tag."""
        tag = f"careline:{self.context.account}:"
        held = [
            one for one in objects((await self.api.rules()).get("data"))
            if words(one.get("tag")).startswith(tag)
        ]  # fmt: skip
        old = [id for one in held if one.get("value") not in self.rules
               and (id := optional_id(one.get("id")))]  # fmt: skip
        there = {words(one.get("value")) for one in held}
        new = [
            {"value": rule, "tag": f"{tag}{number}"}
            for number, rule in enumerate(self.rules)
            if rule not in there
        ]
        if not (old or new):
            return
        told = await self.api.change_rules(new, old)
        for error in objects(told.get("errors")):
            if not words(error.get("type")).endswith("/duplicate-rules"):
                why = words(error.get("detail")) or words(error.get("title"))
                said = f"X takes no rule for {words(error.get('value'))[:80]!r}: {why}"
                raise Transient(said, retry_after=_WRONG_RULES, sent=False)
