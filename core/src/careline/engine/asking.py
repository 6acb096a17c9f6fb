"""Asking: calls a channel for what it hears, and takes only what the contract allows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from json import dumps
from typing import Any

import anyio

from careline.contract.channel import Channel
from careline.contract.items import (
    JSON,
    Batch,
    Delivered,
    Malformed,
    Observed,
    Removed,
    Revised,
    Seen,
    Source,
)
from careline.engine.health import Unavailable
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected

_ITEMS = (Seen, Revised, Removed, Observed, Delivered, Malformed)
Listen = Callable[[], Awaitable[Batch | None]]


@dataclass(slots=True)
class Asking:
    """Every call by which the core hears. All raise `Rejected` or `Unavailable`, nothing else."""

    supervisor: Supervisor
    patience: float = 30.0
    """Real seconds that a plugin may take for one answer."""
    silence: float = 3600.0
    """Real seconds after which a stream that says nothing is left, to be opened anew."""

    async def open(self, account: str, channel: Channel[Any]) -> None:
        """Open a channel."""
        await self.supervisor.guard(account, channel.open, lane="open", timeout=self.patience)

    async def poll(
        self, account: str, channel: Channel[Any], source: Source, cursor: JSON
    ) -> Batch:
        """Return what follows `cursor`."""

        async def ask() -> Batch:
            batch = checked(await channel.poll(source, cursor))
            if batch.more and batch.cursor == cursor:
                raise ValueError("there is more, it says, but its cursor does not move")
            return batch

        return await self.supervisor.guard(account, ask, lane=source.name, timeout=self.patience)

    @asynccontextmanager
    async def follow(
        self, account: str, channel: Channel[Any], source: Source, cursor: JSON
    ) -> AsyncIterator[Listen]:
        """Give a function that returns what a stream says next; None: it has ended, or is silent.

        A stream is opened, read and closed by one task: its plugin may hold a task group.
        """
        stream: AsyncIterator[Batch] | None = None

        async def listen() -> Batch | None:
            nonlocal stream
            stream = stream or channel.stream(source, cursor)
            with anyio.move_on_after(self.silence):
                said = await anext(stream, None)
                return None if said is None else checked(said)
            return None

        async def guarded() -> Batch | None:
            timeout = self.silence + self.patience
            return await self.supervisor.guard(account, listen, lane=source.name, timeout=timeout)

        try:
            yield guarded
        finally:
            await self._let_go(getattr(stream, "aclose", None))

    async def close(self, account: str, channel: Channel[Any]) -> None:
        """Close a channel; one that cannot even close is no reason to stop."""
        try:
            await self.supervisor.guard(account, channel.close, lane="close", timeout=self.patience)
        except Rejected:
            return
        except Unavailable as error:
            if not error.called:  # the account is stopped, but it holds things all the same
                await self._let_go(channel.close)

    async def _let_go(self, close: Callable[[], Awaitable[None]] | None) -> None:
        if close is not None:
            with anyio.move_on_after(self.patience, shield=True), suppress(Exception):
                await close()


def checked(batch: object) -> Batch:
    """Refuse what a plugin returned if it is no batch of items with a cursor that JSON holds."""
    if not isinstance(batch, Batch):
        raise TypeError(f"a source returns a Batch, not {type(batch).__name__}")
    for item in batch.items:
        if not isinstance(item, _ITEMS):
            raise TypeError(f"a batch holds items, not {type(item).__name__}")
    dumps(batch.cursor)
    return batch
