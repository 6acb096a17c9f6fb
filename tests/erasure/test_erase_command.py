"""`careline erase`, `export --person` and `db vacuum` as an operator sees them."""

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from careline.cli.main import cli
from careline.ids import identity_id, message_id
from careline.store.lock import RunLock
from careline.sync import SyncDesk

CONFIG = """
[brands.acme]
name = "Acme"

[agents.ann]
name = "Ann"

[agents.bob]
name = "Bob"

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
    ("s1", "a", "mia", None, "2026-01-05T09:00:00Z", "My zanzibar lamp is broken."),
    ("s2", "b", "leo", None, "2026-01-05T09:10:00Z", "Where is my order?"),
    ("s3", "a", "acme", "s1", "2026-01-05T09:20:00Z", "Send the zanzibar lamp back."),
    ("s4", "c", "mia", None, "no time at all", "Hello? zanzibar"),
)
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands set up the logging of their process: here, that is every other test's too."""
    names = ("", "careline", "httpx", "httpcore")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which an archive was heard."""
    for name in os.environ:
        if name.startswith(("CARELINE", "NO_COLOR", "COLUMNS")):
            monkeypatch.delenv(name)
    names = ("id", "place", "who", "re", "at", "text")
    lines = (json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in ROWS)
    (tmp_path / "threads.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "careline.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(cli, ["run", "--once"])
    return tmp_path


@pytest.fixture
def run(shop: Path) -> Run:
    def call(*args: str) -> Result:
        return CliRunner().invoke(cli, list(args))

    return call


def files(folder: Path) -> bytes:
    """Return the database's files."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("careline.db*")))


def test_without_yes_it_says_what_would_go_and_how_to_do_it(run: Run, shop: Path) -> None:
    before = run("export", "--jsonl").stdout
    done = run("erase", "archive:mia", "--as", "ann")
    assert done.exit_code == 0
    assert done.stdout == (
        "archive:mia\nThis would go: 1 name, 1 message of theirs, 1 message of ours to them,"
        " 2 rows of the search, 1 item set aside.\n"
    )
    assert done.stderr == "Nothing was changed. To erase it: careline erase archive:mia --yes\n"
    assert run("export", "--jsonl").stdout == before
    assert b"zanzibar" in files(shop)


def test_with_yes_it_goes_and_no_file_holds_a_word_of_it(run: Run, shop: Path) -> None:
    report = run("report", "--json").stdout
    done = run("erase", "archive:mia", "--as", "bob", "--yes")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "archive:(erased)\nErased: 1 name, 1 message of theirs, 1 message of ours to them,"
        " 2 rows of the search, 1 item set aside.\n"
    )
    assert b"nzibar" not in files(shop).lower()
    assert strip(run("report", "--json").stdout) == strip(report)
    assert run("run", "--once").exit_code == 0
    assert b"nzibar" not in files(shop).lower()
    assert strip(run("report", "--json").stdout) == strip(report)


def strip(report: str) -> object:
    """Return a report but for its end, which is now."""
    found = json.loads(report)
    del found["period"]
    return found


def test_a_message_goes_alone(run: Run) -> None:
    id = message_id("acme", "archive", "s1")
    done = run("erase", id[:20], "--as", "ann", "--yes")
    assert done.stdout == f"message {id}\nErased: 1 message of theirs, 1 row of the search.\n"
    again = run("erase", id, "--as", "ann", "--yes")
    assert again.stdout == f"message {id}\nNothing of it is left.\n"


def test_as_json_its_shape_is_frozen(run: Run) -> None:
    counts = {
        "names": 1, "messages": 1, "answers": 1, "revisions": 0, "search": 2, "notes": 0,
        "drafts": 0, "actions": 0, "withdrawn": 0, "leaving": 0, "rejected": 1,
    }  # fmt: skip
    id = identity_id("archive", "", "mia")
    mia = {"id": id, "network": "archive", "user": "mia", "name": None, "handle": None}
    for yes in (False, True):
        done = run("erase", "archive:mia", "--as", "ann", "--json", *["--yes"] * yes)
        assert json.loads(done.stdout) == {
            "schema_version": 1, "erased": yes, "object": id,
            "identities": [mia | {"user": None if yes else "mia"}], **counts, "vacuumed": yes,
        }  # fmt: skip


def test_while_the_desk_runs_it_says_what_does_the_rest_later(run: Run, shop: Path) -> None:
    with RunLock(shop / "careline.db"):
        done = run("erase", "archive:mia", "--as", "ann", "--yes")
        assert done.exit_code == 0
        assert done.stdout.startswith("archive:(erased)\nErased: 1 name")
        for part in ("Its bytes may still be in the database's files", "`careline db vacuum`"):
            assert part in done.stderr
        refused = run("db", "vacuum")
        assert (refused.exit_code, refused.stdout) == (69, "")
        assert "another `careline run`" in refused.stderr
    assert run("db", "vacuum").stderr == "The database was written anew.\n"
    assert b"nzibar" not in files(shop).lower()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["erase", "archive:nobody", "--as", "ann"], 1, "there is no customer 'archive:nobody'"),
        (["erase", "m01234567", "--as", "ann"], 1, "there is no message 'm01234567'"),
        (["erase", "archive:mia"], 2, "Say who acts: --as ann or --as bob."),
        (["erase"], 2, "Missing argument 'WHAT'"),
        (["erase", "archive:acme", "--as", "ann"], 1, "that is an account of ours"),
        (["export", "--person", "archive:nobody"], 1, "there is no customer 'archive:nobody'"),
        (["export"], 2, "Say --jsonl, for all messages; or --person WHO"),
        (["export", "--person", "archive:mia", "--jsonl"], 2, "or --person WHO, and no --brand"),
        (["export", "--person", "archive:mia", "--brand", "acme"], 2, "and no --brand"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, args: list[str], code: int, said: str) -> None:
    done = run(*args)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_names_that_could_steer_a_terminal_are_made_harmless(run: Run, shop: Path) -> None:
    with closing(sqlite3.connect(shop / "careline.db")) as conn, conn:
        conn.execute("UPDATE identities SET name = ?", ("\x1b[31m\u202emia",))
    done = run("erase", "archive:mia", "--as", "ann")
    assert "archive:mia  \u241b[31m<U+202E>mia\n" in done.stdout


def test_one_persons_data_is_one_document(run: Run, shop: Path) -> None:
    shown = json.loads(run("export", "--person", "archive:mia").stdout)
    assert list(shown) == [
        "schema_version", "at", "identities", "links", "conversations", "messages", "answers",
        "outbox", "rejected",
    ]  # fmt: skip
    done = run("export", "--person", "archive:mia", "--output", "mia.json")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "Wrote what is kept of them to mia.json.\n"
    written = json.loads((shop / "mia.json").read_text("utf-8"))
    assert written | {"at": 0} == shown | {"at": 0}


def test_plain_code_does_the_same(shop: Path) -> None:
    with SyncDesk(shop / "careline.toml") as desk:
        assert [one.user for one in desk.person_data("archive:mia").identities] == ["mia"]
        assert not desk.erase("archive:mia", actor="ann", dry_run=True).erased
        done = desk.erase("archive:mia", actor="ann")
        assert (done.erased, done.messages, done.answers) == (True, 1, 1)
