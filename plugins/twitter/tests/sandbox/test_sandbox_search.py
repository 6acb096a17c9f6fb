"""The query language: what it finds, and what it refuses."""

from datetime import timedelta

import pytest

from careline.testing.clock import START

pytestmark = pytest.mark.anyio
PATH = "/2/tweets/search/recent"


@pytest.fixture
def said(x):
    """Posts by a short name each."""
    ours = x.post(x.us, "Our new kettle is here")
    return {
        "ours": ours,
        "broke": x.post("kim", "My kettle broke! #fail $ACME"),
        "café": x.post("kim", "Das Café hat einen Acme-Kessel", lang="de"),
        "asks": x.post("robin", "@acme where is it? https://shop.example.com/order/4711"),
        "reply": x.post("kim", "thanks", reply_to=ours),
        "quote": x.post("robin", "look", quote=ours),
        "photo": x.post("kim", "that is it", media=1),
        "repost": x.repost("robin", ours),
    }


async def found(client, query, **more):
    page = await client.get_json(PATH, query=query, max_results=100, **more)
    return {post["id"] for post in page.get("data", [])}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("kettle", "ours broke"),
        ("KETTLE broke", "broke"),
        ("kettle -broke", "ours"),
        ("broke OR thanks", "broke reply"),
        ("(broke OR thanks) from:kim", "broke reply"),
        ("my (kettle OR it) -#fail", ""),
        ('"kettle broke"', "broke"),
        ('"broke kettle"', ""),
        ("cafe", "café"),
        ("kessel", "café"),
        ("acme-kessel", "café"),
        ("@acme", "asks reply"),
        ("from:acme", "ours"),
        ("from:@ACME", "ours"),
        ("to:acme", "reply"),
        ("#fail", "broke"),
        ("#FAIL", "broke"),
        ("$acme", "broke"),
        ('url:"shop.example.com"', "asks"),
        ("url:example.com/order", "asks"),
        ("from:kim is:reply", "reply"),
        ("from:robin is:quote", "quote"),
        ("from:robin -is:quote", "asks"),
        ("from:kim has:media", "photo"),
        ("from:robin has:links", "asks quote"),
        ("from:kim lang:de", "café"),
        ("kettle lang:en", "ours broke"),
        ("from:robin", "asks quote"),
        ("conversation_id:{ours}", "ours reply"),
        ("quotes_of_tweet_id:{ours}", "quote"),
        ("in_reply_to_tweet_id:{ours}", "reply"),
    ],
)
async def test_a_query_finds(app, said, query, names):
    query = query.format(ours=said["ours"].id)
    assert await found(app, query) == {said[name].id for name in names.split()}


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("-kettle", "at least one positive operator"),
        ("is:reply", "at least one positive operator"),
        ("has:media lang:en", "at least one positive operator"),
        ("kettle OR -broke", "cannot be an alternative"),
        ("kettle -(broke OR late)", "negating a group is not supported"),
        ("(kettle", "missing ')'"),
        ("kettle)", "extraneous input ')'"),
        ('"kettle', "no viable alternative at character"),
        ("kettle OR", "no viable alternative"),
        ("()", "no viable alternative"),
        ("near:berlin", "invalid operator 'near'"),
        ("kettle is:funny", "invalid field 'is:funny'"),
        ("from:", "invalid operator 'from'"),
        ("kettle " * 74, "1 to 512 characters"),
        ("", "can not be empty"),
    ],
)
async def test_a_query_is_refused(app, query, why):
    status, problem = await app.ask("GET", PATH, params={"query": query})
    assert status == 400
    assert why in problem["errors"][0]["message"]


async def test_512_characters_are_enough(app, said):
    query = "broke OR " + " OR ".join(f"word{number:03}" for number in range(60))
    assert len(query) > 500
    assert await found(app, query[:512].rpartition(" OR")[0]) == {said["broke"].id}


async def test_search_reaches_back_seven_days(x, app):
    x.post("kim", "kettle", at=START - timedelta(days=8))
    kept = x.post("kim", "kettle", at=START - timedelta(days=6))
    assert await found(app, "kettle") == {kept.id}


@pytest.mark.parametrize(
    ("span", "why"),
    [
        ({"since_id": "2000000000000000000"}, "must be a tweet id created after"),
        ({"start_time": "2025-12-20T09:00:00Z"}, "must be on or after 2025-12-29"),
        ({"end_time": "2026-01-05T08:59:55Z"}, "a minimum of 10 seconds prior"),
        (
            {"since_id": "2008000000000000000", "start_time": "2026-01-04T09:00:00Z"},
            "in conjunction with",
        ),
    ],
)
async def test_a_span_that_search_does_not_reach_is_refused(app, span, why):
    status, problem = await app.ask("GET", PATH, params={"query": "kettle", **span})
    assert status == 400
    assert why in problem["errors"][0]["message"]


async def test_search_goes_on_where_it_stopped(x, app):
    said = [x.post("kim", f"kettle {number}").id for number in range(12)]
    page = await app.get_json(PATH, query="kettle")
    assert page["meta"]["newest_id"] == said[-1]
    rest = await app.get_json(PATH, query="kettle", next_token=page["meta"]["next_token"])
    assert [one["id"] for one in rest["data"]] == [said[1], said[0]]
    new = x.post("kim", "kettle again").id
    assert await found(app, "kettle", since_id=said[-1]) == {new}


async def test_counts_add_up(x, app, said, clock):
    clock.advance(3600)
    x.post("kim", "kettle")
    page = await app.get_json("/2/tweets/counts/recent", query="kettle", granularity="day")
    assert page["meta"] == {"total_tweet_count": 3}
    assert len(page["data"]) == 7
    assert sum(step["tweet_count"] for step in page["data"]) == 2  # that of this moment is to come
