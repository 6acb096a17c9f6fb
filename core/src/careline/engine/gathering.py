"""Gathering: what is pushed while a write goes on is kept by the next one, all in one.

A unit of work takes about as long for one message as for ten.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import anyio

from careline.contract.items import Batch, Item

_MOST: Final = 1000
"""Items of one write, unless one push alone has more."""


@dataclass(slots=True, eq=False)
class _Pushed:
    items: tuple[Item, ...]
    ended: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class Gathering:
    """The pushes of one account, kept one write after another."""

    keep: Callable[[Batch], Awaitable[object]]
    _waiting: list[_Pushed] = field(default_factory=list)
    _writing: anyio.Lock = field(default_factory=anyio.Lock)

    async def add(self, items: tuple[Item, ...]) -> None:
        """Return once items are kept; raise why they could not be."""
        mine = _Pushed(items)
        self._waiting.append(mine)
        try:
            async with self._writing:  # first come, first served
                while not mine.ended:
                    await self._write()
        finally:
            if not mine.ended:  # it was cancelled: the others go on
                self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error

    async def _write(self) -> None:
        taken = self._next()
        error: Exception | None = None
        try:
            await self.keep(Batch(tuple(chain.from_iterable(one.items for one in taken))))
        except Exception as failure:
            error = failure
        for one in taken:
            one.ended, one.error = True, error
        self._waiting = [one for one in self._waiting if not one.ended]

    def _next(self) -> list[_Pushed]:
        taken, items = self._waiting[:1], len(self._waiting[0].items)
        for one in self._waiting[1:]:
            items += len(one.items)
            if items > _MOST:
                break
            taken.append(one)
        return taken
