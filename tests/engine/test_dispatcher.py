"""Who runs which key, when, alone: what the rest of the engine counts on."""

import threading
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from careline.engine.dispatcher import Dispatcher, Handler, LocalDispatcher
from careline.engine.schedule import Schedule
from careline.testing.clock import FakeClock, settle
from careline.testing.recorder import Recorder


async def _nothing(key: str) -> None:
    return None


class Work:
    """A handler that notes what ran, and does what the test says."""

    def __init__(
        self, does: Callable[[str], Awaitable[datetime | None]] = _nothing, left: Sequence[str] = ()
    ) -> None:
        self.does, self.left = does, list(left)
        self.ran: list[str] = []
        self.now: Counter[str] = Counter()
        self.most = 0

    async def run(self, key: str) -> datetime | None:
        self.ran.append(key)
        self.now[key] += 1
        self.most = max(self.most, self.now.total())
        assert self.now[key] == 1, f"{key} has two holders"
        try:
            return await self.does(key)
        finally:
            self.now[key] -= 1

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        return self.left[:limit]


class Scene:
    """A dispatcher, its clock and what it logged."""

    def __init__(self, **settings: float) -> None:
        self.clock, self.log = FakeClock(), Recorder()
        self.dispatcher = LocalDispatcher(self.clock, Random(7), self.log, **settings)  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self, **handlers: Handler) -> AsyncIterator[LocalDispatcher]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.dispatcher.run, handlers)
            await settle()
            yield self.dispatcher
            tasks.cancel_scope.cancel()


async def test_a_key_woken_often_before_it_starts_runs_once() -> None:
    scene, conv = Scene(), Work()
    scene.dispatcher.wake(["conv:1"] * 50 + ["conv:2"])
    scene.dispatcher.wake(["conv:1"])
    await scene.dispatcher.run({"conv": conv}, until_idle=True)
    assert sorted(conv.ran) == ["conv:1", "conv:2"]


async def test_a_wake_during_a_run_causes_exactly_one_more_run() -> None:
    scene, gate = Scene(), anyio.Event()

    async def hold(key: str) -> None:
        await gate.wait()

    conv = Work(hold)
    async with scene.running(conv=conv) as dispatcher:
        dispatcher.wake(["conv:1"])
        await settle()
        for _ in range(5):
            dispatcher.wake(["conv:1"])
            await settle()
        assert conv.ran == ["conv:1"]
        gate.set()
        await settle()
    assert conv.ran == ["conv:1", "conv:1"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@settings(max_examples=60, deadline=None)
@given(wakes=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=40))
def test_no_key_ever_has_two_holders_and_every_wake_is_followed_by_a_run(
    backend: str, wakes: list[tuple[int, int]]
) -> None:
    scene, woken, seen = Scene(concurrency=3), Counter[str](), Counter[str]()

    async def slowly(key: str) -> None:
        facts = woken[key]
        for _ in range(3):
            await checkpoint()
        seen[key] = facts

    conv = Work(slowly)

    async def wake() -> None:
        for number, turns in wakes:
            woken[f"conv:{number}"] += 1
            scene.dispatcher.wake([f"conv:{number}"])
            for _ in range(turns):
                await checkpoint()
        await scene.clock.elapse(1)

    async def main() -> None:
        async with scene.running(conv=conv):
            await wake()

    anyio.run(main, backend=backend)
    assert seen == woken
    assert conv.most <= 3


async def test_a_key_runs_again_at_the_time_it_asked_for() -> None:
    scene = Scene(sweep_every=600)

    async def once_an_hour(key: str) -> datetime:
        return scene.clock.now() + timedelta(hours=1)

    pull = Work(once_an_hour)
    async with scene.running(pull=pull) as dispatcher:
        dispatcher.wake(["pull:acme-x:mentions"])
        await scene.clock.elapse(3599)
        assert len(pull.ran) == 1
        await scene.clock.elapse(1)
        assert len(pull.ran) == 2
        await scene.clock.elapse(3 * 3600)
        assert len(pull.ran) == 5


async def test_a_wake_comes_before_the_time_a_key_asked_for_and_takes_its_place() -> None:
    scene = Scene(sweep_every=600)

    async def in_an_hour(key: str) -> datetime:
        return scene.clock.now() + timedelta(hours=1)

    pull = Work(in_an_hour)
    async with scene.running(pull=pull) as dispatcher:
        dispatcher.wake(["pull:a"])
        await scene.clock.elapse(1800)
        dispatcher.wake(["pull:a"])
        await scene.clock.elapse(1801)
        assert len(pull.ran) == 2
        await scene.clock.elapse(1800)
        assert len(pull.ran) == 3


async def test_until_idle_finishes_slices_and_leaves_what_is_due_later() -> None:
    scene, slices = Scene(), iter(range(4))

    async def slice_of_four(key: str) -> datetime:
        later = timedelta(minutes=1) if next(slices) == 3 else timedelta()
        return scene.clock.now() + later

    pull = Work(slice_of_four)
    scene.dispatcher.wake(["pull:a"])
    await scene.dispatcher.run({"pull": pull}, until_idle=True)
    assert len(pull.ran) == 4


async def test_until_idle_runs_what_runs_wake() -> None:
    scene, conv = Scene(), Work()

    async def wake_conversations(key: str) -> None:
        scene.dispatcher.wake(["conv:1", "conv:2"])

    pull = Work(wake_conversations)
    scene.dispatcher.wake(["pull:a"])
    await scene.dispatcher.run({"pull": pull, "conv": conv}, until_idle=True)
    assert sorted(conv.ran) == ["conv:1", "conv:2"]


async def test_until_idle_finds_what_nobody_woke_however_much_it_is() -> None:
    scene = Scene(sweep_limit=3)

    async def finish(key: str) -> None:
        conv.left.remove(key)

    conv = Work(finish, left=[f"conv:{n}" for n in range(10)])
    await scene.dispatcher.run({"conv": conv}, until_idle=True)
    assert sorted(conv.ran) == [f"conv:{n}" for n in range(10)]


async def test_until_idle_ends_though_a_key_stays_pending_after_its_run() -> None:
    scene, conv = Scene(), Work(left=["conv:stuck"])
    with anyio.fail_after(5):
        await scene.dispatcher.run({"conv": conv}, until_idle=True)
    assert conv.ran == ["conv:stuck"]


async def test_the_sweep_runs_what_no_wake_told_of_as_time_passes() -> None:
    scene, due = Scene(sweep_every=10), Work()
    async with scene.running(due=due):
        due.left = ["due"]
        await scene.clock.elapse(9)
        assert due.ran == []
        await scene.clock.elapse(1)
        assert due.ran == ["due"]


async def test_the_sweep_leaves_a_key_alone_that_runs() -> None:
    scene, gate = Scene(), anyio.Event()

    async def hold(key: str) -> None:
        await gate.wait()
        pull.left.clear()

    pull = Work(hold, left=["pull:slow"])
    async with scene.running(pull=pull):
        await scene.clock.elapse(30)
        gate.set()
        await scene.clock.elapse(30)
    assert pull.ran == ["pull:slow"]


async def test_an_exception_is_told_once_and_the_key_is_tried_again_until_it_works() -> None:
    scene, failures = Scene(sweep_every=600), iter(range(6))

    async def fail_six_times(key: str) -> None:
        if key == "conv:bad" and next(failures, None) is not None:
            raise ZeroDivisionError("of this plugin")

    conv = Work(fail_six_times)
    async with scene.running(conv=conv) as dispatcher:
        dispatcher.wake(["conv:bad", "conv:good"])
        await scene.clock.elapse(1)
        assert "conv:good" in conv.ran
        assert dispatcher.failing == {"conv:bad"}
        await scene.clock.elapse(1800)
        assert dispatcher.failing == frozenset()
    assert conv.ran.count("conv:bad") == 7
    assert scene.log.events() == ["work failed and is tried again", "work goes on"]
    assert "ZeroDivisionError" in scene.log.text


async def test_neither_a_wake_nor_a_sweep_shortens_the_wait_of_a_key_that_failed() -> None:
    scene = Scene()

    async def fail(key: str) -> None:
        raise ZeroDivisionError

    conv = Work(fail, left=["conv:bad"])
    async with scene.running(conv=conv) as dispatcher:
        for _ in range(600):
            dispatcher.wake(["conv:bad"])
            await scene.clock.elapse(1)
    assert 5 < len(conv.ran) < 30  # doubled waits; every second would be 600


async def test_a_handler_that_cannot_say_what_is_pending_stops_no_other() -> None:
    class Broken(Work):
        async def pending(self, now: datetime, limit: int) -> Sequence[str]:
            raise OSError("the disk is full")

    scene, conv = Scene(), Work(left=["conv:1"])
    await scene.dispatcher.run({"pull": Broken(), "conv": conv}, until_idle=True)
    assert conv.ran == ["conv:1"]
    assert scene.dispatcher.failing == {"pull?"}
    assert scene.log.events("error") == ["work failed and is tried again"]


async def test_a_prefix_at_its_bound_holds_up_no_other() -> None:
    scene, gate = Scene(concurrency=3), anyio.Event()

    async def hang(key: str) -> None:
        await gate.wait()

    send, conv = Work(hang), Work()
    async with scene.running(send=send, conv=conv) as dispatcher:
        dispatcher.wake([f"send:{n}" for n in range(10)])
        dispatcher.wake([f"conv:{n}" for n in range(10)])
        await settle()
        assert len(send.ran) == 3
        assert len(conv.ran) == 10
        gate.set()
        await settle()
    assert len(send.ran) == 10
    assert send.most == 3


async def test_another_thread_may_wake_a_key() -> None:
    scene, ran = Scene(), anyio.Event()

    async def tell(key: str) -> None:
        ran.set()

    async with scene.running(conv=Work(tell)) as dispatcher:
        thread = threading.Thread(target=dispatcher.wake, args=(["conv:1"],))
        thread.start()
        with anyio.fail_after(5):
            await ran.wait()
        thread.join()


async def test_a_wake_after_the_end_is_kept_for_the_next_run() -> None:
    scene, conv = Scene(), Work()
    await scene.dispatcher.run({"conv": conv}, until_idle=True)
    scene.dispatcher.wake(["conv:late"])
    await scene.dispatcher.run({"conv": conv}, until_idle=True)
    assert conv.ran == ["conv:late"]


async def test_a_key_that_nothing_runs_is_shown() -> None:
    scene = Scene()
    scene.dispatcher.wake(["conv:1"])
    await scene.dispatcher.run({}, until_idle=True)
    assert scene.log.events("warning") == ["nothing here runs this key"]


async def test_a_dispatcher_refuses_to_run_twice_at_once() -> None:
    scene = Scene()
    async with scene.running() as dispatcher:
        with pytest.raises(RuntimeError, match="running already"):
            await dispatcher.run({})


async def test_the_local_dispatcher_is_a_dispatcher() -> None:
    dispatcher: Dispatcher = Scene().dispatcher
    await dispatcher.sweep()


def test_a_key_that_is_woken_all_day_and_due_tomorrow_takes_no_more_memory_by_evening() -> None:
    schedule, now = Schedule(concurrency=1), FakeClock().now()
    tracemalloc.start()
    for second in range(50_000):
        now += timedelta(seconds=1)
        schedule.wake("pull:a")
        assert schedule.start(now) == ["pull:a"], second
        schedule.done("pull:a", now + timedelta(days=1))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 100_000
    assert schedule.start(now + timedelta(days=1)) == ["pull:a"]


async def test_wakes_that_nobody_takes_do_not_pile_up() -> None:
    scene, conv = Scene(), Work(left=["conv:1"])
    tracemalloc.start()
    for number in range(100_000):
        scene.dispatcher.wake([f"conv:{number}"])
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 5_000_000
    await scene.dispatcher.run({"conv": conv}, until_idle=True)
    assert "conv:1" in conv.ran
