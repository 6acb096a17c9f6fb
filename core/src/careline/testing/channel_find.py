"""The checks of how a channel looks up what became of an action of unknown outcome."""

from datetime import timedelta

import pytest

from careline.plugin import Capability, Receipt, Transient, Unsupported
from careline.testing.host import Fault
from careline.testing.speaking import SpeakingSuite, Tried
from careline.testing.suite import Unproven

FOUND = "test_what_was_done_is_found"
_QUEUED = timedelta(minutes=1)  # so long before its attempt an action was written down


class FindChecks(SpeakingSuite):
    """What `find` says of an action whose line was cut, to another worker, as after a crash."""

    async def test_what_was_done_is_found(self) -> None:
        """An action that was done before its line was cut is found, with a receipt."""
        for one in await self._looked("cut-after", check=FOUND):
            assert isinstance(one.receipt, Receipt), f"it was done, but {one}"

    async def test_what_was_not_done_is_not_found(self) -> None:
        """An action whose line was cut before it was done gives None."""
        for one in await self._looked("cut-before"):
            nothing = one.receipt is None and one.error is None
            assert nothing, f"it was not done, but {one}"

    async def test_looking_does_nothing(self) -> None:
        """`find` changes nothing on the platform."""
        for one in [*await self._looked("cut-after"), *await self._looked("cut-before")]:
            assert not one.done, f"{one.what.value}: find did {one.done!r:.300}"

    async def test_a_look_that_fails_is_no_answer(self) -> None:
        """A platform that fails when it is asked raises `Transient`: None would say surely not."""
        for one in await self._looked("cut-after", "500"):
            assert isinstance(one.error, Transient), f"500: {one}; it should raise Transient"

    async def _looked(self, how: Fault, then: Fault | None = None, check: str = "") -> list[Tried]:
        """Perform each action on a line that is cut, and look for it on one that fails `then`."""
        if Capability.FIND not in self.plugin.capabilities:
            pytest.skip("it declares no find: a person looks at what is unknown")
        await self.can_perform()
        found = [await self._look(what, how, then) for what in self.declared()]
        can = [one for one in found if not isinstance(one.error, Unsupported)]
        if not can:
            why = "it declares find, but finds no action that it declares"
            self._skip_or_fail(Unproven(FOUND, why), check)
        return can

    async def _look(self, what: Capability, how: Fault, then: Fault | None) -> Tried:
        async with self.opened(self.make_context(1)) as channel:
            since = channel.context.clock.now() - _QUEUED
            tried = await self.try_one(channel, what, how)
        wanted = 1 if how == "cut-after" else 0
        told = f"{what.value}: after {how!r} the stand-in did {tried.done!r:.200}"
        assert len(tried.done) == wanted, f"{told}, not {wanted} of it"
        async with self.opened(self.make_context(2)) as other:
            return await self.try_one(other, what, then, since)
