"""Ordering: asks the channel about what a verb would do, and queues it; nothing is sent from here.

A verb is made of one part, or of two that are queued together or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from careline.contract.channel import Capability
from careline.contract.context import Log
from careline.engine.account import Account
from careline.engine.answers.aiming import Target, aim_at_thread
from careline.engine.answers.answering import Rival, queue
from careline.engine.answers.orders import Order, Part, asked, granted
from careline.engine.dispatcher import Dispatcher
from careline.errors import Answered, Refusal, Refused
from careline.ids import derive
from careline.store.times import to_micros
from careline.verbs.actor import Verbs

_NEVER: Mapping[Capability, str] = MappingProxyType(
    {
        Capability.ANSWER: "cannot be answered",
        Capability.DIRECT: "takes no private messages",
        Capability.PRIVATE_REPLY: "takes no private messages",
        Capability.POST: "takes no posts",
        Capability.HIDE: "hides no messages",
        Capability.DELETE: "deletes no messages",
        Capability.FOLLOW: "follows nobody",
    }
)
"""What a channel without a capability never does."""


class Ordering(Verbs):
    """What the verbs that speak stand on."""

    accounts: Mapping[str, Account]
    dispatcher: Dispatcher
    log: Log
    _strict: bool
    _redacted: Callable[[str], str]
    """Returns a text without secrets."""

    async def _aim(self, said: str, actor: str, verb: str) -> Target:
        target = await self.store.read(partial(aim_at_thread, said=said))
        self._allow(actor, verb, target.account)
        self._account(target.account)
        return target

    def _account(self, name: str) -> Account:
        if name not in self.accounts:
            raise Refused(
                Refusal.READ_ONLY,
                f"channel {name} cannot speak: it is not configured, not enabled, or its plugin"
                " failed when it was made",
            )
        return self.accounts[name]

    async def _order(
        self,
        parts: Sequence[Part],
        target: Target | None,
        actor: str,
        *,
        also: bool = False,
        draft: str | None = None,
        dry_run: bool = False,
    ) -> list[Order]:
        """Ask the channel about every part, then queue all of them, or none."""
        orders = await self._permitted(parts, actor)
        if dry_run:
            return orders
        now, plan = to_micros(self.clock.now()), self._new_id() if len(parts) > 1 else None
        rows = [
            part.outgoing(self._new_id(), actor, now, plan, step) for step, part in enumerate(parts)
        ]
        done = await self.store.write(
            lambda conn: queue(conn, rows, target, also=also, draft=draft)
        )
        if isinstance(done, Rival):
            raise Answered(done.by, done.said, done.drafts)
        self.dispatcher.wake(sorted(done))
        return [
            order.model_copy(update={"id": row.id}) for order, row in zip(orders, rows, strict=True)
        ]

    async def _permitted(self, parts: Sequence[Part], actor: str) -> list[Order]:
        """Return what is to be ordered. Of several parts, a refusal says which one it is about."""
        orders = []
        for part in parts:
            try:
                orders.append(await self._asked(part, actor))
            except Refused as error:
                if len(parts) == 1:
                    raise
                said = f"the {part.visibility.value} part: {error}"
                raise Refused(error.reason, said, until=error.until, limit=error.limit) from error
        return orders

    async def _asked(self, part: Part, actor: str) -> Order:
        """Return what the channel says of a part. Its own failure is a refusal too."""
        channel = self._account(part.account).channel
        if part.kind not in channel.capabilities:
            raise Refused(
                Refusal.UNSUPPORTED,
                f"{channel.title} {_NEVER[part.kind]} from here: do it there by hand",
            )
        try:
            return granted(part, channel, await asked(channel, part.facts, part.action(actor)))
        except Refused:
            raise
        except Exception as error:
            if self._strict:
                raise
            self.log.error("check failed", account=part.account, exc_info=error)
            said = self._redacted(f"{type(error).__name__}: {error}")
            raise Refused(
                Refusal.UNKNOWN,
                f"the plugin of {part.account} failed to say whether it may be sent, so it is not:"
                f" {said}",
            ) from error

    def _new_id(self) -> str:
        now = str(to_micros(self.clock.now()))
        return derive("o", now, str(self.random.getrandbits(64)), near=now)
