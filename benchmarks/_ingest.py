"""One end-to-end ingest in a process of its own: prints its seconds and its peak memory."""

import gc
import json
import resource
import sys
import time
from pathlib import Path

import anyio

from careline.config import load, read
from careline.desk import Desk
from careline.registry import Registry

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "replay" / "careline.toml"


async def ingest(store: str, file: str) -> float:
    """Run a desk until the file is read; return the seconds that took."""
    overrides = [f"store.url=sqlite:///{store}", f"channels.history.path={file}"]
    registry = Registry.load()
    settings = load(read(EXAMPLE, overrides=overrides, environ={}), registry)
    async with Desk(settings, registry=registry) as desk:
        gc.freeze()  # as `careline run` does
        gc.set_threshold(50_000, 20, 50)
        begin = time.perf_counter()
        await desk.run(once=True)
        return time.perf_counter() - begin


if __name__ == "__main__":
    seconds = anyio.run(ingest, sys.argv[1], sys.argv[2])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_kb": peak}))
