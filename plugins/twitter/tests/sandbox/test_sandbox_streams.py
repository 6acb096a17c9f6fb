"""Streams: what comes down them, what keeps them alive, and how their slots are freed."""

import anyio
import httpx
import pytest

from careline.testing.clock import settle

from . import judges
from .conftest import STREAM, opened

pytestmark = pytest.mark.anyio
RULES = f"{STREAM}/rules"
CONNECTIONS = "/2/connections"


async def add_rule(app, value="kettle", tag="brand"):
    answer = await app.post(RULES, json={"add": [{"value": value, "tag": tag}]})
    return answer.json()["data"][0]["id"]


async def until_closed(x):
    with anyio.fail_after(5):
        while x.platform.streams.open:  # noqa: ASYNC110 -- the server notices in its own time
            await anyio.sleep(0.005)


async def test_what_a_rule_matches_comes_down_with_its_tag(x, app):
    id = await add_rule(app)
    query = {"tweet_fields": "author_id", "expansions": "author_id"}
    async with opened(app, **query) as line:
        x.post("kim", "Good morning")
        post = x.post("kim", "My kettle broke")
        heard = await line.next()
    assert heard["data"]["id"] == post.id
    assert heard["matching_rules"] == [{"id": id, "tag": "brand"}]
    assert heard["includes"]["users"][0]["username"] == "kim"
    judges.valid({"$ref": "#/components/schemas/FilteredStreamingTweetResponse"}, heard, judges.OLD)
    judges.valid({"$ref": "#/components/schemas/StreamPostsResponse"}, heard)


async def test_the_stream_sees_quoted_text_and_takes_accents_as_they_are(x, app):
    await add_rule(app, "café OR kettle")
    async with opened(app) as line:
        x.post("kim", "cafe")
        x.post("kim", "look", quote=x.post("robin", "a Kettle"))
        x.post("kim", "Café")
        texts = [(await line.next())["data"]["text"] for _ in range(3)]
    assert [text.split(" https")[0] for text in texts] == ["a Kettle", "look", "Café"]


async def test_the_stream_speaks_the_new_words_where_they_are_asked_for(x, app):
    await add_rule(app)
    async with opened(app, post_fields="public_metrics") as line:
        x.post("kim", "My kettle broke")
        heard = await line.next()
    assert "repost_count" in heard["data"]["public_metrics"]


async def test_a_keep_alive_comes_every_20_seconds(x, app, clock):
    await add_rule(app)
    async with opened(app) as line:
        for _ in range(3):
            await settle()
            clock.advance(20)
            assert await line.raw() == b""
        x.fail("silent", on=f"GET {STREAM}")
        await settle()
        clock.advance(20)
        x.post("kim", "My kettle broke")
        with anyio.move_on_after(0.1) as waited:
            await line.raw()
        assert waited.cancelled_caught


async def test_without_rules_there_is_no_stream(app):
    status, problem = await app.ask("GET", STREAM)
    assert (status, problem["connection_issue"]) == (409, "RuleConfigurationIssue")


async def test_there_is_one_slot_and_it_is_free_once_its_client_hangs_up(x, app):
    await add_rule(app)
    async with opened(app) as line:
        assert line.response.status_code == 200
        status, problem = await app.ask("GET", STREAM)
        assert (status, problem["connection_issue"]) == (429, "TooManyConnections")
        assert problem["type"].endswith("/problems/streaming-connection")
    await until_closed(x)
    async with opened(app) as line:
        assert line.response.status_code == 200


async def test_a_slot_that_is_stuck_is_freed_by_deleting_its_connection(x, app):
    await add_rule(app)
    x.linger()
    async with opened(app):
        pass
    await until_closed(x)
    assert (await app.ask("GET", STREAM))[0] == 429
    [held] = (await app.get_json(CONNECTIONS))["data"]
    assert held["endpoint_name"] == "filtered_stream"
    _, told = await app.ask("DELETE", f"{CONNECTIONS}/all")
    assert told["data"]["successful_kills"] == 1
    async with opened(app) as line:
        assert line.response.status_code == 200


async def test_deleting_a_connection_ends_what_is_open(x, app):
    await add_rule(app)
    async with opened(app) as line:
        await app.delete(f"{CONNECTIONS}/filtered_stream")
        assert await line.raw() is None
    [past] = (await app.get_json(CONNECTIONS, status="inactive"))["data"]
    assert past["disconnect_reason"] == "operator_disconnect"


async def test_x_says_when_it_ends_a_stream_for_reasons_of_its_own(x, app):
    await add_rule(app)
    async with opened(app) as line:
        x.disconnect()
        [problem] = (await line.next())["errors"]
        assert problem["title"] == "operational-disconnect"
        assert problem["disconnect_type"] == "UpstreamOperationalDisconnect"
        assert await line.raw() is None
    schema = {"$ref": "#/components/schemas/OperationalDisconnectProblem"}
    judges.valid(schema, problem, judges.OLD)


async def test_a_stream_can_be_cut(x, app):
    await add_rule(app)
    async with opened(app) as line:
        x.cut()
        with pytest.raises(httpx.RemoteProtocolError):
            await line.raw()


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("duplicates", ["kettle 1", "kettle 1", "kettle 2", "kettle 3"]),
        ("shuffled", ["kettle 2", "kettle 1", "kettle 3"]),
        ("unknown", [None, "kettle 1", "kettle 2", "kettle 3"]),
    ],
)
async def test_a_stream_doubles_shuffles_and_brings_news(x, app, how, heard):
    await add_rule(app)
    x.fail(how, on=f"GET {STREAM}", times=1)
    async with opened(app) as line:
        for number in (1, 2, 3):
            x.post("kim", f"kettle {number}")
        got = [(await line.next())["data"].get("text") for _ in heard]
    assert got == heard


async def test_rules_are_added_once_tried_dry_and_deleted(x, app):
    body = {"add": [{"value": "kettle", "tag": "brand"}]}
    answer = await app.post(RULES, json=body, params={"dry_run": "true"})
    assert answer.json()["meta"]["summary"] == {
        "created": 1, "not_created": 0, "valid": 1, "invalid": 0,
    }  # fmt: skip
    assert "data" not in await app.get_json(RULES)
    id = await add_rule(app)
    again = (await app.post(RULES, json=body)).json()
    assert again["errors"][0]["title"] == "DuplicateRule"
    assert again["errors"][0]["id"] == id
    wrong = (await app.post(RULES, json={"add": [{"value": "-kettle"}]})).json()
    assert wrong["errors"][0]["type"].endswith("/problems/invalid-rules")
    assert wrong["meta"]["summary"]["not_created"] == 1
    gone = await app.post(RULES, json={"delete": {"values": ["kettle"], "ids": ["12"]}})
    assert gone.json()["meta"]["summary"] == {"deleted": 1, "not_deleted": 1}
    assert (await app.get_json(RULES))["meta"]["result_count"] == 0


async def test_what_comes_down_is_billed(x, app):
    await add_rule(app)
    async with opened(app, expansions="author_id") as line:
        x.post("kim", "My kettle broke")
        await line.next()
    assert x.spend.objects == {"post.read": 1, "user.read": 1}
