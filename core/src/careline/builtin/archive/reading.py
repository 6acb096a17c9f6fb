"""One file that is being read: its next items, and the mark that follows them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from careline.builtin.archive.lines import KEPT, Lines, Unusable
from careline.builtin.archive.mapping import BadRow, Mapper
from careline.builtin.archive.marks import Format, Mark, fingerprint
from careline.builtin.archive.rows import CsvRows, Row, json_rows
from careline.plugin import Context, Item, Malformed, Revised, Seen


@dataclass(slots=True)
class Room:
    """How much more fits into a batch: rows, and bytes of them."""

    rows: int
    bytes: int

    def take(self, size: int) -> bool:
        """Use room for a row of `size` bytes; tell whether there is more."""
        self.rows -= 1
        self.bytes -= size
        return bool(self)

    def __bool__(self) -> bool:
        return self.rows > 0 and self.bytes > 0


class Reading:
    """Reads one file on from its mark, which moves with it."""

    def __init__(self, path: Path, form: Format, mark: Mark, mapper: Mapper) -> None:
        """Open the file; raises `OSError`."""
        self.path = path
        self.mark = mark
        self._form = form
        self._mapper = mapper
        self._lines = Lines(path)
        self._rows: Iterator[Row] = iter(())
        self._started = False
        self._offset, self._number = mark.offset, mark.line

    def read(self, room: Room, context: Context) -> list[Item]:
        """Return what fits into `room`, bad rows included; `mark.done` tells the file's end.

        Raises:
            OSError: the file cannot be read now. This object is of no more use then.
        """
        items: list[Item] = []
        try:
            done = self._fill(items, room, context)
        except Unusable as error:
            items.append(self._malformed(error.raw, str(error), self._lines.number + 1))
            done = True
        self.mark = replace(self.mark, offset=self._offset, line=self._number, done=done)
        return items

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _fill(self, items: list[Item], room: Room, context: Context) -> bool:
        if not self._started:
            self._rows, self._started = self._start(), True
        for row in self._rows:
            item = self._news(row, context)
            if row.unfinished:
                items.extend(self._leave(row, item, context))
                return True
            if item is not None:
                items.append(item)
            if self.mark.tail:
                self.mark = replace(self.mark, tail=[])
            self._offset, self._number = self._lines.offset, self._lines.number
            if not room.take(len(row.raw)):
                return False
        return True

    def _start(self) -> Iterator[Row]:
        if self._form == "jsonl":
            rows: Iterator[Row] = json_rows(self._lines)
        else:
            rows = CsvRows(self._lines, self._mapper.delimiter, self._mapper.columns)
        if self.mark.offset:
            self._lines.go(self.mark.offset, self.mark.line)
        return rows

    def _news(self, row: Row, context: Context) -> Item | None:
        """Return what a row says, but not twice what the last one of the file said already."""
        item = self._item(row)
        if not self.mark.tail:
            return item
        told, message = self.mark.tail
        if told == _fingerprint(row):
            return None
        if message and isinstance(item, Seen):
            return Revised(item.message, message, context.clock.now())
        return item

    def _item(self, row: Row) -> Item:
        if row.values is None:
            return self._malformed(row.raw, row.why, row.line)
        try:
            return Seen(self._mapper(row.values))
        except BadRow as error:
            return self._malformed(row.raw, str(error), row.line)

    def _malformed(self, raw: bytes, why: str, line: int) -> Malformed:
        return Malformed(raw[:KEPT], why, f"{self.path.name}:{line}")

    def _leave(self, row: Row, item: Item | None, context: Context) -> list[Item]:
        """Return the last row if it is one, but stay before it: it may still grow.

        Half a line is no row yet. A quote that is open after a whole line is more likely a fault,
        so it is set aside at once; if the rest comes after all, the row is heard.
        """
        if isinstance(item, Malformed) and row.raw[-1:] != b"\n":
            context.log.warning(
                "the last row is half-written: waiting for the rest",
                file=str(self.path),
                line=row.line,
                why=item.why,
            )
            return []
        if item is None:
            return []
        message = self.mark.tail[1] if self.mark.tail else ""
        if isinstance(item, Seen | Revised):
            message = item.message.external_id
        self.mark = replace(self.mark, tail=[_fingerprint(row), message])
        return [item]


def _fingerprint(row: Row) -> str:
    return fingerprint(row.raw.rstrip(b"\r\n"))
