"""An intake with nothing around it: batches go in, and what the store then holds comes out."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, text

from careline.config.policy import DeadlineRule, LabelRule
from careline.engine.arrivals import Intake
from careline.engine.casework import Work, refold
from careline.engine.changes import customers_of
from careline.engine.deadlines import RuleBook, Rules
from careline.engine.intake import Summary, ingest
from careline.engine.labelling import Labeller
from careline.engine.rows import write_work
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.unit import Policy
from careline.ids import message_id
from careline.plugin import (
    Author,
    Batch,
    Classifier,
    Direction,
    Facet,
    Item,
    Kind,
    Message,
    PluginConfig,
    Reading,
    Seen,
    Utterance,
    Visibility,
)
from careline.store import migrations
from careline.store.bulk import put
from careline.store.store import Store
from careline.store.tables import acts

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = START + timedelta(days=90)
RULES = (
    {"when": {"channel": "acme-y", "intent": "question"}, "first_reply": "3h"},
    {"when": {"intent": "problem"}, "first_reply": "1h", "acknowledge": "15m", "resolve": "2d"},
    {"when": {"needs_reply": True}, "first_reply": "30h"},
)
LABEL_RULES = ({"when": {"channel": "acme-y"}, "words": "now", "urgency": "high"},)
BOOK = RuleBook(rules=tuple(DeadlineRule.model_validate(rule) for rule in RULES))


class Tags(Classifier[PluginConfig]):
    """Reads a few words, and whether it is said to us."""

    kind: ClassVar[str] = "tags"
    title: ClassVar[str] = "Tags"
    Config: ClassVar[type[PluginConfig]] = PluginConfig

    def __init__(self) -> None:
        """Needs nothing."""

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        return [Reading({f: Facet(v, {v: 1.0}) for f, v in self._facets(one)}) for one in items]

    def _facets(self, said: Utterance) -> Iterator[tuple[str, str]]:
        for cue, intent in {"broken": "problem", "?": "question", "thanks": "praise"}.items():
            if cue in said.text:
                yield "intent", intent
        ours = "".join("u" if turn.ours else "c" for turn in said.earlier)
        yield "sentiment", ours or "none"
        yield "needs_reply", "yes" if ours.endswith("u") or said.addressed else "no"


class Ears:
    """Hears batches on one connection. Nothing is committed, so that each test starts anew."""

    start, now, book = START, NOW, BOOK

    def __init__(self, conn: Connection, rules: Rules) -> None:
        self.conn = conn
        label_rules = [LabelRule.model_validate(rule) for rule in LABEL_RULES]
        self.policy = Policy(
            Labeller({"tags": Tags()}, label_rules), rules, StoredRules({rules.id: rules})
        )

    @staticmethod
    def to(account: str = "acme-x", **fields: Any) -> Intake:
        """Return what intake knows of an account."""
        kinds = {"acme-x": "x", "acme-y": "y"}
        known = {"brand": "acme", "channel": kinds[account], "network": "x", "channels": kinds}
        return Intake(account=account, **(known | fields))

    def hear(
        self,
        *items: Message | Item,
        to: Intake | None = None,
        now: datetime = NOW,
        source: str = "posts",
        more: bool = True,
        policy: Policy | None = None,
    ) -> Summary:
        """Take in a batch."""
        batch = Batch(tuple(Seen(i) if isinstance(i, Message) else i for i in items), more=more)
        return ingest(self.conn, to or self.to(), source, batch, now, policy or self.policy)

    def act(
        self, kind: str, on: str, minutes: float, other: str | None = None, **value: Any
    ) -> None:
        """Do something to the conversation that holds a message, as staff do."""
        message, at = self.id(on), int((START.timestamp() + minutes * 60) * 1_000_000)
        row = (f"{kind}-{on}-{minutes}-{other}", kind, message, other, "ann", at, json.dumps(value))
        columns = ("id", "kind", "message", "other", "actor", "at", "value")
        put(self.conn, acts, columns, [row])
        self.refold(customers_of(self.conn, [message]))

    def refold(self, customers: set[str]) -> None:
        """Part and fold again all facts of these customers."""
        work = Work()
        refold(self.conn, "acme", customers, self.policy.rule_sets, work)
        write_work(self.conn, self.to(), work)

    def all(self, select: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.conn.execute(text(select), values)]

    def one(self, select: str, **values: Any) -> Any:
        """Return the only row of a query; its only column, where there is one."""
        [row] = self.all(select, **values)
        return row[0] if len(row) == 1 else row

    @staticmethod
    def id(external_id: str, brand: str = "acme", network: str = "x") -> str:
        """Return the id of a message."""
        return message_id(brand, network, external_id)

    @staticmethod
    def at(minutes: float = 0, **more: float) -> datetime:
        """Return the time so long after the start."""
        return START + timedelta(minutes=minutes, **more)

    @classmethod
    def said(
        cls, id: str, words: str = "It is broken", minutes: float = 0, by: str | None = "kim",
        **fields: Any,
    ) -> Message:  # fmt: skip
        """Return a customer's public mention; `by` None: the platform does not say who."""
        known: dict[str, Any] = {
            "kind": Kind.MENTION, "posted_at": cls.at(minutes), "text": words,
            "author": by and Author(id=f"u-{by}", name=by.title()),
        }  # fmt: skip
        return Message(external_id=id, **(known | fields))

    @classmethod
    def ours(cls, id: str, on: str | None = None, minutes: float = 0, **fields: Any) -> Message:
        """Return what we say: on a message, or to everybody."""
        known = {"parent": on, "direction": Direction.OUT, "kind": Kind.REPLY}
        return cls.said(id, "We look into it", minutes, "us", **(known | fields))

    @classmethod
    def direct(
        cls, id: str, words: str = "It is broken", minutes: float = 0, by: str = "kim",
        **fields: Any,
    ) -> Message:  # fmt: skip
        """Return a private message, in the room `dm-kim` of kim's."""
        known = {"kind": Kind.DIRECT, "visibility": Visibility.PRIVATE, "root": f"dm-{by}"}
        return cls.said(id, words, minutes, by, **(known | fields))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Return a database for all tests that commit nothing."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('ears') / 'careline.db'}"
    else:
        url = request.getfixturevalue("postgres")
    store = Store(url)
    migrations.ensure(store)
    yield store
    store.close()


@pytest.fixture
def make_ears(shared: Store) -> Iterator[Any]:
    """Return a maker of intakes, each on a store that is empty but for the rule book."""
    rules = shared.write_now(lambda conn: keep_rules(conn, BOOK, 0))
    with shared.engine.connect() as conn:

        def make() -> Ears:
            conn.rollback()
            return Ears(conn, rules)

        yield make


@pytest.fixture
def ears(make_ears: Any) -> Ears:
    made: Ears = make_ears()
    return made


@pytest.fixture
def ears_on() -> Any:
    """Return a maker of intakes on a connection of the test's own."""
    return Ears


@pytest.fixture(scope="session")
def say() -> Any:
    """What customers and we say, for tests that write it before there is a store."""
    return SimpleNamespace(
        said=Ears.said, ours=Ears.ours, direct=Ears.direct, id=Ears.id, at=Ears.at
    )
