"""What a plugin author gets from `context.http`, over real sockets where it matters."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import anyio
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketStream

from careline import __version__
from careline.contract.context import Http
from careline.errors import Transient
from careline.http import ClientFactory, was_sent
from careline.logs import Redactor
from careline.testing.clock import FakeClock
from careline.testing.recorder import Recorder

SECRET = "".join(Random(3).choices("abcdefgh", k=24))
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def make(network: httpx.AsyncBaseTransport | None = None) -> tuple[ClientFactory, Recorder]:
    log, redactor = Recorder(), Redactor()
    redactor.hide("config", [SECRET])
    return ClientFactory(FakeClock(), log, redactor, network=network), log


def answering(status: int = 200, **headers: str) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, headers=headers)

    return httpx.MockTransport(answer), seen


@asynccontextmanager
async def serving(handle: Callable[[SocketStream], Awaitable[None]]) -> AsyncIterator[str]:
    """Serve on loopback: the request is read, `handle` says what comes back."""

    async def connected(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await handle(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, connected)
        yield f"http://127.0.0.1:{port}"
        tasks.cancel_scope.cancel()


async def test_a_client_speaks_over_a_real_socket_and_says_who_it_is() -> None:
    got = b""

    async def handle(stream: SocketStream) -> None:
        await stream.send(OK)

    http: Http = make()[0]
    async with serving(handle) as url, http(url, headers={"x-brand": "acme"}) as client:
        response = await client.get("/me")
        got = response.content
    assert got == b"ok"
    assert response.request.headers["user-agent"] == f"careline/{__version__}"
    assert response.request.headers["x-brand"] == "acme"


async def test_a_plugin_may_name_itself() -> None:
    network, seen = answering()
    async with make(network)[0](headers={"User-Agent": "acme/9"}) as client:
        await client.get("https://x.example/")
    assert seen[0].headers.get_list("user-agent") == ["acme/9"]


async def test_a_redirect_is_not_followed() -> None:
    network, seen = answering(302, location="https://elsewhere.example/")
    async with make(network)[0]() as client:
        assert (await client.get("https://x.example/")).status_code == 302
    assert len(seen) == 1


async def test_a_refused_connection_is_transient_and_was_not_sent() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
    async with make()[0]() as client:
        with pytest.raises(Transient, match=r"127\.0\.0\.1") as caught:
            await client.post(f"http://127.0.0.1:{port}/")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert was_sent(caught.value) is False


async def test_a_line_lost_after_the_request_went_out_says_that_it_may_have_been_sent() -> None:
    async def hang_up(stream: SocketStream) -> None:
        return None

    async with serving(hang_up) as url, make()[0](url) as client:
        with pytest.raises(Transient) as caught:
            await client.post("/")
    assert was_sent(caught.value) is True


async def test_a_body_that_breaks_off_is_transient_too() -> None:
    async def half(stream: SocketStream) -> None:
        await stream.send(OK.replace(b"length: 2", b"length: 9"))

    async with serving(half) as url, make()[0](url) as client:
        with pytest.raises(Transient) as caught:
            await client.get("/")
    assert was_sent(caught.value) is True


async def test_no_request_waits_for_ever_not_even_one_that_asks_to() -> None:
    async def hang(stream: SocketStream) -> None:
        await anyio.sleep_forever()

    async with serving(hang) as url, make()[0](url, timeout=0.05) as client:
        with pytest.raises(Transient, match="no answer in time") as caught:
            await client.get("/", timeout=None)
    assert was_sent(caught.value) is True


async def test_what_the_plugin_did_wrong_is_not_called_transient() -> None:
    async with make()[0]() as client:
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.get("me")


def test_other_errors_say_nothing_about_what_was_sent() -> None:
    assert was_sent(Transient()) is None


async def test_a_request_is_logged_without_its_query_and_with_its_time() -> None:
    network, _ = answering(204)
    http, log = make(network)
    async with http("https://x.example") as client:
        await client.get("/2/tweets", params={"q": "anvil", "key": SECRET})
    [line] = log.lines
    assert (line.level, line.values) == (
        "debug",
        {"method": "GET", "host": "x.example", "path": "/2/tweets", "status": "204", "ms": 0},
    )


async def test_a_secret_in_a_query_reaches_the_platform_and_no_log_nor_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network, seen = answering(500)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")  # it logs whole URLs, unless told to be quiet
    async with make(network)[0]("https://x.example") as client:
        response = await client.get("/me", params={"access_token": "t0ken-of-today", "a": SECRET})
    assert seen[0].url.params["access_token"] == "t0ken-of-today"
    assert b"t0ken-of-today" in seen[0].url.raw_path
    with pytest.raises(httpx.HTTPStatusError) as caught:
        response.raise_for_status()
    told = f"{caplog.text} {caught.value} {response.request!r} {response.url}"
    assert "HTTP Request: GET https://x.example/me?" in told
    assert "t0ken-of-today" not in told
    assert SECRET not in told
    assert response.url.copy_add_param("page", "2").params["a"] == SECRET


async def test_clients_may_be_made_often() -> None:
    network, seen = answering()
    http, _ = make(network)
    for _ in range(50):
        async with http("https://x.example") as client:
            await client.get("/")
    assert len(seen) == 50
