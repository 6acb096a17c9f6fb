import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from careline.cli.main import cli
from careline.clock import SystemClock

Run = Callable[..., Result]
Start = Callable[..., Any]
ESCAPE = "\x1b["


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def play(*args: str) -> str:
    """Play it as if it were piped."""
    result = CliRunner().invoke(cli, ["demo", *args], env={"COLUMNS": None, "NO_COLOR": None})
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="module")
def machine() -> str:
    return play("--json")


@pytest.fixture
def facts(machine: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in machine.splitlines()]


def test_piped_it_tells_the_day_in_plain_short_lines() -> None:
    lines = play().splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)
    told = "\n".join(lines)
    assert ESCAPE not in told
    for words in (
        "09:02  @maya_l          public    @brightwater my Harbour kettle leaks",
        'problem: "faulty"; due 10:21',
        "09:11  -> @ivocast      private   Thank you for writing",
        "sent by a machine: a person's answer is due as before",
        "09:14  -> @maya_l       public    @maya_l That should not happen",
        "answered by @brightwater after 12 min, due within 1 h: kept",
        "09:34  Jo               ignored   @prizes_4_u: spam",
        "an onlooker in the case of @rubenacht: no clock starts",
        "09:43  Jo               resolved  @maya_l: the case is solved",
        "2 messages wait",
        "10:08  @tomwex          MISSED    no answer for 1 h",
        "10:24  @zoekerr         edited    @brightwater the lid",
        "answered by @brightwater after 1 h 23 min, due within 1 h: late",
        "11:32  @kaiferrow       deleted   what they had said",
        "1 other case waits",
        "The inbox at 19:00",
        "The day's report",
    ):
        assert words in told, words
    assert re.search(r"warned +no answer for 48 min, 12 min left", told)


def test_it_ends_with_a_command_that_works_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    program = tmp_path / ".venv/bin/careline"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    last = "Your turn: `{}init` writes a configuration to start from."
    assert play().splitlines()[-1] == last.format(".venv/bin/careline ")
    monkeypatch.setenv("PATH", str(program.parent))
    assert play().splitlines()[-1] == last.format("careline ")


def test_every_time_it_is_the_same_day(machine: str) -> None:
    assert play("--json") == machine


def test_what_it_tells_agrees_with_its_report(facts: list[dict[str, Any]]) -> None:
    day, *told, inbox, report = facts
    assert (day["what"], day["schema_version"]) == ("day", 1)
    assert (inbox["what"], report["what"]) == ("inbox", "report")
    words = [fact for fact in told if fact["what"] == "word" and fact["role"] == "customer"]
    assert report["total"]["volume"]["messages"] == len(words)
    assert report["total"]["conversations"] == len({fact["conversation"] for fact in words})
    met = [promise["outcome"] for fact in told for promise in fact.get("met", ())]
    kept = sum(one["kept"] for one in report["total"]["deadlines"].values())
    assert met.count("kept") == kept > 0
    assert met.count("late") > 0
    first = {fact["conversation"]: fact["at"] for fact in reversed(words)}
    answered = {f["conversation"] for f in told if f["what"] == "answer" and not f.get("automatic")}
    assert report["total"]["answered"] == len(answered & first.keys())


def test_each_promise_is_warned_of_and_missed_once_and_in_order(
    facts: list[dict[str, Any]],
) -> None:
    times = [fact["at"] for fact in facts if "at" in fact]
    assert times == sorted(times)
    missed = [(f["conversation"], f["promise"]["due_at"]) for f in facts if f["what"] == "missed"]
    assert len(missed) == len(set(missed)) > 0
    for fact in facts:
        if fact["what"] == "missed":
            assert fact["at"] == fact["promise"]["due_at"]
        if fact["what"] == "warned":
            assert fact["at"] < fact["promise"]["due_at"]


def test_the_inbox_at_the_end_is_in_order_and_says_why(facts: list[dict[str, Any]]) -> None:
    rows = facts[-2]["conversations"]
    scores = [row["score"] for row in rows]
    assert len(rows) == 5
    assert scores == sorted(scores, reverse=True)
    assert all(sum(part["minutes"] for part in row["why"]) == row["score"] for row in rows)


def test_it_needs_nothing_and_touches_nothing_of_the_user(
    run: Run, desk: Path, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "careline.toml").write_text("this is no TOML")
    monkeypatch.setenv("CARELINE__STORE__URL", f"sqlite:///{desk / 'mine.db'}")
    before = {path: path.stat().st_mtime_ns for path in desk.rglob("*") if path.is_file()}
    assert run("demo").exit_code == 0
    after = {path: path.stat().st_mtime_ns for path in desk.rglob("*") if path.is_file()}
    assert after == before
    assert list(temp.iterdir()) == []


def test_interrupted_it_leaves_nothing_behind(start: Start, temp: Path) -> None:
    with start("demo", "--speed", "60") as process:
        assert process.stdout.readline().startswith("A day at Brightwater Kettles, 60 times")
        assert len(list(temp.iterdir())) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == ""
    assert list(temp.iterdir()) == []


def in_a_terminal(*args: str, **environ: str) -> str:
    """Return what a command writes to a terminal."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "careline", *args]
    with subprocess.Popen(command, stdout=writer, env={**os.environ, **environ}) as process:
        os.close(writer)
        shown = b"".join(iter(lambda: _read(reader), b""))
    os.close(reader)
    assert process.returncode == 0
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so where a terminal has ended
        return b""


def test_a_terminal_is_shown_colours_unless_it_wants_none(desk: Path) -> None:
    coloured = in_a_terminal("demo", "--speed", "0")
    plain = in_a_terminal("demo", "--speed", "0", NO_COLOR="1")
    assert ESCAPE in coloured
    assert ESCAPE not in plain
    assert re.sub(r"\x1b\[\d*(;\d+)*m", "", coloured) == plain


def test_speed_paces_the_day() -> None:
    real = SystemClock()
    began = real.monotonic()
    play("--speed", "7000")
    assert real.monotonic() - began >= 10 * 3600 / 7000
