"""A folder with a configuration, real messages and a plugin that fails as it is told to."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from careline.cli.main import cli

from .booth import Booth, open_booth

CONFIG = """
[brands.acme]
name = "Acme"
timezone = "Europe/Berlin"

[agents.ann]
name = "Ann"

[channels.history]
kind = "archive"
path = "threads.jsonl"
[channels.history.fields]
id = "id"
thread = "place"
author = "who"
parent = "re"
posted_at = "at"
text = "text"
[channels.history.ours]
field = "who"
equals = "acme"
"""
ROWS = (
    ("1", "a", "mia", None, "2026-01-05T09:00:00Z", "My lamp is broken. What can I do?"),
    ("2", "b", "leo", None, "2026-01-05T09:10:00Z", "Where is my order?"),
    ("3", "a", "acme", "1", "2026-01-05T09:20:00Z", "Send it back, please."),
    ("4", "c", "zed", None, "no time at all", "Hello?"),
)
FLAKY = """
import logging
import threading
import anyio
from careline.plugin import *
from pydantic import SecretStr

class Config(PluginConfig):
    fails: str
    token: SecretStr = SecretStr("")

class Flaky(Channel[Config]):
    kind, title, capabilities = "flaky", "Flaky", frozenset({Capability.POLL})
    Config = Config
    sources = (Source("all", every=1.0, title="all"),)

    async def poll(self, source, cursor):
        if self.config.fails == "for now":
            raise Transient("the platform is down")
        if self.config.fails == "for good":
            raise AuthFailed("the token is refused")
        if self.config.fails == "to keep a secret":
            token = self.config.token.get_secret_value()
            logging.getLogger("some.library").warning("sent %s", token)
            return Batch()
        if self.config.fails == "to let go":
            self.context.log.info("asked")
            await anyio.to_thread.run_sync(threading.Event().wait)
        await anyio.sleep_forever()

@hookimpl
def careline_channels():
    return (Flaky,)
"""
DIST = {
    "flaky-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: flaky\nVersion: 1\n",
    "flaky-1.dist-info/entry_points.txt": "[careline]\nflaky = flaky_plugin\n",
    "flaky_plugin.py": FLAKY,
}
Run = Callable[..., Result]
LOGGERS = ("", "careline", "httpx", "httpcore")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands set up the logging of their process: here, that is every other test's too."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that careline is called in; the environment says nothing of careline."""
    names = ("id", "place", "who", "re", "at", "text")
    lines = (json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in ROWS)
    (tmp_path / "threads.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "careline.toml").write_text(CONFIG, encoding="utf-8")
    for name, text in DIST.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _enter(tmp_path, monkeypatch)
    return tmp_path


def _enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CARELINE", "NO_COLOR", "COLUMNS")):
            monkeypatch.delenv(name)
    monkeypatch.syspath_prepend(folder / "site")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.chdir(folder)


@pytest.fixture(scope="session")
def heard_booth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the booth was heard, to be copied."""
    folder = tmp_path_factory.mktemp("booth")
    open_booth(folder)
    path = os.pathsep.join([str(folder / "site"), *filter(None, sys.path)])
    command = [sys.executable, "-m", "careline", "run", "--once"]
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": path}, check=True, capture_output=True)
    return folder


@pytest.fixture
def booth(heard_booth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Booth:
    """A desk of three agents that has heard a platform on which it can speak."""
    shutil.copytree(heard_booth, tmp_path, dirs_exist_ok=True)
    _enter(tmp_path, monkeypatch)
    return Booth(tmp_path)


@pytest.fixture
def run(desk: Path) -> Run:
    """Calls a command in this process."""

    def call(*args: str) -> Result:
        return CliRunner().invoke(cli, list(args))

    return call


@pytest.fixture
def start(desk: Path) -> Callable[..., Any]:
    """Starts a command as a process of its own, which ends with the block."""

    @contextmanager
    def process(*args: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "careline", *args]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=desk, stdout=pipe, stderr=pipe, text=True) as started:
            try:
                yield started
            finally:
                started.kill()

    return process


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    """Return the line of standard error that holds `words`, as soon as it is there."""
    assert process.stderr
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended with {process.wait()} and never said {words!r}")


@pytest.fixture
def says() -> Callable[[subprocess.Popen[str], str], str]:
    """Waits until a process says something."""
    return wait_for
