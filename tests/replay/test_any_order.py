"""The same rows in any order, and in batches of any size, make the same conversations."""

import gzip
from pathlib import Path
from random import Random

import anyio
import pytest

from careline.builtin.archive.channel import ArchiveChannel
from careline.config import load, read
from careline.desk import Desk
from careline.registry import Registry

from .desks import CONFIG, Replay, differing, need_data, on_small

need_data()

HOW = {  # order: (rows in a batch, event loop)
    "last first, some twice": (150, "asyncio"),
    "shuffled": (400, "trio"),
}


def _ordered(lines: list[str], order: str) -> list[str]:
    chance = Random(order)
    if order == "shuffled":
        return chance.sample(lines, len(lines))
    return [*lines[::-1], *chance.sample(lines, len(lines) // 3)]


def _hear(path: Path, database: Path, backend: str) -> None:
    settings = [f"channels.history.path={path}", f"store.url=sqlite:///{database}"]
    registry = Registry.load()

    async def run() -> bool:
        config = load(read(CONFIG, overrides=settings), registry)
        async with Desk(config, registry=registry, strict=True) as desk:
            return (await desk.run(once=True)).fine

    assert anyio.run(run, backend=backend)


@on_small
@pytest.mark.parametrize("order", HOW)
def test_order_and_batches_do_not_matter(
    replay: Replay, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, backend = HOW[order]
    path, database = tmp_path / "another.jsonl.gz", tmp_path / "another.db"
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(_ordered(replay.lines, order))
    monkeypatch.setattr(ArchiveChannel, "rows_per_poll", batch)
    _hear(path, database, backend)
    found = differing(database, replay.desk.database)
    assert not found
