"""Runs the sandbox until it is interrupted: for other people's clients, and for other judges."""

import sys

import anyio

from careline_twitter.sandbox.sandbox import TOKENS, TwitterSandbox


async def _run() -> None:
    async with TwitterSandbox() as x:
        x.post("kim", f"{x.us} my kettle broke")
        x.dm("kim", "Where is my order?")
        told = {"url": x.base_url, "us": x.us.id, "bearer": x.app.bearer, **TOKENS}
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in told.items()))
        sys.stdout.flush()
        await anyio.sleep_forever()


if __name__ == "__main__":
    try:
        anyio.run(_run)
    except KeyboardInterrupt:
        sys.exit(0)
