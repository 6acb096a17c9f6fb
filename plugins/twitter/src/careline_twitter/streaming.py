"""The lines of the filtered stream, watched: X says something at least every 20 seconds."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final, Self

import anyio
import httpx

from careline.plugin import Clock, Transient
from careline_twitter import charges, outcome
from careline_twitter.asking import Asker, Call
from careline_twitter.ledger import Ledger

SILENCE: Final = 25.0
"""Seconds without a word after which a line is dead."""
_BACKSTOP: Final = 60.0


class Lines:
    """What comes down the stream: an object, or None for a keep-alive. It ends when X ends it.

    Close it when it is left early: else its slot stays taken.
    """

    def __init__(self, asker: Asker, ledger: Ledger, clock: Clock, call: Call) -> None:
        """It connects when the first line is asked for."""
        self._asker, self._ledger, self._clock, self._call = asker, ledger, clock, call
        self._answer: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._rest = bytearray()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any] | None:
        """Return the next line; what it costs is paid."""
        await self._ledger.admit_all(charges.bundle("post.read"))
        line = await self._line()
        if not line.strip():
            return None
        told = _read(line)
        if "data" not in told and (errors := told.get("errors")):
            await self.aclose()
            raise outcome.problem(errors[0] if isinstance(errors, list) else told)
        await self._ledger.spend_all(charges.of_page(told, "post.read"))
        return told

    async def aclose(self) -> None:
        """Hang up."""
        answer, chunks = self._answer, self._chunks
        self._answer = self._chunks = None
        if answer is None or chunks is None:
            return
        with anyio.CancelScope(shield=True) as scope:
            scope.cancel()  # ends the generators within one another, which closing does not
            while await anext(chunks, b""):
                continue
        with anyio.CancelScope(shield=True):
            await answer.aclose()

    async def _line(self) -> bytes:
        while b"\n" not in self._rest:
            chunk = await self._chunk()
            if not chunk:
                await self.aclose()
                raise StopAsyncIteration
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return bytes(line)

    async def _chunk(self) -> bytes:
        """Return what comes next; nothing: X has ended the stream."""
        chunks = self._chunks or await self._connect()
        chunk, failure = None, outcome.Dropped(f"X was silent for {SILENCE:.0f} s", sent=False)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, tasks.cancel_scope)
            try:
                chunk = await anext(chunks, b"")
            except Transient as error:
                failure = outcome.Dropped(str(error), sent=False)
            tasks.cancel_scope.cancel()
        if chunk is None:
            await self.aclose()
            raise failure
        return chunk

    async def _watch(self, scope: anyio.CancelScope) -> None:
        await self._clock.sleep(SILENCE)
        scope.cancel()

    async def _connect(self) -> AsyncIterator[bytes]:
        answer = await self._asker.connect(self._call)
        if answer.status_code != 200:
            try:
                self._asker.read(self._call, answer, await answer.aread())
            finally:
                await answer.aclose()
        self._answer, self._chunks = answer, answer.aiter_bytes()
        self._rest.clear()
        return self._chunks


def stream_call(query: dict[str, str]) -> Call:
    """Return the call that opens the stream."""
    path = "/2/tweets/search/stream"
    return Call("GET", path, ("app",), query=query, patience=_BACKSTOP)


def _read(line: bytes) -> dict[str, Any]:
    """Return a line's object; what is none is kept as data that nobody can read."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = line.decode("utf-8", "replace")
    return told if isinstance(told, dict) else {"data": told}
