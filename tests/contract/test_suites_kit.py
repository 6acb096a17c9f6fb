"""The kit itself: clock, logger, context, guards, leaks, imports, fixtures, hostile dists."""

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint

from careline import testing
from careline.testing import (
    HOSTILE_PLUGINS,
    FakeClock,
    MemoryContext,
    MemoryState,
    Recorder,
    import_is_quiet,
    install_hostile,
    no_hang,
    no_io,
    no_network,
    no_real_clock,
    nothing_left_open,
    settle,
)
from careline.testing.clock import START

HERE = __name__.partition(".")[0]
YEAR = 365 * 24 * 3600.0


async def wake_at(clock: FakeClock, seconds: float, woken: list[float]) -> None:
    await clock.sleep(seconds)
    woken.append(clock.monotonic())


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock, woken, order = FakeClock(), [], []

    async def sleep(seconds: float) -> None:
        await wake_at(clock, seconds, woken)
        order.append(seconds)

    async with anyio.create_task_group() as tasks:
        for seconds in (30.0, 10.0, 20.0, 40.0):
            tasks.start_soon(sleep, seconds)
        await settle()
        clock.advance(35)
        await settle()
        assert order == [10.0, 20.0, 30.0]
        clock.advance(5)
    assert order[-1] == 40.0


async def test_elapsing_passes_every_moment_between() -> None:
    clock, woken = FakeClock(), []

    async def beat() -> None:
        for _ in range(5):
            await wake_at(clock, 10, woken)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        await clock.elapse(35)
        assert woken == [10.0, 20.0, 30.0]
        assert clock.now() == START + dt.timedelta(seconds=35)
        await clock.elapse(20)
    assert woken == [10.0, 20.0, 30.0, 40.0, 50.0]


async def test_a_cancelled_sleeper_holds_up_nobody() -> None:
    clock, woken = FakeClock(auto=True), []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wake_at, clock, 20, woken)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as cancelled:
                cancelled.start_soon(wake_at, clock, float("inf"), woken)
                await checkpoint()
                scope.cancel()
    assert woken == [20.0]


async def test_a_year_of_several_sleepers_passes_by_itself() -> None:
    clock, polls = FakeClock(auto=True), {3600.0: 0, 86400.0: 0}

    async def poll(every: float) -> None:
        while clock.monotonic() < YEAR:
            await clock.sleep(every)
            polls[every] += 1

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for every in polls:
                tasks.start_soon(poll, every)
    assert polls == {3600.0: 8760, 86400.0: 365}


async def test_time_leaps_only_once_threads_are_done() -> None:
    clock, seen = FakeClock(auto=True), []
    async with anyio.create_task_group() as tasks:

        async def work() -> None:
            await anyio.to_thread.run_sync(time.sleep, 0.05)
            seen.append(clock.monotonic())

        tasks.start_soon(work)
        await clock.sleep(1000)
    assert seen == [0.0]


def test_time_does_not_go_back() -> None:
    clock = FakeClock()
    clock.advance_to(START + dt.timedelta(days=1))
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance_to(START)


def test_the_recorder_finds_secrets_anywhere() -> None:
    log = Recorder()
    log.info("opened", headers={"authorization": "Bearer se'cret"})
    log.warning("slow", seconds=3)
    assert log.contains("se'cret")
    assert not log.contains("other")
    assert log.events("warning") == ["slow"]
    assert log.events() == ["opened", "slow"]


async def test_of_two_writers_one_loses() -> None:
    state = MemoryState()
    value, version = await state.get("token")
    assert (value, version) == (None, 0)
    assert await state.put("token", {"refresh": "a"}, version=version, secret=True)
    assert not await state.put("token", {"refresh": "b"}, version=version)
    assert await state.get("token") == ({"refresh": "a"}, 1)
    assert state.secret == {"token"}


async def test_two_contexts_can_share_their_states() -> None:
    states: dict[str, testing.MemoryState] = {}
    one, other = MemoryContext(states=states), MemoryContext(states=states)
    await one.state("x").put("token", 1, version=0)
    assert await other.state("x").get("token") == (1, 1)


def test_ids_are_repeatable_and_unlike() -> None:
    one, other = MemoryContext(), MemoryContext()
    ids = [one.new_id() for _ in range(100)]
    assert ids == [other.new_id() for _ in range(100)]
    assert len(set(ids)) == 100


@pytest.mark.parametrize("url", ["https://platform.example/", "http://192.0.2.1/"])
async def test_http_refuses_strange_hosts(url: str) -> None:
    async with MemoryContext().http() as client:
        with pytest.raises(AssertionError, match="must not call"):
            await client.get(url)


async def test_http_can_be_answered_by_the_test() -> None:
    network = httpx.MockTransport(lambda request: httpx.Response(418, text=request.url.path))
    async with MemoryContext(network=network).http("https://platform.example") as client:
        response = await client.get("/tea")
    assert (response.status_code, response.text) == (418, "/tea")


@pytest.mark.parametrize(
    "read",
    [
        time.time,
        time.monotonic,
        lambda: time.sleep(0),
        dt.date.today,
        lambda: dt.datetime.now(dt.UTC),
        type("Mine", (dt.datetime,), {}).now,
    ],
)
def test_the_clock_guard_sees_every_way_to_ask(read: object) -> None:
    with pytest.raises(AssertionError, match=r"calls .*: ask context\.clock"), no_real_clock(HERE):
        read()


def test_the_clock_guard_leaves_other_packages_and_sandboxes_alone() -> None:
    with no_real_clock("some_plugin"):
        time.time()
    with no_real_clock(HERE):
        sandbox = {"__name__": f"{HERE}.sandbox.server", "time": time}
        exec("time.time()", sandbox)
    assert sys.getprofile() is None


def test_the_network_guard_speaks_up_even_if_swallowed() -> None:
    def swallow() -> None:
        with suppress(Exception), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect(("192.0.2.1", 9))

    with pytest.raises(AssertionError, match=r"socket.connect to 192\.0\.2\.1"), no_network():
        swallow()
    with pytest.raises(AssertionError, match=r"platform\.example"), no_network():
        socket.getaddrinfo("platform.example", 443)
    with no_network(), socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_io_guard_allows_a_plugin_its_own_files(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "words.txt").write_text("a", encoding="utf-8")
    with no_io(own):
        assert (own / "words.txt").read_text(encoding="utf-8") == "a"
    for name, mode in (("own/words.txt", "w"), ("own/../other.txt", "r"), ("other.txt", "w")):
        with pytest.raises(AssertionError, match="does I/O: open"), no_io(own):
            (tmp_path / name).open(mode)


def test_a_hang_ends_in_code_that_swallows_exceptions() -> None:
    def forever() -> None:
        while True:
            with suppress(Exception):
                time.sleep(1)

    hung = pytest.raises(AssertionError, match=r"the loop did not return within 0\.05 s")
    with hung, no_hang(0.05, "the loop"):
        forever()


async def test_a_task_that_runs_on_is_found() -> None:
    async with anyio.create_task_group() as tasks:
        with pytest.raises(AssertionError, match="left running"):
            async with nothing_left_open():
                tasks.start_soon(anyio.sleep_forever)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import json, decimal", ""),
        ("import threading as t; t.Thread(target=t.Event().wait, daemon=True).start()", "thread"),
        ("import socket; socket.socket()", "socket"),
        ("import asyncio; asyncio.new_event_loop()", "socket"),
        ("import logging; logging.basicConfig()", "logging"),
        ("import os; os.environ['A_NEW_ONE'] = '1'", "the environment"),
        ("open('made-by-import.txt', 'w')", "open"),
        ("import subprocess; subprocess.run(['true'])", "subprocess"),
        ("print('hello')", "prints 'hello"),
        ("import a_module_that_nobody_installed", "ModuleNotFoundError"),
    ],
)
def test_a_noisy_import_is_heard(
    source: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"plugin_{tmp_path.name.strip('_0123456789')}_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = import_is_quiet(name)
    assert found in said
    assert bool(said) == bool(found)


@pytest.mark.parametrize("name", HOSTILE_PLUGINS)
def test_a_hostile_distribution_is_found_as_any_is(name: str, tmp_path: Path) -> None:
    dist = install_hostile(tmp_path, name, "2.5")
    (found,) = distributions(name=dist, path=[str(tmp_path)])
    (entry,) = found.entry_points
    assert (found.version, entry.group, entry.name) == ("2.5", "careline", f"hostile-{name}")
    assert (tmp_path / f"{entry.value}.py").read_text(encoding="utf-8") == HOSTILE_PLUGINS[name]


def test_every_public_name_is_there() -> None:
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        testing.Nonsense  # noqa: B018


FIXTURES = """
import sys
heavy = {"pydantic", "httpx", "sqlalchemy"}
assert not heavy & {name.split(".")[0] for name in sys.modules}

async def test_they_are_one(fake_clock, recorder, context):
    assert context.clock is fake_clock
    assert context.log is recorder
    fake_clock.advance(60)
    assert context.clock.monotonic() == 60
    assert "sqlalchemy" not in sys.modules
"""


def test_the_pytest_plugin_is_light_and_gives_its_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_fixtures.py").write_text(FIXTURES, encoding="utf-8")
    plugins = ["-p", "anyio", "-p", "careline.testing.pytest_plugin", "-o", "anyio_mode=auto"]
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    paths = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *plugins],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
