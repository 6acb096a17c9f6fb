"""One file that is being read: its lines from a mark on, which moves with them."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from careline_twitter.archive.files import Mark

LONGEST: Final = 16 * 2**20
"""Bytes of a line, or of a document; what is longer is set aside."""
_BUFFER: Final = 2**17


class Line(NamedTuple):
    """A line that is not blank; with `why` it is none that can be understood."""

    raw: bytes
    number: int
    why: str = ""


class Reading:
    """Reads one file on from its mark. Where it is half-written it waits before that line."""

    def __init__(self, path: Path, mark: Mark) -> None:
        """Open the file; raises `OSError`."""
        self.path = path
        self.mark = mark
        self._grows = path.suffix != ".gz"
        self._stream: BinaryIO | gzip.GzipFile = (
            path.open("rb", _BUFFER) if self._grows else gzip.GzipFile(path)
        )
        self._placed = False
        self.waits = False
        """The last line is half-written: the rest is still to come."""

    def lines(self) -> Iterator[Line]:
        """Yield what follows the mark; raises `OSError`, after which this is of no more use."""
        while not self.mark.done:
            try:
                yield from self._next()
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                self._move(b"", done=True)
                yield Line(b"", self.mark.line + 1, _broken(error))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _next(self) -> Iterator[Line]:
        if not self._placed:
            self._stream.seek(self.mark.offset)
            self._placed = True
        raw = self._stream.readline(LONGEST)
        if not self.mark.offset and _begins_a_document(raw, self.path):
            yield self._document(raw)
        elif len(raw) == LONGEST and raw[-1:] != b"\n":
            yield self._too_long(raw)
        elif not raw or (self._grows and raw[-1:] != b"\n" and not _is_json(raw)):
            self.waits = bool(raw)
            self.mark = replace(self.mark, done=True)
        else:
            number = self.mark.line + 1
            self._move(raw)
            if not raw.isspace():
                yield Line(raw, number)

    def _document(self, raw: bytes) -> Line:
        raw += self._stream.read(LONGEST - len(raw) + 1)
        self._move(raw, done=True)
        self.mark = replace(self.mark, whole=True)
        return Line(raw, 1, _over("document") if len(raw) > LONGEST else "")

    def _too_long(self, raw: bytes) -> Line:
        number, part = self.mark.line + 1, raw
        while part and part[-1:] != b"\n":
            self.mark = replace(self.mark, offset=self.mark.offset + len(part))
            part = self._stream.readline(LONGEST)
        self._move(part)
        return Line(raw, number, _over("line"))

    def _move(self, raw: bytes, *, done: bool = False) -> None:
        offset, line = self.mark.offset + len(raw), self.mark.line + raw.endswith(b"\n")
        self.mark = replace(self.mark, offset=offset, line=line, done=done)


def _begins_a_document(raw: bytes, path: Path) -> bool:
    """Tell a document over several lines from lines that are one each: both are called .json."""
    return ".json" in (path.suffix.lower(), path.with_suffix("").suffix.lower()) and bool(
        raw.strip() and not _is_json(raw)
    )


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return False
    return True


def _over(what: str) -> str:
    return f"a {what} longer than {LONGEST // 2**20} MB"


def _broken(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the gzip file ends in the middle: what follows is missing"
    return f"the gzip file is corrupt from here on: {error}"
