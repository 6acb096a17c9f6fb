"""Channels that misbehave in what they give: each breaks one rule."""

from datetime import datetime, timedelta
from typing import Any

import anyio

from careline.plugin import JSON, Batch, Kind, Malformed, Message, Observed, Seen, Source
from careline.testing.hostile.base import AT, Config, HostileChannel


class RaisesInPoll(HostileChannel):
    """Each poll raises what is no error of the contract."""

    fails = "test_polling_works"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Raise."""
        raise RuntimeError("a bug in this plugin")


class Hangs(HostileChannel):
    """A poll never returns, but can be cancelled."""

    fails = "test_polling_returns"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Wait for ever."""
        await anyio.sleep_forever()
        raise AssertionError("nothing ends for ever")


class Blocks(HostileChannel):
    """A poll never returns and never gives way to other tasks."""

    fails = "test_polling_returns"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Go round in circles."""
        while True:
            pass


class GivesList(HostileChannel):
    """A poll gives a list, not a `Batch`."""

    fails = "test_polling_gives_batches"

    async def poll(self, source: Source, cursor: JSON) -> Any:
        """Return the items bare."""
        return self.items()


class ListInBatch(HostileChannel):
    """Its batches hold lists."""

    fails = "test_polling_gives_batches"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return a batch that can be changed later."""
        batch = await super().poll(source, cursor)
        items: Any = list(batch.items)
        return Batch(items, batch.cursor, batch.more)


class EverMore(HostileChannel):
    """It says `more` for ever, from the same cursor."""

    fails = "test_polling_ends"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Promise what does not come."""
        return Batch(tuple(self.items()), 0, more=True)


class Repeats(HostileChannel):
    """After the end it begins anew."""

    fails = "test_nothing_new_after_the_end"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Pay no heed to the cursor."""
        return Batch(tuple(self.items()), 1)


class Silent(HostileChannel):
    """It hears nothing at all."""

    fails = "test_something_is_heard"

    def items(self) -> list[Any]:
        """Return nothing."""
        return []


class OddCursor(HostileChannel):
    """Its cursor is no JSON."""

    fails = "test_cursors_survive_json"

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Use a time as cursor."""
        done = isinstance(cursor, datetime)
        return Batch(() if done else tuple(self.items()), AT)


class ForeignItems(HostileChannel):
    """Among its items is a dict."""

    fails = "test_items_are_of_the_contract"

    def items(self) -> list[Any]:
        """Return something of its own."""
        return [*super().items(), {"text": "not an item"}]


class InvalidMessage(HostileChannel):
    """A message goes round the model's checks."""

    fails = "test_messages_are_valid"

    def messages(self) -> list[Message]:
        """Return a message with an id that the model refuses."""
        return [self.message(0).model_copy(update={"external_id": "h\x000"})]


class NaiveTimes(HostileChannel):
    """A time has no zone."""

    fails = "test_times_are_aware"

    def items(self) -> list[Any]:
        """Return an observation of some local time."""
        return [*super().items(), Observed("h0", AT.replace(tzinfo=None), likes=1)]


class FromTheFuture(HostileChannel):
    """A message is from tomorrow."""

    fails = "test_nothing_is_from_the_future"

    def messages(self) -> list[Message]:
        """Return a message that is not yet said."""
        return [self.message(0, posted_at=self.context.clock.now() + timedelta(days=1))]


class ChangingIds(HostileChannel):
    """The same message has another id each time."""

    fails = "test_the_same_payload_gives_the_same_items"

    def __init__(self, config: Config, context: Any) -> None:
        """Draw an id for this object."""
        super().__init__(config, context)
        self._id = context.new_id()

    def messages(self) -> list[Message]:
        """Return one message under that id."""
        return [self.message(0, external_id=self._id)]


class NoAuthor(HostileChannel):
    """Nobody wrote its messages."""

    fails = "test_customers_have_an_author"

    def messages(self) -> list[Message]:
        """Return a message of nobody."""
        return [self.message(0, author=None)]


class OrphanReply(HostileChannel):
    """A reply does not say to what."""

    fails = "test_replies_name_their_parent"

    def messages(self) -> list[Message]:
        """Return a reply without a parent."""
        return [self.message(0, kind=Kind.REPLY)]


class Malformer(HostileChannel):
    """Most of what it hears cannot be understood: it breaks no rule, and must not stop anything."""

    def items(self) -> list[Any]:
        """Return two broken payloads and one message."""
        broken = [Malformed(b"\xff\xfe{", "not JSON", f"page:{line}") for line in (1, 2)]
        return [*broken, Seen(self.message(0))]
