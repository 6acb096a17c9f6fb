"""Accounts that fail: contained, shown, told once, tried again."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from random import Random
from typing import Any

import anyio
import pytest

from careline.engine.health import Health, Unavailable
from careline.engine.supervisor import Supervisor
from careline.errors import AuthFailed, Refusal, Rejected, Transient
from careline.testing.clock import FakeClock
from careline.testing.recorder import Recorder

Call = Callable[[], Coroutine[Any, Any, str]]


def raising(error: Exception) -> Call:
    async def call() -> str:
        raise error

    return call


async def fine() -> str:
    return "fine"


async def never() -> str:
    raise AssertionError("this account must not be called")


class Scene:
    """A supervisor, its clock and what it logged."""

    def __init__(self, *, strict: bool = False) -> None:
        self.clock, self.log = FakeClock(), Recorder()
        self.supervisor = Supervisor(self.clock, Random(7), self.log, strict=strict)

    async def fails(
        self, call: Call, account: str = "acme-x", *, lane: str = "", seconds: float = 30.0
    ) -> Unavailable:
        with pytest.raises(Unavailable) as caught:
            await self.supervisor.guard(account, call, lane=lane, timeout=seconds)
        return caught.value

    def state(self, account: str = "acme-x") -> Health:
        return {health.account: health.state for health in self.supervisor.snapshot()}[account]


async def test_a_call_that_works_gives_its_result_and_says_nothing() -> None:
    scene = Scene()
    assert await scene.supervisor.guard("acme-x", fine) == "fine"
    [health] = scene.supervisor.snapshot()
    assert (health.state, health.last_success) == (Health.OK, scene.clock.now())
    assert scene.log.lines == []


async def test_an_outage_of_a_day_is_two_lines_however_often_it_fails() -> None:
    scene, calls = Scene(), 0
    for _ in range(24 * 60):
        scene.clock.advance(60)
        error = await scene.fails(raising(Transient("503 from the platform")))
        calls += error.called
    assert scene.state() is Health.RETRYING
    scene.clock.advance(300)
    await scene.supervisor.guard("acme-x", fine)
    assert scene.state() is Health.OK
    assert scene.log.events() == ["account is down", "account is back"]
    assert scene.log.lines[1].values["failures"] == calls
    assert 24 * 60 / 5 / 2 < calls < 24 * 60  # once each 300 s or sooner, not each minute


async def test_a_failed_call_says_when_to_come_back_and_calls_nothing_before() -> None:
    scene = Scene()
    error = await scene.fails(raising(Transient(retry_after=900)))
    assert error.called
    assert isinstance(error.__cause__, Transient)
    assert error.next_try is not None
    wait = error.next_try - scene.clock.now()
    assert timedelta(seconds=900) <= wait <= timedelta(seconds=930)
    scene.clock.advance(899)
    refused = await scene.fails(never)
    assert (refused.called, refused.next_try) == (False, error.next_try)
    scene.clock.advance(31)
    assert await scene.supervisor.guard("acme-x", fine) == "fine"


@pytest.mark.parametrize("wait", [-5.0, float("nan"), float("inf"), 1e300])
async def test_a_senseless_retry_after_does_not_silence_an_account(wait: float) -> None:
    scene = Scene()
    error = await scene.fails(raising(Transient(retry_after=wait)))
    assert error.next_try is not None
    assert timedelta() <= error.next_try - scene.clock.now() <= timedelta(days=1, minutes=1)


async def test_accounts_that_fail_together_do_not_come_back_together() -> None:
    scene = Scene()
    errors = [await scene.fails(raising(Transient(retry_after=60)), f"a{n}") for n in range(20)]
    assert len({error.next_try for error in errors}) == 20


async def test_a_dead_credential_stops_the_account_until_a_person_acts() -> None:
    scene = Scene()
    error = await scene.fails(raising(AuthFailed("token revoked")))
    assert error.next_try is None
    scene.clock.advance(30 * 86_400)
    assert not (await scene.fails(never)).called
    [health] = scene.supervisor.snapshot()
    assert (health.state, health.reason) == (Health.NEEDS_ATTENTION, "token revoked")
    assert scene.log.events() == ["account needs a person"]

    scene.supervisor.reset("acme-x")
    assert await scene.supervisor.guard("acme-x", fine) == "fine"
    assert scene.log.events("info") == ["account is back"]


async def test_a_credential_that_is_still_dead_after_a_reset_is_told_again() -> None:
    scene = Scene()
    for _ in range(2):
        await scene.fails(raising(AuthFailed("token revoked")))
        scene.supervisor.reset("acme-x")
    assert scene.log.events() == ["account needs a person"] * 2


async def test_a_success_on_the_way_does_not_revive_a_stopped_account() -> None:
    scene, answered = Scene(), anyio.Event()

    async def late() -> str:
        await answered.wait()
        return "late"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.supervisor.guard, "acme-x", late)
        await anyio.wait_all_tasks_blocked()
        await scene.fails(raising(AuthFailed()))
        answered.set()
    assert scene.state() is Health.NEEDS_ATTENTION


async def test_a_refusal_is_the_items_outcome_and_leaves_the_account_well() -> None:
    scene, refusal = Scene(), Rejected(Refusal.GONE)
    with pytest.raises(Rejected) as caught:
        await scene.supervisor.guard("acme-x", raising(refusal))
    assert caught.value is refusal
    assert scene.state() is Health.OK
    assert scene.log.lines == []


async def test_a_plugins_bug_is_contained_and_shown_once_with_its_traceback() -> None:
    scene = Scene()
    for _ in range(5):
        await scene.fails(raising(KeyError("data")))
        scene.clock.advance(300)
    [line] = scene.log.lines
    assert line.level == "error"
    assert isinstance(line.values["exc_info"], KeyError)
    [health] = scene.supervisor.snapshot()
    assert (health.state, health.failures) == (Health.RETRYING, 5)


async def test_tests_see_a_plugins_bug_as_it_is() -> None:
    scene = Scene(strict=True)
    with pytest.raises(KeyError, match="data"):
        await scene.supervisor.guard("acme-x", raising(KeyError("data")))
    assert scene.state() is Health.RETRYING


async def test_an_error_inside_a_plugins_task_group_counts_as_itself() -> None:
    scene = Scene()

    async def in_a_group() -> str:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(raising(AuthFailed("expired")))
        return "unreached"

    await scene.fails(in_a_group)
    assert scene.state() is Health.NEEDS_ATTENTION


async def test_a_plugin_that_hangs_is_cut_off_and_tried_again() -> None:
    scene = Scene()

    async def hang() -> str:
        await anyio.sleep_forever()
        return "never"

    error = await scene.fails(hang, seconds=0.01)
    assert str(error) == "acme-x: it did not answer within 0.01 s"
    assert isinstance(error.__cause__, Transient)
    assert error.next_try is not None


async def test_one_accounts_failure_stops_no_other() -> None:
    scene = Scene()
    await scene.fails(raising(AuthFailed()), "acme-x")
    await scene.fails(raising(Transient()), "acme-fb")
    assert await scene.supervisor.guard("acme-shop", fine) == "fine"
    states = [(health.account, health.state) for health in scene.supervisor.snapshot()]
    assert states == [
        ("acme-fb", Health.RETRYING),
        ("acme-shop", Health.OK),
        ("acme-x", Health.NEEDS_ATTENTION),
    ]


async def test_a_lane_that_waits_holds_up_no_other_and_the_account_is_back_with_the_last() -> None:
    scene = Scene()
    await scene.fails(raising(Transient(retry_after=900)), lane="search")
    await scene.fails(raising(Transient(retry_after=60)), lane="direct")
    assert await scene.supervisor.guard("acme-x", fine, lane="send") == "fine"
    scene.clock.advance(100)
    assert await scene.supervisor.guard("acme-x", fine, lane="direct") == "fine"
    assert scene.state() is Health.RETRYING
    scene.clock.advance(900)
    assert await scene.supervisor.guard("acme-x", fine, lane="search") == "fine"
    assert scene.state() is Health.OK
    assert scene.log.events() == ["account is down", "account is back"]


async def test_a_disabled_account_is_not_called() -> None:
    scene = Scene()
    scene.supervisor.disable("acme-x", "a call hangs in its thread")
    error = await scene.fails(never)
    assert str(error) == "acme-x: a call hangs in its thread"
    assert scene.state() is Health.DISABLED


async def test_the_health_page_shows_no_secret_and_knows_the_last_item() -> None:
    scene = Scene()
    scene.supervisor.add("acme-x")
    scene.supervisor.saw_item("acme-x")
    seen = scene.clock.now()
    scene.clock.advance(60)
    await scene.fails(
        raising(Transient("GET https://x.example/a?access_token=s3cr3t-value failed"))
    )
    [health] = scene.supervisor.snapshot()
    assert "s3cr3t-value" not in health.reason
    assert "failed" in health.reason
    assert (health.last_item_at, health.since) == (seen, scene.clock.now())


async def test_cancelling_the_caller_is_no_failure_of_the_account() -> None:
    scene = Scene()

    async def hang() -> str:
        await anyio.sleep_forever()
        return "never"

    with anyio.move_on_after(0.01):
        await scene.supervisor.guard("acme-x", hang)
    assert scene.state() is Health.OK
    assert scene.log.lines == []


@pytest.mark.parametrize("leaked", [SystemExit(9), "cancelled"])
async def test_what_a_plugin_has_no_business_to_raise_is_its_bug(leaked):
    scene = Scene()

    async def call() -> str:
        if leaked == "cancelled":
            raise anyio.get_cancelled_exc_class()() if _constructible() else SystemExit(1)
        raise leaked

    with pytest.raises(Unavailable):
        await scene.supervisor.guard("acme", call)
    [health] = scene.supervisor.snapshot()
    assert health.state is Health.RETRYING
    assert await scene.supervisor.guard("other", fine) == "fine"


def _constructible() -> bool:
    """Trio lets nobody make a cancellation; on asyncio libraries leak them."""
    return anyio.get_cancelled_exc_class().__module__.startswith("asyncio")


async def test_a_cancellation_from_outside_goes_through():
    scene = Scene()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await scene.supervisor.guard("acme", anyio.sleep_forever)
    assert scope.cancelled_caught
    [health] = scene.supervisor.snapshot()
    assert health.state is Health.OK
