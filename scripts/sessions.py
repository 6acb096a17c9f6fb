"""Console blocks of the docs whose commands are really run, so that what they show is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_BLOCK = re.compile(r"(<!-- session -->\n```console\n)(.*?)(```)", re.DOTALL)
_NUMBERS = re.compile(r"[-+]?\d[\d.,:%]*")
_SPACES = re.compile(r"[ \t]+")


def masked(text: str) -> str:
    """Return output without what each run changes: numbers, and the width of columns."""
    text = re.sub(r"\bN( (d|h|min|s)\b)( N( (h|min)\b))?", "N", _NUMBERS.sub("N", text))
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.splitlines())


def blocks(page: str) -> list[str]:
    """Return the text of each session of a page."""
    return [block for _, block, _ in _BLOCK.findall(page)]


def rerun(page: str, root: Path) -> str:
    """Return a page with the output of its sessions, all run in one fresh folder.

    What is shown stays as it is while only its numbers would change.
    """
    if not _BLOCK.search(page):
        return page
    with tempfile.TemporaryDirectory() as folder:

        def fresh(found: re.Match[str]) -> str:
            begin, old, end = found.groups()
            new = "".join(run(old, Path(folder), root))
            if "Traceback" in new:
                raise SystemExit(f"a session of the docs fails:\n{new}")
            return begin + (old if masked(old) == masked(new) else new) + end

        return _BLOCK.sub(fresh, page)


def run(block: str, folder: Path, root: Path) -> Iterator[str]:
    """Yield each `$ command` of a block, followed by what it says; comments stay."""
    for line in block.splitlines():
        if line.startswith("#"):
            yield f"{line}\n"
        elif line.startswith("$ "):
            yield f"{line}\n{_output(line[2:], folder, root)}"


def _environment() -> dict[str, str]:
    """Return an environment in which `careline` is called by its name."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    beside = str(Path(sys.executable).parent)
    return kept | {"PATH": os.pathsep.join(filter(None, (beside, kept.get("PATH"))))}


def _output(command: str, folder: Path, root: Path) -> str:
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(root / "examples")
    done = subprocess.run(
        ["sh", "-c", f'careline() {{ "{sys.executable}" -m careline "$@"; }}\n{command}'],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def _environment() -> dict[str, str]:
    """Return what a reader's shell has: careline on its path, none of our own settings."""
    here = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return here | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), here["PATH"]])}
