"""The same facts, in any order, in any batches, any number of times: the same conversations.

What depends on when we were told (received, live, redirects) is left out of the comparison.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careline.ids import message_id, thread_id
from careline.plugin import (
    Author,
    Direction,
    Kind,
    Message,
    Removed,
    Revised,
    Seen,
    Visibility,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = [str(n) for n in range(1, 10)]
TEXTS = ["It is broken", "Why?", "thanks", "Now it is broken", "so"]
PEOPLE = ["kim", "lee", "kim", "us", "us", None]
TABLES = {
    "messages": (
        "id, external_id, account, kind, direction, visibility, author, recipient, root,"
        " posted_at, clock_at, context, addressed, sent_by, hash, revised_at, removed_at, thread,"
        " answers, place, role, depth, fact_at, conversation, intent, sentiment, urgency,"
        " needs_reply, labelled_by"
    ),
    "bodies": "owner, revised_at, text",
    "conversations": "*",
    "states": "*",
    "spans": "*",
    "deadlines": "*",
    "acts": "*",
    "sightings": "message, account",
    "revisions": "message, at, hash",
    "tombstones": "object, at, why",
}
ONLY = {  # of what else is kept: what holds now
    "threads": "SELECT * FROM threads WHERE id IN (SELECT thread FROM messages)",
    "readings": (
        "SELECT r.message, r.classifier, r.revised_at, r.reading FROM readings r JOIN messages m"
        " ON m.id = r.message AND coalesce(m.revised_at, 0) = r.revised_at"
    ),
}


@dataclass(frozen=True)
class Fact:
    """An item and the account that hears it, or an act of staff."""

    item: object = None
    account: str = "acme-x"
    act: tuple = ()

    @property
    def needs(self):
        """Return the messages that must be here: staff act on what they see."""
        return {id for id in self.act[1:] if id in NAMES} if self.act else set()


def minutes(n):
    return START + timedelta(minutes=n)


times = st.integers(0, 60) | st.integers(0, 60 * 24 * 40)


@st.composite
def messages(draw, id):
    by = draw(st.sampled_from(PEOPLE))
    private = draw(st.integers(0, 4)) == 0
    anyone = st.none() | st.sampled_from([*NAMES, "e1", "99"])
    room = st.sampled_from([None, "dm-kim", "dm-kim", "dm-lee"])
    return Message(
        external_id=id,
        kind=Kind.DIRECT
        if private
        else draw(st.sampled_from([Kind.REPLY, Kind.MENTION, Kind.POST])),
        posted_at=minutes(draw(times)),
        precision=draw(st.sampled_from(["second"] * 5 + ["day"])),
        direction=Direction.OUT if by == "us" else Direction.IN,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        author=by and Author(id=f"u-{by}"),
        to=draw(st.none() | st.just(Author(id="u-kim"))) if by == "us" else None,
        parent=draw(anyone),
        root=draw(room if private else st.sampled_from([None, "r1", "r1"])),
        quoted=draw(st.none() | st.none() | anyone),
        addressed=draw(st.booleans()),
        text=draw(st.sampled_from(TEXTS)),
        sent_by=draw(st.sampled_from(["agent", "automation"])),
    )


@st.composite
def tellings(draw, id):
    """Return what is told of one message: it, other rows of it, edits, and that it is gone."""
    message = draw(messages(id))
    heard = st.sampled_from(["acme-x", "acme-x", "acme-y"])
    told = [Fact(Seen(message, draw(st.integers(0, 8)) == 0), draw(heard))]
    rest = draw(st.integers(0, 9))
    if rest == 0:
        other = draw(messages(id))
        same = {"kind", "visibility", "direction", "author"} if draw(st.booleans()) else set()
        other = other.model_copy(update={name: getattr(message, name) for name in same})
        told.append(Fact(Seen(other), draw(heard)))
    elif rest in (1, 2):
        for n in range(draw(st.integers(1, 2))):
            alias = draw(st.sampled_from([id, f"e{id}"]))
            new = draw(messages(alias))
            if draw(st.booleans()):
                new = message.model_copy(update={"text": new.text, "external_id": alias})
            told.append(Fact(Revised(new, id, minutes(100 + n)), draw(heard)))
            if alias != id and draw(st.booleans()):
                told.append(Fact(Seen(new), draw(heard)))
    elif rest in (3, 4):
        gone = draw(st.lists(st.integers(0, 100), min_size=1, max_size=2))
        told += [Fact(Removed(id, minutes(n)), draw(heard)) for n in gone]
    return told


@st.composite
def deeds(draw, names):
    kind = draw(st.sampled_from(["resolve", "resolve", "ignore", "split", "merge", "opened"]))
    other = None
    if kind == "merge":
        other = draw(st.sampled_from(names))
    if kind == "opened":
        other = draw(st.sampled_from(["dm-kim", "dm-lee"]))
    return Fact(act=(kind, draw(st.sampled_from(names)), other, draw(times)))


@st.composite
def worlds(draw):
    names = NAMES[: draw(st.integers(2, 7))]
    told = [fact for name in names for fact in draw(tellings(name))]
    acts = draw(st.lists(deeds(names), max_size=3, unique_by=lambda fact: fact.act))
    return told, acts


def cut(told, acts, random):
    """Return all facts in some order, some of them twice, in batches of one account each."""
    order = told + random.choices(told, k=random.randrange(3))
    random.shuffle(order)
    batches = []
    while order:
        size, account = random.randrange(1, 5), order[0].account
        taken = [fact for fact in order[:size] if fact.account == account]
        order = order[len(taken) :] if taken == order[: len(taken)] else _without(order, taken)
        batches.append(taken)
        batches += [[act] for act in acts if random.randrange(3) == 0]
    return batches + [[act] for act in acts]


def _without(order, taken):
    rest = list(order)
    for fact in taken:
        rest.remove(fact)
    return rest


def play(ears, batches):
    here, done = set(), set()
    for batch in batches:
        if batch[0].act:
            if batch[0] not in done and batch[0].needs <= here:
                done.add(batch[0])
                kind, on, other, at = batch[0].act
                ears.act(kind, on, at, named(kind, other))
            continue
        ears.hear(*(fact.item for fact in batch), to=ears.to(batch[0].account))
        here = {row[0] for row in ears.all("SELECT external_id FROM messages")}
    return snapshot(ears)


def named(kind, other):
    if kind == "opened":
        return thread_id("acme", "x", other, "private")
    return other and message_id("acme", "x", other)


def snapshot(ears):
    found = {
        name: sorted(ears.all(f"SELECT {columns} FROM {name}"), key=repr)
        for name, columns in TABLES.items()
    }
    for name, select in ONLY.items():
        found[name] = sorted(ears.all(select), key=repr)
    return found


def check(one, two, why):
    for name in one:
        assert two[name] == one[name], f"{why}: {name}"


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_we_are_told_is_nothing(make_ears, world, random):
    told, acts = world
    first = [[f for f in told if f.account == account] for account in ("acme-x", "acme-y")]
    expected = play(make_ears(), [batch for batch in first if batch] + [[act] for act in acts])
    ears = make_ears()
    check(expected, play(ears, cut(told, acts, random)), "in another order")
    ears.refold({customer for (customer,) in ears.all("SELECT customer FROM threads") if customer})
    check(expected, snapshot(ears), "folded again")
    again = [fact for fact in told if fact.account == "acme-x"]
    if again:
        ears.hear(*(fact.item for fact in again))
    check(expected, snapshot(ears), "told once more")
