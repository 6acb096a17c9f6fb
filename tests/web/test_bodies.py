"""Bodies that are too large, too slow, too many or cut off: none is kept, none takes our memory."""

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from careline.web.bodies import LARGEST, Bodies
from careline.web.hooks import Hooks


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'careline.db'}"


@pytest.fixture
async def narrow(web):
    """Asks an app that takes a hundred bytes, two hundred in all, within a blink."""
    bodies = Bodies(largest=100, together=200, patience=0.2)
    async with web.asking(Starlette(routes=Hooks(web.desk, bodies).routes())) as client:
        client.bodies = bodies
        yield client


class Slowly(httpx.AsyncByteStream):
    """A body in parts, with a wait after each; nobody minds if it is not read to its end."""

    def __init__(self, *parts, wait=0.0, until=None):
        self.parts, self.wait, self.until = iter(parts), wait, until
        self.first = True

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.first:
            await anyio.sleep(self.wait)
            if self.until is not None:
                await self.until.wait()
        self.first = False
        for part in self.parts:
            return part
        raise StopAsyncIteration


async def push(client, *parts, headers=None, **how):
    """Push a body part by part."""
    url = "http://desk.test/hooks/pushy"
    return await client.send(
        httpx.Request("POST", url, headers=headers, stream=Slowly(*parts, **how))
    )


def test_a_webhook_may_have_four_mebibytes():
    assert LARGEST == 4 * 1024 * 1024


async def test_a_body_that_says_how_large_it_is_is_refused_before_it_is_read(web):
    headers = {"content-length": f"{50 * 2**20}"}
    answer = await push(web.client, b"x", b"x", headers=headers, wait=3600)
    assert (answer.status_code, answer.text) == (413, f"a webhook has {LARGEST} bytes at the most")


async def test_the_largest_body_is_taken_and_one_byte_more_is_not(web):
    assert (await web.pushes(b"x" * LARGEST, lambda *_: {})).status_code == 200
    assert (await web.pushes(b"x" * (LARGEST + 1), lambda *_: {})).status_code == 413


async def test_a_body_that_hides_its_size_is_refused_while_it_is_read(web, narrow):
    web.pushy.does = staticmethod(lambda *_: {})
    whole = await push(narrow, b"x" * 50, b"x" * 50)
    assert whole.status_code == 200
    longer = await push(narrow, b"x" * 50, b"x" * 51)
    assert longer.status_code == 413
    assert narrow.bodies.held == 0


@pytest.mark.parametrize("length", ["-1", "1e9", "", "٥٠"])
async def test_a_length_that_is_no_number_helps_nobody(web, narrow, length):
    web.pushy.does = staticmethod(lambda *_: {})
    headers = {"content-length": length.encode()}
    assert (await push(narrow, b"x" * 101, headers=headers)).status_code == 413


async def test_a_body_that_trickles_in_is_not_waited_for(web, narrow):
    web.pushy.does = staticmethod(lambda *_: {})
    late = await push(narrow, b"x", b"x", b"x", wait=0.5)
    assert (late.status_code, late.headers["connection"]) == (408, "close")
    assert narrow.bodies.held == 0


async def test_many_bodies_at_once_take_only_so_much_memory(web, narrow):
    web.pushy.does = staticmethod(lambda *_: {})
    statuses, go = [], anyio.Event()

    async def one():
        statuses.append((await push(narrow, b"x" * 90, b"x", until=go)).status_code)
        if len(statuses) == 2:
            assert statuses == [503, 503]
            assert narrow.bodies.held == 180
            go.set()

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(one)
    assert statuses == [503, 503, 200, 200]
    assert narrow.bodies.held == 0


async def test_a_client_that_stops_in_the_middle_leaves_nothing(web, narrow):
    called = []
    web.pushy.does = staticmethod(lambda *_: called.append(1) or {})
    parts = iter([
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ])  # fmt: skip
    sent = []

    async def receive():
        return next(parts)

    async def send(message):
        sent.append(message)

    transport = narrow._transport
    assert isinstance(transport, httpx.ASGITransport)
    scope = {
        "type": "http", "method": "POST", "path": "/hooks/pushy", "raw_path": b"/hooks/pushy",
        "query_string": b"", "headers": [(b"content-length", b"8")], "http_version": "1.1",
        "scheme": "http", "root_path": "", "server": ("desk.test", 80), "client": ("x", 1),
        "asgi": {"version": "3.0"},
    }  # fmt: skip
    await transport.app(scope, receive, send)
    assert called == []
    assert sent[0]["status"] == 400
    assert await web.aside() == []
