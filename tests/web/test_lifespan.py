"""A host's own app holds the desk by its lifespan, and mounts the webhooks where it likes."""

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from careline.desk import Desk
from careline.errors import StoreError
from careline.plugin import Capability, Channel, PluginConfig, Receipt, hookimpl
from careline.registry import Registry
from careline.store.outbox import Outgoing, enqueue, load
from careline.store.times import to_micros
from careline.testing.clock import START
from careline.web import asgi, lifespan


def host(desk, **options):
    """Return an app of a host's own, with careline below `/care`."""
    own = Route("/", lambda request: PlainTextResponse("the host's own page"))
    careline = Mount("/care", asgi(desk, **options))
    return Starlette(routes=[own, careline], lifespan=lifespan(desk, **options))


async def test_a_host_opens_runs_and_closes_the_desk_with_its_app(closed):
    closed.desk = closed.make()
    app = host(closed.desk)
    async with app.router.lifespan_context(app), closed.asking(app) as client:
        assert closed.desk.running
        assert (await client.get("/")).text == "the host's own page"
        assert (await client.get("/care/-/ready")).text == "ready"
        body = b'{"items": []}'
        answer = await client.post("/care/hooks/relay", content=body, headers=closed.signed(body))
        assert (answer.status_code, answer.text) == (200, "kept")
        assert (await client.post("/hooks/relay", content=body)).status_code == 404
    assert not closed.desk.running


async def test_beside_another_process_that_runs_it_only_serves(closed):
    first, second = closed.make(), closed.make()
    one, other = host(first), host(second, run=False)
    async with (
        one.router.lifespan_context(one),
        other.router.lifespan_context(other),
        closed.asking(other) as client,
    ):
        assert (await client.get("/care/-/ready")).text == "ready"
        assert not second.running


async def test_a_second_run_on_the_same_file_is_said_when_the_app_starts(tmp_path, anyio_backend):
    config = {"store": {"url": f"sqlite:///{tmp_path / 'careline.db'}"}}
    first, second = host(Desk(config)), host(Desk(config))
    async with first.router.lifespan_context(first):
        with pytest.RaisesGroup(pytest.RaisesExc(StoreError, match="another `careline run`")):
            async with second.router.lifespan_context(second):
                raise AssertionError("it started")


class Slow(Channel[PluginConfig]):
    """Posts, in its time."""

    kind, title, Config = "slow", "Slow", PluginConfig
    capabilities = frozenset({Capability.POST})
    said, may_end = [], None

    async def perform(self, action):
        self.said.append(action.text)
        await self.may_end.wait()
        return Receipt((action.id,), START)


@pytest.fixture
def slow(closed):
    plugin = type("Plugin", (), {})()
    plugin.careline_channels = hookimpl(lambda: [Slow])
    Slow.said, Slow.may_end = [], anyio.Event()
    config = {**closed.config, "channels": {"slow": {"kind": "slow"}}}
    return Desk(config, registry=Registry.load(extra=[plugin]), clock=closed.clock)


async def queue(desk, *texts):
    now = to_micros(desk.clock.now())
    rows = [
        Outgoing(
            id=text, lane="send:slow", kind="post", brand="acme", actor="ann", at=now, text=text
        )
        for text in texts
    ]
    await desk.store.write(lambda conn: enqueue(conn, rows))
    desk.dispatcher.wake(["send:slow"])


async def states(desk, *texts):
    return [row.state for row in await desk.read(lambda conn: load(conn, texts))]


async def test_what_is_due_is_sent_before_the_app_ends(slow):
    app = host(slow)
    async with app.router.lifespan_context(app):
        await queue(slow, "one", "two")
        Slow.may_end.set()
    async with slow:
        assert await states(slow, "one", "two") == ["sent", "sent"]


async def test_the_app_ends_within_its_bound_whatever_a_platform_does(slow):
    app = Starlette(lifespan=lifespan(slow, within=0.2))
    async with app.router.lifespan_context(app):
        await queue(slow, "one", "two")
        with anyio.fail_after(5):
            while not Slow.said:  # noqa: ASYNC110 -- it is the dispatcher that comes to it
                await anyio.sleep(0.001)
    async with slow:
        assert await states(slow, "one", "two") == ["sending", "queued"]


async def test_what_is_due_is_sent_even_if_the_app_ends_by_a_bug_of_its_own(slow):
    app = host(slow)
    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="a bug"), flatten_subgroups=True):
        async with app.router.lifespan_context(app):
            await queue(slow, "one", "two")
            Slow.may_end.set()
            raise RuntimeError("a bug of the host's")
    async with slow:
        assert await states(slow, "one", "two") == ["sent", "sent"]


@pytest.mark.parametrize(
    ("given", "mount"),
    [
        ({"mount": "https://care.example"}, "https://care.example/hooks/pushy"),
        ({"mount": "https://shop.example/care/"}, "https://shop.example/care/hooks/pushy"),
        ({}, None),
        (None, None),
    ],
)
async def test_a_channel_knows_where_its_platform_reaches_it(closed, given, mount):
    if given is not None:
        closed.config["web"] = given
    await closed.open()
    assert closed.desk.accounts["one"].channel.context.mount == mount
