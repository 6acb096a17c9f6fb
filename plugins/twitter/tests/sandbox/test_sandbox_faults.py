"""The fault script: what each fault looks like to a client, and what was done all the same."""

import signal
import subprocess
import sys

import anyio
import httpx
import pytest

from careline.testing.clock import START, settle
from careline_twitter.sandbox import TwitterSandbox

pytestmark = pytest.mark.anyio
POST = {"text": "We are back."}
PATTERN = "GET */mentions"


def mentions(x):
    return f"/2/users/{x.us.id}/mentions"


@pytest.fixture
def said(x):
    return [x.post("kim", f"@acme {number}").id for number in range(12)]


def ids(page):
    return [one["id"] for one in page.get("data", [])]


@pytest.mark.parametrize(
    ("how", "status", "told"),
    [
        ("401", 401, "Unauthorized"),
        ("403-token", 403, "client-not-enrolled"),
        ("403-policy", 403, "You are not permitted to perform this action."),
        ("404", 404, "resource-not-found"),
        ("410", 410, "Gone"),
        ("429", 429, "Too Many Requests"),
        ("500", 500, "Internal Server Error"),
        ("503", 503, "Service Unavailable"),
        ("suspended", 403, "is suspended"),
        ("locked", 403, "temporarily locked"),
        ("usage-capped", 429, "UsageCapExceeded"),
        ("too-many-connections", 429, "TooManyConnections"),
    ],
)
async def test_a_refusal_stays_until_it_is_lifted_and_does_nothing(x, us, how, status, told):
    x.fail(how)
    for _ in range(2):
        answer = await us.post("/2/tweets", json=POST)
        assert answer.status_code == status
        assert told in answer.text
    assert (x.done, x.spend.total) == ([], 0)
    x.fail(None)
    assert (await us.post("/2/tweets", json=POST)).status_code == 201


async def test_one_fault_takes_the_place_of_another(x, us):
    x.fail("401")
    x.fail("500")
    assert (await us.get("/2/users/me")).status_code == 500


async def test_a_script_goes_by_times_and_places(x, us):
    x.fail("401", times=1, on=PATTERN)
    x.fail("503", times=2, on=PATTERN)
    assert (await us.get("/2/users/me")).status_code == 200
    found = [(await us.get(mentions(x))).status_code for _ in range(4)]
    assert found == [401, 503, 503, 200]


async def test_a_429_tells_when_it_ends(x, us):
    x.fail("429")
    answer = await us.get(mentions(x))
    assert int(answer.headers["x-rate-limit-reset"]) == START.timestamp() + 7
    assert answer.headers["x-rate-limit-remaining"] == "0"
    x.fail("429", seconds=90)
    answer = await us.get(mentions(x))
    assert int(answer.headers["x-rate-limit-reset"]) == START.timestamp() + 90


@pytest.mark.parametrize(("how", "done"), [("cut-before", 0), ("cut-after", 1)])
async def test_a_line_is_cut_before_something_is_done_or_after_it(x, us, how, done):
    x.fail(how)
    with pytest.raises(httpx.RemoteProtocolError):
        await us.post("/2/tweets", json=POST)
    assert len(x.done) == done
    assert (await us.get("/2/users/me")).status_code == 200
    x.fail(how, on="GET *")
    with pytest.raises(httpx.RemoteProtocolError):
        await us.get("/2/users/me")


async def test_a_500_may_come_after_all_was_done(x, us):
    x.fail("500-after", times=1)
    assert (await us.post("/2/tweets", json=POST)).status_code == 500
    assert x.done == [("post", POST["text"], "")]


async def test_a_line_is_cut_within_the_body(x, us, said):
    x.fail("cut-body", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        await us.get(mentions(x))
    x.fail("cut-body", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await us.post("/2/tweets", json=POST)
    assert len(x.done) == 1


async def test_a_platform_can_fall_silent(x, us):
    x.fail("hang", times=1)
    with pytest.raises(httpx.ReadTimeout):
        await us.get("/2/users/me", timeout=0.05)
    assert (await us.get("/2/users/me")).status_code == 200


async def test_an_answer_can_be_a_page_of_html(x, us):
    x.fail("not-json", times=1)
    answer = await us.post("/2/tweets", json=POST)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/html")
    assert len(x.done) == 1


async def test_an_answer_can_be_slow(x, us, clock):
    x.fail("slow", times=1, seconds=30)
    got = []

    async def ask():
        got.append((await us.get("/2/users/me")).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        with anyio.fail_after(5):
            while not x.requests:  # noqa: ASYNC110 -- it is on its way over a socket
                await anyio.sleep(0.001)
        await settle()
        clock.advance(29)
        await settle()
        assert got == []
        clock.advance(1)
    assert got == [200]


async def test_a_page_repeats_what_the_one_before_had(x, us, said):
    x.fail("duplicates")
    first = await us.get_json(mentions(x), max_results=5)
    token = first["meta"]["next_token"]
    second = await us.get_json(mentions(x), max_results=5, pagination_token=token)
    assert set(ids(first)) & set(ids(second))
    assert len(ids(second)) > len(set(ids(second)))
    assert {*ids(first), *ids(second)} == set(said[2:])


async def test_a_page_is_out_of_order(x, us, said):
    x.fail("shuffled", times=1)
    page = await us.get_json(mentions(x), max_results=100)
    assert ids(page) != said[::-1]
    assert sorted(ids(page)) == said


async def test_a_token_comes_twice(x, us, said):
    x.fail("same-token", times=1)
    first = await us.get_json(mentions(x), max_results=5)
    token = first["meta"]["next_token"]
    second = await us.get_json(mentions(x), max_results=5, pagination_token=token)
    assert second["meta"]["next_token"] == token
    third = await us.get_json(mentions(x), max_results=5, pagination_token=token)
    assert third["meta"]["next_token"] != token
    assert ids(third) == ids(second)


async def test_an_empty_page_goes_on_where_it_stood(x, us, said):
    x.fail("empty-page", times=2)
    token, pages = {}, []
    while True:
        pages.append(await us.get_json(mentions(x), max_results=5, **token))
        if "next_token" not in pages[-1]["meta"]:
            break
        token = {"pagination_token": pages[-1]["meta"]["next_token"]}
    assert [page["meta"]["result_count"] for page in pages] == [0, 0, 5, 5, 2]
    assert "data" not in pages[0]
    assert [id for page in pages for id in ids(page)] == said[::-1]


async def test_what_is_absent_is_null(x, us, said):
    x.fail("nulls", times=1)
    page = await us.get_json(mentions(x), expansions="author_id")
    assert page["data"][0]["in_reply_to_user_id"] is None
    assert page["includes"]["users"][0]["location"] is None


async def test_there_are_fields_that_nobody_knows(x, us, said):
    x.fail("unknown", times=1)
    page = await us.get_json(mentions(x))
    assert page["data"][0]["x_new_flag"] is True
    assert "x_new" in page


async def test_errors_ride_beside_the_data(x, us, said):
    x.fail("errors", times=1)
    page = await us.get_json(mentions(x))
    assert len(page["data"]) == 10
    assert page["errors"][0]["title"] == "Authorization Error"


async def test_a_page_can_be_all_of_that(x, us, said):
    for how in ("duplicates", "shuffled", "nulls", "unknown", "errors"):
        x.fail(how, on=PATTERN)
    page = await us.get_json(mentions(x))
    assert {"x_new", "errors"} < page.keys()
    assert len(ids(page)) == 11
    assert page["data"][0]["entities"] is None


async def test_timelines_and_search_show_late(x, us, app, clock):
    x.show_after(15)
    post = x.post("kim", "@acme kettle")
    assert ids(await us.get_json(mentions(x))) == []
    assert ids(await app.get_json("/2/tweets/search/recent", query="kettle")) == []
    assert ids(await us.get_json("/2/tweets", ids=post.id)) == [post.id]
    clock.advance(15)
    assert ids(await us.get_json(mentions(x))) == [post.id]


async def test_an_endpoint_that_is_not_there_is_told(us):
    assert (await us.get("/1.1/statuses/update.json")).status_code == 404
    assert (await us.put("/2/users/me")).status_code == 405


async def test_a_sandbox_can_be_entered_again_and_leaves_its_port(anyio_backend):
    x = TwitterSandbox()
    addresses = []
    for _ in range(2):
        async with x, httpx.AsyncClient(base_url=x.base_url) as client:
            addresses.append(x.base_url)
            assert (await client.get("/2/users/me")).status_code == 401
    for address in addresses:
        with pytest.raises(OSError, match=r"."):
            await anyio.connect_tcp("127.0.0.1", int(address.rpartition(":")[2]))


def test_it_runs_by_itself_until_it_is_interrupted():
    command = [sys.executable, "-m", "careline_twitter.sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = dict(process.stdout.readline().strip().split(": ") for _ in range(3))
        headers = {"authorization": f"Bearer {told['bearer']}"}
        page = httpx.get(f"{told['url']}/2/users/{told['us']}/mentions", headers=headers).json()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert page["data"][0]["text"] == "@acme my kettle broke"
