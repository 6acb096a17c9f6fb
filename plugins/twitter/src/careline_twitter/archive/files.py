"""The files of an archive, and how far each is read: all that a cursor remembers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from errno import EINVAL
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError

_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
_BEING_WRITTEN: Final = (".part", ".tmp")
_HEAD: Final = 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one file is read. `offset` counts unzipped bytes, `line` the lines before it."""

    size: int
    mtime: int
    head: str
    """The length and the hash of the file's first bytes."""
    settings: str
    """The hash of the settings by which it is read."""
    offset: int = 0
    line: int = 0
    done: bool = False
    """All is read, as long as the file stays as it is."""
    whole: bool = False
    """It is one document: when it changes it is another one."""

    @classmethod
    def of(cls, told: Any) -> Self | None:
        """Return the mark that a cursor holds; None where it holds none."""
        try:
            mark: Self = TypeAdapter(cls).validate_python(told)
        except ValidationError:
            return None
        return mark

    def renewed(self, path: Path) -> "Mark":
        """Return the mark for the file as it is now: it goes on if the file only grew."""
        stat = path.stat()
        if (self.size, self.mtime) == (stat.st_size, stat.st_mtime_ns):
            return self
        fresh = begun(path, self.settings)
        length = int(self.head.partition(":")[0])
        if self.whole or stat.st_size <= self.size or self.head != _head(path, length):
            return fresh
        return replace(fresh, offset=self.offset, line=self.line)


def begun(path: Path, settings: str) -> Mark:
    """Return the mark before the first line of a file."""
    stat = path.stat()
    return Mark(stat.st_size, stat.st_mtime_ns, _head(path, _HEAD), settings)


def _head(path: Path, length: int) -> str:
    with path.open("rb") as file:
        head = file.read(length)
    return f"{len(head)}:{fingerprint(head)}"


def fingerprint(raw: bytes) -> str:
    """Return a short hash."""
    return blake2b(raw, digest_size=8).hexdigest()


def files(path: Path) -> Iterator[Path]:
    """Yield what there is to read, in name order; raises `OSError`, with a reason for people."""
    if not S_ISDIR(path.stat().st_mode):
        if not _is_archive(path):
            raise OSError(EINVAL, "its name must end in .jsonl, .ndjson or .json, also with .gz")
        yield path
        return
    for each in sorted(path.iterdir()):
        if each.name[0] != "." and _is_archive(each) and each.is_file():
            yield each


def _is_archive(path: Path) -> bool:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return path.suffix not in _BEING_WRITTEN and name.suffix.lower() in _SUFFIXES
