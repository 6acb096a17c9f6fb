"""The desk: opens, wires, runs and closes everything. `async with Desk(config) as desk`."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random, SystemRandom
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from anyio import CancelScope
from pydantic import TypeAdapter
from sqlalchemy import Connection

from careline.clock import SystemClock
from careline.config import Settings, disabled, load
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.context import Clock
from careline.engine.account import Account
from careline.engine.acts import act
from careline.engine.chores import Indexing, Listening
from careline.engine.deferred import Deferred
from careline.engine.dispatcher import Handler, LocalDispatcher
from careline.engine.due import Due, Stage
from careline.engine.health import AccountHealth, Health
from careline.engine.hearing import Hearing
from careline.engine.intake import Summary
from careline.engine.keeping import Keeping
from careline.engine.labelling import Labeller
from careline.engine.people import Link, link, unlink
from careline.engine.reading import ConversationView, Page, conversation, inbox
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.supervisor import Supervisor
from careline.engine.unit import Policy
from careline.errors import CarelineError, NotFound
from careline.logs import bind
from careline.models import Text
from careline.outfit import Outfitter
from careline.registry import Registry
from careline.store import notes
from careline.store.inbox import InboxQuery as InboxQuery
from careline.store.indexing import index_pending
from careline.store.lock import RunLock
from careline.store.lookup import full_id
from careline.store.migrations import ensure
from careline.store.records import StoreRecords
from careline.store.report import Report, report
from careline.store.roster import put_roster
from careline.store.store import Store, Unit
from careline.store.times import to_micros

T = TypeVar("T")
_TEXT: Final[TypeAdapter[str]] = TypeAdapter(Text)
"""Makes what staff type storable, as models do with what customers write."""


class NotAllowed(CarelineError):
    """This actor may not do this."""


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


class Desk:
    """All of careline in one object. Importing or making it does nothing; entering it opens it."""

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
        self.log = bind("desk", outfit.redactor)
        self.accounts: dict[str, Account] = outfit.accounts()
        classifiers = outfit.classifiers()
        inline = {n: c for n, c in classifiers.items() if isinstance(c, Classifier)}
        later = {n: c for n, c in classifiers.items() if isinstance(c, DeferredClassifier)}
        labeller = Labeller(inline, self.settings.labels, self._classifier_failed)
        now, book = to_micros(self.clock.now()), outfit.rules()
        rules = self.store.write_now(lambda conn: keep_rules(conn, book, now))
        self.store.write_now(lambda conn: put_roster(conn, self.settings, self.accounts))
        self._rules = StoredRules({rules.id: rules})
        policy = Policy(labeller, rules, self._rules, tuple(later))
        self.supervisor = Supervisor(
            self.clock, self.random, self.log, strict=self._strict, hide=outfit.redactor.text
        )
        for name in self.accounts:
            self.supervisor.add(name)
        for name, error in outfit.broken.items():
            self._not_made(name, error)
        keeping = Keeping(self.store, self.clock, policy, self._batch_failed)
        self.hearing = Hearing(self.store, self.clock, self.supervisor, self.accounts, keeping)
        self.dispatcher = LocalDispatcher(self.clock, self.random, self.log)
        self._handlers: dict[str, Handler] = {
            "pull": self.hearing,
            "due": Due(self.store, self.clock, self._fired, self.hearing.asked_all),
            "conv": Deferred(self.store, self.clock, self.supervisor, later, labeller, self._rules),
            "index": Indexing(self.store, self.clock),
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

    def _fired(self, stages: Sequence[Stage]) -> None:
        for stage in stages:
            self.log.info(
                "deadline " + stage.stage, conversation=stage.conversation, deadline=stage.kind
            )

    async def run(self, *, once: bool = False) -> Ran:
        """Hear, keep and promise until cancelled; `once`: until all sources have caught up.

        Raises:
            StoreError: another run works on the same SQLite file; or `once`, and what was heard
                could not be kept. Without `once` that is tried again.
        """
        with ExitStack() as held:
            held.enter_context(RunLock(self.store.path))
            self.hearing.begin(once=once)
            await self.dispatcher.run(self._handlers, until_idle=once)
        if once and self.hearing.broken is not None:
            raise self.hearing.broken
        return Ran(self.hearing.summary, self.supervisor.snapshot(), self.dispatcher.failing)

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

    async def note(self, conversation: str, text: str, *, actor: str) -> str:
        """Keep an internal note: no channel can ever be handed one. Return the note's id."""
        self._allow(actor, "note", conversation)
        text = _TEXT.validate_python(text)
        now, salt = to_micros(self.clock.now()), self.random.getrandbits(64)
        return await self.store.write(
            lambda conn: notes.put_note(conn, full_id(conn, conversation), text, actor, now, salt)
        )

    async def assign(self, conversation: str, agent: str | None, *, actor: str) -> str:
        """Give a conversation to an agent, or to nobody (None)."""
        if agent is not None:
            self._agent(agent)
        return await self._act(conversation, "assign", actor, {"agent": agent})

    async def snooze(self, conversation: str, until: datetime, *, actor: str) -> str:
        """Keep a conversation out of the inbox until a time, or the customer's next word.

        No promise moves: its deadlines go on.
        """
        return await self._act(conversation, "snooze", actor, {"until": to_micros(until)})

    async def resolve(self, conversation: str, *, actor: str) -> str:
        """Say that the case is solved. The customer's word within 72 hours opens it again."""
        return await self._act(conversation, "resolve", actor, {})

    async def ignore(self, conversation: str, reason: str, *, actor: str) -> str:
        """Say that the case needs no answer, and why."""
        if not reason.strip():
            raise NotAllowed("to ignore a conversation takes a reason")
        return await self._act(conversation, "ignore", actor, {"reason": reason})

    async def _act(self, said: str, kind: str, actor: str, value: Mapping[str, Any]) -> str:
        self._allow(actor, kind, said)
        now = to_micros(self.clock.now())

        def unit(conn: Connection) -> str:
            return act(conn, full_id(conn, said), kind, actor, value, now, self._rules)

        return await self.store.write(unit)

    async def link(self, one: str, two: str, evidence: str, *, actor: str) -> Link:
        """Say that two customers are one person; each case then shows the other as related.

        `one` and `two`: a conversation, or `NETWORK:USER` or `NETWORK:@HANDLE`.
        """
        self._allow(actor, "link", one)
        now, said = to_micros(self.clock.now()), _TEXT.validate_python(evidence)
        return await self.store.write(lambda conn: link(conn, one, two, said, actor, now))

    async def unlink(self, one: str, two: str, *, actor: str) -> Link:
        """Take a link back: what was done meanwhile stays."""
        self._allow(actor, "unlink", one)
        now = to_micros(self.clock.now())
        return await self.store.write(lambda conn: unlink(conn, one, two, actor, now))

    def _allow(self, actor: str, verb: str, object: str) -> None:
        if not allowed(self.settings, actor, verb, object):
            names = ", ".join(sorted(self.settings.agents)) or "none is configured"
            raise NotAllowed(f"{actor!r} may not {verb}: name an agent ({names})")

    def _agent(self, name: str) -> None:
        if name not in self.settings.agents:
            names = ", ".join(sorted(self.settings.agents)) or "none"
            raise NotFound(f"there is no agent {name!r}: configured are {names}")

    def only_agent(self) -> str | None:
        """Return who acts where nobody is named: the only agent there is."""
        names = list(self.settings.agents)
        return names[0] if len(names) == 1 else None


AUTOMATION, SYSTEM = "automation", "system"


def allowed(settings: Settings, actor: str, verb: str, object: str) -> bool:
    """Tell whether `actor` may do `verb` to `object`: the one place that decides it."""
    return actor in settings.agents or actor in (AUTOMATION, SYSTEM)
