"""The `twitter-archive` channel: reads files in slices, and goes on where its cursor left off."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import anyio.to_thread

from careline.plugin import (
    JSON,
    Author,
    Batch,
    Capability,
    Channel,
    Context,
    Item,
    Malformed,
    Source,
    Transient,
)
from careline_twitter.archive.config import TwitterArchiveConfig
from careline_twitter.archive.files import Mark, begun, files, fingerprint
from careline_twitter.archive.flat import items_of
from careline_twitter.archive.reading import Line, Reading
from careline_twitter.us import NETWORK, Scene, Us

_KEPT = 64 * 2**10


class TwitterArchiveChannel(Channel[TwitterArchiveConfig]):
    """Saved responses of API v2, and what twarc wrote; memory stays flat whatever their number.

    Its cursor holds a mark for each file. One file at a time stays open between two polls, so that
    a gzip file is unzipped once only.
    """

    kind = "twitter-archive"
    title = "X archive"
    Config = TwitterArchiveConfig
    capabilities = frozenset({Capability.POLL})

    items_per_poll: ClassVar[int] = 5000
    bytes_per_poll: ClassVar[int] = 4 * 2**20

    def __init__(self, config: TwitterArchiveConfig, context: Context) -> None:
        """Keep both; no file is touched before the first poll."""
        super().__init__(config, context)
        self._us = Us.of(config.user_ids, (*context.brand.handles, *config.handles))
        self._settings = fingerprint(repr((self._us.ids, sorted(self._us.handles))).encode())
        self._reading: Reading | None = None

    @property
    def network(self) -> str:
        """The network of X itself: what is heard live, too, is one and the same message."""
        return NETWORK

    @property
    def identity(self) -> Author | None:
        """Us, where a user id says so."""
        return Author(id=self._us.ids[0]) if self._us.ids else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The lines: one stream over all files."""
        return (Source("lines", every=self.config.every, title="lines"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return the next lines' items; `Transient` says which file cannot be read, and why."""
        return await anyio.to_thread.run_sync(self._poll, cursor)

    async def close(self) -> None:
        """Close the file that is open."""
        self._let_go()

    def _poll(self, cursor: JSON) -> Batch:
        before = cursor if isinstance(cursor, dict) else {}
        after: dict[str, Any] = {}
        items: list[Item] = []
        trouble, size = "", 0
        for path in self._files():
            mark = Mark.of(before.get(path.name))
            try:
                if not self._is_full(items, size):
                    mark, size = self._read(path, mark, items, size)
            except OSError as error:
                self._let_go()
                trouble = trouble or _reason(path, error)
            if mark:
                after[path.name] = asdict(mark)
        if trouble and not items and after == before:
            raise Transient(trouble)
        return Batch(tuple(items), after, more=self._is_full(items, size))

    def _is_full(self, items: list[Item], size: int) -> bool:
        return len(items) >= self.items_per_poll or size >= self.bytes_per_poll

    def _files(self) -> list[Path]:
        try:
            return list(files(self.config.path))
        except OSError as error:
            raise Transient(_reason(self.config.path, error)) from error

    def _read(
        self, path: Path, known: Mark | None, items: list[Item], size: int
    ) -> tuple[Mark, int]:
        if known is None or known.settings != self._settings:
            mark = begun(path, self._settings)
        else:
            mark = known.renewed(path)
        if mark.done:
            return mark, size
        reading = self._opened(path, mark)
        for line in reading.lines():
            items.extend(self._items(path, reading.mark, line))
            size += len(line.raw)
            if self._is_full(items, size):
                return reading.mark, size
        if reading.waits:
            self.context.log.warning(
                "the last line is half-written: waiting for the rest",
                file=str(path),
                line=reading.mark.line + 1,
            )
        self._let_go()
        return reading.mark, size

    def _items(self, path: Path, mark: Mark, line: Line) -> Iterator[Item]:
        place = f"{path.name}:{line.number}"
        if line.why:
            yield Malformed(line.raw[:_KEPT], line.why, place)
            return
        saved = datetime.fromtimestamp(mark.mtime / 1e9, UTC)
        at = min(saved, self.context.clock.now())
        yield from items_of(line.raw, Scene(self._us, at, place))

    def _opened(self, path: Path, mark: Mark) -> Reading:
        if self._reading and (self._reading.path, self._reading.mark) == (path, mark):
            return self._reading
        self._let_go()
        self._reading = Reading(path, mark)
        return self._reading

    def _let_go(self) -> None:
        if self._reading:
            self._reading.close()
        self._reading = None


def _reason(path: Path, error: OSError) -> str:
    return f"cannot read {path}: {error.strerror or error}".replace("file or directory", "file")
