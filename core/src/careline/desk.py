"""The desk: opens, wires, runs and closes everything. `async with Desk(config) as desk`."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random, SystemRandom
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio import TASK_STATUS_IGNORED, CancelScope, Event, move_on_after
from anyio.abc import TaskStatus
from sqlalchemy import Connection

from careline.clock import SystemClock
from careline.config import Settings, disabled, load
from careline.contract.channel import Webhook
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.context import Clock
from careline.engine.account import Account
from careline.engine.alerts.alerting import Alerting
from careline.engine.alerts.concerns import Concerns
from careline.engine.alerts.notifying import Notifying
from careline.engine.alerts.watching import HEALTH, Watching
from careline.engine.checkup import Checkup, HealthView
from careline.engine.chores import Indexing, Listening
from careline.engine.deferred import Deferred
from careline.engine.dispatcher import Handler, LocalDispatcher
from careline.engine.due import Due, Stage
from careline.engine.erasure.retention import Retention
from careline.engine.health import AccountHealth, Health
from careline.engine.hearing import Hearing
from careline.engine.intake import Summary
from careline.engine.keeping import Keeping
from careline.engine.labelling import Labeller
from careline.engine.outbox.attempt import Attempt
from careline.engine.outbox.sending import Sending
from careline.engine.reading import ConversationView, Page, conversation, inbox
from careline.engine.receiving import WEBHOOK, Received, Receiving, expect_pushes
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.seldom import Seldom
from careline.engine.supervisor import Supervisor
from careline.engine.unit import Policy
from careline.engine.unread import Unread
from careline.logs import bind
from careline.outfit import Outfitter
from careline.registry import Registry
from careline.store.alerts import NOTIFIER
from careline.store.inbox import InboxQuery as InboxQuery
from careline.store.indexing import index_pending
from careline.store.lock import RunLock
from careline.store.lookup import full_id
from careline.store.migrations import ensure
from careline.store.outbox import Row
from careline.store.presence import Presence
from careline.store.records import StoreRecords
from careline.store.report import Report, report
from careline.store.roster import put_roster
from careline.store.store import Store, Unit
from careline.store.times import to_micros
from careline.verbs.actor import NotAllowed as NotAllowed
from careline.verbs.answers import Answers
from careline.verbs.cases import Cases
from careline.verbs.forgetting import Forgetting
from careline.verbs.outbox import Outbox

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: the counts by account, the health of each, and what failed."""

    heard: Mapping[str, Summary]
    health: Sequence[AccountHealth]
    failing: frozenset[str]

    @property
    def fine(self) -> bool:
        """Whether every account is ok and nothing waits for a retry."""
        return not self.failing and all(one.state is Health.OK for one in self.health)


class Desk(Cases, Answers, Outbox, Forgetting):
    """All of careline in one object. Importing or making it does nothing; entering it opens it."""

    dispatcher: LocalDispatcher

    def __init__(
        self,
        config: Settings | str | Path | Mapping[str, Any],
        *,
        registry: Registry | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        strict: bool = False,
    ) -> None:
        """`config`: settings, a TOML file, or what would stand in one.

        `clock` and `random` are the only sources of time and chance. `strict` raises plugins'
        bugs, for tests.
        """
        self._config, self._registry = config, registry
        self.clock: Clock = clock or SystemClock()
        self.random = random or SystemRandom()
        self._strict = strict
        self._ended: Event | None = None
        self._running: CancelScope | None = None
        self._presence: Presence | None = None

    async def __aenter__(self) -> Self:
        """Open the store and make all accounts. No platform is asked anything yet.

        Raises:
            ConfigError: with every problem of the configuration.
            StoreError: the database cannot be used as it is.
        """
        self.settings, self.registry = self._load()
        self.store = Store(self.settings.store.url)
        try:
            ensure(self.store)
            self._wire()
        except BaseException:
            self.store.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the accounts and the store, even while being cancelled."""
        with CancelScope(shield=True):
            await self.hearing.close()
        self.store.close()

    def _load(self) -> tuple[Settings, Registry]:
        if isinstance(self._config, Settings):
            return self._config, self._registry or Registry.load(self._config.plugins.disabled)
        registry = self._registry or Registry.load(disabled(self._config))
        return load(self._config, registry), registry

    def _wire(self) -> None:
        """Make every part; this is the one place that knows how they fit."""
        outfit = Outfitter(
            self.settings, self.registry, StoreRecords(self.store), self.clock, self.random
        )
        self.log, self._redacted = bind("desk", outfit.redactor), outfit.redactor.text
        self.accounts: dict[str, Account] = outfit.accounts()
        classifiers = outfit.classifiers()
        inline = {n: c for n, c in classifiers.items() if isinstance(c, Classifier)}
        later = {n: c for n, c in classifiers.items() if isinstance(c, DeferredClassifier)}
        labeller = Labeller(inline, self.settings.labels, self._classifier_failed)
        now, book = to_micros(self.clock.now()), outfit.rules()
        rules = self.store.write_now(lambda conn: keep_rules(conn, book, now))
        self.store.write_now(lambda conn: put_roster(conn, self.settings, self.accounts))
        self._rules = StoredRules({rules.id: rules})
        notifiers = outfit.notifiers()
        self.alerting = Alerting(self.settings.alerts, outfit.told())
        self.policy = policy = Policy(labeller, rules, self._rules, tuple(later), self.alerting)
        self.dispatcher = LocalDispatcher(self.clock, self.random, self.log)
        wake = self.dispatcher.wake
        self.supervisor = Supervisor(
            self.clock, self.random, self.log, strict=self._strict, hide=outfit.redactor.text,
            on_stop=lambda account: wake([HEALTH]),
        )  # fmt: skip
        for name in (*self.accounts, *(NOTIFIER + name for name in notifiers)):
            self.supervisor.add(name)
        for name, error in outfit.broken.items():
            self._not_made(name, error)
        keeping = Keeping(self.store, self.clock, policy, self._batch_failed, wake)
        self.hearing = Hearing(self.store, self.clock, self.supervisor, self.accounts, keeping)
        self.endpoints, self._unread_lines = outfit.endpoints(), Seldom(self.clock)
        asked = [name for name, one in self.accounts.items() if one.sources]
        pushing = self.endpoints.values()
        self.store.write_now(lambda conn: expect_pushes(conn, pushing, asked, now))
        self.receiving = Receiving(
            self.hearing, self.endpoints, self.log, self._webhook_failed, outfit.redactor.text,
            Unread(self.store, self.clock, self.log, WEBHOOK), Seldom(self.clock),
        )  # fmt: skip
        self.checkup = Checkup(
            self.store, self.clock, self.supervisor, outfit.called(), self.clock.now(),
            lambda: self.running,
        )  # fmt: skip
        self._attempt = Attempt(
            self.store, self.clock, self.supervisor, policy, self._unsent, wake, run=0
        )
        self.sending = Sending(
            self.store, self.clock, self.supervisor, self.accounts, self._attempt,
            self.hearing.open, self._still_here,
        )  # fmt: skip
        brands = {name: one.brand for name, one in self.settings.channels.items()}
        zones = {name: one.timezone for name, one in self.settings.brands.items()}
        self.notifying = Notifying(
            self.store, self.clock, self.random, self.supervisor, notifiers, zones, self.log,
            0, outfit.redactor.text,
        )  # fmt: skip
        self._handlers: dict[str, Handler] = {
            "pull": self.hearing,
            "send": self.sending,
            "due": Due(
                self.store, self.clock, self._fired, self.hearing.asked_all, self.alerting.due, wake
            ),
            "conv": Deferred(
                self.store,
                self.clock,
                self.supervisor,
                later,
                labeller,
                self._rules,
                self.alerting,
                wake,
            ),
            "alert": self.notifying,
            HEALTH: Watching(
                self.store,
                self.clock,
                self.supervisor,
                self.alerting,
                brands,
                wake,
                Concerns(self.accounts, self.log, self._strict),
            ),
            "index": Indexing(self.store, self.clock),
            "retain": Retention(self.store, self.clock, self.settings.retention),
            "hear": Listening(self.store, self.clock, self.supervisor, outfit.listeners()),
        }

    def _not_made(self, account: str, error: Exception) -> None:
        self.log.error("account could not be made", account=account, exc_info=error)
        self.supervisor.disable(account, f"its plugin failed when it was made: {error}")
        if self._strict:
            raise error

    def _classifier_failed(self, name: str, error: Exception) -> None:
        self.log.error("classifier failed: it abstains", classifier=name, exc_info=error)
        if self._strict:
            raise error

    def _batch_failed(self, account: str, error: Exception) -> None:
        self.log.error(
            "a batch could not be kept whole: what is at fault is set aside",
            account=account,
            exc_info=error,
        )
        if self._strict:
            raise error

    def _unsent(self, conn: Connection, row: Row, now: int) -> set[str]:
        """Tell staff of something that did not leave; part of the unit of work that ends it."""
        receiver = row.lane.partition(":")[2]
        self.log.warning("not sent", action=row.id, receiver=receiver, reason=row.why)
        return self.alerting.unsent(conn, row, now)

    def _webhook_failed(self, kind: str, error: Exception) -> None:
        if count := self._unread_lines.count(kind):
            self.log.error(
                "a webhook could not be read: it is set aside whole",
                kind=kind,
                count=count,
                exc_info=error,
            )
        if self._strict:
            raise error

    def _fired(self, stages: Sequence[Stage]) -> None:
        for stage in stages:
            self.log.info(
                "deadline " + stage.stage, conversation=stage.conversation, deadline=stage.kind
            )

    async def run(
        self, *, once: bool = False, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> Ran:
        """Hear, keep and promise until cancelled; `once`: until all sources have caught up.

        `await tasks.start(desk.run)` returns once it is at work, or raises why it cannot be.

        Raises:
            StoreError: another run works on the same SQLite file; or `once`, and what was heard
                could not be kept. Without `once` that is tried again.
        """
        with ExitStack() as held, CancelScope() as running:
            held.enter_context(RunLock(self.store.path))
            ended = Event()
            held.callback(ended.set)
            self._running, self._ended = running, ended
            self._begin(held)
            self.hearing.begin(once=once)
            task_status.started()
            await self.dispatcher.run(self._handlers, until_idle=once)
        if once and self.hearing.broken is not None:
            raise self.hearing.broken
        return Ran(self.hearing.summary, self.supervisor.snapshot(), self.dispatcher.failing)

    def _begin(self, held: ExitStack) -> None:
        """Be a run of its own, among those that share the database."""
        run = self.random.getrandbits(31)
        self._presence = held.enter_context(Presence(self.store, run))
        self._attempt.run = self.notifying.own = run

    def _still_here(self) -> None:
        if self._presence is not None:
            self._presence.ensure()

    @property
    def running(self) -> bool:
        """Whether `run` is at work here, and was not told to end."""
        return self.dispatcher.running

    async def drain(self, within: float = 10.0) -> None:
        """Have `run` end: it hears no more, sends what is due now, and returns.

        After `within` real seconds it is cut off. What was being sent then is looked up when the
        desk runs again; what is still queued stays so.
        """
        running, ended = self._running, self._ended
        if running is not None and ended is not None and not ended.is_set():
            self.dispatcher.drain(("send", "alert"))
            with move_on_after(within):
                await ended.wait()
            running.cancel()
            await ended.wait()

    async def receive(self, kind: str, webhook: Webhook) -> Received:
        """Take a webhook for the channels of a kind; return once all it says is kept.

        It works with or without `run`.

        Raises:
            NotFound: no channel of this kind takes webhooks.
            StoreError, Unavailable: it could not be kept, so the platform has to repeat it.
        """
        return await self.receiving.receive(kind, webhook)

    async def health(self) -> HealthView:
        """Return how each account does, as this process knows it, and what needs a person."""
        return await self.checkup.look()

    async def read(self, unit: Unit[T]) -> T:
        """Run a reading unit of work: a function of a connection."""
        return await self.store.read(unit)

    async def inbox(self, query: InboxQuery | None = None) -> Page:
        """Return a page of conversations, what is due first on top."""
        asked, now = query or InboxQuery(), self.clock.now()
        left = 1 if asked.search else 0
        while left:  # what was heard just now is found too
            left = await self.store.write(lambda conn: index_pending(conn))
        return await self.store.read(lambda conn: inbox(conn, asked, now))

    async def conversation(self, said: str) -> ConversationView:
        """Return one conversation whole.

        Raises:
            NotFound: there is none, or several begin so.
        """
        now = self.clock.now()
        return await self.store.read(lambda conn: conversation(conn, said, now))

    async def report(self, since: datetime, until: datetime, *, brand: str | None = None) -> Report:
        """Return how fast customers were answered whose conversations began in a period."""
        now, zones = self.clock.now(), {n: b.timezone for n, b in self.settings.brands.items()}
        return await self.store.read(
            lambda conn: report(conn, since, until, now=now, brand=brand, zones=zones)
        )

    async def full_id(self, said: str) -> str:
        """Return the id of the conversation that `said` begins, or became.

        Raises:
            NotFound: there is none, or several.
        """
        return await self.store.read(lambda conn: full_id(conn, said))
