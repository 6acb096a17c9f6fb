"""How the channel suite hears a sample: polled to its end, its streams and webhooks read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from careline.plugin import Batch, Capability, Channel, Item, Message, Seen, Source
from careline.testing.context import MemoryContext
from careline.testing.guards import Breach, Hung, in_time, no_network
from careline.testing.receiving import ReceivingSuite
from careline.testing.suite import Unproven


@dataclass(slots=True)
class Heard:
    """All that a channel gave: the batches of each source, and those polled after the end."""

    batches: list[Batch] = field(default_factory=list)
    after: list[Batch] = field(default_factory=list)

    @property
    def items(self) -> list[Item]:
        """All items, in order."""
        return [item for batch in self.batches for item in batch.items]

    @property
    def seen(self) -> list[tuple[Message, bool]]:
        """All messages, and whether each is only context."""
        held = [(getattr(item, "message", None), item) for item in self.items]
        return [
            (message, isinstance(item, Seen) and item.context)
            for message, item in held
            if isinstance(message, Message)
        ]


class HearingSuite(ReceivingSuite):
    """Hears a sample. Where that fails, one check is red and those that need it are skipped."""

    max_polls: int = 1000
    """After so many polls with `more`, the sample counts as endless."""
    quiet: float = 0.5
    """Real seconds in which a stream says what it has."""

    def make_channel(self, context: MemoryContext) -> Channel[Any]:
        """Return a new channel."""
        channel: Channel[Any] = self.make(context)
        return channel

    @asynccontextmanager
    async def opened(self, context: MemoryContext) -> AsyncIterator[Channel[Any]]:
        """Make and open a channel, and close it at the end."""
        channel = self.make_channel(context)
        await in_time(channel.open(), self.patience, "open")
        try:
            yield channel
        finally:
            with anyio.CancelScope(shield=True):
                await in_time(channel.close(), self.patience, "close")

    @asynccontextmanager
    async def streamed(
        self, channel: Channel[Any], source: Source
    ) -> AsyncIterator[AsyncIterator[Batch]]:
        """Begin a stream, and end it as the engine does: its `finally` runs before we go on."""
        batches = channel.stream(source, None)
        try:
            yield batches
        finally:
            if end := getattr(batches, "aclose", None):
                with anyio.CancelScope(shield=True):
                    await in_time(end(), self.patience, f"the end of stream {source.name!r}")

    async def heard(self, check: str, seed: int = 1) -> Heard:
        """Return all that a fresh channel hears, or leave it to another check to say why not."""
        self._skip_what_hangs(check)
        try:
            return await self._hear(self.make_context(seed))
        except Unproven as error:
            self._skip_or_fail(error, check)

    async def _hear(self, context: MemoryContext) -> Heard:
        try:
            with no_network():
                async with self.opened(context) as channel:
                    return await self._drain(channel)
        except Unproven:
            raise
        except Breach as error:
            raise Unproven("test_only_loopback_is_called", str(error)) from error
        except Hung as error:
            raise Unproven("test_polling_returns", str(error)) from error
        except Exception as error:
            raise Unproven("test_polling_works", f"hearing raised {error!r}") from error

    async def _drain(self, channel: Channel[Any]) -> Heard:
        heard = Heard()
        for source in channel.sources:
            if source.mode == "poll":
                await self._drain_poll(channel, source, heard)
            else:
                await self._drain_stream(channel, source, heard)
        if Capability.WEBHOOK in channel.capabilities and self.payloads(channel.config):
            heard.batches += [batch for _, batch in self.delivered()]
        return heard

    async def _drain_poll(self, channel: Channel[Any], source: Source, heard: Heard) -> None:
        batch = Batch()
        for _ in range(self.max_polls):
            batch = await self._poll(channel, source, batch.cursor)
            heard.batches.append(batch)
            if not batch.more:
                break
        else:
            why = f"{source.name!r} says `more` after {self.max_polls} polls"
            raise Unproven("test_polling_ends", why)
        heard.after.append(await self._poll(channel, source, batch.cursor))

    async def _poll(self, channel: Channel[Any], source: Source, cursor: Any) -> Batch:
        batch = await in_time(channel.poll(source, cursor), self.patience, f"poll {source.name!r}")
        return _whole(batch)

    async def _drain_stream(self, channel: Channel[Any], source: Source, heard: Heard) -> None:
        async with self.streamed(channel, source) as batches:
            with anyio.move_on_after(self.quiet):
                async for batch in batches:
                    heard.batches.append(_whole(batch))
                    if len(heard.batches) >= self.max_polls:
                        return


def _whole(batch: object) -> Batch:
    if not isinstance(batch, Batch):
        raise Unproven("test_polling_gives_batches", f"it gives {batch!r:.100}, not a Batch")
    if not isinstance(batch.items, tuple):
        raise Unproven("test_polling_gives_batches", f"a batch holds {type(batch.items).__name__}")
    return batch
