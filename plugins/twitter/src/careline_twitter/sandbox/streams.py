"""The streams that are open, and their slots."""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final

import anyio

from careline_twitter.sandbox.faults import Script
from careline_twitter.sandbox.lines import Endpoint, Line
from careline_twitter.sandbox.problems import too_many_connections, type_of
from careline_twitter.sandbox.vocabulary import Shape
from careline_twitter.sandbox.wire import Asked
from careline_twitter.sandbox.world import World

SLOTS: Final[dict[Endpoint, int]] = {"filtered_stream": 1, "activity_stream": 2}


class Streams:
    """The lines that are open, and those of the past."""

    def __init__(self, world: World, script: Script) -> None:
        """Start with none."""
        self._world, self._script = world, script
        self.lingers = False
        """Whether a slot stays taken when its client hangs up, until it is cleared."""
        self.open: list[Line] = []
        self.taken: list[Line] = []
        """Those that take a slot."""
        self.past: deque[Line] = deque(maxlen=100)

    def new(self, endpoint: Endpoint, asked: Asked, shape: Shape) -> Line:
        """Open a line, or refuse it where all slots are taken."""
        if sum(line.endpoint == endpoint for line in self.taken) >= SLOTS[endpoint]:
            raise too_many_connections()
        send, chunks = anyio.create_memory_object_stream[bytes](inf)
        line = Line(
            id=self._world.new_id(),
            endpoint=endpoint,
            asked=asked,
            shape=shape,
            opened_at=self._world.now(),
            world=self._world,
            script=self._script,
            chunks=chunks,
            send=send,
            on_end=self._ended,
        )
        self.open.append(line)
        self.taken.append(line)
        return line

    def lines(self, endpoint: Endpoint) -> list[Line]:
        """Return the open lines of an endpoint."""
        return [line for line in self.open if line.endpoint == endpoint]

    def clear(self, wanted: Callable[[Line], bool]) -> list[Line]:
        """Free the slots of the lines that are `wanted`: what is open of them ends."""
        cleared = [line for line in self.taken if wanted(line)]
        for line in cleared:
            line.end("operator_disconnect")
        self.taken = [line for line in self.taken if line not in cleared]
        return cleared

    def disconnect(self, kind: str = "UpstreamOperationalDisconnect") -> None:
        """End every line as X does for reasons of its own: with an object that says so."""
        said = "This stream has been disconnected upstream for operational reasons."
        problem = {"title": "operational-disconnect", "disconnect_type": kind, "detail": said}
        problem["type"] = type_of("operational-disconnect", "tweet")
        for line in tuple(self.open):
            line.say({"errors": [problem]})
            line.end("operational_disconnect")

    def cut(self) -> None:
        """End every line without a word."""
        for line in tuple(self.open):
            line.end("cut")

    def _ended(self, line: Line, reason: str) -> None:
        self.open.remove(line)
        self.past.appendleft(line)
        if line in self.taken and not (self.lingers and reason == "client_disconnect"):
            self.taken.remove(line)
