"""`careline run` that is killed, runs out of disk, or reads what is bad or half-written.

Afterwards a run to the end has lost nothing, told nothing twice, and made the same of it all.
"""

import csv
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "examples" / "replay" / "careline.toml"
IN_SMALL_BATCHES = """
from careline.builtin.archive.channel import ArchiveChannel
from careline.cli.main import main
ArchiveChannel.rows_per_poll = 200
main()
"""
FULL = {
    "the disk": """
from sqlalchemy import event
from sqlalchemy.engine import Engine
@event.listens_for(Engine, "connect")
def shrink(connection, record):
    connection.execute("PRAGMA max_page_count = 600")
""",
    "what this user may write": """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))
""",
}
THREADS = 600
ROWS = 4 * THREADS
FACTS = (
    "SELECT external_id, conversation, thread, role, intent, fact_at, text FROM messages"
    " JOIN bodies ON owner = messages.id",
    "SELECT conversation, position, status, opened_at, answered_at, due_at, state FROM states",
    "SELECT anchor, kind, conversation, due_at, met_at, void, why FROM deadlines",
    "SELECT thread, first, conversation, from_position, to_position FROM spans",
)


def _rows(threads: int = THREADS) -> Iterator[dict[str, str | None]]:
    """Yield threads of four: a customer asks, we answer, they are back, and another chimes in."""
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for n in range(threads):
        asks, chimes = f"c{n % 97}", f"c{(n + 1) % 97}"
        for k, (author, above, text) in enumerate(
            (
                (asks, None, "My parcel is late. Where is it?"),
                ("acme", 0, "Sorry! We are looking for it."),
                (asks, 1, "It came, but it is broken."),
                (chimes, 0, "Mine is late, too!"),
            )
        ):
            yield {
                "id": f"{n}-{k}",
                "conv_id": f"t{n}",
                "author_id": author,
                "role": "brand" if author == "acme" else "customer",
                "created_at": (start + timedelta(minutes=7 * n + k)).isoformat(),
                "in_reply_to": None if above is None else f"{n}-{above}",
                "text": text,
            }


def _lines(threads: int = THREADS) -> list[str]:
    return [json.dumps(row) + "\n" for row in _rows(threads)]


class Desk:
    """A desk in a folder of its own, worked by its command line."""

    def __init__(self, folder: Path, archive: Path) -> None:
        self.database = folder / "desk.db"
        self.settings = {
            "store.url": f"sqlite:///{self.database}",
            "channels.history.path": str(archive),
            "channels.history.every": "0.05",
        }

    @contextmanager
    def started(self, *args: str, program: str = "") -> Iterator[subprocess.Popen[str]]:
        """Start a command in a process of its own; `program`: Python that runs the command line."""
        python = ("-c", program) if program else ("-m", "careline")
        options = [word for pair in self.settings.items() for word in ("--set", "=".join(pair))]
        command = [sys.executable, *python, *args, "-c", str(CONFIG), *options]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def end(self, *args: str, program: str = "") -> tuple[int, str, str]:
        """Run a command to its end: exit code, stdout and stderr."""
        with self.started(*args, program=program) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def run(self) -> dict[str, Any]:
        """Hear all there is, and return what came of it."""
        code, out, err = self.end("run", "--once", "--json")
        assert (code, err) == (0, "")
        (account,) = json.loads(out)["accounts"]
        return dict(account)

    def rejected(self) -> list[tuple[str, str]]:
        """Return what was set aside: where it was, and why."""
        code, out, _ = self.end("rejected", "--json")
        assert code == 0
        return [(one["place"], one["why"]) for one in json.loads(out)["rejected"]]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, which others may be writing."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as conn:
            return conn.execute(query).fetchall()

    @property
    def stored(self) -> int:
        """How many messages are committed."""
        with suppress(sqlite3.OperationalError):  # there is no database yet, or it is being made
            return int(self.ask("SELECT count(*) FROM messages")[0][0])
        return 0

    def facts(self) -> list[list[tuple[Any, ...]]]:
        """Return all that was made of what was heard, whenever it came."""
        assert self.ask("PRAGMA integrity_check") == [("ok",)]
        return [sorted(self.ask(query), key=repr) for query in FACTS]

    def heard(self) -> int:
        """Return how many messages the log says were new."""
        told = self.ask("SELECT data FROM events WHERE verb = 'heard'")
        return sum(json.loads(data)["new"] for (data,) in told)


def _until(process: subprocess.Popen[str], done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so, while `process` works on it."""
    for _ in range(int(seconds / 0.005)):
        if done():
            return
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.005)
            pytest.fail(f"it ended with {code}: {process.communicate()}")
    pytest.fail(f"it did not happen in {seconds} seconds")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "threads.jsonl"
    path.write_text("".join(_lines()))
    return path


@pytest.fixture(scope="module")
def facts(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What a run makes of the archive that nothing disturbs."""
    desk = Desk(tmp_path_factory.mktemp("undisturbed"), archive)
    assert desk.run()["new"] == ROWS
    return desk.facts()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_in_the_middle_again_and_again(
    archive: Path, facts: list[Any], tmp_path: Path, seed: int
) -> None:
    desk, chance, kept = Desk(tmp_path, archive), Random(seed), [0]
    for share in (0.0, chance.uniform(0.05, 0.2), chance.uniform(0.3, 0.5)):
        with desk.started("run", "--once", program=IN_SMALL_BATCHES) as run:
            _until(run, lambda: desk.database.exists() and desk.stored >= share * ROWS)  # noqa: B023
            seen = desk.stored
            with suppress(subprocess.TimeoutExpired):  # somewhere in what follows
                run.wait(timeout=chance.uniform(0, 0.05))
            run.kill()
        assert run.returncode == -signal.SIGKILL
        kept.append(desk.stored)
        assert kept[-1] >= seen >= kept[-2]
    assert 0 < kept[-2] < kept[-1] < ROWS
    assert desk.run()["new"] == ROWS - kept[-1]
    assert desk.facts() == facts
    assert desk.heard() == ROWS


@pytest.mark.parametrize("full", FULL)
def test_full_in_the_middle(archive: Path, facts: list[Any], tmp_path: Path, full: str) -> None:
    desk = Desk(tmp_path, archive)
    code, _, said = desk.end("run", "--once", program=FULL[full] + IN_SMALL_BATCHES)
    assert code == 69
    assert str(desk.database) in said
    assert "nothing that was committed is lost" in said
    assert "Traceback" not in said
    assert 0 < desk.stored < ROWS
    assert desk.rejected() == []
    desk.run()
    assert desk.facts() == facts
    assert desk.heard() == ROWS


def test_a_file_that_is_being_written(facts: list[Any], tmp_path: Path) -> None:
    path, lines = tmp_path / "threads.jsonl", _lines()
    path.write_text("".join(lines[:2000]) + lines[2000][:50])
    desk = Desk(tmp_path, path)
    with desk.started("run") as run:
        _until(run, lambda: desk.stored == 2000)
        with path.open("a") as file:
            file.write(lines[2000][50:] + "".join(lines[2001:]))
        _until(run, lambda: desk.stored == ROWS)
        run.terminate()
        run.communicate(timeout=60)
        assert run.returncode == 0
    assert desk.rejected() == []
    assert desk.facts() == facts


def test_a_gzip_file_that_is_cut_short(facts: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl.gz"
    whole = gzip.compress("".join(_lines()).encode())
    path.write_bytes(whole[: len(whole) // 2])
    desk = Desk(tmp_path, path)
    first = desk.run()
    ((place, why),) = desk.rejected()
    assert 0 < first["new"] < ROWS
    assert first["malformed"] == 1
    assert place == f"{path.name}:{first['new'] + 1}"
    assert "ends in the middle" in why
    path.write_bytes(whole)
    assert desk.run()["new"] == ROWS - first["new"]
    assert desk.facts() == facts


def test_a_file_that_cannot_be_read(archive: Path, facts: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    path.symlink_to(path)  # root, too, cannot read a link to itself
    desk = Desk(tmp_path, path)
    code, out, _ = desk.end("run", "--once")
    assert code == 75
    assert f"cannot read {path}: Too many levels of symbolic links" in out
    path.unlink()
    path.symlink_to(archive)
    desk.run()
    assert desk.facts() == facts


def test_bad_rows_are_set_aside_with_file_and_line(facts: list[Any], tmp_path: Path) -> None:
    bad = {
        3: ('{"id": "x1", "text": "half\n', "not JSON"),
        500: ('["a", "list"]\n', "not a JSON object"),
        1000: ('{"id": "x2", "text": "Hello?"}\n', 'no "created_at"'),
        2101: ('{"id": "", "created_at": "2026-03-02", "text": "Hello?"}\n', "id: empty"),
        2102: ('{"id": "x3", "created_at": "soon", "text": "Hello?"}\n', "posted_at"),
    }
    lines = _lines()
    for number, (line, _) in sorted(bad.items()):
        lines.insert(number - 1, line)
    path = tmp_path / "threads.jsonl"
    path.write_text("".join(lines))
    desk = Desk(tmp_path, path)
    heard, aside = desk.run(), dict(desk.rejected())
    assert (heard["new"], heard["malformed"]) == (ROWS, len(bad))
    assert aside.keys() == {f"threads.jsonl:{number}" for number in bad}
    for number, (_, why) in bad.items():
        assert why in aside[f"threads.jsonl:{number}"]
    assert desk.facts() == facts


def test_a_folder_of_files(facts: list[Any], tmp_path: Path) -> None:
    folder, rows, lines = tmp_path / "in", list(_rows()), _lines()
    folder.mkdir()
    (folder / "1.jsonl").write_text("".join(lines[:1000]))
    (folder / "2.jsonl.gz").write_bytes(gzip.compress("".join(lines[1000:2000]).encode()))
    with (folder / "3.csv.part").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows[2000:])
    (folder / "notes.txt").write_text("not for careline")
    desk = Desk(tmp_path, folder)
    assert desk.run()["new"] == 2000
    os.replace(folder / "3.csv.part", folder / "3.csv")
    assert desk.run()["new"] == ROWS - 2000
    assert desk.rejected() == []
    assert desk.facts() == facts
