"""The commands that read: what a person sees, and JSON whose shape is frozen."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from careline.cli.conversations import conversations, rejected, show
from careline.cli.report import export, report
from careline.errors import StoreError
from careline.models import Status
from careline.plugin import Malformed, Removed
from careline.store.bulk import put
from careline.store.lookup import telling
from careline.store.tables import accounts

CONFIG = """
[brands.acme]
name = "Acme"
timezone = "America/Chicago"

[agents.ann]
name = "Ann"

[classifiers]
"""
ACCOUNTS = [("acme-x", "acme", "twitter"), ("acme-y", "acme", "twitter")]
WHY = {"part": str, "minutes": int, "text": str}
WHO = {"user": str, "name": str, "handle": str}
STANDING = {
    "id": str,
    "brand": str,
    "account": str,
    "channel": str,
    "visibility": str,
    "customer": WHO,
    "status": str,
    "intent": str,
    "urgent": bool,
    "assignee": None,
    "snoozed_until": None,
    "opened_at": str,
    "last_at": str,
    "waiting_since": str,
    "due_at": str,
    "overdue": bool,
    "unanswered": int,
    "score": int,
    "why": [WHY],
}
HOSTILE = "broken \x1b[31m\u202egnp.exe\u2069 anvil"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite alone: what the commands ask of a database is tested on both beside this."""
    return f"sqlite:///{tmp_path / 'careline.db'}"


@pytest.fixture
def told(world: Any, tmp_path: Path) -> Any:
    """A desk with a configuration, as `careline` finds it."""
    url = world.store.url
    (tmp_path / "careline.toml").write_text(f'[store]\nurl = "{url}"\n{CONFIG}', encoding="utf-8")
    world.hear(
        world.said("1", HOSTILE, world.at(minutes=0), "pat"),
        world.said("2", "How much?", world.at(minutes=1), "quinn"),
        world.answer("3", "2", world.at(minutes=31)),
        Malformed(b'{"id": \xff', "it is no JSON", "threads.jsonl:12"),
        at=world.at(minutes=40),
    )
    world.write(lambda conn: put(conn, accounts, ("id", "brand", "kind"), ACCOUNTS))
    world.config = tmp_path / "careline.toml"
    return world


def run(world: Any, command: click.Command, *arguments: str) -> Result:
    done = CliRunner().invoke(command, ["-c", str(world.config), *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def parsed(world: Any, command: click.Command, *arguments: str) -> Any:
    return json.loads(run(world, command, *arguments, "--json").stdout)


def shape(value: Any) -> Any:
    """Return names and types; of a list, those of its first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value)


def test_the_list_says_what_waits_and_why(told: Any) -> None:
    shown = run(told, conversations)
    assert shown.exit_code == 0
    heading, row = shown.stdout.splitlines()
    assert heading.split() == [
        "ID", "DUE", "STATE", "INTENT", "CHANNEL", "CUSTOMER", "UNANSWERED", "AGENT", "SAID", "WHY",
    ]  # fmt: skip
    for part in (told.id("1"), "late", "new", "problem", "acme-x", "@pat", "broken", "problem +30"):
        assert part in row


@pytest.mark.parametrize("command", ["list", "show"])
def test_no_text_of_a_customer_steers_the_terminal(told: Any, command: str) -> None:
    shown = run(told, conversations) if command == "list" else run(told, show, told.id("1"))
    assert "anvil" in shown.stdout
    assert not {"\x1b", "\u202e", "\u2069"} & set(shown.stdout)
    assert "␛" in shown.stdout


def test_the_list_as_json_has_a_frozen_shape(told: Any) -> None:
    assert shape(parsed(told, conversations)) == {
        "schema_version": int,
        "conversations": [STANDING | {"snippet": str}],
        "next": None,
    }


def test_options_narrow_the_list(told: Any) -> None:
    told.index()

    def ids(*arguments: str) -> list[str]:
        found: list[Any] = parsed(told, conversations, *arguments)["conversations"]
        return [row["id"] for row in found]

    pat, quinn = told.id("1"), told.id("2")
    assert ids() == [pat]
    assert ids("--state", "waiting_customer") == [quinn]
    assert ids("--state", "new", "--state", "waiting_customer") == [pat, quinn]
    assert ids("--channel", "acme-y") == []
    assert ids("--intent", "problem") == [pat]
    assert ids("--due", "overdue") == [pat]
    assert ids("--due", "2h") == [pat]
    assert ids("--search", "how much") == [quinn]
    assert ids("--search", "how much", "--state", "new") == []


def test_a_page_says_how_to_go_on(told: Any) -> None:
    both = ("--state", "new", "--state", "waiting_customer", "--limit", "1")
    first = run(told, conversations, *both)
    after = first.stderr.split("--after ")[1].strip()
    assert told.id("2") in run(told, conversations, *both, "--after", after).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--due", "soon"), "overdue, today, or a span"),
        (("--due", "999999999d"), "overdue, today, or a span"),
        (("--due", "9" * 400 + "d"), "beyond all time"),
        (("--after", "x"), "next"),
        (("--after", "9" * 26 + ".c"), "next"),
        (("--after", "9" * 19 + ".c"), "next"),
        (("--channel", "acme-z"), "Did you mean 'acme-"),
        (("--brand", "acm"), "Did you mean 'acme'?"),
        (("--assignee", "anne"), "Did you mean 'ann'?"),
        (("--state", "gone"), "waiting_customer"),
        (("--limit", "0"), "1<=x<=1000"),
    ],
)
def test_a_wrong_option_is_a_usage_error(told: Any, arguments: Any, said: str) -> None:
    shown = run(told, conversations, *arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_nothing_found_is_said_on_stderr(told: Any) -> None:
    shown = run(told, conversations, "--channel", "acme-y")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "No conversation" in shown.stderr


def test_without_filters_nothing_waits(told: Any) -> None:
    for key in ("1", "2"):
        told.act("resolve", key, told.at(minutes=50))
    assert run(told, conversations).stderr == "Nothing waits.\n"


def test_a_word_that_was_removed_is_not_shown_in_the_list(told: Any) -> None:
    told.hear(Removed("1", told.at(minutes=50), by="author"))
    all_states = [part for state in Status for part in ("--state", state.value)]
    listed = run(told, conversations, *all_states).stdout
    assert "(removed)" in listed
    assert "anvil" not in listed


def test_what_the_terminal_shows_of_an_id_is_enough(told: Any) -> None:
    ids = [told.id("1"), told.id("2")]
    size = told.store.read_now(lambda conn: telling(conn, ids))
    for id in ids:
        assert size < len(id)
        assert parsed(told, show, id[:size])["id"] == id


def test_a_period_without_customers_is_one_sentence(told: Any) -> None:
    lines = run(told, report, "--since", "2026-03-03").stdout.splitlines()
    assert lines[1:] == ["No customer wrote in this time."]


def test_show_is_a_page_in_the_brands_time(told: Any) -> None:
    shown = run(told, show, told.id("2")[:9]).stdout
    assert "Quinn @quinn on acme-x (twitter)" in shown
    assert "2026-03-02 03:01  @quinn  [public, mention, customer]" in shown
    assert "    How much?" in shown
    assert "intent question (tags: ?)" in shown
    assert "2026-03-02 03:31  @acme  [public, reply, ours]" in shown
    assert "first_reply: due 2026-03-02 04:01, kept, by rule 2: intent question" in shown


def test_show_as_json_has_a_frozen_shape(told: Any) -> None:
    told.act("assign", "2", told.at(minutes=50), agent="ann")
    told.hear(told.said("9", "lovely", told.at(minutes=55), "quinn"))
    view = parsed(told, show, told.id("2"))
    label = {"values": {"question": float, "chatter": float}, "primary": str, "score": float}
    cue = {"value": str, "cue": str, "start": int, "end": int}
    assert shape(view["messages"][0]["labels"]["intent"]) == label | {"by": str, "evidence": [cue]}
    view["messages"][0]["labels"] = {}
    assert shape(view) == STANDING | {
        "schema_version": int,
        "assignee": str,
        "waiting_since": None,
        "due_at": None,
        "kind": str,
        "reason": None,
        "reopened": int,
        "answered_at": str,
        "public_answered_at": str,
        "messages": [
            {
                "id": str,
                "external_id": str,
                "account": str,
                "thread": str,
                "kind": str,
                "direction": str,
                "visibility": str,
                "role": str,
                "author": WHO,
                "sent_by": None,
                "posted_at": str,
                "received_at": str,
                "live": bool,
                "parent": None,
                "title": None,
                "text": str,
                "lang": None,
                "permalink": None,
                "rating": None,
                "attachments": [],
                "revisions": int,
                "removed_at": None,
                "erased": bool,
                "labels": {},
            }
        ],
        "deadlines": [
            {
                "kind": str,
                "anchor": str,
                "starts_at": str,
                "due_at": str,
                "met_at": str,
                "void": None,
                "outcome": str,
                "why": str,
            }
        ],
        "acts": [
            {
                "at": str,
                "kind": str,
                "actor": str,
                "message": str,
                "other": None,
                "value": {"agent": str},
            }
        ],
        "notes": [],
        "spans": [{"thread": str, "visibility": str, "place": str, "current": bool}],
        "outbox": [],
        "drafts": [],
        "related": [
            {
                "id": str,
                "account": str,
                "channel": str,
                "status": str,
                "intent": str,
                "opened_at": str,
                "last_at": str,
                "through": str,
            }
        ],
    }


def test_rejected_lists_what_was_set_aside_and_why(told: Any) -> None:
    shown = run(told, rejected)
    assert "threads.jsonl:12" in shown.stdout
    assert "it is no JSON" in shown.stdout
    assert shown.stderr == "1 set aside.\n"
    data = parsed(told, rejected)
    assert shape(data) == {
        "schema_version": int,
        "rejected": [
            {
                "id": str,
                "account": str,
                "source": str,
                "place": str,
                "why": str,
                "times": int,
                "at": str,
                "last_at": str,
                "raw": str,
            }
        ],
        "total": int,
    }
    assert data["rejected"][0]["raw"] == '{"id": \\xff'
    assert parsed(told, rejected, "--channel", "acme-y")["total"] == 0


def test_the_report_reads_in_a_table_and_three_sentences(told: Any) -> None:
    lines = run(told, report).stdout.splitlines()
    assert lines[0].endswith("America/Chicago")
    assert lines[-5].split()[0] == "TOTAL"
    assert lines[-3] == (
        "People answered 1 of 2 conversations: 50% within 30 minutes, 50% within an hour, 50%"
        " within a day of being posted; in public 1 of 2."
    )
    assert "(2010-2013)" in lines[-2]
    assert "42% within an hour" in lines[-2]
    assert lines[-1] == "Customers wrote 2 messages; of the promises 1 was kept and 1 missed."


def test_the_report_of_a_period_takes_days_of_the_brand(told: Any) -> None:
    done = parsed(told, report, "--since", "2026-03-02", "--until", "2026-03-02")
    assert done["schema_version"] == 1
    assert done["period"] == {"since": "2026-03-02T06:00:00Z", "until": "2026-03-03T06:00:00Z"}
    assert done["total"]["conversations"] == 2
    assert done["total"]["within"] == {"30m": 0.5, "1h": 0.5, "24h": 0.5}
    assert parsed(told, report, "--since", "2026-03-03")["total"]["conversations"] == 0


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01", "7x", "99999999d"])
def test_a_period_that_is_none_is_a_usage_error(told: Any, when: str) -> None:
    shown = run(told, report, "--since", when)
    assert shown.exit_code == 2
    assert "7d" in shown.stderr


def test_export_writes_a_line_for_each_message(told: Any, tmp_path: Path) -> None:
    lines = run(told, export, "--jsonl").stdout.splitlines()
    assert len(lines) == 3
    assert {json.loads(line)["external_id"] for line in lines} == {"1", "2", "3"}
    assert all(line.isascii() for line in lines)
    target = tmp_path / "all.jsonl"
    shown = run(told, export, "--jsonl", "--output", str(target))
    assert shown.stdout == ""
    assert "3 messages" in shown.stderr
    assert target.read_text(encoding="utf-8").splitlines() == lines


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        (report, ("--brand", "acm"), "Did you mean 'acme'?"),
        (export, ("--jsonl", "--brand", "acm"), "Did you mean 'acme'?"),
        (rejected, ("--channel", "acmex"), "Did you mean 'acme-x'?"),
        (report, ("--since", "2026-03-02", "--until", "2026-02-01"), "after the period ends"),
    ],
)
def test_what_nobody_knows_is_a_usage_error(
    told: Any, command: click.Command, arguments: tuple[str, ...], said: str
) -> None:
    shown = run(told, command, *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in shown.stderr


def test_an_export_to_a_full_disk_is_said(told: Any) -> None:
    shown = run(told, export, "--jsonl", "--output", "/dev/full")
    assert shown.exit_code == 1
    assert "/dev/full cannot be written: No space left on device." in shown.stderr


def test_a_pipe_to_a_full_disk_is_said(told: Any) -> None:
    command = [sys.executable, "-m", "careline", "export", "--jsonl", "-c", str(told.config)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == ("Error: standard output cannot be written: No space left on device.\n")


def test_an_export_that_fails_leaves_what_was_there(told: Any, tmp_path: Path) -> None:
    target = tmp_path / "all.jsonl"
    target.write_text("the last one\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        shown = run(told, export, "--jsonl", "--output", str(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert shown.exit_code == 1
    assert "cannot be written: File too large." in shown.stderr
    assert target.read_text(encoding="utf-8") == "the last one\n"
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before] == []


def test_export_names_its_format(told: Any, tmp_path: Path) -> None:
    assert run(told, export).exit_code == 2
    nowhere = tmp_path / "none" / "all.jsonl"
    assert "cannot be written" in run(told, export, "--jsonl", "--output", str(nowhere)).stderr


def test_looking_makes_no_database(tmp_path: Path) -> None:
    config = tmp_path / "careline.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n{CONFIG}', encoding="utf-8")
    done = CliRunner().invoke(conversations, ["-c", str(config)])
    assert isinstance(done.exception, StoreError)
    assert "careline run" in str(done.exception)
    assert not (tmp_path / "none.db").exists()
