"""The checks of what a channel hears: batches, cursors, messages."""

import json
from datetime import datetime

from careline.plugin import (
    Batch,
    Capability,
    Delivered,
    Direction,
    Kind,
    Malformed,
    Message,
    Observed,
    Removed,
    Revised,
    Seen,
)
from careline.testing.hearing import Heard, HearingSuite

_ITEMS = (Seen, Revised, Removed, Observed, Delivered, Malformed)
_NEEDS = {Kind.REPLY: ("parent",), Kind.QUOTE: ("quoted",), Kind.COMMENT: ("parent", "root")}


class ItemChecks(HearingSuite):
    """What comes in, item by item."""

    anonymous: bool = False
    """True where the platform hides who wrote."""

    async def test_polling_works(self) -> None:
        """Hearing the sample raises nothing."""
        await self.heard("test_polling_works")

    async def test_polling_returns(self) -> None:
        """No call hangs."""
        await self.heard("test_polling_returns")

    async def test_polling_ends(self) -> None:
        """Polling on from the returned cursor comes to an end."""
        await self.heard("test_polling_ends")

    async def test_polling_gives_batches(self) -> None:
        """Each poll gives a `Batch` with a tuple of items."""
        await self.heard("test_polling_gives_batches")

    async def test_only_loopback_is_called(self) -> None:
        """The sample is heard without any network but loopback."""
        await self.heard("test_only_loopback_is_called")

    async def test_nothing_new_after_the_end(self) -> None:
        """A poll from the last cursor gives nothing again."""
        for batch in (await self.heard("")).after:
            assert not batch.items, f"after the end it gives {batch.items[0]!r:.200}"
            assert not batch.more, "after the end it says `more`"

    async def test_something_is_heard(self) -> None:
        """The sample gives at least one item, or the other checks would prove nothing."""
        hears = set(self.plugin.capabilities) & {Capability.POLL, Capability.STREAM}
        heard = await self.heard("")
        assert heard.items or not hears, "nothing was heard: configure a sample with messages"

    async def test_cursors_survive_json(self) -> None:
        """Each cursor comes back from JSON as it was."""
        for batch in (await self.heard("")).batches:
            try:
                back = json.loads(json.dumps(batch.cursor, allow_nan=False))
            except (TypeError, ValueError) as error:
                raise AssertionError(f"the cursor {batch.cursor!r} is not JSON: {error}") from error
            assert back == batch.cursor, f"{batch.cursor!r} comes back from JSON as {back!r}"

    async def test_items_are_of_the_contract(self) -> None:
        """Only the contract's items are given."""
        for item in (await self.heard("")).items:
            assert isinstance(item, _ITEMS), f"{item!r:.200} is no item of careline.plugin"
            message = getattr(item, "message", None)
            known = message is None or isinstance(message, Message)
            assert known, f"{message!r:.200} is no Message"

    async def test_messages_are_valid(self) -> None:
        """Each message is one that the model accepts, ids and all."""
        for message, _ in (await self.heard("")).seen:
            known = message.model_dump(exclude={"posted_at"}, warnings=False)
            back = Message.model_validate({**known, "posted_at": self.now})
            assert back.model_dump(exclude={"posted_at"}) == known, f"{message!r:.200} is invalid"

    async def test_times_are_aware(self) -> None:
        """Each time has a zone."""
        for time, owner in _times(await self.heard("")):
            assert time.utcoffset() is not None, f"{time} has no zone, in {owner!r:.200}"

    async def test_nothing_is_from_the_future(self) -> None:
        """Nothing was said later than the clock's time."""
        for time, owner in _times(await self.heard("")):
            if time.utcoffset() is not None and not isinstance(owner, Batch):
                assert time <= self.now, f"{time} is after `now`, {self.now}: {owner!r:.200}"

    async def test_the_same_payload_gives_the_same_items(self) -> None:
        """Two fresh channels hear the same, ids and all."""
        one, other = await self.heard("", seed=1), await self.heard("", seed=2)
        for first, second in zip(one.items, other.items, strict=False):
            assert first == second, f"{first!r:.300} was {second!r:.300} the second time"
        assert len(one.items) == len(other.items), "the second time it hears more, or less"

    async def test_customers_have_an_author(self) -> None:
        """Who wrote is said, unless the platform hides it (`anonymous = True`)."""
        for message, context in (await self.heard("")).seen:
            known = message.author or context or message.direction is Direction.OUT
            assert known or self.anonymous, f"{message.external_id} has no author"

    async def test_replies_name_their_parent(self) -> None:
        """A reply names what it answers, a quote what it quotes, a comment where it stands."""
        for message, _ in (await self.heard("")).seen:
            names = _NEEDS.get(message.kind, ())
            said = [getattr(message, name) for name in names if getattr(message, name)]
            what = f"{message.kind.value} {message.external_id}"
            assert said or not names, f"{what} does not say its {' or '.join(names)}"
            circular = message.external_id in (message.parent, message.quoted)
            assert not circular, f"{what} names itself"


def _times(heard: Heard) -> list[tuple[datetime, object]]:
    found: list[tuple[datetime | None, object]] = [(b.again_at, b) for b in heard.batches]
    found += [(message.posted_at, message) for message, _ in heard.seen]
    found += [(getattr(item, "at", None), item) for item in heard.items]
    return [(time, owner) for time, owner in found if time is not None]
