"""The platform on loopback is a real one: it speaks HTTP, keeps what it did, fails as told."""

import json
from typing import Any

import anyio
import httpx
import pytest

from careline.testing import Fault, LoopbackHost, nothing_left_open


class Shop(LoopbackHost):
    """Takes orders by POST, and lists them."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.done.append(json.loads(request.content))
        if request.url.path == "/broken":
            raise LookupError("a bug of this stand-in")
        return httpx.Response(200, json=self.done, headers={"seen": request.headers["origin"]})


def client(host: LoopbackHost) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=host.base_url, headers={"origin": "test"}, timeout=5)


async def test_it_does_what_it_is_asked_and_keeps_it() -> None:
    async with Shop() as shop, client(shop) as http:
        for number in range(3):
            response = await http.post("/orders?page=1", json={"order": number})
        listed = await http.get("/orders")
        bare = await http.head("/orders")
    assert response.json() == listed.json() == [{"order": 0}, {"order": 1}, {"order": 2}]
    assert shop.done == response.json()
    assert (response.headers["seen"], bare.status_code, bare.content) == ("test", 200, b"")
    assert [request.method for request in shop.requests] == ["POST", "POST", "POST", "GET", "HEAD"]
    assert shop.requests[0].url == f"{shop.base_url}/orders?page=1"
    assert shop.config == {"url": shop.base_url}


async def test_a_megabyte_goes_in_and_comes_out() -> None:
    order = {"order": "x" * 2**20}
    async with Shop() as shop, client(shop) as http:
        assert (await http.post("/", json=order)).json() == [order]


async def test_one_who_waits_holds_up_nobody() -> None:
    class Slow(Shop):
        def fault(self, request: httpx.Request) -> Fault | None:
            return "hang" if request.url.path == "/slow" else None

    async with (
        Slow() as shop,
        client(shop) as one,
        client(shop) as other,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(one.get, "/slow")
        while "/slow" not in [request.url.path for request in shop.requests]:
            assert (await other.get("/")).status_code == 200
        assert (await other.get("/")).status_code == 200
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("how", "status", "done"),
    [
        ("401", 401, 0),
        ("403-token", 403, 0),
        ("403-policy", 403, 0),
        ("404", 404, 0),
        ("410", 410, 0),
        ("429", 429, 0),
        ("500", 500, 0),
        ("not-json", 200, 1),
    ],
)
async def test_it_refuses_as_it_is_told_and_then_does_as_before(
    how: Fault, status: int, done: int
) -> None:
    async with Shop() as shop, client(shop) as http:
        shop.fail(how)
        refused = await http.post("/", json=1)
        shop.fail(None)
        assert (refused.status_code, len(shop.done)) == (status, done)
        assert refused.headers.get("retry-after") == ("7" if how == "429" else None)
        assert ("token" in refused.text) == (how == "403-token")
        assert (await http.post("/", json=2)).json()[-1] == 2


@pytest.mark.parametrize(("how", "done"), [("cut-before", 0), ("cut-after", 1)])
async def test_it_cuts_the_line_before_or_after_it_did_it(how: Fault, done: int) -> None:
    async with Shop() as shop, client(shop) as http:
        shop.fail(how)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/", json=1)
        assert len(shop.done) == done
        assert (await http.get("/")).status_code == 200, "only what does something is cut"


async def test_a_platform_that_hangs_lets_go_of_who_left() -> None:
    async with Shop() as shop:
        shop.fail("hang")
        async with nothing_left_open(), client(shop) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post("/", json=1, timeout=0.05)
    assert shop.done == []


async def test_it_follows_a_script_of_its_own() -> None:
    class Moody(Shop):
        script: list[Fault | None] = ["429", None, "500"]  # noqa: RUF012 -- popped by one test

        def fault(self, request: httpx.Request) -> Fault | None:
            return self.script.pop(0)

    async with Moody() as shop, client(shop) as http:
        said = [(await http.post("/", json=n)).status_code for n in range(3)]
    assert (said, shop.done) == ([429, 200, 500], [1])


async def test_a_bug_of_the_stand_in_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with Shop() as shop, client(shop) as http:
        assert (await http.get("/broken")).status_code == 500
        assert (await http.get("/")).status_code == 200
    assert "LookupError: a bug of this stand-in" in caplog.text


async def test_what_a_test_raises_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Shop():
            raise ZeroDivisionError


async def test_it_leaves_nothing_open() -> None:
    async with nothing_left_open():
        async with Shop() as shop:
            http = client(shop)
            await http.get("/")
        await http.aclose()


@pytest.mark.parametrize("sent", [b"", b"GET", b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"])
async def test_a_broken_request_harms_nobody(sent: bytes) -> None:
    async with Shop() as shop, client(shop) as http:
        port: Any = httpx.URL(shop.base_url).port
        async with await anyio.connect_tcp("127.0.0.1", port) as line:
            if sent:
                await line.send(sent)
            await line.send_eof()
            with pytest.raises(anyio.EndOfStream):
                await line.receive()
        assert (await http.get("/")).status_code == 200
