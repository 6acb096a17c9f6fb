"""Check that what is installed is what is pinned, and that no file names a package registry.

    .venv/bin/python scripts/constraints.py

A registry's host or an index URL in a file would tie every clone to one mirror.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SEEDS = {"pip", "setuptools"}  # what `python -m venv` brings along, in its own version
REGISTRY = re.compile(  # a letter in brackets keeps this file from naming them itself
    r"py[p]i\.(org|io)|python[h]osted\.org|registry\.(npm[j]s|yarn[p]kg)\."
    r"|(index[-_]?url|find[-_]links)\W+[a-z]+://"
    r"|://[^\s\"'<>]{1,200}/simple/?(?=[\s\"'`)]|$)"
    r"|tool\.uv\.index",
    re.IGNORECASE,
)


def pins() -> dict[str, str]:
    """The version of each package that constraints.txt names for this interpreter."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in wanted
        if pin.marker is None or pin.marker.evaluate()
    }


def projects() -> Iterator[dict[str, object]]:
    """The `[project]` table of each distribution of the workspace."""
    for path in [ROOT / "core/pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]:
        yield tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def files() -> Iterator[Path]:
    """Each file that is tracked, or would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listing.split("\0")):
        if (path := ROOT / name).is_file():
            yield path


def astray() -> Iterator[str]:
    """What is installed here beside its pin."""
    pinned = pins()
    ours = {canonicalize_name(str(project["name"])) for project in projects()}
    for dist in distributions():
        name = canonicalize_name(dist.name)
        if name in ours or (name in SEEDS and name not in pinned):
            continue
        if pinned.get(name) != dist.version:
            yield f"{name} {dist.version} is installed, constraints.txt says {pinned.get(name)}"


def registries() -> Iterator[str]:
    """Each line of a file that names a package registry or an index."""
    for path in files():
        content = path.read_bytes()
        if b"\0" in content:  # no text
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            if found := REGISTRY.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: names a registry: {found.group()}"


def main() -> int:
    """Print every finding; 1 if there is one."""
    found = [*astray(), *registries()]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
