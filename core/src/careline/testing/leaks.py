"""Finds what a plugin leaves behind: open files and sockets, running tasks."""

import gc
import os
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

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


async def cut_short(turns: int, call: Callable[[], Awaitable[Any]]) -> None:
    """Cancel `call` after some turns of the event loop; what it raises is not the matter here."""

    async def run() -> None:
        with suppress(Exception):
            await call()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        for _ in range(turns):
            await checkpoint()
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def nothing_left_open() -> AsyncIterator[None]:
    """Fail when files, sockets or tasks are there at the end that were not at the start."""
    files, tasks = _open_now(), _running()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        yield
        await _quiet_down(files, tasks)
        if not files:  # no list of descriptors: find forgotten files another way
            gc.collect()
    left, running = sorted(_open_now() - files), _running().keys() - tasks.keys()
    unclosed = [str(w.message) for w in heard if issubclass(w.category, ResourceWarning)]
    assert not left, f"left open: {', '.join(left)}"
    assert not unclosed, f"left open: {'; '.join(unclosed)}"
    assert not running, f"left running: {', '.join(_running()[one] for one in running)}"


def _running() -> dict[int, str]:
    """Return the name of each task."""
    return {task.id: str(task.name) for task in anyio.get_running_tasks()}


async def _quiet_down(files: set[str], tasks: dict[int, str]) -> None:
    """Wait for what ends by itself: a platform gets a second to hang up on its side."""
    for _ in range(50):
        await settle()
        if not _open_now() - files and not _running().keys() - tasks.keys():
            return
        await anyio.sleep(0.02)
