"""The files of SQLite hold no byte of what was erased, and a running desk is not stopped for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event

from careline.errors import StoreError
from careline.store.lock import RunLock
from careline.store.store import Store
from careline.store.vacuum import vacuum

from .conftest import SECRETS, Place


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite alone: where PostgreSQL puts its bytes is not ours to look at."""
    return f"sqlite:///{tmp_path / 'careline.db'}"


@pytest.fixture
async def place(place: Place) -> AsyncIterator[Place]:
    """Return a desk on an SQLite that overwrites nothing of itself: some are built to do so."""
    engine = place.desk.store.engine
    engine.dispose()
    event.listen(engine, "connect", lambda conn, _: conn.execute("PRAGMA secure_delete = 0"))
    return place


def spoken(path: Path) -> list[str]:
    """Return in which of the database's files a word or a name stands.

    An index keeps of a word only what the one before it has not.
    """
    files = [path, path.with_name(f"{path.name}-wal")]
    held = {file.name: file.read_bytes().lower() for file in files if file.exists()}
    return [name for name, all in held.items() if any(w[2:].encode() in all for w in SECRETS)]


async def test_after_a_vacuum_no_file_holds_a_word(told):
    path = told.desk.store.path
    assert spoken(path)
    await told.desk.erase("x:u4711k", actor="ann")
    vacuum(told.desk.store)
    assert spoken(path) == []
    assert await told.all("SELECT count(*) FROM messages") == [(12,)]


async def test_what_is_erased_is_overwritten_at_once(told):
    path = told.desk.store.path
    await told.desk.erase("x:u4711k", actor="ann")
    await told.all("PRAGMA wal_checkpoint(TRUNCATE)")
    assert spoken(path) == []
    assert await told.all("PRAGMA secure_delete") == [(0,)]


async def test_while_a_desk_runs_nothing_is_written_anew(told):
    store = Store(told.desk.store.url)
    with RunLock(store.path), pytest.raises(StoreError, match="another `careline run`"):
        vacuum(store)
    store.close()
