"""Probes and the health page: what machines are told, in a shape that stays."""

import json

import anyio
import pytest
from sqlalchemy import text

from careline.plugin import Batch
from careline.store.lanes import end
from careline.store.outbox import Outgoing, State, enqueue, load
from careline.store.times import to_micros
from careline.web import asgi


async def get(web, path, **options):
    async with web.asking(asgi(web.desk, **options)) as client:
        answer = await client.get(f"/-/{path}")
        return answer.status_code, answer.text


async def health(web):
    status, body = await get(web, "health")
    assert status == 200
    return json.loads(body)


async def test_a_process_that_answers_is_alive(web):
    assert await get(web, "live") == (200, "live")


async def test_it_is_ready_while_it_runs(web):
    asleep = (503, "not ready: nothing is heard and sent here")
    assert await get(web, "ready") == asleep
    async with anyio.create_task_group() as tasks:
        await tasks.start(web.desk.run)
        assert await get(web, "ready") == (200, "ready")
        assert (await health(web))["running"] is True
        tasks.cancel_scope.cancel()
    assert await get(web, "ready") == asleep


async def test_a_process_that_only_serves_is_ready_without_a_run(web):
    assert await get(web, "ready", run=False) == (200, "ready")
    assert (await health(web))["running"] is False


async def test_it_is_not_ready_while_it_drains(web):
    async with anyio.create_task_group() as tasks:
        await tasks.start(web.desk.run)
        async with web.asking(asgi(web.desk)) as client:
            tasks.start_soon(web.desk.drain)
            await anyio.wait_all_tasks_blocked()
            assert (await client.get("/-/ready")).status_code == 503


async def test_the_shape_of_health_is_frozen(web):
    web.clock.advance(3600)
    await web.tells(web.said("1", minutes=59.5))
    told = await health(web)
    assert told["accounts"][0] == {
        "account": "shop",
        "section": "channels",
        "kind": "relay",
        "state": "ok",
        "reason": "",
        "since": "2026-01-05T09:00:00Z",
        "failures": 0,
        "next_try": None,
        "lag_s": 30.0,
        "last_success": "2026-01-05T10:00:00Z",
        "last_item_at": "2026-01-05T10:00:00Z",
        "waiting": 0,
        "parked": 0,
        "dead": 0,
        "set_aside": 0,
        "needs": [],
    }
    assert [one["account"] for one in told["accounts"]] == ["shop", "forum", "one", "two", "day"]
    assert told | {"accounts": []} == {
        "schema_version": 1,
        "at": "2026-01-05T10:00:00Z",
        "running": False,
        "store": None,
        "accounts": [],
        "totals": {
            "accounts": 5,
            "ok": 5,
            "retrying": 0,
            "stopped": 0,
            "waiting": 0,
            "parked": 0,
            "dead": 0,
            "set_aside": 0,
        },
        "needs_person": [],
    }


async def test_what_needs_a_person_is_told_account_by_account(web):
    states = {State.QUEUED: "waiting", State.PARKED: "parked", State.DEAD: "dead"}

    def fill(conn):
        now = to_micros(web.clock.now())
        for number, state in enumerate((*states, State.DEAD, State.SENT)):
            lane = "send:forum" if number == 3 else "send:shop"
            row = Outgoing(
                id=f"a{number}", lane=lane, kind="post", brand="acme", actor="ann", at=now
            )
            enqueue(conn, [row])
            if state is not State.QUEUED:
                end(conn, load(conn, [row.id])[0], state, now)

    await web.desk.store.write(fill)
    await web.pushes(does=lambda *_: None)
    web.desk.supervisor.disable("two", "its app was taken away")
    told = await health(web)
    found = {one["account"]: one for one in told["accounts"]}
    counts = ("waiting", "parked", "dead", "set_aside")
    assert [found["shop"][name] for name in counts] == [1, 1, 1, 0]
    assert {name: one["needs"] for name, one in found.items()} == {
        "shop": ["parked", "dead"],
        "forum": ["dead"],
        "one": ["set_aside"],
        "two": ["stopped"],
        "day": [],
    }
    assert (found["two"]["state"], found["two"]["reason"]) == ("disabled", "its app was taken away")
    assert told["needs_person"] == ["shop", "forum", "one", "two"]
    assert [told["totals"][name] for name in counts] == [1, 1, 2, 1]
    assert (told["totals"]["ok"], told["totals"]["stopped"]) == (4, 1)


async def test_an_alert_that_reached_nobody_is_told_by_its_notifier(closed):
    closed.config["notifiers"] = {"shop": {"kind": "console"}}
    await closed.open()

    def fill(conn):
        now = to_micros(closed.clock.now())
        row = Outgoing(id="o1", lane="alert:shop", kind="alert", brand="acme", actor="x", at=now)
        enqueue(conn, [row])
        end(conn, load(conn, [row.id])[0], State.DEAD, now)

    await closed.desk.store.write(fill)
    found = {one["account"]: one for one in (await health(closed))["accounts"]}
    assert (found["shop"]["dead"], found["notifier shop"]["dead"]) == (0, 1)
    assert found["notifier shop"]["section"] == "notifiers"
    assert found["notifier shop"]["needs"] == ["dead"]


async def test_an_account_that_could_not_be_made_is_there_and_stopped(closed):
    closed.pushy.broken = "two"
    await closed.open()
    [two] = [one for one in (await health(closed))["accounts"] if one["account"] == "two"]
    assert (two["state"], two["needs"]) == ("disabled", ["stopped"])
    assert "it cannot be made" in two["reason"]


async def test_a_store_that_does_not_answer_is_told_and_no_count_is_made_up(closed):
    await closed.open()
    await closed.desk.store.write(lambda conn: conn.execute(text("DROP TABLE rejected")))
    told = await health(closed)
    assert "rejected" in told["store"]
    assert {one["dead"] for one in told["accounts"]} == {None}
    assert told["totals"]["waiting"] is None
    assert told["totals"]["ok"] == 5


async def test_no_secret_is_on_the_health_page(web):
    secret = web.secrets["shop"]
    try:
        await web.desk.supervisor.guard("shop", lambda: fail(f"refused: {secret}"))
    except Exception:
        told = json.dumps(await health(web))
    assert "refused: ***" in told
    assert secret not in told


async def fail(why):
    raise RuntimeError(why)


async def test_whoever_asks_often_costs_the_store_one_look_a_second(web):
    looks = []
    health = web.desk.health
    web.desk.health = lambda: looks.append(web.clock.now()) or health()
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(web.client.get, "/-/health")
    web.clock.advance(0.9)
    first = (await web.client.get("/-/health")).json()
    web.clock.advance(0.1)
    assert (await web.client.get("/-/health")).json()["at"] != first["at"]
    assert len(looks) == 2


@pytest.mark.parametrize("odd", ["\u202e", "ä", "\x1b[31m"])
async def test_whatever_a_platform_says_is_plain_ascii_here(web, odd):
    web.desk.supervisor.disable("two", f"it says {odd}")
    _, body = await get(web, "health")
    assert body.isascii()
    assert f"it says {odd}" in [one["reason"] for one in json.loads(body)["accounts"]]


async def test_an_empty_push_shows_that_the_platform_knows_us(web):
    web.clock.advance(60)
    await web.pushes(does=lambda *_: {"one": Batch()})
    found = {one.account: one for one in (await web.desk.health()).accounts}
    assert found["one"].last_success == web.clock.now()
    assert found["one"].last_item_at is None
    assert found["two"].last_success is None
