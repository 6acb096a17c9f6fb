"""The desk for sync hosts (Django, scripts): its verbs, through an event loop in a thread."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from careline.config import Settings
from careline.contract.channel import Webhook
from careline.contract.context import Clock
from careline.desk import Desk, Ran
from careline.engine.answers.orders import Order
from careline.engine.checkup import HealthView
from careline.engine.erasure.erasing import Erasure
from careline.engine.erasure.person import PersonData
from careline.engine.people import Link
from careline.engine.reading import ConversationView, Page
from careline.engine.receiving import Received
from careline.registry import Registry
from careline.store.inbox import InboxQuery
from careline.store.outbox import State
from careline.store.outbox_views import OutboxView
from careline.store.parts import DraftView
from careline.store.report import Report
from careline.store.store import Unit

P = ParamSpec("P")
T = TypeVar("T")


class SyncDesk:
    """`with SyncDesk(config) as desk`: every verb of `Desk`, blocking. Any thread may call it.

    It is not for use inside an event loop, which it would block: there, use `Desk`.
    """

    def __init__(
        self,
        config: Settings | str | Path | Mapping[str, Any],
        *,
        registry: Registry | None = None,
        clock: Clock | None = None,
        backend: str = "asyncio",
    ) -> None:
        """As of `Desk`; `backend` is the event loop's kind: `asyncio` or `trio`."""
        self._desk = Desk(config, registry=registry, clock=clock)
        self._backend = backend
        self._open = ExitStack()
        self._portal: BlockingPortal

    def __enter__(self) -> Self:
        """Start the loop's thread and open the desk in it. Raises as `Desk` does."""
        with ExitStack() as opening:
            portal = opening.enter_context(start_blocking_portal(self._backend))
            opening.enter_context(portal.wrap_async_context_manager(self._desk))
            self._portal, self._open = portal, opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the desk and end the thread."""
        self._open.__exit__(kind, error, trace)

    def _call(self, verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._portal.call(partial(verb, *args, **kwargs))

    @property
    def settings(self) -> Settings:
        """The configuration that holds."""
        return self._desk.settings

    def run_once(self) -> Ran:
        """Hear until all sources have caught up, as `careline run --once` does."""
        return self._call(self._desk.run, once=True)

    def receive(self, kind: str, webhook: Webhook) -> Received:
        """Take a webhook for the channels of a kind; return once all it says is kept."""
        return self._call(self._desk.receive, kind, webhook)

    def health(self) -> HealthView:
        """Return how each account does, and what needs a person."""
        return self._call(self._desk.health)

    def read(self, unit: Unit[T]) -> T:
        """Run a reading unit of work: a function of a connection."""
        return self._call(self._desk.read, unit)

    def inbox(self, query: InboxQuery | None = None) -> Page:
        """Return a page of conversations, what is due first on top."""
        return self._call(self._desk.inbox, query)

    def conversation(self, said: str) -> ConversationView:
        """Return one conversation whole."""
        return self._call(self._desk.conversation, said)

    def report(self, since: datetime, until: datetime, *, brand: str | None = None) -> Report:
        """Return how fast customers were answered."""
        return self._call(self._desk.report, since, until, brand=brand)

    def full_id(self, said: str) -> str:
        """Return the id of the conversation that `said` begins, or became."""
        return self._call(self._desk.full_id, said)

    def note(self, conversation: str, text: str, *, actor: str) -> str:
        """Keep an internal note; return its id."""
        return self._call(self._desk.note, conversation, text, actor=actor)

    def assign(self, conversation: str, agent: str | None, *, actor: str) -> str:
        """Give a conversation to an agent, or to nobody (None); return its id."""
        return self._call(self._desk.assign, conversation, agent, actor=actor)

    def snooze(self, conversation: str, until: datetime, *, actor: str) -> str:
        """Keep a conversation out of the inbox until a time; return its id."""
        return self._call(self._desk.snooze, conversation, until, actor=actor)

    def resolve(self, conversation: str, *, actor: str) -> str:
        """Say that the case is solved; return its id."""
        return self._call(self._desk.resolve, conversation, actor=actor)

    def ignore(self, conversation: str, reason: str, *, actor: str) -> str:
        """Say that the case needs no answer, and why; return its id."""
        return self._call(self._desk.ignore, conversation, reason, actor=actor)

    def link(self, one: str, two: str, evidence: str, *, actor: str) -> Link:
        """Say that two customers are one person."""
        return self._call(self._desk.link, one, two, evidence, actor=actor)

    def unlink(self, one: str, two: str, *, actor: str) -> Link:
        """Take a link back."""
        return self._call(self._desk.unlink, one, two, actor=actor)

    def reply(
        self, thread: str, text: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Answer the customer of a thread where they spoke."""
        return self._call(self._desk.reply, thread, text, actor=actor, also=also, dry_run=dry_run)

    def direct(
        self, thread: str, text: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Send the customer of a thread a private message."""
        return self._call(self._desk.direct, thread, text, actor=actor, also=also, dry_run=dry_run)

    def take_private(
        self,
        thread: str,
        public: str,
        private: str,
        *,
        actor: str,
        also: bool = False,
        dry_run: bool = False,
    ) -> tuple[Order, Order]:
        """Answer in public and go on in private."""
        return self._call(
            self._desk.take_private,
            thread,
            public,
            private,
            actor=actor,
            also=also,
            dry_run=dry_run,
        )

    def promise(
        self,
        thread: str,
        by: datetime,
        text: str,
        *,
        actor: str,
        also: bool = False,
        dry_run: bool = False,
    ) -> Order:
        """Tell the customer of a thread by when they hear from us."""
        return self._call(
            self._desk.promise, thread, by, text, actor=actor, also=also, dry_run=dry_run
        )

    def post(self, account: str, text: str, *, actor: str, dry_run: bool = False) -> Order:
        """Say something to everybody."""
        return self._call(self._desk.post, account, text, actor=actor, dry_run=dry_run)

    def hide(
        self, message: str, *, actor: str, hidden: bool = True, dry_run: bool = False
    ) -> Order:
        """Hide a customer's message under ours, or show it again."""
        return self._call(self._desk.hide, message, actor=actor, hidden=hidden, dry_run=dry_run)

    def delete(self, message: str, *, actor: str, dry_run: bool = False) -> Order:
        """Delete a message of ours on its platform."""
        return self._call(self._desk.delete, message, actor=actor, dry_run=dry_run)

    def follow(self, thread: str, *, actor: str, dry_run: bool = False) -> Order:
        """Follow the customer of a thread."""
        return self._call(self._desk.follow, thread, actor=actor, dry_run=dry_run)

    def done(self, thread: str, text: str, *, actor: str) -> str:
        """Record an answer given by hand, elsewhere; return its id."""
        return self._call(self._desk.done, thread, text, actor=actor)

    def draft(self, id: str) -> DraftView:
        """Return a draft."""
        return self._call(self._desk.draft, id)

    def send_draft(
        self, id: str, *, actor: str, also: bool = False, dry_run: bool = False
    ) -> Order:
        """Send the words of a draft where they were to go."""
        return self._call(self._desk.send_draft, id, actor=actor, also=also, dry_run=dry_run)

    def drop_draft(self, id: str, *, actor: str) -> str:
        """Show a draft no more; return its id."""
        return self._call(self._desk.drop_draft, id, actor=actor)

    def outbox(self, states: Iterable[State] = (), *, limit: int = 200) -> list[OutboxView]:
        """Return the rows in some states, the latest queued first."""
        return self._call(self._desk.outbox, states, limit=limit)

    def undo(self, action: str, *, actor: str) -> tuple[str, ...]:
        """Take back what has not left yet; return the ids of what was taken back."""
        return self._call(self._desk.undo, action, actor=actor)

    def retry(self, action: str, *, actor: str) -> str:
        """Have what failed tried again; return its id."""
        return self._call(self._desk.retry, action, actor=actor)

    def skip(self, action: str, *, actor: str) -> str:
        """Leave out what failed, so that what waits for it may go; return its id."""
        return self._call(self._desk.skip, action, actor=actor)

    def erase(self, what: str, *, actor: str, dry_run: bool = False) -> Erasure:
        """Erase a person or one message, or only say what would go."""
        return self._call(self._desk.erase, what, actor=actor, dry_run=dry_run)

    def person_data(self, who: str) -> PersonData:
        """Return all that is kept of a person."""
        return self._call(self._desk.person_data, who)
