"""Webhooks: what is kept, what is refused, and what is answered when."""

import json
import logging
import re
from datetime import timedelta

import anyio
import pytest

from careline.engine import receiving, unread
from careline.plugin import Batch, Challenge, Denied, Kind, Malformed, Message, Seen, Source
from careline.store.emptying import empty_rejected
from careline.store.rejected import rejected_views
from careline.store.tables import messages


async def test_what_a_webhook_says_is_kept_before_it_is_answered(web):
    answer = await web.tells(web.said("1"))
    assert (answer.status_code, answer.text) == (200, "kept")
    case = await web.case("1")
    assert [one.text for one in case.messages] == ["It is broken"]
    assert (case.account, case.channel, case.status) == ("shop", "relay", "new")


async def test_the_very_first_push_is_live_and_what_was_said_before_is_not(web):
    web.clock.advance(3600)
    await web.tells(web.said("1", minutes=59), web.said("0", minutes=-1))
    assert [(await web.case(id)).messages[0].live for id in ("0", "1")] == [False, True]
    await web.desk.run(once=True)
    web.clock.advance(86_400)
    await web.desk.run(once=True)
    fired = "SELECT count(*) FROM effects"
    assert await web.desk.read(lambda conn: conn.exec_driver_sql(fired).scalar()) > 0
    told = "SELECT count(*) FROM events WHERE verb = 'caught_up' AND object = 'shop'"
    assert await web.desk.read(lambda conn: conn.exec_driver_sql(told).scalar()) == 0


async def test_the_very_first_push_alerts_and_its_repeat_does_not(closed):
    closed.config |= {
        "notifiers": {"desk": {"kind": "console"}},
        "alerts": [{"to": ["desk"], "on": ["new"]}],
    }
    await closed.open()
    closed.clock.advance(60)
    for _ in range(2):
        await closed.tells(closed.said("0", minutes=-1), closed.said("1", minutes=1))
    found = "SELECT conversation, reason FROM alerts"
    rows = await closed.desk.read(lambda conn: conn.exec_driver_sql(found).all())
    assert [tuple(row) for row in rows] == [(closed.id("1"), "new")]
    lanes = "SELECT lane, kind FROM outbox"
    rows = await closed.desk.read(lambda conn: conn.exec_driver_sql(lanes).all())
    assert [tuple(row) for row in rows] == [("alert:desk", "alert")]


async def test_who_was_known_before_stays_so_when_the_desk_opens_again(web):
    web.clock.advance(3600)
    await web.open()
    await web.tells(web.said("1", minutes=1))
    assert (await web.case("1")).messages[0].live


async def test_how_it_came_is_kept(web):
    await web.tells(web.said("1"))
    found = await web.desk.read(lambda c: c.exec_driver_sql("SELECT found_by FROM messages").all())
    assert [tuple(row) for row in found] == [("webhook",)]


async def test_a_webhook_that_comes_again_changes_nothing(web):
    for _ in range(3):
        assert (await web.tells(web.said("1"))).status_code == 200
    assert await web.count() == 1
    summary = web.desk.hearing.summary["shop"]
    assert (summary.new, summary.known) == (1, 2)


async def test_a_replay_within_five_minutes_is_known_and_later_denied(web):
    body = json.dumps({"items": [web.said("1")]}).encode()
    sent = web.signed(body)
    for seconds, status in ((0, 200), (299, 200), (2, 401)):
        web.clock.advance(seconds)
        answer = await web.client.post("/hooks/relay", content=body, headers=sent)
        assert answer.status_code == status
    assert await web.count() == 1


async def test_a_forged_webhook_leaves_nothing_but_a_line_in_the_log(web, caplog):
    body = json.dumps({"items": [web.said("1")]}).encode()
    sent = web.signed(body) | {"webhook-signature": "v1,Zm9yZ2Vk"}
    answer = await web.client.post("/hooks/relay", content=body, headers=sent)
    assert (answer.status_code, answer.text) == (401, "denied")
    assert await web.count() == 0
    assert await web.aside() == []
    assert "a webhook is denied" in caplog.text
    assert "It is broken" not in caplog.text


async def test_one_flipped_byte_is_a_forgery(web):
    body = json.dumps({"items": [web.said("1")]}).encode()
    flipped = body.replace(b"broken", b"brokeN")
    answer = await web.client.post("/hooks/relay", content=flipped, headers=web.signed(body))
    assert answer.status_code == 401
    assert await web.count() == 0


async def test_two_accounts_share_an_endpoint_and_each_gets_its_own(web):
    await web.tells(web.said("1", "In the shop"), by="shop")
    await web.tells(web.said("1", "In the forum"), by="forum")
    for account in ("shop", "forum"):
        case = await web.case("1", account)
        assert case.account == account
        assert [one.text for one in case.messages] == [f"In the {account}"]


async def test_a_body_that_is_no_json_is_set_aside_and_taken(web):
    answer = await web.sends(b"dear all, it is broken", id="w7")
    assert answer.status_code == 200
    [aside] = await web.aside()
    assert (aside.account, aside.source, aside.place) == ("shop", "webhook", "w7")
    assert (aside.raw, aside.why[:8]) == ("dear all, it is broken", "not JSON")


async def test_of_many_items_one_that_is_wrong_costs_no_other(web):
    await web.tells(web.said("1"), {"type": "seen", "message": {}}, web.said("2"))
    assert await web.count() == 2
    [aside] = await web.aside()
    assert aside.place == "w1:1"
    await web.tells(web.said("1"), {"type": "seen", "message": {}}, web.said("2"))
    assert [one.times for one in await web.aside()] == [2]


@pytest.mark.parametrize("kind", ["nobody", "practice", "../relay", "%00", "re lay"])
async def test_no_webhook_is_served_for_a_kind_that_takes_none(web, kind):
    assert (await web.client.post(f"/hooks/{kind}", content=b"x")).status_code == 404


async def test_only_get_and_post_are_taken(web):
    for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = await web.client.request(method, "/hooks/relay")
        assert answer.status_code == 405, method
        assert "POST" in answer.headers["allow"]


async def test_a_plugin_sees_the_request_as_it_came(web):
    seen = []
    web.pushy.does = staticmethod(lambda webhook, accounts: seen.append((webhook, accounts)) or {})
    answer = await web.client.post(
        "/hooks/pushy/a%20b/c?x=%C3%A9&x=2",
        content=b"\x00\xff",
        headers=[("X-One", "1"), ("X-Many", "a"), ("x-many", "b")],
    )
    assert answer.status_code == 200
    [(webhook, accounts)] = seen
    assert (webhook.method, webhook.path, webhook.query) == (
        "POST",
        "/hooks/pushy/a b/c",
        "x=%C3%A9&x=2",
    )
    assert (webhook.body, webhook.received_at) == (b"\x00\xff", web.clock.now())
    assert (webhook.headers["x-one"], webhook.headers["x-many"]) == ("1", "a, b")
    assert list(accounts) == ["one", "two"]


async def test_a_handshake_is_answered_as_the_plugin_says(web):
    echo = lambda webhook, _: Challenge(webhook.query.encode(), "application/x-echo")  # noqa: E731
    web.pushy.does = staticmethod(echo)
    answer = await web.client.get("/hooks/pushy?hub.challenge=42")
    assert (answer.status_code, answer.content) == (200, b"hub.challenge=42")
    assert answer.headers["content-type"] == "application/x-echo"


async def test_a_denial_has_the_plugins_status_and_none_of_its_words(web, caplog):
    answer = await web.pushes(does=lambda *_: Denied("the key is wrong", 418))
    assert (answer.status_code, answer.text) == (418, "denied")
    assert "the key is wrong" in caplog.text


def fails(*_):
    raise RuntimeError("a bug\nof two lines")


def exits(*_):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("does", "why"),
    [
        (fails, "RuntimeError: a bug"),
        (exits, "RuntimeError: it raised SystemExit"),
        (lambda *_: None, "receive gives batches by account"),
        (lambda *_: [Batch()], "receive gives batches by account"),
        (lambda *_: Challenge("text"), "receive gives batches by account"),
        (lambda *_: Denied("no", 200), "receive gives batches by account"),
        (lambda *_: {"one": "no batch"}, "TypeError: a source returns a Batch, not str"),
        (lambda *_: {"two": "no batch"}, "TypeError: a source returns a Batch, not str"),
        (lambda *_: {"one": Batch(("no item",))}, "TypeError: a batch holds items, not str"),
        (lambda *_: {"one": Batch(cursor={1})}, "TypeError: Object of type set is not JSON"),
        (lambda *_: {"three": Batch()}, "LookupError: it is for 'three', which is no account"),
        (lambda *_: {"shop": Batch()}, "LookupError: it is for 'shop', which is no account"),
        (lambda *_: {7: Batch()}, "LookupError: it is for 7, which is no account"),
    ],
)
async def test_what_a_plugin_cannot_read_is_set_aside_whole_and_taken(web, does, why, caplog):
    body = b"\x00 raw \xff" + b"x" * 100_000
    answer = await web.pushes(body, does)
    assert (answer.status_code, answer.text) == (200, "kept")
    [aside] = await web.aside()
    assert (aside.account, aside.source, aside.place) == ("one", "webhook", "webhook")
    assert why in aside.why
    assert "\n" not in aside.why
    whole = await web.desk.read(lambda c: c.exec_driver_sql("SELECT raw FROM rejected").scalar())
    assert bytes(whole) == body
    assert len(aside.raw) < 70_000
    assert "a webhook could not be read: it is set aside whole" in caplog.text


async def test_an_empty_body_that_cannot_be_read_is_shown_empty(web):
    assert (await web.pushes(b"", fails)).status_code == 200
    assert [one.raw for one in await web.aside()] == [""]


def lines(caplog, words):
    """Return the lines of the log that say so: how many each stands for."""
    found = [line.getMessage() for line in caplog.records if words in line.getMessage()]
    return [int(re.search(r"count=(\d+)", line)[1]) for line in found]


async def test_denials_make_a_line_when_they_begin_and_then_one_a_minute(web, caplog):
    for _ in range(100):
        await web.pushes(does=lambda *_: Denied("the key is wrong"))
    assert lines(caplog, "a webhook is denied") == [1]
    web.clock.advance(60)
    for _ in range(3):
        await web.pushes()
    assert lines(caplog, "a webhook is denied") == [1, 100]


async def test_what_cannot_be_read_makes_a_line_a_minute_too(web, caplog):
    for _ in range(3):
        await web.pushes(does=fails)
    web.clock.advance(60)
    await web.pushes()
    assert lines(caplog, "a webhook could not be read") == [1, 3]


@pytest.mark.parametrize("bound", ["rows", "bytes"])
async def test_what_cannot_be_read_fills_no_disk(web, monkeypatch, caplog, bound):
    monkeypatch.setattr(unread, f"MOST_{bound.upper()}", {"rows": 3, "bytes": 310}[bound])
    answers = [(await web.pushes(b"%d" % n * 100, fails)) for n in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503, 503]
    assert answers[4].headers["retry-after"] == "30"
    assert len(await web.aside()) == 3
    assert caplog.text.count("webhooks that cannot be read are kept no more") == 1
    assert (await web.pushes(does=lambda *_: {"one": batch("it is whole")})).status_code == 200
    assert (await web.tells(web.said("1"))).status_code == 200
    assert web.desk.receiving.in_trouble is False


async def test_what_was_emptied_makes_room_for_more(web, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(unread, "MOST_ROWS", 1)
    assert [(await web.pushes(b"%d" % n, fails)).status_code for n in range(2)] == [200, 503]
    await web.desk.store.write(
        lambda c: empty_rejected(c, [one.id for one in rejected_views(c)[0]])
    )
    web.clock.advance(1)
    assert (await web.pushes(b"1", fails)).status_code == 200
    assert "webhooks that cannot be read are kept again" in caplog.text


async def test_the_same_one_again_takes_no_room(web, monkeypatch):
    monkeypatch.setattr(unread, "MOST_ROWS", 2)
    for _ in range(4):
        assert (await web.pushes(b"the same", fails)).status_code == 200
        web.clock.advance(1)
    assert [one.times for one in await web.aside()] == [4]


async def test_what_a_plugin_understood_as_malformed_is_not_counted(web, monkeypatch):
    monkeypatch.setattr(unread, "MOST_ROWS", 1)
    odd = [Malformed(b"raw %d" % n, "odd", f"p{n}") for n in range(5)]
    assert (await web.pushes(does=lambda *_: {"one": Batch((*odd,))})).status_code == 200
    assert (await web.pushes(does=fails)).status_code == 200


async def test_a_plugin_that_hangs_holds_up_no_other_kind(web, monkeypatch):
    monkeypatch.setattr(receiving, "_PATIENCE", 1.0)
    free = anyio.Event()
    web.pushy.does = staticmethod(lambda *_: anyio.from_thread.run(free.wait))
    answers = []

    async def push(body):
        answers.append((await web.pushes(body)).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(60):  # more than all threads there are
            tasks.start_soon(push, b"%d" % number)
        with anyio.fail_after(20):
            assert (await web.tells(web.said("1"))).status_code == 200
    assert answers == [200] * 60
    assert len(await web.aside()) == 60
    free.set()


async def test_in_strict_mode_a_plugins_bug_is_raised_once_its_body_is_kept(closed):
    closed.strict = True
    await closed.open()
    assert (await closed.pushes(does=fails)).status_code == 500
    assert [one.raw for one in await closed.aside()] == ["a body"]


def batch(text):
    said = Message(external_id=text, kind=Kind.MENTION, posted_at="2026-01-05T09:00:00Z", text=text)
    return Batch((Seen(said),))


async def test_beside_an_unknown_account_the_known_ones_get_theirs(web):
    told = {"one": batch("for one"), "three": batch("for three"), "two": batch("for two")}
    assert (await web.pushes(does=lambda *_: told)).status_code == 200
    found = await web.desk.read(lambda c: c.execute(messages.select()).all())
    assert sorted((row.account, row.external_id) for row in found) == [
        ("one", "for one"),
        ("two", "for two"),
    ]
    assert len(await web.aside()) == 1


async def test_for_an_account_that_could_not_be_made_it_has_to_come_again(closed):
    closed.pushy.broken = "one"
    await closed.open()
    told = {"one": batch("for one"), "two": batch("for two")}
    answer = await closed.pushes(does=lambda *_: told)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert await closed.count() == 1
    assert [one.raw for one in await closed.aside()] == []
    await closed.pushes(does=fails)
    assert [one.account for one in await closed.aside()] == ["two"]
    closed.pushy.broken = ""
    await closed.open()
    assert (await closed.pushes(does=lambda *_: told)).status_code == 200
    assert await closed.count() == 2


async def test_a_source_may_not_take_the_name_of_what_is_pushed(closed):
    closed.pushy.sources = (Source("webhook"),)
    await closed.open()
    [one, *_] = [one for one in (await closed.desk.health()).accounts if one.kind == "pushy"]
    assert "no source may be named 'webhook'" in one.reason


async def test_where_no_account_of_a_kind_could_be_made_nothing_is_taken(closed):
    closed.pushy.broken = "one"
    del closed.config["channels"]["two"]
    await closed.open()
    for does in (fails, lambda *_: {"one": Batch()}):
        assert (await closed.pushes(does=does)).status_code == 503


async def test_an_item_that_breaks_a_rule_is_set_aside_and_its_neighbours_are_kept(web):
    odd = Malformed(b"raw", "odd", "p")
    assert (await web.pushes(does=lambda *_: {"one": Batch((odd, *batch("x").items))})).is_success
    assert await web.count() == 1


async def test_webhooks_are_taken_while_the_desk_runs(web):
    async with anyio.create_task_group() as tasks:
        await tasks.start(web.desk.run)
        answers = []

        async def tell(number):
            answers.append((await web.tells(web.said(f"{number}"), id=f"w{number}")).status_code)

        async with anyio.create_task_group() as several:
            for number in range(30):
                several.start_soon(tell, number)
        tasks.cancel_scope.cancel()
    assert answers == [200] * 30
    assert await web.count() == 30


async def test_a_secret_is_in_no_log_and_in_nothing_that_is_set_aside(web, caplog):
    caplog.set_level(logging.DEBUG)
    secret = web.secrets["shop"]

    def leaks(webhook, accounts):
        raise ValueError(f"cannot read {webhook.body!r} with {secret}")

    await web.pushes(does=leaks)
    await web.pushes(does=lambda *_: Denied(f"not signed by {secret}"))
    [aside] = await web.aside()
    assert secret not in caplog.text + aside.why
    assert "***" in aside.why


async def test_a_webhook_of_tomorrow_is_not_late(web):
    await web.tells(web.said("1", minutes=60 * 24))
    health = {one.account: one for one in (await web.desk.health()).accounts}
    assert health["shop"].lag_s == 0.0
    assert health["shop"].last_item_at == web.clock.now()
    web.clock.advance_to(web.at(60 * 24) + timedelta(seconds=9))
    await web.tells(web.said("2", minutes=60 * 24))
    health = {one.account: one for one in (await web.desk.health()).accounts}
    assert health["shop"].lag_s == 9.0
