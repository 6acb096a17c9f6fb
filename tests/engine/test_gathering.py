"""Pushes that come while a write goes on are kept by the next one, and each hears how it went."""

import anyio
import pytest

from careline.engine.gathering import Gathering
from careline.errors import StoreError
from careline.plugin import Malformed
from careline.testing import settle


def items(*names):
    return tuple(Malformed(name.encode(), "odd") for name in names)


class Book:
    """Keeps what it is given, one write at a time, when it is let."""

    def __init__(self):
        self.kept, self.busy, self.error = [], 0, None
        self.may_go = anyio.Event()

    async def keep(self, batch):
        self.busy += 1
        assert self.busy == 1
        try:
            await self.may_go.wait()
        finally:
            self.busy -= 1
        if self.error is not None:
            raise self.error
        self.kept.append([item.raw.decode() for item in batch.items])


@pytest.fixture
def book(anyio_backend):
    return Book()


@pytest.fixture
def gathering(book):
    return Gathering(book.keep)


async def test_what_comes_during_a_write_is_kept_by_the_next_one_in_order(book, gathering):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gathering.add, items("a"))
        await settle()
        for name in "bcd":
            tasks.start_soon(gathering.add, items(name, name * 2))
            await settle()
        assert book.kept == []
        book.may_go.set()
    assert book.kept == [["a"], ["b", "bb", "c", "cc", "d", "dd"]]


async def test_one_write_takes_only_so_much(book, gathering):
    book.may_go.set()
    many = items(*map(str, range(600)))
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(gathering.add, many)
        tasks.start_soon(gathering.add, many * 5)
    assert sorted(map(len, book.kept)) == [600, 600, 600, 600, 3000]


async def test_a_write_that_fails_is_told_to_all_that_were_in_it_and_to_no_other(book, gathering):
    heard = {}

    async def push(name):
        try:
            await gathering.add(items(name))
        except StoreError as error:
            heard[name] = str(error)
        else:
            heard[name] = "kept"

    book.error = StoreError("the disk is full")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(push, "a")
        await settle()
        tasks.start_soon(push, "b")
        tasks.start_soon(push, "c")
        await settle()
        book.may_go.set()
    assert heard == dict.fromkeys("abc", "the disk is full")
    book.error = None
    await push("a")
    assert heard["a"] == "kept"
    assert book.kept == [["a"]]


async def test_who_gives_up_waiting_takes_nobody_along(book, gathering):
    async with anyio.create_task_group() as tasks:
        scopes = {}

        async def push(name):
            with anyio.CancelScope() as scopes[name]:
                await gathering.add(items(name))

        for name in "abcd":
            tasks.start_soon(push, name)
            await settle()
        scopes["a"].cancel()  # it was writing, for itself alone
        scopes["c"].cancel()  # it was waiting
        await settle()
        book.may_go.set()
    assert book.kept == [["b", "d"]]


async def test_what_one_was_writing_for_others_when_it_gave_up_is_written_by_them(book, gathering):
    async with anyio.create_task_group() as tasks:
        scopes = {}

        async def push(name):
            with anyio.CancelScope() as scopes[name]:
                await gathering.add(items(name))

        for name in "abc":
            tasks.start_soon(push, name)
            await settle()
        scopes["a"].cancel()
        await settle()  # now b writes, for c too
        scopes["b"].cancel()
        await settle()
        book.may_go.set()
    assert book.kept == [["c"]]
