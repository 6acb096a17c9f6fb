"""What is told before an erasure and what after it: the same is left, whichever comes when.

What depends on when we were told (received, live, redirects) is left out of the comparison.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from careline.config.policy import DeadlineRule
from careline.engine.arrivals import Intake
from careline.engine.deadlines import RuleBook, Rules
from careline.engine.erasure.erasing import erase
from careline.engine.intake import ingest
from careline.engine.labelling import Labeller
from careline.engine.rulesets import StoredRules, keep_rules
from careline.engine.unit import Policy
from careline.errors import NotFound
from careline.plugin import (
    Author,
    Batch,
    Classifier,
    Direction,
    Evidence,
    Facet,
    Kind,
    Message,
    PluginConfig,
    Reading,
    Removed,
    Revised,
    Seen,
    Utterance,
    Visibility,
)
from careline.store import migrations
from careline.store.store import Store
from careline.store.times import to_micros

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ERASED_AT = START + timedelta(days=50)
LATER = START + timedelta(days=90)
NAMES = [str(n) for n in range(1, 8)]
TEXTS = ["It is broken, zanzibar", "Why? zanzibar", "thanks, zanzibar"]
CUES = {"broken": "problem", "?": "question", "thanks": "praise"}
BOOK = RuleBook(
    rules=(
        DeadlineRule.model_validate({"when": {"intent": "problem"}, "first_reply": "1h"}),
        DeadlineRule.model_validate({"when": {}, "first_reply": "3h"}),
    )
)
TABLES = {
    "messages": (
        "id, external_id, kind, direction, visibility, author, recipient, root, posted_at,"
        " clock_at, context, hash, revised_at, removed_at, thread, answers, place, role, depth,"
        " fact_at, conversation, intent, needs_reply, labelled_by"
    ),
    "bodies": "owner, revised_at, text, title, hash, erased_at IS NULL",
    "revisions": "message, at, hash",
    "identities": 'id, "user", name, erased_at IS NULL',
    "tombstones": 'object, at, "by", why',
    "conversations": "id, customer, kind, first",
    "states": "conversation, status, intent, opened_at, answered_at, waiting_since, due_at, state",
    "spans": "*",
    "deadlines": "anchor, kind, conversation, starts_at, due_at, met_at, void",
    "acts": "*",
}
HELD = (
    "SELECT r.message, r.reading FROM readings r JOIN messages m"
    " ON m.id = r.message AND coalesce(m.revised_at, 0) = r.revised_at"
)


class Words(Classifier[PluginConfig]):
    """Reads a message's own words alone, and quotes them."""

    kind: ClassVar[str] = "words"
    title: ClassVar[str] = "Words"
    Config: ClassVar[type[PluginConfig]] = PluginConfig

    def __init__(self) -> None:
        """Needs nothing."""

    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        return [Reading(dict(self._facets(one.text))) for one in items]

    def _facets(self, said: str) -> Iterator[tuple[str, Facet]]:
        for cue, intent in CUES.items():
            if cue in said:
                quote = (Evidence(intent, said, 0, len(said)),)
                yield "intent", Facet(intent, {intent: 1.0}, quote)


def minutes(n: int) -> datetime:
    return START + timedelta(minutes=n)


PEOPLE = ["kim", "kim", "kim", "lee", "us", "us", None]


@st.composite
def messages(draw: Any, id: str) -> Message:
    by = draw(st.sampled_from(PEOPLE))
    private = draw(st.integers(0, 3)) == 0
    anyone = st.none() | st.sampled_from([*NAMES, "e1", "99"])
    room = st.sampled_from([None, "dm-kim", "dm-kim", "dm-lee"])
    return Message(
        external_id=id,
        kind=Kind.DIRECT if private else draw(st.sampled_from([Kind.REPLY, Kind.MENTION])),
        posted_at=minutes(draw(st.integers(0, 60) | st.integers(0, 60 * 24 * 40))),
        direction=Direction.OUT if by == "us" else Direction.IN,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        author=by and Author(id=f"u-{by}", name=by.title()),
        to=draw(st.none() | st.just(Author(id="u-kim", name="Kim"))) if by == "us" else None,
        parent=draw(anyone),
        root=draw(room if private else st.sampled_from([None, "r1"])),
        addressed=draw(st.booleans()),
        text=draw(st.sampled_from(TEXTS)),
        title=draw(st.sampled_from(["", "Zanzibar"])),
    )


@st.composite
def worlds(draw: Any) -> list[Any]:
    """Return what there is to tell: messages, their edits, and that they are gone."""
    told: list[Any] = []
    for id in NAMES[: draw(st.integers(1, 6))]:
        message = draw(messages(id))
        told.append(Seen(message))
        more = draw(st.integers(0, 7))
        if more < 2:
            alias = draw(st.sampled_from([id, f"e{id}"]))
            words = {"text": draw(st.sampled_from(TEXTS)), "external_id": alias}
            edit = message.model_copy(update=words)
            told.append(Revised(edit, id, minutes(100 + more)))
            if alias != id and draw(st.booleans()):
                told.append(Seen(edit))
        elif more == 2:
            gone = Removed(id, minutes(draw(st.integers(0, 90))), purge=draw(st.booleans()))
            told.append(gone)
    return told


class Ears:
    """Hears and erases on one connection. Nothing is committed, so that each test starts anew."""

    to = Intake("acme-x", "acme", "x", "x")

    def __init__(self, conn: Connection, rules: Rules) -> None:
        self.conn = conn
        self.policy = Policy(Labeller({"words": Words()}), rules, StoredRules({rules.id: rules}))

    def hear(self, items: Sequence[Any], random: Any, now: datetime = LATER) -> None:
        """Take items in, in batches of any size."""
        left = list(items)
        while left:
            size = random.randrange(1, 5)
            batch, left = Batch(tuple(left[:size]), more=True), left[size:]
            ingest(self.conn, self.to, "posts", batch, now, self.policy)

    def erase(self, who: str = "x:u-kim") -> None:
        try:
            erase(self.conn, who, "ann", to_micros(ERASED_AT), dry_run=False)
        except NotFound:
            assume(False)

    def left(self) -> Mapping[str, list[Any]]:
        """Return all that is left, but for when we were told of it."""
        queries = {name: f"SELECT {columns} FROM {name}" for name, columns in TABLES.items()}
        return {
            name: sorted((tuple(row) for row in self.conn.execute(text(query))), key=repr)
            for name, query in {**queries, "readings": HELD}.items()
        }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: Any, tmp_path_factory: Any) -> Iterator[Store]:
    """Return a database for all that commits nothing."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('erased') / 'careline.db'}"
    else:
        url = request.getfixturevalue("postgres")
    store = Store(url)
    migrations.ensure(store)
    yield store
    store.close()


@pytest.fixture
def ears(shared: Store) -> Iterator[Any]:
    """Return a maker of ears, each with nothing heard yet."""
    rules = shared.write_now(lambda conn: keep_rules(conn, BOOK, 0))
    with shared.engine.connect() as conn:

        def make() -> Ears:
            conn.rollback()
            return Ears(conn, rules)

        yield make


def shuffled(told: Sequence[Any], random: Any) -> list[Any]:
    order = [*told, *random.choices(told, k=random.randrange(4))]
    random.shuffle(order)
    return order


ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


@ANY
@given(worlds(), st.randoms(use_true_random=False), st.floats(0, 1))
def test_what_is_told_before_and_what_after_an_erasure_is_nothing(
    ears: Any, world: list[Any], random: Any, share: float
) -> None:
    whole = ears()
    whole.hear(world, random)
    whole.erase()
    expected = whole.left()
    early = [item for item in world if random.random() < share]
    parted = ears()
    parted.hear(shuffled(early, random) if early else [], random)
    parted.erase()
    parted.hear(shuffled(world, random), random)
    found = parted.left()
    for name in expected:
        assert found[name] == expected[name], name


@ANY
@given(worlds(), st.randoms(use_true_random=False))
def test_told_again_nothing_moves(ears: Any, world: list[Any], random: Any) -> None:
    one = ears()
    one.hear(shuffled(world, random), random)
    before = one.left()
    one.erase()
    after = one.left()
    for name in ("states", "conversations", "spans", "deadlines", "acts"):
        assert after[name] == before[name], name
    one.hear(shuffled(world, random), random)
    assert one.left() == after
    kims = "SELECT id FROM identities WHERE erased_at IS NOT NULL"
    theirs = f"SELECT id FROM messages WHERE author IN ({kims}) OR recipient IN ({kims})"
    worded = f"SELECT 1 FROM bodies WHERE text IS NOT NULL AND owner IN ({theirs})"
    assert not one.conn.execute(text(worded)).all()
