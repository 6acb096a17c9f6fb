"""A real desk on X: a complaint from tweet to resolved case, and storms that lose nothing."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import text as sql

from careline.desk import Desk
from careline.registry import Registry
from careline_twitter.sandbox import TOKENS

pytestmark = pytest.mark.anyio
SECRETS = {
    "bearer": "sandbox-bearer",
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "sandbox-consumer-secret",
    "access_token": TOKENS["oauth1"],
    "access_secret": TOKENS["oauth1_secret"],
}
READS = (
    "duplicates",
    "shuffled",
    "empty-page",
    "nulls",
    "unknown",
    "errors",
    "500",
    "503",
    "429",
)
LOST = ("cut-body", "not-json")
WRITES = ("429", "500", "cut-before", "cut-after", "not-json")


@pytest.fixture
async def desk(x, clock, tmp_path, monkeypatch):
    for name, secret in SECRETS.items():
        monkeypatch.setenv(f"X_{name}".upper(), secret)
    tokens = {name: {"env": f"X_{name}".upper()} for name in SECRETS}
    account = {
        "kind": "twitter",
        "user_id": x.us.id,
        "handle": "@acme",
        "base_url": x.base_url,
        **tokens,
    }
    config = {
        "store": {"url": f"sqlite:///{tmp_path / 'careline.db'}"},
        "brands": {"acme": {"name": "Acme", "handles": ["@acme"], "terms": ["acme anvil"]}},
        "agents": {"ann": {"name": "Ann"}},
        "channels": {"acme-x": account},
    }
    async with Desk(config, registry=Registry.load(), clock=clock, random=Random(1)) as desk:
        yield desk


async def passes(desk, clock, seconds):
    clock.advance(seconds)
    return await desk.run(once=True)


async def test_a_complaint_is_heard_answered_taken_private_and_resolved_as_one_case(x, desk, clock):
    x.post("kim", "@acme my anvil is broken")
    assert (await passes(desk, clock, 30)).fine
    [row] = (await desk.inbox()).rows
    await desk.take_private(row.id, "Sorry! We write to you.", "Which order is it?", actor="ann")
    for _ in range(3):
        await passes(desk, clock, 80)
    assert [sent.what for sent in x.sent] == ["post", "direct"]
    x.dm("kim", "Order 77")
    await passes(desk, clock, 80)
    case = await desk.conversation(row.id)
    kinds = Counter((one.visibility, one.direction) for one in case.messages)
    assert kinds == Counter(
        dict.fromkeys([(v, d) for v in ("public", "private") for d in ("in", "out")], 1)
    )
    assert len((await desk.inbox()).rows) == 1
    [private] = [span.thread for span in case.spans if span.visibility == "private"]
    await desk.reply(private, "A new one is on its way.", actor="ann")
    for _ in range(2):
        await passes(desk, clock, 80)
    await desk.resolve(row.id, actor="ann")
    case = await desk.conversation(row.id)
    assert case.status == "resolved"
    assert len(case.messages) == 5
    assert not x.twice


def stored(conn):
    return Counter(row[0] for row in conn.execute(sql("SELECT external_id FROM messages")))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # it takes long; the rest runs on both
@pytest.mark.parametrize("lost", [(), LOST], ids=["", "answers-lost"])
async def test_a_storm_of_mentions_is_stored_once_and_what_it_cost_is_known(x, desk, clock, lost):
    """Forty waves of 250 mentions, over a hundred pages, each wave under three faults.

    To the cent where every answer arrives. What X bills for an answer that is lost on its way we
    learn when we read the same again, and that may then be of another kind, at another price.
    """
    x.post("kim", "@acme first")
    await passes(desk, clock, 1)
    chance, begun, troubles = Random(7), {}, 0
    for wave in range(40):
        for n in range(250):
            who = f"c{chance.randrange(200)}"
            parent = begun.get(who) if chance.random() < 0.3 else None
            post = x.post(who, f"@acme anvil trouble {wave}/{n}", reply_to=parent)
            begun.setdefault(who, post)
        x.fail(None)
        for how in chance.sample((*READS, *lost), 3):
            x.fail(how, on="GET */mentions", times=1)
            x.fail(how, on="GET */search/recent", times=1)
        troubles += not (await passes(desk, clock, 61)).fine
    x.fail(None)
    for _ in range(20):
        await passes(desk, clock, 600)
    assert troubles > 20
    kept = await desk.read(stored)
    assert kept == Counter(dict.fromkeys(x.platform.world.posts, 1))
    rows = await desk.hearing.accounts["acme-x"].channel._api.ledger.usage()
    spent = sum((row.dollars for row in rows if len(row.period) == 10), Decimal(0))
    billed = x.spend.on(clock.now().date()).total
    off = billed * Decimal("0.02") if lost else 0
    assert billed - off <= spent <= billed + off


async def written(desk):
    """What the ledger says of this month's writes, kind by kind."""
    rows = await desk.hearing.accounts["acme-x"].channel.usage()
    return {one.kind: one.count for one in rows if "create" in one.kind and len(one.period) == 7}


def billed_writes(x):
    return Counter(one.kind for one in x.platform.bill.charges if "create" in one.kind)


async def test_what_is_sent_under_faults_is_neither_lost_nor_said_twice(x, desk, clock):
    posts = [x.post(f"c{n}", f"@acme help {n}") for n in range(12)]
    await passes(desk, clock, 1)
    rows = (await desk.inbox()).rows
    assert len(rows) == len(posts)
    chance = Random(3)
    for n, row in enumerate(rows):
        await desk.reply(row.id, f"Here you are, number {n}.", actor="ann")
    for _ in range(80):
        x.fail(chance.choice(WRITES), on="POST /2/tweets", times=1)
        await passes(desk, clock, 120)
        if len(x.sent) == len(posts):
            break
    x.fail(None)
    for _ in range(10):
        await passes(desk, clock, 400)
    assert len(x.sent) == len(posts)
    assert not x.twice
    assert await written(desk) == billed_writes(x)
    assert {view.state for view in await desk.outbox()} <= {"sent"}


async def test_messages_that_are_sent_under_faults_are_neither_lost_nor_said_twice(x, desk, clock):
    customers = [f"c{n}" for n in range(12)]
    for customer in customers:
        x.dm(customer, "Help!")
    for _ in range(2):
        await passes(desk, clock, 80)
    rows = (await desk.inbox()).rows
    assert len(rows) == len(customers)
    chance = Random(5)
    for n, row in enumerate(rows):
        await desk.reply(row.id, f"Here you are, number {n}.", actor="ann")
    for _ in range(80):
        x.fail(chance.choice(WRITES), on="POST /2/dm_conversations/*", times=1)
        await passes(desk, clock, 120)
        if len(x.sent) == len(customers):
            break
    x.fail(None)
    for _ in range(10):
        await passes(desk, clock, 400)
    assert [one.what for one in x.sent] == ["direct"] * len(customers)
    assert not x.twice
    assert {view.state for view in await desk.outbox()} <= {"sent"}
