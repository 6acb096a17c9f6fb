import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, event

Run = Callable[..., Result]
Start = Callable[..., Any]
Says = Callable[..., str]
FLAKY = '[channels.flaky]\nkind = "flaky"\nfails = "{}"\n'


def add(desk: Path, text: str) -> None:
    with (desk / "careline.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_once_says_what_became_of_each_row(run: Run) -> None:
    result = run("run", "--once")
    assert result.exit_code == 0
    head, row, aside = result.stdout.splitlines()
    assert head.split("  ")[0] == "CHANNEL"
    assert row.split() == ["history", "ok", "3", "0", "0", "0", "0", "1", "0"]
    assert aside == "1 could not be understood and were set aside: careline rejected"


def test_once_as_json_has_a_shape_that_stays(run: Run) -> None:
    run("run", "--once")
    result = run("run", "--once", "--json", "--set", "channels.history.since=2026-01-05T09:05:00Z")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "schema_version": 1,
        "accounts": [
            {
                "account": "history",
                "state": "ok",
                "reason": "",
                "next_try": None,
                "new": 0,
                "known": 0,
                "revised": 0,
                "removed": 0,
                "observed": 0,
                "malformed": 0,
                "before_since": 0,
            }
        ],
        "failing": [],
        "needs_person": [],
    }


@pytest.mark.parametrize(
    ("fails", "code", "line"),
    [
        ("for now", 75, "flaky failed and is to be tried again: the platform is down"),
        ("for good", 69, "flaky needs a person: the token is refused"),
    ],
)
def test_an_account_that_fails_stops_no_other_and_decides_the_exit_code(
    fails: str, code: int, line: str, run: Run, desk: Path
) -> None:
    add(desk, FLAKY.format(fails))
    result = run("run", "--once")
    assert result.exit_code == code
    assert line in result.stdout.splitlines()
    assert "history  ok" in result.stdout


def test_who_needs_a_person_is_in_the_json(run: Run, desk: Path) -> None:
    add(desk, FLAKY.format("for good"))
    result = run("run", "--once", "--json")
    assert result.exit_code == 69
    found = json.loads(result.stdout)
    assert found["needs_person"] == ["flaky"]
    assert found["accounts"][0] | {"new": 0} == found["accounts"][0]
    assert (found["accounts"][0]["state"], found["accounts"][0]["reason"]) == (
        "needs_attention",
        "the token is refused",
    )


def test_no_library_can_log_a_secret_of_the_configuration(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAKY_TOKEN", "s3cr3t-w0rds")
    add(desk, FLAKY.format("to keep a secret") + 'token = {env = "FLAKY_TOKEN"}\n')
    result = run("run", "--once")
    assert result.exit_code == 0
    assert "sent ***" in result.stderr
    assert "s3cr3t" not in result.output


def test_nothing_to_hear_is_said(run: Run, desk: Path) -> None:
    (desk / "careline.toml").write_text('[brands.acme]\nname = "Acme"\n')
    result = run("run", "--once")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to hear: no channel is configured and enabled" in result.stderr


def test_json_goes_with_once_only(run: Run) -> None:
    result = run("run", "--json")
    assert result.exit_code == 2
    assert "--json goes with --once" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals, start: Start, says: Says) -> None:
    with start("run", "--log-json") as process:
        assert json.loads(says(process, "hearing"))["level"] == "info"
        process.send_signal(number)
        assert process.wait(20) == 0
        rest = [json.loads(line)["event"] for line in process.stderr]
    assert rest == [f"stopping: {number.name}"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_even_while_a_plugin_holds_a_thread(
    number: signal.Signals, start: Start, says: Says, desk: Path
) -> None:
    add(desk, FLAKY.format("to let go"))
    with start("run") as process:
        says(process, "asked")
        process.send_signal(number)
        says(process, "stopping")
        process.send_signal(number)
        assert process.wait(20) == -number


def test_once_that_is_stopped_early_asks_for_another_try(
    start: Start, says: Says, desk: Path
) -> None:
    add(desk, FLAKY.format("to answer"))
    with start("run", "--once", "--log-json", "-v") as process:
        while not (desk / "careline.db.lock").exists():
            assert process.poll() is None
        process.terminate()
        says(process, "stopped before all was heard")
        assert process.wait(20) == 75
        assert process.stdout.read() == ""


def test_a_second_run_on_the_same_file_is_refused_and_verbs_are_not(
    start: Start, says: Says, run: Run
) -> None:
    with start("run") as process:
        says(process, "hearing")
        second = run("run", "--once")
        assert second.exit_code == 69
        assert f"another `careline run` (pid {process.pid}) works on" in second.stderr
        found: list[Any] = []
        while not found:
            listed = run("conversations", "--json", "--search", "order")
            found = json.loads(listed.stdout)["conversations"] if listed.exit_code == 0 else []
            assert process.poll() is None
        id = found[0]["id"]
        assert run("assign", id, "ann").stdout == f"{id}: new, with ann, assigned by ann\n"
        process.terminate()
        assert process.wait(20) == 0
    assert json.loads(run("show", id, "--json").stdout)["assignee"] == "ann"


def test_it_runs_as_a_module(desk: Path) -> None:
    command = [sys.executable, "-m", "careline", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("careline, version")


def test_a_missing_configuration(run: Run, desk: Path) -> None:
    (desk / "careline.toml").unlink()
    result = run("run")
    assert result.exit_code == 78
    assert result.stderr.startswith("careline.toml: there is no such file. `careline init`")


def test_an_unknown_kind_names_the_nearest(run: Run) -> None:
    result = run("run", "--set", "channels.history.kind=archiv")
    assert result.exit_code == 78
    assert "no channel is of kind 'archiv'" in result.stderr
    assert "'archive'" in result.stderr


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("nowhere/careline.db", "check that its folder exists"),
        ("threads.jsonl", "file is not a database"),
    ],
)
def test_a_store_that_cannot_be_used(store: str, words: str, run: Run) -> None:
    result = run("run", "--once", "--set", f"store.url=sqlite:///{store}")
    assert result.exit_code == 69
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_newer_database_is_refused(run: Run) -> None:
    run("run", "--once")
    with sqlite3.connect("careline.db") as conn:
        conn.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    conn.close()
    result = run("run", "--once")
    assert result.exit_code == 69
    assert "the database has schema version 999" in result.stderr


def test_a_database_that_another_program_locks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careline.store.store.BUSY_SECONDS", 0.2)
    run("run", "--once")
    conn = sqlite3.connect("careline.db", isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    result = run("run", "--once")
    conn.close()
    assert result.exit_code == 75
    assert "another process holds it" in result.stderr
    assert run("run", "--once").exit_code == 0


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Lets databases grow to so many pages and no further: SQLite then says the disk is full."""
    most = [1_000_000]

    def limit(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most[0]}")

    def set_limit(pages: int) -> None:
        most[0] = pages

    event.listen(Engine, "connect", limit)
    try:
        yield set_limit
    finally:
        event.remove(Engine, "connect", limit)


def test_a_full_disk_loses_nothing_and_the_next_run_goes_on(
    run: Run, desk: Path, small_disk: Callable[[int], None]
) -> None:
    assert run("run", "--once", "--set", "channels.history.enabled=false").exit_code == 0
    with sqlite3.connect("careline.db") as conn:
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
    conn.close()
    long = json.dumps(
        {"id": "5", "place": "d", "who": "kim", "re": None, "text": "so long " * 9999}
    )
    with (desk / "threads.jsonl").open("a", encoding="utf-8") as file:
        file.write(long[:-1] + ', "at": "2026-01-05T10:00:00Z"}\n')
    small_disk(pages + 2)
    result = run("run", "--once")
    assert result.exit_code == 69
    assert result.stderr.splitlines()[-1].endswith(
        "(free some space and start again: nothing that was committed is lost)"
    )
    small_disk(1_000_000)
    again = run("run", "--once", "--json")
    assert (again.exit_code, json.loads(again.stdout)["accounts"][0]["new"]) == (0, 4)
