"""The ASGI app of a desk, and the lifespan that holds it: both run on asyncio and on trio."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from starlette.applications import Starlette

from careline.desk import Desk
from careline.web.bodies import Bodies
from careline.web.hooks import Hooks
from careline.web.probes import Probes


def asgi(desk: Desk, *, run: bool = True) -> Starlette:
    """Return an app that serves the webhooks and the health of an open desk.

    `run`: this process is meant to hear and send, too, and is not ready where it does not.
    """
    return Starlette(routes=[*Hooks(desk, Bodies()).routes(), *Probes(desk, run).routes()])


def lifespan(
    desk: Desk, *, run: bool = True, within: float = 10.0
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return what Starlette and FastAPI take as `lifespan`: it opens the desk and closes it.

    Meanwhile the desk runs, unless `run` says that another process does that. At the end it sends
    what is due, for `within` seconds at the most, whatever ended the app.
    """

    @asynccontextmanager
    async def hold(app: object) -> AsyncIterator[None]:
        async with desk, anyio.create_task_group() as tasks:
            if run:
                await tasks.start(desk.run)
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await desk.drain(within)

    return hold
