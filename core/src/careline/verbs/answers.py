"""The verbs that speak: reply, direct, take-private, promise, post, hide, delete, follow, done.

Each looks where it leads, asks the channel (`check`), and queues a row: nothing is sent from here.
"""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from careline.contract.actions import ThreadFacts
from careline.contract.channel import Capability
from careline.engine.answers.aiming import Target, aim_at_message, facts_of, room_of
from careline.engine.answers.answering import draft_of, drop_draft
from careline.engine.answers.byhand import record
from careline.engine.answers.orders import Order, Part, signed
from careline.engine.unit import Policy
from careline.errors import Refusal, Refused
from careline.models import Author, Visibility
from careline.store.parts import DraftView
from careline.store.times import to_micros
from careline.verbs.cases import TEXT
from careline.verbs.ordering import Ordering


class Answers(Ordering):
    """What staff say to customers. Every verb names its actor, and can be tried dry."""

    policy: Policy

    async def reply(
        self, thread: str, text: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Answer the customer where they spoke: in public in public, in private in private.

        Args:
            thread: a thread's id, or its conversation's where that has one thread only.
            text: what to say; the agent's signature is added.
            actor: who says it.
            also: though a colleague answers the same word.
            dry_run: queue nothing, only say what would be.

        Raises:
            NotFound: there is none, or the conversation has several, or went on in another.
            NotAllowed: this actor does not speak as this account.
            Answered: a colleague was faster; the text is kept as a draft.
            Refused: the channel does not allow it, it is too long, or nobody is there to answer.
        """
        target = await self._aim(thread, actor, "reply")
        part = self._answer(target, text, actor)
        return (await self._order([part], target, actor, also=also, dry_run=dry_run))[0]

    async def draft(self, id: str) -> DraftView:
        """Return a draft: what somebody wrote to whom a colleague was faster."""
        return await self.store.read(partial(draft_of, said=id))

    async def send_draft(
        self, id: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Send the words of a draft where they were to go, in private what was private.

        Raises as `reply` does.
        """
        kept = await self.draft(id)
        target = await self._aim(kept.thread or "", actor, "reply")
        kind, said = Capability(kept.kind), kept.text or ""
        if kind is not Capability.ANSWER:
            part = await self._private(target, said, actor, kind)
        elif kept.promised is not None:
            part = self._promise(target, said, actor, kept.promised)
        else:
            part = self._answer(target, said, actor)
        (order,) = await self._order(
            [part], target, actor, also=also, draft=kept.id, dry_run=dry_run
        )
        return order

    async def drop_draft(self, id: str, *, actor: str) -> str:
        """Show a draft no more: it was sent after all, or is not wanted."""
        self._allow(actor, "draft", id)
        return await self.store.write(partial(drop_draft, said=id))

    async def promise(
        self,
        thread: str,
        by: datetime,
        text: str,
        *,
        actor: str,
        also: bool = False,
        dry_run: bool = False,
    ) -> Order:
        """Tell the customer by when they will hear from us; once it is sent, that is a promise.

        `{by}` in the text becomes the time, in the brand's zone. Raises as `reply` does.
        """
        if "{by}" not in text:
            raise Refused(
                Refusal.INVALID,
                "the customer has to be told when: write {by} where the time is to stand",
            )
        target = await self._aim(thread, actor, "promise")
        zone = ZoneInfo(self.settings.brand(self.settings.channels[target.account].brand).timezone)
        said = text.replace("{by}", f"{by.astimezone(zone):%Y-%m-%d %H:%M %Z}")
        part = self._promise(target, said, actor, by)
        return (await self._order([part], target, actor, also=also, dry_run=dry_run))[0]

    async def direct(
        self, thread: str, text: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Send the customer of a thread a private message. Raises as `reply` does."""
        target = await self._aim(thread, actor, "direct")
        part = await self._private(target, text, actor, Capability.DIRECT)
        return (await self._order([part], target, actor, also=also, dry_run=dry_run))[0]

    async def take_private(
        self,
        thread: str,
        public: str,
        private: str,
        *,
        actor: str,
        also: bool = False,
        dry_run: bool = False,
    ) -> tuple[Order, Order]:
        """Answer in public and go on in private: one case, in this order.

        The private message leaves once the public one has, or was skipped. Raises as `reply` does,
        before anything of both is queued.
        """
        target = await self._aim(thread, actor, "take-private")
        if target.visibility is Visibility.PRIVATE:
            raise Refused(
                Refusal.INVALID,
                f"thread {target.thread} is private already: `careline reply` answers there",
            )
        can = self.accounts[target.account].channel.capabilities
        tied = Capability.PRIVATE_REPLY in can
        kind = Capability.PRIVATE_REPLY if tied else Capability.DIRECT
        parts = [
            self._answer(target, public, actor),
            await self._private(target, private, actor, kind),
        ]
        one, two = await self._order(parts, target, actor, also=also, dry_run=dry_run)
        return one, two

    async def post(self, account: str, text: str, *, actor: str, dry_run: bool = False) -> Order:
        """Say something to everybody, as an account of ours. It is not signed."""
        self._allow(actor, "post", account)
        us = self._account(account).channel.identity or Author(id=account)
        part = Part(
            kind=Capability.POST,
            account=account,
            brand=self.settings.channels[account].brand,
            payload={"visibility": Visibility.PUBLIC.value},
            facts=ThreadFacts("", Visibility.PUBLIC, us, (), self.clock.now()),
            text=_said(text),
        )
        return (await self._order([part], None, actor, dry_run=dry_run))[0]

    async def hide(
        self, message: str, *, actor: str, hidden: bool = True, dry_run: bool = False
    ) -> Order:
        """Hide a customer's message under ours, or show it again. `message` is its id."""
        return await self._on_message(
            message, actor, "hide", Capability.HIDE, dry_run, hidden=hidden
        )

    async def delete(self, message: str, *, actor: str, dry_run: bool = False) -> Order:
        """Delete a message of ours on its platform. `message` is its id."""
        return await self._on_message(message, actor, "delete", Capability.DELETE, dry_run)

    async def follow(self, thread: str, *, actor: str, dry_run: bool = False) -> Order:
        """Follow the customer of a thread."""
        target = await self._aim(thread, actor, "follow")
        part = self._part(Capability.FOLLOW, target)
        return (await self._order([part], target, actor, also=True, dry_run=dry_run))[0]

    async def done(self, thread: str, text: str, *, actor: str) -> str:
        """Record that the customer was answered by hand, elsewhere, and with what words.

        Counts as an answer; heard on the platform later, it is known. Returns its id.
        """
        target = await self._aim(thread, actor, "done")
        account, said = self._account(target.account), _said(text)
        now, id = self.clock.now(), self._new_id()
        return await self.store.write(
            lambda conn: record(conn, account, target, said, actor, now, id, self.policy)
        )

    # -- how they do it

    def _answer(self, target: Target, text: str, actor: str, **more: Any) -> Part:
        return self._part(Capability.ANSWER, target, text=self._signed(text, actor), more=more)

    def _promise(self, target: Target, text: str, actor: str, by: datetime) -> Part:
        if by <= self.clock.now():
            raise Refused(Refusal.INVALID, "a promise is for a time that is yet to come")
        return self._answer(target, text, actor, promise=to_micros(by))

    async def _private(self, target: Target, text: str, actor: str, kind: Capability) -> Part:
        """Return a private message to the customer, in the room where they spoke last."""
        room = await self.store.read(lambda conn: room_of(conn, target))
        payload, facts = dict(target.payload()), target.facts(self.clock.now())
        payload["place"] = room.get("place")
        if room and kind is Capability.DIRECT:
            now = self.clock.now()
            facts = await self.store.read(lambda conn: facts_of(conn, room["thread"], now))
        return Part(
            kind=kind,
            account=target.account,
            brand=target.brand,
            payload=payload,
            facts=facts,
            target=target,
            text=self._signed(text, actor),
            thread=room.get("thread"),
        )

    def _part(self, kind: Capability, target: Target, **more: Any) -> Part:
        return Part(
            kind=kind,
            account=target.account,
            brand=target.brand,
            payload=more.pop("payload", None) or target.payload(),
            facts=target.facts(self.clock.now()),
            target=target,
            **more,
        )

    async def _on_message(
        self, said: str, actor: str, verb: str, kind: Capability, dry_run: bool, **more: Any
    ) -> Order:
        target = await self.store.read(partial(aim_at_message, said=said))
        self._allow(actor, verb, target.account)
        self._account(target.account)
        if target.ours != (kind is Capability.DELETE):
            whose, use = ("ours", "delete") if target.ours else ("the customer's", "hide")
            raise Refused(
                Refusal.INVALID, f"message {target.message} is {whose}: use `careline {use}`"
            )
        part = self._part(kind, target, payload={**target.payload(), **more})
        return (await self._order([part], target, actor, also=True, dry_run=dry_run))[0]

    def _signed(self, text: str, actor: str) -> str:
        agent = self.settings.agents.get(actor)
        return signed(_said(text), agent.signature if agent else "")


def _said(text: str) -> str:
    said = TEXT.validate_python(text).strip()
    if not said:
        raise Refused(Refusal.INVALID, "the text is empty: say something")
    return said
