"""The checkout itself: pins, hosts, docstrings, scripts, and an import that does nothing."""

import ast
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "core/src/careline").rglob("*.py"))
SCRIPTS = [
    ROOT / ".ci/run",
    *sorted(path for path in (ROOT / "scripts").iterdir() if not path.suffix),
]

# Run in a fresh interpreter. Reading is what an import does; the rest is what it must not do.
IMPORT = """
import importlib, logging, os, signal, sys, threading, warnings

def state():
    root = logging.getLogger()
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "handlers": list(root.handlers),
        "level": root.level,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.excepthook),
        "threads": threading.enumerate(),
    }

def watch(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(FORBIDDEN):
        done.append((event, *map(repr, arguments)))

FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.fork", "os.exec", "os.posix_spawn",
             "os.mkdir", "os.remove", "os.rename", "shutil.", "sqlite3.", "tempfile.")
done = []
before = state()
sys.addaudithook(watch)
importlib.import_module(sys.argv[1])
seen = list(done)
after = state()
assert not seen, seen
changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
assert not changed, changed
structlog = sys.modules.get("structlog")
assert structlog is None or not structlog.is_configured(), "structlog is configured"
"""


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


constraints = load_script("constraints")


@pytest.mark.parametrize("name", ["careline", "careline.plugin"])
def test_import_does_nothing(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-B", "-c", IMPORT, name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_says_in_its_first_line_what_it_is(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source), clean=False)
    assert docstring, "no docstring"
    assert docstring.splitlines()[0].strip(), "the first line is empty"
    assert source.startswith(('"""', 'r"""')), "something stands before the docstring"


def test_no_lock_file_is_tracked() -> None:
    assert not [path for path in constraints.files() if path.name in {"uv.lock", "pylock.toml"}]


def test_no_file_names_a_registry() -> None:
    assert list(constraints.registries()) == []


@pytest.mark.parametrize(
    "pieces",
    [
        ("--index-", "url https://mirror.example/a"),
        ("registry = https://mirror.example/root/", "simple/"),
        ("[[tool.", "uv.index]]"),
        ("https://files.python", "hosted.org/a.whl"),
        ("https://py", "pi.org/project/careline"),
    ],
)
def test_a_registry_is_recognised(pieces: tuple[str, str]) -> None:
    assert constraints.REGISTRY.search("".join(pieces))
    assert not any(constraints.REGISTRY.search(piece) for piece in pieces)


def direct_dependencies() -> list[Requirement]:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = list(root["dependency-groups"]["dev"])
    for project in constraints.projects():
        found += project.get("dependencies", [])
        for extra in project.get("optional-dependencies", {}).values():
            found += extra
    return [Requirement(line) for line in found]


def test_constraints_cover_direct_dependencies() -> None:
    pins = constraints.pins()
    ours = {canonicalize_name(project["name"]) for project in constraints.projects()}
    wanted = {
        requirement
        for requirement in direct_dependencies()
        if requirement.marker is None or requirement.marker.evaluate()
        if canonicalize_name(requirement.name) not in ours
    }
    assert wanted
    missing = {
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    }
    assert not missing


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_script_can_be_run(path: Path) -> None:
    assert os.access(path, os.X_OK)
    assert path.read_bytes().startswith(b"#!")
