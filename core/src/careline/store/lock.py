"""One `careline run` at a time on a SQLite file: two would poll, alert and answer twice."""

import fcntl
import os
from pathlib import Path
from typing import Self

from careline.errors import StoreError


class RunLock:
    """Held while the database is run; the system lets go of it however the process ends."""

    def __init__(self, path: Path | None) -> None:
        """`path`: the SQLite file; None (PostgreSQL): nothing is locked."""
        self._path = path and path.resolve().with_name(f"{path.resolve().name}.lock")
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            StoreError: another process holds it, or the lock's file cannot be written.
        """
        if self._path is not None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                said = f"{self._path}: {error.strerror} (may this user write there?)"
                raise StoreError(said) from error
            self._take(self._file)
        return self

    def _take(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            self.__exit__()
            raise StoreError(
                f"another `careline run` (pid {holder}) works on {str(self._path)[:-5]}:"
                " stop that one first"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

    def __exit__(self, *exc: object) -> None:
        """Let go. The file stays: to remove it could hand the lock to two."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
