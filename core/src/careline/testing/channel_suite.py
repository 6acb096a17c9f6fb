"""The suite that a channel's author subclasses: one class, a sample configuration, all checks."""

import inspect
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from careline.plugin import Batch, Capability, Channel, Source, Unsupported
from careline.testing.channel_faults import FaultChecks
from careline.testing.channel_find import FindChecks
from careline.testing.channel_items import ItemChecks
from careline.testing.channel_life import LifeChecks
from careline.testing.channel_perform import PerformChecks
from careline.testing.channel_permission import PermissionChecks
from careline.testing.channel_webhooks import WebhookChecks
from careline.testing.guards import in_time, no_network
from careline.testing.receiving import ReceivingSuite
from careline.testing.samples import calls_of


class ChannelSuite(
    ItemChecks,
    LifeChecks,
    WebhookChecks,
    PermissionChecks,
    PerformChecks,
    FaultChecks,
    FindChecks,
):
    """All checks of a channel.

    Subclass it in a test module, and name the class and a sample configuration:

        class TestMine(ChannelSuite):
            channel = MyChannel
            config = {"token": "a-made-up-token"}
    """

    channel: type[Channel[Any]]

    @property
    def plugin(self) -> Any:
        """The channel under test."""
        return self.channel

    def test_capabilities_are_of_the_contract(self) -> None:
        """`capabilities` is a frozenset of `Capability`, and the network has a name."""
        declared: Any = self.channel.capabilities
        assert isinstance(declared, frozenset), "capabilities must be a frozenset"
        odd = [one for one in declared if not isinstance(one, Capability)]
        assert not odd, f"{odd!r} is no Capability"
        assert self.make_channel(self.make_context()).network.strip(), "the network has no name"

    async def test_sources_are_declared(self) -> None:
        """Sources have names of their own, and fit the declared capabilities."""
        channel = self.make_channel(self.make_context())
        with no_network():
            await in_time(channel.open(), self.patience, "open")
            sources = channel.sources
            await in_time(channel.close(), self.patience, "close")
        assert isinstance(sources, tuple), "sources must be a tuple"
        names = [source.name for source in sources]
        assert len(set(names)) == len(names) and all(names), f"the sources are named {names}"  # noqa: PT018
        _check_modes(self.channel.capabilities, sources)

    async def test_backfill_keeps_to_its_span(self) -> None:
        """A declared `backfill` gives batches of the span asked for, and ends."""
        if Capability.BACKFILL not in self.channel.capabilities:
            pytest.skip("it declares no backfill")
        since = self.now - timedelta(days=3650)
        with no_network():
            async with self.opened(self.make_context()) as channel:
                for source in channel.sources:
                    batches = _collect(channel.backfill(source, since, self.now))
                    for batch in await in_time(batches, self.patience, "backfill"):
                        _check_span(batch, since, self.now)

    async def test_undeclared_is_refused(self) -> None:
        """What `capabilities` does not name raises `Unsupported`."""
        channel, source = self.make_channel(self.make_context()), Source("any")
        with no_network():
            for what, call in calls_of(channel, source, self.now).items():
                if what not in self.channel.capabilities:
                    await in_time(_must_refuse(what, call), self.patience, what.value)

    def test_what_is_declared_can_be_tried(self) -> None:
        """What the suite needs to try each declared capability is given."""
        missing = []
        if self.declared() and not self._has_platform:
            said = ", ".join(what.value for what in self.declared())
            missing.append(f"it declares {said}: return a stand-in for the platform in `platform`")
        if Capability.WEBHOOK in self.channel.capabilities:
            missing += self._lacks_webhooks()
        assert not missing, f"{'; '.join(missing)}. docs/develop/testing.md says how"

    def _lacks_webhooks(self) -> Iterator[str]:
        """Yield what is missing of webhooks."""
        if type(self).payloads is ReceivingSuite.payloads:
            yield "it declares webhook: return bodies that the platform sends in `payloads`"
        if type(self).signed is ReceivingSuite.signed:
            yield "it declares webhook: sign a body as the platform does in `signed`"
        if not self.other_config:
            yield "it declares webhook: configure a second account in `other_config`"


def _check_modes(declared: frozenset[Capability], sources: tuple[Source, ...]) -> None:
    modes = {source.mode for source in sources}
    for capability in (Capability.POLL, Capability.STREAM):
        used = capability.value in modes
        assert used == (capability in declared), (
            f"{capability.value}: {'a source uses it' if used else 'no source uses it'}, "
            f"but it is {'not ' if used else ''}among the capabilities"
        )
    assert all(source.every > 0 for source in sources), "a source must wait between two polls"


def _check_span(batch: Batch, since: datetime, until: datetime) -> None:
    assert isinstance(batch, Batch), f"backfill gives {batch!r:.100}, not a Batch"
    for item in batch.items:
        posted = getattr(getattr(item, "message", None), "posted_at", since)
        assert since <= posted <= until, f"backfill gives {posted}, not within {since} to {until}"


async def _must_refuse(what: Capability, call: Any) -> None:
    try:
        given = call()
        if inspect.isawaitable(given):
            given = await given
        elif hasattr(given, "__aiter__"):
            given = [batch async for batch in given]
    except Unsupported:
        return
    except Exception as error:
        raise AssertionError(f"{what.value} is not declared, but raises {error!r}") from error
    raise AssertionError(f"{what.value} is not declared, but gives {given!r:.100}")


async def _collect(batches: Any) -> list[Batch]:
    return [batch async for batch in batches]
