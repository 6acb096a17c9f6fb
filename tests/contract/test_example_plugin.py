"""The example of a stranger's plugin is what a stranger needs: it passes its suite, and loads."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from careline.config import load
from careline.registry import Registry

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plugin"


def test_the_example_plugin_passes_its_suite():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_an_operator_can_use_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(EXAMPLE / "src")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    [(name, module)] = project["entry-points"]["careline"].items()
    registry = Registry.load(extra=[import_module(module)])
    board = {"kind": name, "url": "http://127.0.0.1:8080", "token": {"env": "BOARD_TOKEN"}}
    environ = {"BOARD_TOKEN": "a-made-up-token"}
    settings = load({"channels": {"board": board}}, registry, environ=environ)
    config = settings.channels["board"].config
    assert "a-made-up-token" not in repr(config)
    assert config.token.get_secret_value() == "a-made-up-token"
