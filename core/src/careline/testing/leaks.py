"""Finds what a plugin leaves behind: open files and sockets, running tasks."""

import gc
import os
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from careline.testing.clock import settle

_DESCRIPTORS = Path("/proc/self/fd")


def _open_now() -> set[str]:
    """Return each open descriptor with what it is, where the machine tells."""
    found = set()
    for name in os.listdir(_DESCRIPTORS) if _DESCRIPTORS.is_dir() else ():
        try:
            found.add(f"{name} -> {os.readlink(_DESCRIPTORS / name)}")
        except OSError:  # the descriptor of the listing itself
            continue
    return found


async def _left_open(before: set[str]) -> list[str]:
    """Return what is still open; a sandbox in a thread gets a second to hang up on its side."""
    for _ in range(50):
        await settle()
        if not _open_now() - before:
            break
        await anyio.sleep(0.02)
    return sorted(_open_now() - before)


@asynccontextmanager
async def nothing_left_open() -> AsyncIterator[None]:
    """Fail when files, sockets or tasks are there at the end that were not at the start."""
    files = _open_now()
    tasks = {task.id for task in anyio.get_running_tasks()}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        yield
        left = await _left_open(files)
        if not files:  # no list of descriptors: find forgotten files another way
            gc.collect()
    running = [task.name for task in anyio.get_running_tasks() if task.id not in tasks]
    unclosed = [str(w.message) for w in heard if issubclass(w.category, ResourceWarning)]
    assert not left, f"left open: {', '.join(left)}"
    assert not unclosed, f"left open: {'; '.join(unclosed)}"
    assert not running, f"left running: {', '.join(map(str, running))}"
