"""Recognises the calls by which code asks the machine for the time, or really sleeps."""

import sys
import time
from datetime import date
from types import CodeType, FrameType
from typing import Any

_READS = frozenset(
    getattr(time, name)
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
                 "process_time", "sleep")
)  # fmt: skip
_DATES = ("now", "utcnow", "today")
_WAITS = ("sleep", "sleep_until", "current_time")


def clock_read(package: str, frame: FrameType, event: str, arg: Any) -> str:
    """Return where a module of `package` read the clock, if this profile event is such a read."""
    if event == "c_call":
        caller, name = frame, _c_name(arg)
    elif event == "call" and frame.f_code.co_name in _WAITS and _is_wait(frame.f_code):
        caller, name = frame.f_back or frame, frame.f_code.co_qualname
    else:
        return ""
    if not name or not _is_within(caller.f_globals.get("__name__", ""), package):
        return ""
    return f"{caller.f_code.co_filename}:{caller.f_lineno} calls {name}"


def _c_name(function: Any) -> str:
    if function in _READS:
        return f"time.{function.__name__}"
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if name in _DATES and isinstance(owner, type) and issubclass(owner, date):
        return f"{owner.__name__}.{name}"
    return ""


def _is_wait(code: CodeType) -> bool:
    """Tell whether `code` is a sleep of one of the async libraries that are loaded by now."""
    modules = [sys.modules.get(name) for name in ("anyio", "asyncio", "trio")]
    found = [getattr(module, code.co_name, None) for module in modules]
    return any(getattr(function, "__code__", None) is code for function in found)


def _is_within(module: str, package: str) -> bool:
    inside = f"{module}.".startswith(f"{package}.")
    return inside and not f"{module}.".startswith(f"{package}.sandbox.")
