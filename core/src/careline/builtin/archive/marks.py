"""Where reading stands: the files of an archive, and what a cursor remembers of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from errno import EINVAL
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR
from typing import Literal

Format = Literal["csv", "jsonl"]

_SUFFIXES: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_PARTIAL = (".part", ".tmp")
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one file is read. `offset` counts unzipped bytes, `line` the lines before it."""

    size: int
    mtime: int
    head: str
    """The length and the hash of the file's first bytes."""
    fields: str
    """The hash of the settings it is read by."""
    offset: int = 0
    line: int = 0
    done: bool = False
    """All is read, as long as the file stays as it is."""
    tail: list[str] = field(default_factory=list)
    """The hash and the message id of a last row without a line's end, which is told already."""


def renewed(mark: Mark | None, path: Path, fields: str) -> Mark:
    """Return the mark for the file as it is now.

    It goes on where the file is the same or only grew, and starts again where it is another one,
    or is read by other settings: what is known already does no harm.
    """
    stat = path.stat()
    if mark and mark.fields != fields:
        mark = None
    if mark and (mark.size, mark.mtime) == (stat.st_size, stat.st_mtime_ns):
        return mark
    fresh = Mark(stat.st_size, stat.st_mtime_ns, _head(path, _HEAD), fields)
    if mark and stat.st_size > mark.size:
        length = int(mark.head.partition(":")[0])
        if mark.head == _head(path, length):
            return replace(fresh, offset=mark.offset, line=mark.line, tail=mark.tail)
    return fresh


def _head(path: Path, length: int) -> str:
    with path.open("rb") as file:
        head = file.read(length)
    return f"{len(head)}:{fingerprint(head)}"


def fingerprint(raw: bytes) -> str:
    """Return a short hash."""
    return blake2b(raw, digest_size=8).hexdigest()


def format_of(path: Path, default: Format | None) -> Format | None:
    """Tell a file's format by its suffix, `.gz` aside."""
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return _SUFFIXES.get(name.suffix.lower(), default)


def files(path: Path, default: Format | None) -> Iterator[tuple[Path, Format]]:
    """Yield what there is to read, in name order; raises `OSError`, with a reason for people."""
    if not S_ISDIR(path.stat().st_mode):
        if (known := format_of(path, default)) is None:
            raise OSError(EINVAL, 'no suffix tells its format: set format = "csv" or "jsonl"')
        yield path, known
        return
    for each in sorted(path.iterdir()):
        known = format_of(each, default)
        if known and each.name[0] != "." and each.suffix not in _PARTIAL and each.is_file():
            yield each, known
