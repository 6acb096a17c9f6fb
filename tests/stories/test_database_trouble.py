"""The database is full, held by another, or run by another: nothing is lost, nothing is twice."""

import sqlite3
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from sqlalchemy import event, select

from careline.desk import Desk
from careline.errors import StoreError
from careline.store.tables import deadlines, messages, states
from careline.testing import settle


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'careline.db'}"


def plan(story, batches=6, size=40):
    for batch in range(batches):
        said = []
        for n in range(batch * size, (batch + 1) * size):
            said.append(story.said(f"{n}", f"It is broken. {'x' * 2000}", n, f"c{n % 50}"))
            said.append(story.ours(f"a{n}", f"{n}", n + 0.5))
        story.plan(*said)


async def everything(story):
    """Return all that is stored, but for when it was received."""
    m = messages.c
    queries = (
        select(m.id, m.conversation, m.thread, m.role, m.intent).order_by(m.id),
        select(states.c.conversation, states.c.state).order_by(states.c.conversation),
        select(deadlines.c.anchor, deadlines.c.kind, deadlines.c.due_at, deadlines.c.met_at)
        .order_by(deadlines.c.anchor, deadlines.c.kind),
    )  # fmt: skip
    return [await story.read(lambda conn, q=q: conn.execute(q).all()) for q in queries]


@contextmanager
def pragma(story, statement):
    """Have every connection of the desk begin with a pragma."""

    def set_it(raw, *_):
        raw.execute(f"PRAGMA {statement}")

    event.listen(story.desk.store.engine, "checkout", set_it)
    yield
    event.remove(story.desk.store.engine, "checkout", set_it)


async def undisturbed(story, tmp_path):
    """Return what is stored where nothing goes wrong."""
    quiet = type(story)(f"sqlite:///{tmp_path / 'quiet.db'}")
    await quiet.open()
    plan(quiet)
    await quiet.passes(quiet.at(1000))
    try:
        return await everything(quiet)
    finally:
        await quiet.close()


async def test_a_full_disk_in_the_middle_loses_nothing_and_doubles_nothing(closed, tmp_path):
    whole = await undisturbed(closed, tmp_path)
    await closed.open()
    plan(closed)
    pages = await closed.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    with pragma(closed, f"max_page_count = {pages + 150}"):
        with pytest.raises(StoreError, match="nothing that was committed is lost"):
            await closed.runs(closed.at(1000))
        kept = len((await everything(closed))[0])
        assert 0 < kept < len(whole[0])
        assert kept % 80 == 0  # each batch is there whole or not at all
        with pytest.raises(StoreError):
            await closed.runs(closed.at(1060))
    with pragma(closed, "max_page_count = 1000000"):
        ran = await closed.runs(closed.at(1200))
    assert ran.fine
    assert await everything(closed) == whole


async def test_a_locked_database_is_waited_for_and_then_tried_again(closed, tmp_path):
    whole = await undisturbed(closed, tmp_path)
    await closed.open()
    plan(closed)
    other = sqlite3.connect(tmp_path / "careline.db")
    other.execute("BEGIN IMMEDIATE")
    with pragma(closed, "busy_timeout = 50"):
        with pytest.raises(StoreError, match="another process holds it"):
            await closed.runs(closed.at(1000))
        other.execute("ROLLBACK")
        other.close()
        assert (await closed.runs(closed.at(1100))).fine
    assert await everything(closed) == whole


async def test_a_second_run_on_the_same_file_is_refused_but_its_verbs_are_not(story):
    await story.hears(story.said("1"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(story.desk.run)
        await settle()
        async with Desk(story.config, registry=story.registry(), clock=story.clock) as second:
            with pytest.raises(StoreError, match="another `careline run`"):
                await second.run(once=True)
            await second.note(story.id("1"), "They phoned, too.", actor="ann")
        tasks.cancel_scope.cancel()
    assert [one.text for one in (await story.case("1")).notes] == ["They phoned, too."]
    assert (await story.desk.run(once=True)).fine


async def test_no_folder_to_write_to_is_said_before_anything_is_asked(closed):
    nowhere = Path("/nonexistent-folder/careline.db")
    with pytest.raises(StoreError, match="check that its folder exists"):
        await closed.open(store={"url": f"sqlite:///{nowhere}"})
    assert closed.asked == {}
