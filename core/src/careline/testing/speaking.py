"""How the channel suite has a channel act, at a platform that fails as it is told."""

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pytest

from careline.plugin import AnyAction, Capability, Channel, ThreadFacts
from careline.testing.clock import START
from careline.testing.guards import Breach, Hung, in_time, no_network
from careline.testing.hearing import HearingSuite
from careline.testing.host import Fault, Platform
from careline.testing.network import Network
from careline.testing.receiving import TRIED
from careline.testing.samples import ACTIONS, facts_for
from careline.testing.suite import Unproven

WORKS = "test_performing_works"
_IMPATIENT = 0.05  # real seconds after which a hanging platform is left


@dataclass(slots=True)
class Tried:
    """One action, performed or looked for: what came back, and what the platform did."""

    what: Capability
    action: AnyAction
    verb: str = "perform"
    receipt: Any = None
    error: Exception | None = None
    done: list[Any] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    ended_at: datetime = START

    def __str__(self) -> str:
        came = f"raises {self.error!r}" if self.error else f"gives {self.receipt!r}"
        return f"{self.what.value}: {self.verb} {came:.300}"


class SpeakingSuite(HearingSuite):
    """Performs actions. Where that fails, one check is red and those that need it are skipped."""

    actions: Mapping[Capability, AnyAction] = ACTIONS
    """A sample of each action, about people and messages that `platform` knows."""

    _performs: ClassVar[bool] = False
    _at: Platform | None = None

    def platform(self) -> AbstractAsyncContextManager[Platform]:
        """Return a new stand-in for the platform. A channel that declares a way out needs one."""
        raise NotImplementedError

    def facts(self, action: AnyAction) -> ThreadFacts:
        """Return a thread in which `action` is to be judged."""
        return facts_for(action, self.now)

    @asynccontextmanager
    async def _at_a_new_one(self) -> AsyncIterator[None]:
        """Speak to a platform where nothing was done yet."""
        before = self._at, self.config
        async with self.platform() as platform:
            self._at, self.config = platform, {**self.config, **platform.config}
            try:
                yield
            finally:
                self._at, self.config = before

    @pytest.fixture
    async def _stand_in(self, anyio_backend: object) -> AsyncIterator[None]:
        async with self._at_a_new_one():
            yield

    @pytest.fixture(autouse=True)
    def _beside_its_platform(self, request: pytest.FixtureRequest) -> None:
        """Start the platform for checks that can speak to it."""
        if self._has_platform and inspect.iscoroutinefunction(request.function):
            request.getfixturevalue("_stand_in")

    @property
    def _has_platform(self) -> bool:
        return type(self).platform is not SpeakingSuite.platform

    @property
    def at(self) -> Platform:
        """The platform of this check."""
        assert self._at is not None, "there is no platform to try it on"
        return self._at

    def _require(self, check: str = "") -> None:
        """Skip what cannot be tried at all."""
        self._skip_what_hangs(check)
        if not self.declared():
            pytest.skip("it declares nothing that could be done")
        if self._at is None:
            self._skip_or_fail(Unproven(TRIED, "there is no platform to try it on"), check)

    def declared(self) -> dict[Capability, AnyAction]:
        """Return each action that the channel declares."""
        known = self.plugin.capabilities
        return {what: action for what, action in self.actions.items() if what in known}

    async def can_perform(self) -> None:
        """Skip a check that would prove nothing, because performing does not work at all."""
        self._require()
        if not self._performs:
            async with self._at_a_new_one():
                await self.performed()

    async def performed(self, check: str = "") -> list[Tried]:
        """Perform each declared action at a platform that does as it is asked."""
        self._require(check)
        try:
            found = await self.tried()
        except Exception as error:
            self._skip_or_fail(_unproven(f"{error!r}", error), check)
        for one in found:
            if one.error:
                self._skip_or_fail(_unproven(str(one), one.error), check)
        type(self)._performs = True
        return found

    async def tried(self, how: Fault | None = None, seed: int = 1) -> list[Tried]:
        """Perform each by a fresh channel, at a platform that fails so."""
        found = []
        async with Network(_IMPATIENT if how == "hang" else None) as network:
            for what in self.declared():
                async with self.opened(self.make_context(seed, network=network)) as channel:
                    network.urls.clear()
                    found.append(await self.try_one(channel, what, how))
                    found[-1].urls = network.urls[:]
        return found

    async def try_one(
        self,
        channel: Channel[Any],
        what: Capability,
        how: Fault | None,
        since: datetime | None = None,
    ) -> Tried:
        """Perform one action while the platform fails so; with `since`, look for it instead."""
        platform, action = self.at, self.actions[what]
        tried = Tried(what, action, "perform" if since is None else "find")
        before = len(platform.done)
        platform.fail(how)
        try:
            call = channel.perform(action) if since is None else channel.find(action, since)
            with no_network():
                tried.receipt = await in_time(call, self.patience, f"{what.value}: {tried.verb}")
        except (Breach, Hung):
            raise
        except Exception as error:
            tried.error = error
        finally:
            platform.fail(None)
        tried.done, tried.ended_at = platform.done[before:], channel.context.clock.now()
        return tried


def _unproven(why: str, cause: Exception) -> Unproven:
    error = Unproven(WORKS, why)
    error.__cause__ = cause
    return error
