"""Guards that fail a test when code reads the real clock, uses a network, does I/O or hangs.

They see what Python tells: audit events for sockets, files, processes and threads; a profile hook
for calls of C functions, so `datetime.now` is seen however it was imported. What a library written
in C does within itself, they do not see; nor clock reads in threads that ran before the guard.
"""

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import anyio

from careline.testing.context import is_loopback
from careline.testing.wallclock import clock_read

T = TypeVar("T")
Judge = Callable[[str, tuple[Any, ...]], str | None]
_ADDRESS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
_LOOKUP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_IO = ("socket.", "subprocess.", "os.system", "os.fork", "os.posix_spawn", "os.mkdir", "os.remove",
       "os.rename", "os.listdir", "os.scandir", "shutil.", "sqlite3.connect", "tempfile.", "open",
       "_thread.start_new_thread")  # fmt: skip
_watchers: list[Callable[[str, tuple[Any, ...]], None]] = []
_installed: list[bool] = []


class Breach(AssertionError):
    """Code under test did what a guard forbids."""


class Hung(AssertionError):
    """A call did not return in time."""


class _Alarm(BaseException):
    """Raised by the alarm clock in code that never gives way; no `except Exception` stops it."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for watch in tuple(_watchers):
        watch(event, args)


@contextmanager
def _forbid(judge: Judge) -> Iterator[None]:
    """Raise `Breach` at the forbidden act, and again at the end, should it have been swallowed."""
    if not _installed:  # an audit hook stays for good: one, and only where a guard is used
        _installed.append(True)
        sys.addaudithook(_hook)
    found: list[str] = []

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if why := judge(event, args):
            found.append(why)
            raise Breach(why)

    _watchers.append(watch)
    try:
        yield
    except Exception as error:
        if found:
            raise Breach(found[0]) from error
        raise
    finally:
        _watchers.remove(watch)
    if found:
        raise Breach(found[0])


def _beyond_loopback(event: str, args: tuple[Any, ...]) -> str | None:
    if event in _ADDRESS:
        address = args[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in _LOOKUP:
        host = args[0]
    else:
        return None
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or is_loopback(name):
        return None
    return f"{event} to {name}: only context.http may use a network, and tests none but loopback"


def _importing(args: tuple[Any, ...]) -> bool:
    """Tell whether an import or a time zone is being read: that is no I/O of the plugin's own."""
    if args and "zoneinfo" in str(args[0]):
        return True
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("importlib."):
            return True
        frame = frame.f_back
    return False


def _reads(folder: Path, event: str, args: tuple[Any, ...]) -> bool:
    """Tell whether a file below `folder` is opened for reading, or a folder there listed."""
    if event not in ("open", "os.listdir", "os.scandir") or not isinstance(args[0], str | bytes):
        return False
    writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    return not writes and folder in Path(os.path.abspath(os.fsdecode(args[0]))).parents


def _any_io(own: Path | None, event: str, args: tuple[Any, ...]) -> str | None:
    if not event.startswith(_IO) or _importing(args) or (own and _reads(own, event, args)):
        return None
    return f"it does I/O: {event} {args!r:.200}"


@contextmanager
def no_network() -> Iterator[None]:
    """Fail when a socket is opened to, or a name looked up of, anything but this machine."""
    with _forbid(_beyond_loopback):
        yield


@contextmanager
def no_io(own: Path | None = None) -> Iterator[None]:
    """Fail when a socket, file, folder, process, database or thread is touched.

    `own`: a folder whose files may be read, as a plugin's word lists are.
    """
    with _forbid(partial(_any_io, own)):
        yield


@contextmanager
def no_real_clock(package: str) -> Iterator[None]:
    """Fail when a module of `package` asks the machine for the time, or really sleeps.

    Its `sandbox` is left out: a platform has a clock of its own.
    """
    found: list[str] = []

    def watch(frame: FrameType, event: str, arg: Any) -> None:
        if read := clock_read(package, frame, event, arg):
            found.append(read)

    before, before_threads = sys.getprofile(), threading.getprofile()
    sys.setprofile(watch)
    threading.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
        threading.setprofile(before_threads)
    if found:
        raise Breach(f"{found[0]}: ask context.clock instead")


@contextmanager
def no_hang(seconds: float, what: str = "the code") -> Iterator[None]:
    """Fail after real `seconds`, even in code that never gives way.

    It needs the main thread of a Unix machine, and leaves an alarm that somebody else has set.
    """
    usable = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if not usable or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _Alarm:
        raise Hung(f"{what} did not return within {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Alarm


async def in_time(call: Awaitable[T], seconds: float, what: str) -> T:
    """Return what `call` gives; raise `Hung` after real `seconds`, twice that if it blocks."""
    with no_hang(2 * seconds, what), anyio.move_on_after(seconds):
        return await call
    raise Hung(f"{what} did not return within {seconds:g} s")
