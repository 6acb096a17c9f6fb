import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from careline.cli.main import COMMANDS
from careline.clock import SystemClock

Run = Callable[..., Result]


@pytest.fixture
def heard(run: Run) -> dict[str, str]:
    """Conversations by their customer."""
    assert run("run", "--once").exit_code == 0
    states = ("--state", "new", "--state", "waiting_customer")
    found = json.loads(run("conversations", "--json", *states).stdout)["conversations"]
    return {row["customer"]["user"]: row["id"] for row in found}


def line(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    return result.stdout.strip()


def shown(run: Run, id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("show", id, "--json").stdout)
    return found


def test_each_verb_says_in_one_line_what_is_so_now(run: Run, heard: dict[str, str]) -> None:
    leo = heard["leo"]
    assert line(run("assign", leo, "ann")) == f"{leo}: new, with ann, assigned by ann"
    assert line(run("assign", leo, "--nobody")) == f"{leo}: new, with nobody, by ann"
    assert line(run("note", leo, "calls back")) == f"{leo}: new, noted by ann"
    assert line(run("ignore", leo, "--reason", "a test")) == f"{leo}: ignored by ann: a test"
    assert line(run("resolve", leo)) == f"{leo}: resolved by ann"
    view = shown(run, leo)
    assert [(one["kind"], one["actor"]) for one in view["acts"]] == [
        ("assign", "ann"),
        ("assign", "ann"),
        ("ignore", "ann"),
        ("resolve", "ann"),
    ]
    assert [one["text"] for one in view["notes"]] == ["calls back"]


def test_as_json_each_verb_says_where_the_conversation_stands(
    run: Run, heard: dict[str, str]
) -> None:
    leo = heard["leo"]
    told = json.loads(run("note", leo, "calls back", "--json").stdout)
    note = shown(run, leo)["notes"][0]["id"]
    assert told == {
        "schema_version": 1,
        "conversation": leo,
        "status": "new",
        "reason": None,
        "assignee": None,
        "snoozed_until": None,
        "waiting_since": "2026-01-05T09:10:00Z",
        "due_at": "2026-01-05T10:10:00Z",
        "note": note,
    }


def test_snooze_for_a_span_or_until_a_time_of_the_brand(run: Run, heard: dict[str, str]) -> None:
    leo = heard["leo"]
    before = SystemClock().now()
    told = json.loads(run("snooze", leo, "--for", "1h30m", "--json").stdout)
    asleep = datetime.fromisoformat(told["snoozed_until"]) - before
    assert timedelta(minutes=90) <= asleep < timedelta(minutes=92)
    assert line(run("snooze", leo, "--until", "2100-07-01T09:00")) == (
        f"{leo}: new, out of the inbox until 2100-07-01 09:00 Europe/Berlin, snoozed by ann"
    )
    assert shown(run, leo)["snoozed_until"] == "2100-07-01T07:00:00Z"
    assert json.loads(run("conversations", "--json").stdout)["conversations"] == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Say how long"),
        (("--for", "2h", "--until", "2100-07-01"), "Say how long"),
        (("--for", "soon"), "a span of time is written like 30m"),
        (("--for", "9999999999d"), "goes beyond all time"),
        (("--for", "0m"), "that is past already"),
        (("--until", "2020-01-01T09:00"), "that is past already"),
        (("--until", "tomorrow"), "'tomorrow' is no time"),
    ],
)
def test_a_snooze_that_makes_no_sense_is_a_usage_error(
    args: tuple[str, ...], words: str, run: Run
) -> None:
    result = run("snooze", "c0110", *args)
    assert result.exit_code == 2
    assert words in result.stderr


def test_link_shows_each_as_related_to_the_other_until_it_is_taken_back(
    run: Run, heard: dict[str, str]
) -> None:
    leo, mia = heard["leo"], heard["mia"]
    said = line(run("link", leo, "archive:mia", "--evidence", "the same telephone"))
    assert said.startswith(f"{leo} and archive:mia are now one person.")
    assert [one["id"] for one in shown(run, leo)["related"]] == [mia]
    told = json.loads(run("unlink", leo, mia, "--json").stdout)
    assert sorted(told) == ["one", "person", "schema_version", "two"]
    assert shown(run, leo)["related"] == []
    again = run("unlink", leo, mia)
    assert (again.exit_code, again.stderr) == (1, "these two are not linked\n")


def test_who_acts_is_named_or_the_only_agent(run: Run, desk: Path, heard: dict[str, str]) -> None:
    with (desk / "careline.toml").open("a", encoding="utf-8") as file:
        file.write('[agents.bob]\nname = "Bob"\n')
    nobody = run("resolve", heard["leo"])
    assert nobody.exit_code == 2
    assert "Say who acts: --as ann or --as bob." in nobody.stderr
    stranger = run("resolve", heard["leo"], "--as", "eve\x1b[2J")
    assert stranger.exit_code == 2
    assert "There is no agent" in stranger.stderr
    assert "\x1b" not in stranger.stderr
    assert line(run("resolve", heard["leo"], "--as", "bob")) == f"{heard['leo']}: resolved by bob"


def test_the_system_s_own_name_is_not_for_people(run: Run, heard: dict[str, str]) -> None:
    assert run("resolve", heard["leo"], "--as", "system").exit_code == 2


def test_where_no_agent_is_configured_nobody_can_act(run: Run, desk: Path) -> None:
    (desk / "careline.toml").write_text('[brands.acme]\nname = "Acme"\n')
    result = run("resolve", "c0110")
    assert result.exit_code == 2
    assert "no agent is configured" in result.stderr


def test_the_beginning_of_an_id_is_enough_and_a_wrong_one_is_said(
    run: Run, heard: dict[str, str]
) -> None:
    leo = heard["leo"]
    assert line(run("resolve", leo[:-2])) == f"{leo}: resolved by ann"
    wrong = run("resolve", "cffff")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "there is no conversation cffff" in wrong.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("note", "c0110", " "),
        ("ignore", "c0110", "--reason", ""),
        ("assign", "c0110"),
        ("assign", "c0110", "ann", "--nobody"),
    ],
)
def test_a_verb_without_its_object_is_a_usage_error(args: tuple[str, ...], run: Run) -> None:
    assert run(*args).exit_code == 2


def test_before_anything_is_stored_no_verb_makes_a_database(run: Run, desk: Path) -> None:
    result = run("resolve", "c0110")
    assert result.exit_code == 69
    assert "nothing is stored yet" in result.stderr
    assert not (desk / "careline.db").exists()


def test_hostile_words_are_kept_and_cannot_steer_the_terminal(
    run: Run, heard: dict[str, str]
) -> None:
    leo = heard["leo"]
    result = run("ignore", leo, "--reason", "\x1b[31m\u202egnp")
    assert "\x1b" not in line(result)
    assert "\u202e" not in result.stdout
    assert line(run("note", leo, "bytes that are no text: \udcff")).endswith("noted by ann")
    assert shown(run, leo)["notes"][0]["text"].endswith("\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_has_its_help(name: str, run: Run) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: careline {name} ")
