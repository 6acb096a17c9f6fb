"""A credential's record is kept, and of two writers that saw the same version one wins."""

import anyio

from careline.store.records import StoreRecords
from careline.store.store import Store


async def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    records = StoreRecords(store)
    assert await records.get("x:acme", "token") is None
    assert await records.put("x:acme", "token", b"\x00one", version=0, secret=True)
    assert await records.get("x:acme", "token") == (b"\x00one", 1, True)
    assert await records.put("x:acme", "token", b"two", version=1, secret=False)
    assert await records.get("x:acme", "token") == (b"two", 2, False)
    assert await records.get("x:acme", "other") is None
    assert await records.get("x:other", "token") is None


async def test_a_version_that_is_not_the_record_s_writes_nothing(store: Store) -> None:
    records = StoreRecords(store)
    assert not await records.put("c", "k", b"lost", version=1, secret=False)
    assert await records.put("c", "k", b"one", version=0, secret=False)
    for stale in (0, 2, 5):
        assert not await records.put("c", "k", b"lost", version=stale, secret=False)
    assert await records.get("c", "k") == (b"one", 1, False)


async def test_of_many_writers_of_one_version_exactly_one_wins(store: Store) -> None:
    records, won = StoreRecords(store), list[bytes]()

    async def write(value: bytes, version: int) -> None:
        if await records.put("c", "k", value, version=version, secret=False):
            won.append(value)

    for version in range(3):
        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(write, b"%d" % number, version)
        assert len(won) == version + 1
        assert await records.get("c", "k") == (won[-1], version + 1, False)


async def test_a_written_record_is_there_for_another_process(store: Store) -> None:
    await StoreRecords(store).put("c", "k", b"one", version=0, secret=False)
    other = Store(store.url)
    assert await StoreRecords(other).get("c", "k") == (b"one", 1, False)
    other.close()
