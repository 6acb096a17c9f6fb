import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from careline.builtin.practice.story import brightwater
from careline.cli.main import cli
from careline.clock import SystemClock
from careline.models import Kind

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
        "  -> Jo's phone: Maya Lindqvist @maya_l on practice: new problem, due 10:21 UTC",
        "09:14  -> @maya_l       public    @maya_l That should not happen",
        "answered by Jo after 12 min, due within 1 h: kept",
        "09:34  Jo               ignored   @prizes_4_u: spam",
        "an onlooker in the case of @rubenacht: no clock starts",
        "09:43  Jo               resolved  @maya_l: the case is solved",
        "2 messages wait",
        "10:08  @tomwex          MISSED    no answer for 1 h",
        "10:24  @zoekerr         edited    @brightwater the lid",
        "answered by @brightwater, in its own app, after 1 h 23 min, due",
        "11:06  Mika             draft     @zoekerr has been answered: kept as a draft: @zoekerr",
        "11:32  @kaiferrow       deleted   what they had said",
        "1 other case waits",
        "  -> Jo's phone: 3 customers wait on practice, the first due 14:22 UTC",
        "  -> Mika's phone: Bea Holloway @beaholl on practice: problem, ",
        "15:09  -> @q_roe        CUT OFF   the line was cut: nobody knows whether the answer left",
        "looked up on the platform: it had left",
        "16:01  Mika             plan      @umabell: an answer in public, then all else in private",
        "1 message of the same plan waits until that is known",
        "looked up on the platform: it had not left, so it is sent again",
        "17:31  Jo               promised  @junjun_a hears from us by 18:30",
        "as they were told, by 18:30: kept",
        "What left\n  17 messages to customers, 17 of them heard again there; none said twice",
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
    day, *told, sent, inbox, report = facts
    assert (day["what"], day["schema_version"]) == ("day", 1)
    assert [one["what"] for one in (sent, inbox, report)] == ["sent", "inbox", "report"]
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
    times = [datetime.fromisoformat(fact["at"]) for fact in facts if "at" in fact]
    assert times == sorted(times)
    missed = [(f["conversation"], f["promise"]["due_at"]) for f in facts if f["what"] == "missed"]
    assert len(missed) == len(set(missed)) > 0
    for fact in facts:
        if fact["what"] == "missed":
            assert fact["at"] == fact["promise"]["due_at"]
        if fact["what"] == "warned":
            assert fact["at"] < fact["promise"]["due_at"]


def of(facts: list[dict[str, Any]], what: str, **values: Any) -> list[dict[str, Any]]:
    """Return the facts of one sort that have these values."""
    asked = {"what": what, **values}
    return [fact for fact in facts if asked.items() <= fact.items()]


def rung(facts: list[dict[str, Any]], phone: str, reason: str) -> Counter[str]:
    """Return of how many a phone told at each time."""
    rings = of(facts, "alert", by=phone, reason=reason)
    return Counter({fact["at"]: fact["count"] for fact in rings})


def test_whoever_is_to_know_is_rung_up_once_for_each_thing(facts: list[dict[str, Any]]) -> None:
    complaints = of(facts, "word", role="customer", intent="problem", waiting=1)
    assert rung(facts, "Jo's phone", "new") == Counter(fact["at"] for fact in complaints)
    cases = {fact["conversation"] for fact in complaints}
    warned = [fact for fact in of(facts, "warned") if fact["conversation"] in cases]
    assert rung(facts, "Jo's phone", "warned") == Counter(fact["at"] for fact in warned)
    missed = of(facts, "missed")
    assert rung(facts, "Mika's phone", "missed") == Counter(fact["at"] for fact in missed)
    alerts, sent = of(facts, "alert"), facts[-3]
    assert len(alerts) == sent["rings"]
    assert sum(fact["count"] for fact in alerts) == sent["alerts"] > sent["rings"]
    grouped = [fact["text"] for fact in alerts if fact["count"] == 3]
    assert grouped == [
        "3 customers wait on practice, the first due 14:22 UTC",
        "3 promises on practice are about to be missed, the first due 14:22 UTC",
    ]


def test_each_answer_is_heard_once_whether_it_left_from_here_or_not(
    facts: list[dict[str, Any]],
) -> None:
    answers = of(facts, "answer")
    eta = {"2026-03-03 18:30 UTC": "18:30 today"}  # the desk says the time itself
    for fact in answers:
        for said_so, written in eta.items():
            fact["text"] = fact["text"].replace(said_so, written)
    told = Counter(fact["text"] for fact in answers)
    assert set(told.values()) == {1}
    said = [line for line in brightwater().lines if line.id and line.where is not Kind.POST]
    ours = [line for line in said if not line.who]
    assert told.keys() == {line.text for line in ours}
    from_here = {fact["text"] for fact in answers if "agent" in fact}
    assert from_here == {line.text for line in ours if line.by == "agent"}
    sent = facts[-3]
    assert sent["messages"] == sent["echoes"] == len(from_here)
    assert sent["twice"] == 0


def test_what_was_cut_off_is_looked_up_and_said_once(facts: list[dict[str, Any]]) -> None:
    cut = {fact["customer"]: fact for fact in of(facts, "cut")}
    found = {fact["customer"]: fact for fact in of(facts, "answer", looked_up=True)}
    assert cut.keys() == found.keys() == {"@q_roe", "@umabell"}
    assert {who: fact["attempts"] for who, fact in found.items()} == {"@q_roe": 1, "@umabell": 2}
    for who, fact in cut.items():
        assert fact["text"] == "the line was cut"
        assert facts.index(fact) < facts.index(found[who])
    sent = facts[-3]
    assert (sent["looked_up"], sent["again"]) == (2, 1)


def test_what_is_taken_private_stays_one_case(facts: list[dict[str, Any]]) -> None:
    first, aside, *_ = of(facts, "word", customer="@umabell")
    assert aside["conversation"] != first["conversation"], "she speaks elsewhere, too, meanwhile"
    uma = [fact for fact in facts if fact.get("conversation") == first["conversation"]]
    uma = [fact for fact in uma if fact["what"] != "alert"]
    assert [(fact["what"], fact.get("visibility")) for fact in uma] == [
        ("word", "public"),
        ("plan", "public"),
        ("cut", "public"),
        ("answer", "public"),
        ("answer", "private"),
        ("word", "private"),
        ("answer", "private"),
        ("resolve", None),
    ]
    assert uma[1]["then"] == uma[2]["then"] == 1, "the private word waits for the public one"


def test_who_comes_second_keeps_a_draft_that_nobody_is_sent(facts: list[dict[str, Any]]) -> None:
    (draft,) = of(facts, "draft")
    assert (draft["by"], draft["customer"]) == ("Mika", "@zoekerr")
    assert [fact["agent"] for fact in of(facts, "answer", customer="@zoekerr")] == ["Jo"]
    assert facts[-3]["drafts"] == 1


def test_a_time_that_a_customer_was_told_is_kept(facts: list[dict[str, Any]]) -> None:
    (promise,) = of(facts, "promise", by="Jo", customer="@junjun_a")
    due = promise["promise"]["due_at"]
    assert due.endswith("18:30:00Z")
    met = [one for f in of(facts, "answer", customer="@junjun_a") for one in f.get("met", ())]
    assert [(one["kind"], one["outcome"]) for one in met] == [
        ("first_reply", "kept"),
        ("told", "kept"),
    ]
    assert met[1]["due_at"] == due


SHAPES = {
    "day": "schema_version brand speed",
    "post": "at by role visibility text",
    "word": "at by customer conversation role visibility text intent cues promise waiting also",
    "answer": "at by customer conversation role visibility text automatic met agent attempts"
    " looked_up",
    "edit": "at by customer conversation role visibility text intent cues promise waiting",
    "removal": "at by customer conversation role visibility text intent cues promise",
    "plan": "at by customer conversation visibility then",
    "cut": "at by customer conversation visibility text then",
    "draft": "at by customer conversation text",
    "alert": "at by conversation text reason count",
    "warned": "at by customer conversation promise",
    "missed": "at by customer conversation promise",
    "promise": "at by customer conversation promise",
    "note": "at by customer conversation text",
    "assign": "at by customer conversation agent",
    "snooze": "at by customer conversation until",
    "resolve": "at by customer conversation",
    "ignore": "at by customer conversation text",
    "sent": "messages looked_up again echoes twice drafts alerts rings",
    "inbox": "at conversations",
}


def test_each_sort_of_fact_has_its_shape(facts: list[dict[str, Any]]) -> None:
    found: dict[str, set[str]] = {}
    for fact in facts[:-1]:  # the report's is the report's own
        found.setdefault(fact["what"], set()).update(fact.keys() - {"what"})
    assert found == {what: set(keys.split()) for what, keys in SHAPES.items()}


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
