"""Real threads, replayed as an operator would: `careline run --once`, then what it tells of them.

The data is not ours to publish. So no row of it is kept here or shown in a failure: only ids are.
"""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from .oracle import Row, first_rows

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "examples" / "replay" / "careline.toml"
DATA = Path(os.environ.get("CARELINE_DATA") or ROOT.parent / "shared" / "data")
HELP = "set CARELINE_DATA to the folder of threads_*.jsonl.gz"
SMALL = ("orange_be", "ibm_cdp", "twcs_head")
ALL = (*SMALL, "twacs_airlines")
_FACTS = {
    "messages": "id, root, parent, author, posted_at, hash, intent, role, place, thread, depth,"
    " answers, fact_at, conversation",
    "bodies": "owner, revised_at, text",
    "conversations": "id, account, customer, kind, visibility, first",
    "spans": "thread, first, conversation, from_position, to_position",
    "states": "conversation, position, status, intent, opened_at, answered_at, waiting_since,"
    " due_at, last_at, state",
    "deadlines": "anchor, kind, conversation, starts_at, due_at, met_at, void, why",
}
"""All that does not tell when it was heard."""


@dataclass(frozen=True)
class Desk:
    """A desk in a folder of its own, worked by its command line."""

    folder: Path
    channel: Sequence[str]

    @property
    def database(self) -> Path:
        return self.folder / "replay.db"

    def careline(self, *args: str) -> str:
        """Run a command as an operator does, and return what it writes to stdout."""
        settings = [f"store.url=sqlite:///{self.database}", *self.channel]
        options = [word for setting in settings for word in ("--set", setting)]
        command = [sys.executable, "-m", "careline", *args, "-c", str(CONFIG), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"careline {args[0]}: {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout

    def run(self) -> dict[str, int]:
        """Hear all there is, and return the counts of the one account."""
        (account,) = json.loads(self.careline("run", "--once", "--json"))["accounts"]
        assert account["state"] == "ok"
        return account

    def report(self) -> Any:
        return json.loads(self.careline("report", "--json"))

    def export(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.careline("export", "--jsonl").splitlines()]


@dataclass(frozen=True)
class Replay:
    """An archive, and the desk that has heard it once."""

    name: str
    path: Path
    desk: Desk
    heard: dict[str, int] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[str]:
        return lines_of(self.path)

    @cached_property
    def rows(self) -> dict[str, Row]:
        return rows_of(self.path)

    @cached_property
    def exported(self) -> list[dict[str, Any]]:
        return self.desk.export()

    @cached_property
    def report(self) -> Any:
        return self.desk.report()


def lines_of(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.readlines()


def rows_of(path: Path) -> dict[str, Row]:
    """Return one row for each id: the one that holds."""
    return first_rows(map(json.loads, lines_of(path)))


def data(name: str) -> Path:
    """Return an archive of real threads, or skip what is about it."""
    path = DATA / f"threads_{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is missing: {HELP}")
    return path


def need_data() -> None:
    """Skip a module as a whole where there are no real threads at all."""
    if not any(DATA.glob("threads_*.jsonl.gz")):
        pytest.skip(f"no real threads: {HELP}", allow_module_level=True)


def snapshot(database: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Return all that a desk made of what it heard, whenever and in whichever order it came."""
    with closing(sqlite3.connect(database)) as conn:
        return {
            table: set(conn.execute(f"SELECT {columns} FROM {table}"))
            for table, columns in _FACTS.items()
        }


def sizes(database: Path) -> dict[str, int]:
    """Return how much a desk knows: the number of rows by table."""
    with closing(sqlite3.connect(database)) as conn:
        count = "SELECT count(*) FROM"
        return {table: conn.execute(f"{count} {table}").fetchone()[0] for table in _FACTS}


def differing(one: Path, two: Path) -> dict[str, list[str]]:
    """Return ids of what two desks see differently, by table: some of them, and never words."""
    here, there = snapshot(one), snapshot(two)
    found = {table: sorted({row[0] for row in here[table] ^ there[table]}) for table in here}
    return {table: [f"{len(ids)} in all", *ids[:5]] for table, ids in found.items() if ids}


def open_desk(folder: Path, path: Path) -> Desk:
    return Desk(folder, [f"channels.history.path={path}"])


on_small = pytest.mark.parametrize("replay", SMALL, indirect=True)
"""The archives that are small enough to be heard again and again."""
