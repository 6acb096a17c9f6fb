"""Retention: words, names and what was set aside are forgotten once they are old enough.

A pass goes through the tables once, slice by slice: at the start, and daily from then on. What it
erases stays so as if a person had erased it, and what was counted stays counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from careline.config.tables import RetentionSettings
from careline.contract.context import Clock
from careline.engine.erasure.reasons import empty_reasons, reasoned
from careline.engine.facts import Micros
from careline.engine.outbox.ending import give_up
from careline.store.ageing import aged, silent, with_customer, with_raw
from careline.store.bulk import set_where
from careline.store.emptying import (
    empty_actions,
    empty_bodies,
    empty_identities,
    empty_messages,
    empty_rejected,
    worded,
    zeroing,
)
from careline.store.log import log_event
from careline.store.outbox import FAILED, State, hold, load
from careline.store.stones import ERASED, Stone, put_person_stones, put_stones
from careline.store.store import Store
from careline.store.tables import drafts
from careline.store.times import to_micros
from careline.store.turns import take_all_turns
from careline.store.vacuum import scrub_search

KEY: Final = "retain"
_DAILY: Final = timedelta(days=1)
_BY: Final = "system"


class Step(NamedTuple):
    """One table of a pass: how to find a slice of what is old in it, and how to forget that."""

    table: str
    find: Callable[[Connection, str], tuple[list[str], str | None]]
    """What of the slice that follows an id is to go, and where the next one begins."""
    forget: Callable[[Connection, Sequence[str], Micros], object]


@dataclass(slots=True)
class Retention:
    """The handler of `retain`."""

    store: Store
    clock: Clock
    keep: RetentionSettings
    _steps: list[Step] = field(default_factory=list)
    """What is left of a pass."""
    _after: str = ""
    _gone: Counter[str] = field(default_factory=Counter)
    _next: datetime | None = None

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the key where a pass is due, or was begun."""
        wanted = self.keep.words is not None or self.keep.raw is not None
        return [KEY] if wanted and (self._next is None or self._next <= now) else []

    async def run(self, key: str) -> datetime | None:
        """Take a slice; return when to come again."""
        now = self.clock.now()
        if not self._steps:
            self._steps = list(steps(self.keep, now))
        step = self._steps[0]
        after = self._after
        old, last = await self.store.read(lambda conn: step.find(conn, after))
        if old:
            await self.store.write(lambda conn: _forget(conn, step, old, to_micros(now)))
            self._gone[step.table] += len(old)
        self._after = last or ""
        if last is None:
            del self._steps[0]
        if self._steps:
            return now
        await self._end(now)
        return self._next

    async def _end(self, now: datetime) -> None:
        """End a pass: one line in the log says what went, if anything did."""
        gone, at = dict(self._gone), to_micros(now)
        if gone:
            await scrub_search(self.store)
            await self.store.write(lambda c: log_event(c, at, _BY, KEY, "retention", gone))
        self._gone.clear()
        self._next = now + _DAILY


def _forget(conn: Connection, step: Step, ids: Sequence[str], now: Micros) -> None:
    take_all_turns(conn)
    with zeroing(conn):
        step.forget(conn, ids, now)


def steps(keep: RetentionSettings, now: datetime) -> Iterable[Step]:
    """Yield what a pass that begins now has to do."""
    if keep.words is not None:
        before = to_micros(now - keep.words)
        yield _step("messages", "posted_at", before, worded, _messages)
        yield _step("notes", "at", before, worded, empty_bodies)
        yield _step("drafts", "at", before, worded, _drafts)
        yield _step("acts", "at", before, reasoned, _reasons)
        yield _step("outbox", "coalesce(ended_at, at)", before, with_customer, _actions)
        yield Step(
            "identities", partial(silent, before=before), partial(_identities, before=before)
        )
    if keep.raw is not None:
        before = to_micros(now - keep.raw)
        yield _step("rejected", "at", before, with_raw, _rejected)


def _step(
    table: str,
    column: str,
    before: Micros,
    left: Callable[[Connection, Iterable[str]], set[str]],
    forget: Callable[[Connection, Sequence[str], Micros], object],
) -> Step:
    def find(conn: Connection, after: str) -> tuple[list[str], str | None]:
        old, last = aged(conn, after, table=table, column=column, before=before)
        return sorted(left(conn, old)), last

    return Step(table, find, forget)


def _messages(conn: Connection, ids: Sequence[str], now: Micros) -> None:
    put_stones(conn, [Stone(id, now, _BY, ERASED) for id in ids])
    empty_messages(conn, ids, now)


def _drafts(conn: Connection, ids: Sequence[str], now: Micros) -> None:
    set_where(conn, drafts, ("state",), ("id",), [("withdrawn", id) for id in ids])
    empty_bodies(conn, ids, now)


def _reasons(conn: Connection, ids: Sequence[str], now: Micros) -> None:
    empty_reasons(conn, ids)


def _actions(conn: Connection, ids: Sequence[str], now: Micros) -> None:
    for row in hold(conn, ids):
        if row.state in (State.QUEUED, *FAILED):  # without its words nobody can send it
            give_up(conn, row, now, State.WITHDRAWN, "erased")
    empty_actions(conn, load(conn, ids), now)


def _identities(conn: Connection, ids: Sequence[str], now: Micros, *, before: Micros) -> None:
    """Take names away; who is known again is so by what was posted since `before`."""
    put_person_stones(conn, ids, before, _BY)
    empty_identities(conn, ids, now)


def _rejected(conn: Connection, ids: Sequence[str], now: Micros) -> None:
    empty_rejected(conn, ids)
