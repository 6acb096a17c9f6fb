"""The `archive` channel: reads files in slices, and goes on where its cursor left off."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import anyio.to_thread

from careline.builtin.archive.config import ArchiveConfig
from careline.builtin.archive.mapping import Mapper
from careline.builtin.archive.marks import Format, Mark, files, fingerprint, renewed
from careline.builtin.archive.reading import Reading, Room
from careline.plugin import JSON, Batch, Capability, Channel, Context, Item, Source, Transient


class ArchiveChannel(Channel[ArchiveConfig]):
    """Rows of CSV and JSONL files as messages; memory stays flat whatever their number.

    Its cursor holds a mark for each file. One file at a time stays open between two polls, so that
    a gzip file is unzipped once only.
    """

    kind = "archive"
    title = "Archive"
    Config = ArchiveConfig
    capabilities = frozenset({Capability.POLL})

    rows_per_poll: ClassVar[int] = 5000
    bytes_per_poll: ClassVar[int] = 4 * 2**20

    def __init__(self, config: ArchiveConfig, context: Context) -> None:
        """Keep both; no file is touched before the first poll."""
        super().__init__(config, context)
        self._path = config.path
        self._mapper = Mapper(config, context.brand)
        self._settings = fingerprint(config.model_dump_json(exclude={"path", "every"}).encode())
        self._reading: Reading | None = None

    @property
    def network(self) -> str:
        """The namespace that the operator gave the ids of this archive."""
        return self.config.network

    @property
    def sources(self) -> tuple[Source, ...]:
        """The rows: one stream over all files."""
        return (Source("rows", every=self.config.every, title="rows"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return the next rows; `Transient` says which file cannot be read, and why."""
        return await anyio.to_thread.run_sync(self._poll, cursor or {})

    async def close(self) -> None:
        """Close the file that is open."""
        self._let_go()

    def _poll(self, before: dict[str, Any]) -> Batch:
        room = Room(self.rows_per_poll, self.bytes_per_poll)
        items: list[Item] = []
        after: dict[str, Any] = {}
        trouble = ""
        for path, form in self._files():
            mark = before.get(path.name)
            try:
                if room:
                    mark = self._read(path, form, mark, room, items)
            except OSError as error:
                self._let_go()
                trouble = trouble or _reason(path, error)
            if mark:
                after[path.name] = mark
        if trouble and not items and after == before:
            raise Transient(trouble)
        return Batch(tuple(items), after, more=not room)

    def _files(self) -> list[tuple[Path, Format]]:
        try:
            return list(files(self._path, self.config.format))
        except OSError as error:
            raise Transient(_reason(self._path, error)) from error

    def _read(
        self, path: Path, form: Format, known: Any, room: Room, items: list[Item]
    ) -> dict[str, Any]:
        mark = renewed(Mark(**known) if known else None, path, self._settings)
        if not mark.done:
            reading = self._opened(path, form, mark)
            items.extend(reading.read(room, self.context))
            mark = reading.mark
            if mark.done:
                self._let_go()
        return asdict(mark)

    def _opened(self, path: Path, form: Format, mark: Mark) -> Reading:
        if self._reading and (self._reading.path, self._reading.mark) == (path, mark):
            return self._reading
        self._let_go()
        self._reading = Reading(path, form, mark, self._mapper)
        return self._reading

    def _let_go(self) -> None:
        if self._reading:
            self._reading.close()
        self._reading = None


def _reason(path: Path, error: OSError) -> str:
    return f"cannot read {path}: {error.strerror or error}".replace("file or directory", "file")
