"""The host that the docs show is a host: the relay speaks to it, and it does each thing once."""

import re
import threading
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from careline.builtin.relay.channel import RelayChannel
from careline.builtin.relay.config import RelayConfig
from careline.clock import SystemClock
from careline.plugin import Author, Direct
from careline.testing import MemoryContext

PAGE = Path(__file__).parents[2] / "docs/operate/relay.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def block(name):
    found = re.search(rf"^```\w+ name={name}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.M)
    return found[1]


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    code = block("host").replace("8800", "0").replace("server.serve_forever()\n", "")
    names = {"__name__": "host"}
    exec(compile(code, PAGE, "exec"), names)
    server = names["server"]
    names["Host"].log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/careline"
    server.shutdown()
    thread.join()
    server.server_close()


def relay(url, secret=SECRET):
    config = RelayConfig(secret=SecretStr(secret), url=url)
    return RelayChannel(config, MemoryContext(clock=SystemClock()))


def say(id):
    return Direct(id=id, actor="ann", customer=Author(id="u-7"), text="It left us this morning.")


async def test_the_host_of_the_docs_does_each_thing_once(host, capsys, anyio_backend):
    channel, now = relay(host), SystemClock().now()
    assert await channel.find(say("a1"), now) is None
    first = await channel.perform(say("a1"))
    assert first.ids == ("answer-a1",)
    assert (await channel.perform(say("a1"))).ids == first.ids
    assert (await channel.find(say("a1"), now)).ids == first.ids
    assert (await channel.perform(say("a2"))).ids == ("answer-a2",)
    assert capsys.readouterr().out.count("ann says: It left us this morning.") == 2


async def test_the_host_of_the_docs_refuses_who_has_another_secret(host, anyio_backend):
    for call in (relay(host, OTHER).perform(say("a1")), relay(host, OTHER).find(say("a1"), None)):
        with pytest.raises(Exception, match="it answers 401"):
            await call
    with anyio.fail_after(5):
        assert await relay(host).find(say("a1"), None) is None
