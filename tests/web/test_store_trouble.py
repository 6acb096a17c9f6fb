"""A database that cannot take what comes: the platform repeats it, and nothing is lost."""

import logging
import sqlite3
from contextlib import contextmanager

import pytest
from sqlalchemy import event


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'careline.db'}"


@contextmanager
def pragma(web, statement):
    """Have every connection of the desk begin with a pragma."""

    def set_it(raw, *_):
        raw.execute(f"PRAGMA {statement}")

    event.listen(web.desk.store.engine, "checkout", set_it)
    yield
    event.remove(web.desk.store.engine, "checkout", set_it)


def batches(web, count=20):
    for number in range(count):
        yield [web.said(f"{number}-{n}", f"It is broken. {'x' * 2000}", n) for n in range(20)]


async def test_a_full_disk_loses_nothing_as_the_platform_repeats_it(web, caplog):
    caplog.set_level(logging.INFO, "careline")
    pages = await web.desk.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    refused = []
    with pragma(web, f"max_page_count = {pages + 60}"):
        for number, items in enumerate(batches(web)):
            answer = await web.tells(*items, id=f"w{number}")
            if answer.status_code != 200:
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
                assert answer.text == "it could not be kept: try again"
                refused.append(number)
        assert 0 < len(refused) < 20
        assert await web.count() == 20 * (20 - len(refused))
    with pragma(web, "max_page_count = 1000000"):
        for number, items in enumerate(batches(web)):
            assert (await web.tells(*items, id=f"w{number}")).status_code == 200
    assert await web.count() == 400
    assert caplog.text.count("webhooks cannot be kept") == 1
    assert caplog.text.count("webhooks are kept again") == 1


async def test_what_a_plugin_cannot_read_is_repeated_too_where_it_cannot_be_set_aside(web):
    def fails(*_):
        raise RuntimeError("a bug")

    pages = await web.desk.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    with pragma(web, f"max_page_count = {pages}"):
        assert (await web.pushes(b"x" * 1_000_000, fails)).status_code == 503
        assert await web.aside() == []
    with pragma(web, "max_page_count = 1000000"):
        assert (await web.pushes(b"x" * 1_000_000)).status_code == 200
    assert len(await web.aside()) == 1


async def test_a_locked_database_is_asked_for_again(web):
    other = sqlite3.connect(web.folder / "careline.db")
    other.execute("BEGIN IMMEDIATE")
    with pragma(web, "busy_timeout = 50"):
        assert (await web.tells(web.said("1"))).status_code == 503
    other.execute("ROLLBACK")
    other.close()
    assert (await web.tells(web.said("1"))).status_code == 200
    assert await web.count() == 1
