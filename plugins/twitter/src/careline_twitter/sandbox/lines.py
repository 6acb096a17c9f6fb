"""One open stream: what goes down it, its keep-alives, and its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from careline_twitter.sandbox.faults import Script
from careline_twitter.sandbox.vocabulary import Shape
from careline_twitter.sandbox.wire import Asked, encoded, stamp
from careline_twitter.sandbox.world import World

Endpoint = Literal["filtered_stream", "activity_stream"]
KEEP_ALIVE: Final = 20.0
_BEAT: Final = b"\r\n"
_NEW_EVENT: Final = {"data": {"event_type": "post.sparkle.create", "payload": {"id": "1"}}}


@dataclass(slots=True, eq=False)
class Line:
    """One stream that a client holds, or whose slot nobody has freed yet."""

    id: str
    endpoint: Endpoint
    asked: Asked
    shape: Shape
    opened_at: datetime
    world: World
    script: Script
    chunks: MemoryObjectReceiveStream[bytes]
    send: MemoryObjectSendStream[bytes]
    on_end: Callable[["Line", str], None]
    ended_at: datetime | None = None
    reason: str = ""
    held_back: list[bytes] = field(default_factory=list)

    def say(self, payload: dict[str, Any]) -> bool:
        """Send one object, as the script says; tell whether it went out."""
        line = encoded(payload).encode() + _BEAT
        if self._happens("silent"):
            return False
        lines = [line, line] if self._happens("duplicates") else [line]
        if self._happens("unknown"):
            lines.insert(0, encoded(_NEW_EVENT).encode() + _BEAT)
        if self._happens("shuffled"):
            self.held_back += lines
            return True
        for one in [*lines, *self.held_back]:
            self._put(one)
        self.held_back.clear()
        return True

    @property
    def clean(self) -> bool:
        """Whether its body comes to an end as HTTP has it."""
        return self.reason != "cut"

    async def beat(self) -> None:
        """Send a keep-alive every 20 seconds."""
        while True:
            await self.world.clock.sleep(KEEP_ALIVE)
            if not self._happens("silent"):
                self._put(_BEAT)

    def gone(self) -> None:
        """Take note that the client has hung up."""
        self.end("client_disconnect")

    def end(self, reason: str) -> None:
        """End it from the platform's side."""
        if self.ended_at is None:
            self.ended_at, self.reason = self.world.now(), reason
            self.send.close()
            self.on_end(self, reason)

    def _put(self, chunk: bytes) -> None:
        if self.ended_at is None:
            self.send.send_nowait(chunk)

    def _happens(self, how: str) -> bool:
        return any(True for _ in self.script.taken(self.asked, how))

    def told(self) -> dict[str, Any]:
        """Return what `connections` tells of it."""
        told = {
            "id": self.id,
            "endpoint_name": self.endpoint,
            "connected_at": stamp(self.opened_at),
            "client_ip": "127.0.0.1",
        }
        if self.ended_at is None:
            return told
        return told | {"disconnected_at": stamp(self.ended_at), "disconnect_reason": self.reason}
