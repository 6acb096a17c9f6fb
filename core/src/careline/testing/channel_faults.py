"""The checks of what a channel makes of a platform that refuses, fails or falls silent."""

from careline.http import was_sent
from careline.plugin import AuthFailed, ChannelError, Receipt, Refusal, Rejected, Transient
from careline.testing.host import Fault
from careline.testing.speaking import SpeakingSuite, Tried


class FaultChecks(SpeakingSuite):
    """What each fault becomes, so that the core knows what follows."""

    async def test_401_is_a_dead_credential(self) -> None:
        """A 401 raises `AuthFailed`."""
        await self._must_raise("401", AuthFailed)

    async def test_403_of_the_token_is_a_dead_credential(self) -> None:
        """A 403 whose body speaks of token, scope or enrolment raises `AuthFailed`."""
        await self._must_raise("403-token", AuthFailed)

    async def test_403_of_the_item_is_its_refusal(self) -> None:
        """Any other 403 raises `Rejected`: the account goes on."""
        await self._must_raise("403-policy", Rejected)

    async def test_what_is_gone_is_gone(self) -> None:
        """A 404 and a 410 raise `Rejected` with `Refusal.GONE`."""
        for how in ("404", "410"):
            for one in await self._must_raise(how, Rejected):
                reason = getattr(one.error, "reason", None)
                assert reason is Refusal.GONE, f"{how}: {one}, whose reason is {reason}, not gone"

    async def test_haste_waits_as_long_as_it_is_told(self) -> None:
        """A 429 raises `Transient` with the platform's `retry_after`, and `sent=False`."""
        for one in await self._must_raise("429", Transient):
            wait = getattr(one.error, "retry_after", None)
            assert wait == 7, f"429 with Retry-After: 7: {one}, whose retry_after is {wait}"
            assert _surely_not_done(one), f"429: {one}, which does not say sent=False"

    async def test_a_failure_of_the_platform_is_an_unknown_outcome(self) -> None:
        """A 500 raises `Transient`, and does not claim that nothing was done."""
        await self._must_be_unknown("500")

    async def test_a_cut_line_is_an_unknown_outcome(self) -> None:
        """So does a line that is cut, before the action was done or after it."""
        await self._must_be_unknown("cut-before")
        await self._must_be_unknown("cut-after")

    async def test_a_silent_platform_is_left(self) -> None:
        """So does a platform that never answers: the call ends, by the time-out of its request."""
        await self._must_be_unknown("hang")

    async def test_an_answer_that_is_no_json_is_no_bug(self) -> None:
        """A page of HTML in place of an answer raises `Transient`, if the answer is read at all."""
        await self.can_perform()
        for one in await self.tried("not-json"):
            if one.error is not None or not isinstance(one.receipt, Receipt):
                _check_unknown("an answer that is no JSON", one)

    async def _must_raise(self, how: Fault, error: type[ChannelError]) -> list[Tried]:
        await self.can_perform()
        found = await self.tried(how)
        for one in found:
            raised = isinstance(one.error, error)
            assert raised, f"{how}: {one}; it should raise {error.__name__}"
        return found

    async def _must_be_unknown(self, how: Fault) -> None:
        await self.can_perform()
        for one in await self.tried(how):
            _check_unknown(how, one)


def _check_unknown(how: str, one: Tried) -> None:
    assert isinstance(one.error, Transient), f"{how}: {one}; it should raise Transient"
    assert not _surely_not_done(one), f"{how}: {one}, which says sent=False: nobody knows that"


def _surely_not_done(one: Tried) -> bool:
    """Judge as the core does: by `sent`, else by what `context.http` knows."""
    error = one.error
    if not isinstance(error, Transient):
        return False
    return error.sent is False or (error.sent is None and was_sent(error) is False)
