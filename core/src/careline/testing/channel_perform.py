"""The checks of what a channel does on a platform that does as it is asked."""

from pydantic import TypeAdapter, ValidationError

from careline.logs import secrets_of
from careline.models import PlatformId
from careline.plugin import Answer, Capability, Direct, Post, PrivateReply, Receipt
from careline.testing.guards import no_hang, no_network, no_real_clock
from careline.testing.leaks import cut_short, nothing_left_open
from careline.testing.speaking import WORKS, SpeakingSuite, Tried

_MESSAGES = (Answer, Direct, PrivateReply, Post)
_MOMENTS = (0, 1, 3, 10, 100)  # by the last one it waits for the platform
_IDS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[PlatformId, ...])


class PerformChecks(SpeakingSuite):
    """What goes out, action by action."""

    async def test_performing_works(self) -> None:
        """Each declared action is done, in time, and raises nothing."""
        await self.performed(WORKS)

    async def test_receipts_are_whole(self) -> None:
        """A `Receipt` comes back; it names what was said by its id on the platform."""
        for one in await self.performed():
            assert isinstance(one.receipt, Receipt), f"{one}, which is no Receipt"
            named = one.receipt.ids or not isinstance(one.action, _MESSAGES)
            assert named, f"{one}: it does not say the id of what now exists"
            _check_ids(one)

    async def test_receipts_tell_a_possible_time(self) -> None:
        """`sent_at` has a zone, and is not in the future."""
        for one in await self.performed():
            at = getattr(one.receipt, "sent_at", one.ended_at)
            assert at.utcoffset() is not None, f"{one.what.value}: sent_at, {at}, has no zone"
            assert at <= one.ended_at, f"{one.what.value}: sent_at, {at}, is after {one.ended_at}"

    async def test_it_is_done_once(self) -> None:
        """One call of `perform` does one thing."""
        for one in await self.performed():
            assert len(one.done) == 1, f"{one.what.value}: one call did {one.done!r:.300}"

    async def test_a_retry_is_known_by_its_key(self) -> None:
        """The same action, tried again by another worker, goes out under the same key."""
        first, again = await self.performed(), await self.tried(seed=2)
        for one, other in zip(first, again, strict=True):
            same = not other.done or other.done == one.done
            assert same, f"{one.what.value} was {one.done!r:.200}, and then {other.done!r:.200}"

    async def test_performing_takes_the_contexts_time(self) -> None:
        """It asks `context.clock` for the time, and for every wait."""
        with no_real_clock(self.package):
            await self.performed()

    async def test_performing_takes_the_contexts_http(self) -> None:
        """It asks the platform by `context.http` alone: no client of its own."""
        for one in await self.performed():
            assert one.urls or not one.done, f"{one.what.value} was done round context.http"

    async def test_no_secret_is_in_a_url(self) -> None:
        """Secrets travel in headers or bodies: proxies and logs keep URLs."""
        secrets = list(secrets_of(self.make_config()))
        for one in await self.performed():
            told = [secret for secret in secrets for url in one.urls if secret in url]
            assert not told, f"{one.what.value}: a secret is in the URL"

    async def test_a_cancelled_action_leaves_nothing_open(self) -> None:
        """Cancelled anywhere in an action, it leaves nothing open after closing."""
        await self.can_perform()
        async with nothing_left_open():
            for what in self.declared():
                for turns in _MOMENTS:
                    await self._cut_off(what, turns)

    async def _cut_off(self, what: Capability, turns: int) -> None:
        with no_network(), no_hang(self.patience, "a cancelled action"):
            async with self.opened(self.make_context()) as channel:
                self.at.fail("hang")
                await cut_short(turns, lambda: channel.perform(self.actions[what]))
                self.at.fail(None)


def _check_ids(one: Tried) -> None:
    ids = (*one.receipt.ids, *filter(None, [one.receipt.opened]))
    try:
        _IDS.validate_python(ids, strict=True)
    except ValidationError as error:
        raise AssertionError(f"{one}: an id is 1 to 512 printable characters") from error
