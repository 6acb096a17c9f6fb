"""The ledger: right to the cent, shared by workers, and a stop before the limit."""

from datetime import datetime, timedelta
from decimal import Decimal

import anyio
import pytest

from careline.plugin import Refusal, Rejected, Transient
from careline_twitter.book import FULL

from .conftest import BEARER, OAUTH1, OAUTH2

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]
CENT = Decimal("0.001")


async def today(api):
    """What is booked today, kind by kind, and in all."""
    rows = [row for row in await api.ledger.usage() if len(row.period) == len("2026-01-05")]
    return {row.kind: row.objects for row in rows}, sum((row.dollars for row in rows), Decimal(0))


async def pages(ask):
    token, count = None, 0
    while True:
        told = await ask(token=token)
        count += len(told.get("data", []))
        token = told["meta"].get("next_token")
        if token is None:
            return count


def crowd(x, count):
    """So many mentions by 40 people; each third answers or quotes another post."""
    last = x.post("robin", "@acme first")
    for n in range(count - 1):
        reply = last if n % 3 == 0 else None
        quote = last if n % 3 == 1 else None
        last = x.post(f"fan{n % 40}", f"@acme it broke, {n}", reply_to=reply, quote=quote)


@pytest.mark.parametrize("who", [OAUTH1, BEARER], ids=["user", "app"])
async def test_what_is_booked_is_what_x_bills_to_the_cent(desk, x, who):
    api = desk.api(**who, user_id=x.us.id)
    crowd(x, 450)
    assert await pages(lambda token: api.mentions(x.us.id, token=token)) == 450
    assert await pages(lambda token: api.search("broke -is:retweet", token=token)) == 449
    first = (await api.search("broke"))["data"][0]["id"]
    await api.posts([first])
    await api.users([x.us.id])
    objects, dollars = await today(api)
    assert dollars == x.spend.total
    assert objects == dict(x.spend.objects)


async def test_all_that_we_do_is_booked_as_x_bills_it(desk, x):
    x.app.level = "enterprise"
    api = desk.api(**OAUTH1, tier="enterprise")
    kim, hers = x.user("kim"), x.post("kim", "@acme it broke")
    x.dm("kim", "are you there?")
    await api.me()
    mine = (await api.post("Sorry! (1/2)", reply_to=hers.id))["data"]["id"]
    await api.post("It is on its way. (2/2)", reply_to=mine)
    await api.post("News", deep_link=True)
    await api.post("See acme.example.com/help")
    await api.post("See https://acme.com", reply_to=hers.id)
    await api.dm("Here we are", user=kim.id)
    await api.dm_events()
    conversation = (await api.dm_events(with_user=kim.id))["data"][0]["dm_conversation_id"]
    await api.dm("And here", conversation=conversation)
    reply = x.post("kim", "no", reply_to=x.platform.world.posts[mine])
    ours = x.post(x.us, "Good morning")
    rude = x.post("kim", "boo", reply_to=ours)
    await api.hide(rude.id, True)
    await api.follow(x.us.id, kim.id)
    await api.delete(mine)
    assert reply.id
    objects, dollars = await today(api)
    assert dollars == x.spend.total
    assert objects == dict(x.spend.objects)


async def test_what_fails_costs_nothing_and_what_is_read_again_costs_once(desk, x):
    api = desk.api(**OAUTH1)
    crowd(x, 120)
    for how in ("cut-body", "500", "not-json", "cut-before"):
        x.fail(how, on="GET */mentions", times=1)
        with pytest.raises(Transient):
            await api.mentions(x.us.id)
    await pages(lambda token: api.mentions(x.us.id, token=token))
    assert (await today(api))[1] == x.spend.total


async def test_the_same_object_costs_again_on_the_next_day(desk, x, clock):
    api = desk.api(**OAUTH1)
    x.post("kim", "@acme hello")
    await api.mentions(x.us.id)
    clock.advance(86_400)
    await api.mentions(x.us.id)
    assert (await today(api))[1] == x.spend.on(clock.now().date()).total > 0
    month = [row for row in await api.ledger.usage() if row.period == "2026-01"]
    assert sum(row.dollars for row in month) == x.spend.total


async def test_two_workers_book_into_one_ledger(desk, x):
    await desk.logged_in()
    crowd(x, 300)
    workers = [desk.api(**OAUTH2) for _ in range(3)]

    async def read(api):
        await pages(lambda token: api.mentions(x.us.id, token=token))
        await api.post(f"Hello {workers.index(api)}")

    async with anyio.create_task_group() as tasks:
        for api in workers:
            tasks.start_soon(read, api)
    for api in (*workers, desk.api(**OAUTH2)):
        assert await today(api) == (dict(x.spend.objects), x.spend.total)


async def test_many_pages_of_the_book_count_each_object_once(desk):
    api, other = desk.api(**OAUTH1), desk.api(**OAUTH1)
    ids = [str(n) for n in range(3 * FULL)]
    for start in range(0, len(ids), 100):
        worker = api if start % 200 else other
        await worker.ledger.spend("post.read", ids[start : start + 100])
        await worker.ledger.spend("owned.read", ids[max(0, start - 500) : start + 100])
    assert await today(desk.api(**OAUTH1)) == ({"post.read": 3 * FULL}, 15 * FULL * CENT)
    assert (await desk.states["twitter:acme-x:spending"].get("spent:2026-01-05:2"))[1] > 0


async def test_a_month_is_the_sum_of_its_days_and_forgets_what_was_read(desk, clock):
    spent = 0
    for _ in range(40):
        api = desk.api(**OAUTH1)
        await api.ledger.spend("post.read", [str(n) for n in range(10)])
        spent = spent + 10 if clock.now().day > 1 else 10
        (row,) = [row for row in await api.ledger.usage() if row.period.count("-") == 1]
        assert (row.objects, row.dollars) == (spent, spent * 5 * CENT)
        clock.advance(86_400)
    state = desk.states["twitter:acme-x:spending"]
    assert (await state.get("spent:2026-01-20:0"))[0] is None


async def test_a_day_is_not_summed_up_while_another_worker_may_write_into_it(desk, clock):
    late, early = desk.api(**OAUTH1), desk.api(**OAUTH1)
    clock.advance_to(datetime.fromisoformat("2026-01-05T23:59:59Z"))
    await late.ledger.spend("delete")
    day = late.ledger._book.today(clock.now())
    clock.advance(2)
    await early.ledger.usage()
    await day.add([late.ledger._charge("delete", "")])
    clock.advance(timedelta(hours=2).total_seconds())
    (row,) = [row for row in await desk.api(**OAUTH1).ledger.usage() if row.period == "2026-01"]
    assert row.objects == 2


async def test_pages_get_smaller_and_then_all_stops_before_the_limit(desk, x, clock):
    limit = Decimal(1)
    api = desk.api(**OAUTH1, budget={"day": limit})
    crowd(x, 700)
    with pytest.raises(Rejected) as caught:
        await pages(lambda token: api.mentions(x.us.id, token=token))
    assert caught.value.reason is Refusal.BUDGET_EXHAUSTED
    assert caught.value.until == datetime.fromisoformat("2026-01-06T00:00Z")
    sizes = [int(asked.query["max_results"]) for asked in x.requests]
    assert sizes[0] > sizes[-1] >= 5
    assert limit - Decimal("0.21") < x.spend.total <= limit
    clock.advance_to(caught.value.until)
    assert await api.mentions(x.us.id, max_results=5)


@pytest.mark.parametrize(
    ("budget", "done"),
    [
        ({"day": 0.05}, 3),
        ({"month": 0.045}, 3),
        ({"day_objects": 4}, 4),
        ({"month_objects": 2}, 2),
        ({"day": 0}, 0),
        ({"day_objects": 0}, 0),
    ],
)
async def test_each_limit_holds_for_what_we_say(desk, x, budget, done):
    api = desk.api(**OAUTH1, budget=budget)
    for n in range(done):
        await api.post(f"Hello {n}")
    with pytest.raises(Rejected) as caught:
        await api.post("One more")
    assert caught.value.reason is Refusal.BUDGET_EXHAUSTED
    assert len(x.sent) == done
    assert next(iter(budget)) in str(caught.value)


async def test_four_fifths_of_a_limit_are_said_once_by_one_worker(desk, clock):
    workers = [desk.api(**OAUTH1, budget={"day": 0.1, "month": 50}) for _ in range(2)]
    for n in range(9):
        await workers[n % 2].ledger.spend("delete")
        assert len(desk.log.events("warning")) == (n >= 7)
    assert workers[0].ledger.warnings == ("0.09 of 0.1 dollars of `budget.day` are spent",)
    clock.advance(86_400)
    assert workers[0].ledger.warnings == ()
    for _ in range(8):
        await desk.api(**OAUTH1, budget={"day": 0.1}).ledger.spend("delete")
    assert len(desk.log.events("warning")) == 2


async def test_prices_of_the_operators_own_are_booked(desk):
    api = desk.api(**OAUTH1, prices={"post.create": 0.0125})
    await api.ledger.spend("post.create", 3)
    assert (await today(api))[1] == Decimal("0.0375")


async def test_nothing_is_too_dear_where_it_costs_nothing(desk, x):
    api = desk.api(**OAUTH1, budget={"day": 0}, prices={"delete": 0})
    with pytest.raises(Rejected, match="Could not find"):
        await api.delete("1")


async def test_x_can_be_asked_what_it_counted_itself(desk, x):
    api = desk.api(**BEARER, user_id=x.us.id)
    x.post("kim", "@acme hello")
    await api.mentions(x.us.id)
    usage = (await api.usage(2))["data"]["daily_project_usage"]["usage"]
    assert [int(one["usage"]) for one in usage] == [0, 1]
