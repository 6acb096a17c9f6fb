"""Checks in a fresh interpreter that importing a module does nothing but import."""

import os
import subprocess
import sys
from functools import cache

_TIMEOUT = 60.0
_SCRIPT = """
import importlib, importlib.util, logging, os, signal, sys, threading

def load(name, path):
    try:
        found = importlib.util.find_spec(name)
    except ImportError:
        found = None
    if found is not None:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

def state():
    root = logging.getLogger()
    return {
        "the environment": dict(os.environ),
        "the working folder": os.getcwd(),
        "logging": (list(root.handlers), root.level),
        "signal handlers": {n: signal.getsignal(n) for n in signal.valid_signals()},
        "the standard streams": (sys.stdin, sys.stdout, sys.stderr, sys.excepthook),
        "threads": threading.enumerate(),
    }

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if (writes and "__pycache__" not in str(arguments[0])) or event.startswith(FORBIDDEN):
        done.append(f"{event} {arguments!r:.200}")

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.fork", "os.posix_spawn", "os.remove",
             "sqlite3.connect", "shutil.", "tempfile.", "_thread.start_new_thread")
done = []
importlib.import_module("careline.plugin")  # what every plugin loads is not its doing
before = state()
sys.addaudithook(watch)
load(*sys.argv[1:])
seen = list(done)
after = state()
if seen:
    sys.exit(f"importing it does {seen[0]}")
changed = [key for key in before if before[key] != after[key]]
if changed:
    sys.exit(f"importing it changes {', '.join(changed)}")
"""


@cache
def import_is_quiet(module: str) -> str:
    """Return what importing `module` does beside importing, in words; nothing: it is quiet.

    Sockets (an event loop opens one), processes, threads, files written, logging, signals, the
    environment, the working folder and the standard streams count.
    """
    path = getattr(sys.modules.get(module), "__file__", None) or ""
    done = subprocess.run(  # noqa: S603 -- the same interpreter, a fixed script
        [sys.executable, "-B", "-P", "-c", _SCRIPT, module, path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return f"importing it prints {done.stdout[:200]!r}" if done.stdout else ""
