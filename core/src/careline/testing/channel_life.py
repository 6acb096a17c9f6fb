"""The checks of a channel's life: opening, closing, cancelling, secrets, time."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest

from careline.logs import secrets_of
from careline.plugin import Capability, Channel, Source
from careline.testing.guards import Breach, Hung, in_time, no_hang, no_network, no_real_clock
from careline.testing.leaks import cut_short, nothing_left_open
from careline.testing.output import caught_output
from careline.testing.recorder import Recorder
from careline.testing.speaking import SpeakingSuite

_MOMENTS = (0, 1, 3, 10)  # turns of the event loop after which a call is cancelled
_ANSWERS: tuple[Callable[[httpx.Request], httpx.Response], ...] = (
    lambda request: httpx.Response(401, json={"error": str(request.url)}),
    lambda request: httpx.Response(400, text=f"{request.headers}"),
)


class LifeChecks(SpeakingSuite):
    """What holds from making a channel to letting go of it."""

    async def test_open_and_close_twice(self) -> None:
        """It opens again after closing, closes twice, and then nothing is left open."""
        async with nothing_left_open():
            channel = self.make_channel(self.make_context())
            for step in ("open", "close", "open", "close", "close"):
                await in_time(getattr(channel, step)(), self.patience, step)

    async def test_a_cancelled_poll_leaves_nothing_open(self) -> None:
        """Cancelled anywhere in a poll or a stream, it leaves nothing open after closing."""
        await self.heard("")
        try:
            await self.test_open_and_close_twice()
        except Exception as error:
            pytest.skip(f"test_open_and_close_twice says: {error!r}")
        async with nothing_left_open():
            for turns in _MOMENTS:
                await self._cancel_after(turns)

    async def _cancel_after(self, turns: int) -> None:
        with no_network(), no_hang(self.patience, "a cancelled poll"):
            async with self.opened(self.make_context()) as channel:
                for source in channel.sources:
                    await cut_short(turns, partial(self._hear_once, channel, source))

    async def _hear_once(self, channel: Channel[Any], source: Source) -> None:
        if source.mode == "poll":
            await channel.poll(source, None)
            return
        async with self.streamed(channel, source) as batches:
            async for _ in batches:
                break

    async def test_time_is_the_contexts(self) -> None:
        """It asks `context.clock` for the time, and for every wait."""
        with no_real_clock(self.package):
            await self.heard("")

    async def test_secrets_stay_secret(self) -> None:
        """No secret is in a repr, the log, the output or an exception, when things fail too."""
        self._skip_what_hangs()
        secrets = list(secrets_of(self.make_config()))
        short = [secret for secret in secrets if len(secret) < 8]
        assert not short, "give the sample secrets of 8 characters or more"
        for network in (None, *map(httpx.MockTransport, _ANSWERS)):
            for place, said in (await self._everything_said(network)).items():
                leaks = any(secret in said for secret in secrets)
                assert not leaks, f"a secret is in {place}"

    async def _everything_said(self, network: httpx.AsyncBaseTransport | None) -> dict[str, str]:
        """Live through a whole life with odd cursors; return all that was shown of it."""
        log = Recorder()
        context = self.make_context(log=log, network=network)
        channel = self.make_channel(context)
        errors: list[str] = []
        with suppress(Breach), caught_output() as output, no_network():
            for act in (channel.open, *_polls(channel), *self._acts(channel), channel.close):
                try:
                    await in_time(act(), self.patience, "it")
                except Hung:
                    pytest.skip("test_polling_returns says what hangs")
                except Exception as error:
                    errors += traceback.format_exception(error)
        return {
            "the repr of the configuration": f"{channel.config!r} {channel.config}",
            "the repr of the channel": f"{channel!r} {channel}",
            "the log": log.text,
            "the output": output.getvalue(),
            "an exception": "".join(errors),
        }

    def _acts(self, channel: Channel[Any]) -> list[Callable[[], Any]]:
        """Return each declared action, and the look whether it was done."""
        finds = Capability.FIND in channel.capabilities
        calls: list[Callable[[], Any]] = []
        for action in self.declared().values():
            calls.append(partial(channel.perform, action))
            calls += [partial(channel.find, action, self.now)] if finds else []
        return calls


def _polls(channel: Channel[Any]) -> list[Callable[[], Any]]:
    """Return polls from the start and from cursors that make no sense."""
    calls: list[Callable[[], Any]] = []
    for cursor in (None, {"no": "cursor"}, "\x00", -1):

        async def poll(cursor: object = cursor) -> None:
            for source in channel.sources:
                if source.mode == "poll":
                    await channel.poll(source, cursor)

        calls.append(poll)
    return calls
