"""Physical lines of a file, plain or gzipped: where each ends, none longer than memory bears."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

LONGEST = 16 * 2**20
"""Bytes of a line that are read; what is longer is set aside."""
KEPT = 64 * 2**10
"""Bytes of a bad row that are kept."""
BOM = b"\xef\xbb\xbf"
_BUFFER = 2**17


class Unusable(Exception):
    """The file cannot be read on: it is cut short, corrupt, or of another shape."""

    def __init__(self, why: str, raw: bytes = b"") -> None:
        """`raw`: what shows it."""
        super().__init__(why)
        self.raw = raw


class TooLong(Exception):
    """A line longer than `LONGEST`; it has been passed over."""

    def __init__(self, start: bytes) -> None:
        """`start`: the first `KEPT` bytes."""
        super().__init__(f"a line longer than {LONGEST // 2**20} MB")
        self.start = start


class Lines:
    """The lines of one file, from any place on, with the means to give some back."""

    def __init__(self, path: Path) -> None:
        """Open `path`; raises `OSError`."""
        self.zipped = path.suffix == ".gz"
        self.offset = 0
        """Bytes (unzipped ones) before the next line."""
        self.number = 0
        """Lines before the next one."""
        self._returned: list[bytes] = []
        self._stream: BinaryIO | gzip.GzipFile = (
            gzip.GzipFile(path) if self.zipped else path.open("rb", _BUFFER)
        )

    def go(self, offset: int, number: int) -> None:
        """Go on from `offset`, where `number` lines have passed."""
        self._returned.clear()
        try:
            self._stream.seek(offset)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _broken(error) from error
        self.offset, self.number = offset, number

    def take(self) -> bytes:
        """Return the next line with its end, `b""` after the last; or raise why there is none."""
        if self._returned:
            line = self._returned.pop()
        else:
            try:
                line = self._stream.readline(LONGEST)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise _broken(error) from error
        self.offset += len(line)
        self.number += bool(line)
        if len(line) == LONGEST and line[-1:] != b"\n":
            self._pass_over()
            raise TooLong(line[:KEPT])
        return line

    def give_back(self, lines: list[bytes]) -> None:
        """Take back `lines`, the latest that were taken: they come again."""
        self._returned.extend(reversed(lines))
        self.offset -= sum(map(len, lines))
        self.number -= len(lines)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _pass_over(self) -> None:
        while part := self._stream.readline(LONGEST):
            self.offset += len(part)
            if part.endswith(b"\n"):
                return


def _broken(error: Exception) -> Unusable:
    if isinstance(error, EOFError):
        return Unusable("the gzip file ends in the middle: what follows is missing")
    return Unusable(f"the gzip file is corrupt from here on: {error}")
