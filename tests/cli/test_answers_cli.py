"""The commands that speak: what each says before and after, and what then leaves."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import make_url

from .booth import Booth, said

ANN, BOB = ("--as", "ann"), ("--as", "bob")
WAITING = "Nothing waits, and nothing failed.\n"
PLAN = ("--public", "We write to you.", "--private", "What is your order?")


def masked(text: str) -> str:
    """Return what is said without ids and times."""
    text = re.sub(r"\b([odmct])[0-9a-f]{25}", r"\1…", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "NOW", text)


def lines(text: str) -> list[str]:
    return [line.strip() for line in masked(text).splitlines()]


# -- what each command says, and does


def test_a_dry_run_says_where_to_whom_what_and_at_what_cost(booth: Booth) -> None:
    said = booth.line("reply", booth.case("kim"), "Send it back.", "--dry-run", *ANN)
    assert said == (
        "Answers @kim in public, on booth (Booth)\n"
        "    Send it back. ^AN\n"
        "    17 of 60 characters; costs 0.01 USD\n"
        "    Dry run: nothing was queued.\n"
    )
    assert booth.line("outbox", "--all") == WAITING
    booth.runs()
    assert booth.done() == []


def test_what_is_queued_is_sent_by_the_run_and_counts_as_the_agent_s_answer(booth: Booth) -> None:
    said = booth.line("reply", booth.case("kim"), "Send it back.", *ANN)
    queued = "Queued as o…: `careline run` sends it, `careline undo` takes it back."
    assert lines(said)[-1] == queued
    assert booth.done() == []
    assert booth.runs().exit_code == 0
    assert booth.done() == [("Answer", "Send it back. ^AN")]
    view = booth.show("kim")
    assert view["status"] == "waiting_customer"
    assert [(m["text"], m["sent_by"]) for m in view["messages"][1:]] == [
        ("Send it back. ^AN", "agent")
    ]
    assert [(one["state"], one["ids"]) for one in view["outbox"]] == [("sent", ["out-1"])]


HOW: Sequence[tuple[Sequence[str], Sequence[str], Sequence[tuple[str, str]]]] = (
    (
        ("direct", "{case}", "What is your order?"),
        (
            "Writes to @kim in private, on booth (Booth)",
            "What is your order? ^AN",
            "23 of 60 characters; costs 0.01 USD",
        ),
        [("Direct", "What is your order? ^AN")],
    ),
    (
        ("take-private", "{case}", *PLAN),
        (
            "Answers @kim in public, on booth (Booth)",
            "We write to you. ^AN",
            "20 of 60 characters; costs 0.01 USD",
            "Writes to @kim in private, on booth (Booth)",
            "What is your order? ^AN",
            "23 of 60 characters; costs 0.01 USD",
        ),
        [("Answer", "We write to you. ^AN"), ("Direct", "What is your order? ^AN")],
    ),
    (
        ("promise", "{case}", "You hear from us by {{by}}.", "--by", "2100-07-01T17:00"),
        (
            "Answers @kim in public, on booth (Booth)",
            "You hear from us by NOW CEST. ^AN",
            "46 of 60 characters; costs 0.01 USD",
        ),
        [("Answer", "You hear from us by 2100-07-01 17:00 CEST. ^AN")],
    ),
    (
        ("post", "booth", "We are back."),
        (
            "Tells everybody in public, on booth (Booth)",
            "We are back.",
            "12 of 60 characters; costs 0.01 USD",
        ),
        [("Post", "We are back.")],
    ),
    (
        ("hide", "{message}"),
        ("Hides a message of @kim, on booth (Booth)", "costs 0.01 USD"),
        [("Hide", "")],
    ),
    (
        ("hide", "{message}", "--show"),
        ("Shows again a message of @kim, on booth (Booth)", "costs 0.01 USD"),
        [("Hide", "")],
    ),
    (
        ("follow", "{case}"),
        ("Follows @kim, on booth (Booth)", "costs 0.01 USD"),
        [("Follow", "")],
    ),
)


@pytest.mark.parametrize(("command", "says", "does"), HOW)
def test_each_verb_says_what_it_will_do_then_queues_it_then_it_is_done(
    command: Sequence[str],
    says: Sequence[str],
    does: Sequence[tuple[str, str]],
    booth: Booth,
) -> None:
    case, message = booth.case("kim"), booth.message("kim")
    words = [one.format(case=case, message=message) for one in command]
    dry = lines(booth.line(*words, "--dry-run", *ANN))
    assert [one for one in dry if not one.startswith("Dry run")] == [*says]
    queued = lines(booth.line(*words, *ANN))
    assert [one for one in queued if not one.startswith("Queued as")] == [*says]
    assert len(dry) - len(says) == len(queued) - len(says) == len(does)
    booth.runs()
    assert booth.done() == [*does]


@pytest.mark.parametrize("command", [command for command, _, _ in HOW])
def test_as_json_each_verb_gives_its_orders(command: Sequence[str], booth: Booth) -> None:
    case, message = booth.case("kim"), booth.message("kim")
    words = [one.format(case=case, message=message) for one in command]
    dry = booth.json(*words, "--dry-run", *ANN)
    queued = booth.json(*words, *ANN)
    assert {*dry} == {*queued} == {"schema_version", "orders"}
    assert [one["id"] for one in dry["orders"]] == [None] * len(dry["orders"])
    left = [{**one, "id": None} for one in queued["orders"]]
    assert left == dry["orders"]
    waiting = [row["id"] for row in booth.json("outbox")["outbox"]]
    assert [one["id"] for one in queued["orders"]] == waiting[::-1]


def test_an_order_as_json_is_whole(booth: Booth) -> None:
    case, thread = booth.case("kim"), booth.thread("kim")
    (order,) = booth.json("reply", thread, "Hello.", "--dry-run", *ANN)["orders"]
    assert order == {
        "id": None,
        "kind": "answer",
        "account": "booth",
        "channel": "Booth",
        "visibility": "public",
        "conversation": case,
        "thread": thread,
        "to": {"user": "kim", "name": None, "handle": "@kim"},
        "in_reply_to": "1",
        "text": "Hello. ^AN",
        "length": 10,
        "limit": 60,
        "until": None,
        "note": "",
        "cost": "0.01 USD",
    }


def test_our_message_is_deleted_by_its_id(booth: Booth) -> None:
    booth.line("reply", booth.case("kim"), "Oh!", *ANN)
    booth.runs()
    said = booth.line("delete", booth.message("kim", 1), *BOB)
    assert lines(said)[0] == "Deletes our message to @kim, on booth (Booth)"
    booth.runs()
    assert [kind for kind, _ in booth.done()] == ["Answer", "Delete"]
    assert booth.show("kim")["messages"][1]["removed_at"] is not None


def test_what_was_said_by_hand_is_recorded_and_not_sent(booth: Booth) -> None:
    told = booth.line("done", booth.case("kim"), "I called: send it back.", *ANN)
    assert masked(told) == "Recorded as o…, by ann: it counts as an answer.\n"
    view = booth.show("kim")
    assert (view["status"], view["messages"][1]["text"]) == (
        "waiting_customer",
        "I called: send it back.",
    )
    booth.runs()
    assert booth.done() == []
    told = booth.json("done", booth.case("sam"), "I wrote.", *ANN)
    assert {*told} == {"schema_version", "id"}
    assert booth.show("sam")["outbox"][0]["id"] == told["id"]


def test_a_promise_is_in_the_time_of_the_brand_and_gets_its_clock_once_sent(booth: Booth) -> None:
    case = booth.case("kim")
    booth.line("promise", case, "By {by}.", "--by", "2100-03-01T17:00", *ANN)
    assert [one["kind"] for one in booth.show("kim")["deadlines"]] == ["first_reply"]
    booth.runs()
    assert booth.done() == [("Answer", "By 2100-03-01 17:00 CET. ^AN")]
    promised = {one["kind"]: one["due_at"] for one in booth.show("kim")["deadlines"]}
    assert promised["told"] == "2100-03-01T16:00:00Z"
    assert "told: due 2100-03-01 17:00, open" in booth.line("show", case)


def test_a_promise_may_be_given_in_another_zone(booth: Booth) -> None:
    by = ("--by", "2100-03-01T09:00-08:00")
    (order,) = booth.json("promise", booth.case("kim"), "By {by}.", *by, *ANN)["orders"]
    assert order["text"] == "By 2100-03-01 18:00 CET. ^AN"


# -- drafts


@pytest.fixture
def rivals(booth: Booth) -> Booth:
    """A desk whose Ann has answered Kim."""
    booth.line("reply", booth.case("kim"), "Send it back.", *ANN)
    return booth


def drafts(booth: Booth) -> list[tuple[str, str, str]]:
    found = booth.show("kim")["drafts"]
    return [(one["actor"], one["kind"], one["text"]) for one in found]


def test_who_comes_second_sees_the_answer_and_can_send_their_draft(rivals: Booth) -> None:
    second = rivals("reply", rivals.case("kim"), "Try a new bulb.", *BOB)
    assert (second.exit_code, second.stdout) == (1, "")
    assert "ann answers this already: 'Send it back. ^AN'" in second.stderr
    assert drafts(rivals) == [("bob", "answer", "Try a new bulb. ^BO")]
    page = lines(rivals.line("show", rivals.case("kim")))
    assert page[page.index("Drafts") + 1] == "d…  NOW  bob: Try a new bulb. ^BO"
    command = re.search(r"`careline (reply --draft \w+ --also)`", second.stderr)
    assert command
    rivals.line(*command[1].split(), *BOB)
    assert drafts(rivals) == []
    rivals.runs()
    assert rivals.done() == [("Answer", "Send it back. ^AN"), ("Answer", "Try a new bulb. ^BO")]


def test_a_draft_as_json_is_whole(rivals: Booth) -> None:
    rivals("reply", rivals.case("kim"), "Try a new bulb.", *BOB)
    (draft,) = rivals.show("kim")["drafts"]
    assert {**draft, "id": "", "at": ""} == {
        "id": "",
        "at": "",
        "actor": "bob",
        "thread": rivals.thread("kim"),
        "kind": "answer",
        "promised": None,
        "text": "Try a new bulb. ^BO",
    }


def test_a_draft_that_is_only_tried_stays(rivals: Booth) -> None:
    rivals("reply", rivals.case("kim"), "Try a new bulb.", *BOB)
    draft = rivals.show("kim")["drafts"][0]["id"]
    rivals.line("reply", "--draft", draft[:12], "--also", "--dry-run", *BOB)
    assert rivals("reply", "--draft", draft, *BOB).exit_code == 1  # Ann's answer still holds
    assert drafts(rivals)[0] == ("bob", "answer", "Try a new bulb. ^BO")


def test_both_texts_of_a_take_private_are_kept_and_the_private_one_stays_private(
    rivals: Booth,
) -> None:
    second = rivals("take-private", rivals.case("kim"), *PLAN, *BOB)
    assert second.stderr.count(" and d") == 1
    assert drafts(rivals) == [
        ("bob", "answer", "We write to you. ^BO"),
        ("bob", "direct", "What is your order? ^BO"),
    ]
    page = lines(rivals.line("show", rivals.case("kim")))
    assert "d…  NOW  bob, in private: What is your order? ^BO" in page
    draft = rivals.show("kim")["drafts"][1]["id"]
    rivals.line("reply", "--draft", draft, "--also", *BOB)
    rivals.runs()
    assert rivals.done()[1:] == [("Direct", "What is your order? ^BO")]


def test_the_draft_of_a_promise_keeps_its_time(rivals: Booth) -> None:
    rivals("promise", rivals.case("kim"), "By {by}.", "--by", "2100-03-01T17:00", *BOB)
    draft = rivals.show("kim")["drafts"][0]
    assert draft["promised"] == "2100-03-01T16:00:00Z"
    rivals.line("reply", "--draft", draft["id"], "--also", *BOB)
    rivals.runs()
    promised = {one["kind"]: one["due_at"] for one in rivals.show("kim")["deadlines"]}
    assert promised["told"] == "2100-03-01T16:00:00Z"


# -- the outbox


def row(booth: Booth, *options: str) -> dict[str, Any]:
    (found,) = booth.json("outbox", *options)["outbox"]
    return dict(found)


def test_the_outbox_lists_what_waits_then_on_demand_what_was_sent(booth: Booth) -> None:
    assert booth.line("outbox") == WAITING
    booth.line("reply", booth.case("kim"), "Hello.", *ANN)
    head, queued = map(str.split, lines(booth.line("outbox")))
    assert head == ["ID", "STATE", "KIND", "BY", "TO", "QUEUED", "TRIED", "WHY", "TEXT"]
    told = ["o…", "queued", "answer", "ann", "@kim", "on", "booth", "NOW", "0", "Hello.", "^AN"]
    assert queued == told
    assert booth.line("outbox", "--dead") == "Nothing failed.\n"
    booth.runs()
    assert booth.line("outbox") == WAITING
    sent = row(booth, "--all")
    assert (sent["state"], sent["attempts"], sent["ids"]) == ("sent", 1, ["out-1"])


def test_a_row_as_json_is_whole(booth: Booth) -> None:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    found = row(booth)
    assert found["at"]
    assert {**found, "at": None} == {
        "id": id,
        "kind": "answer",
        "receiver": "booth",
        "state": "queued",
        "actor": "ann",
        "at": None,
        "conversation": booth.case("kim"),
        "thread": booth.thread("kim"),
        "visibility": "public",
        "to": {"user": "kim", "name": None, "handle": "@kim"},
        "text": "Hello. ^AN",
        "attempts": 0,
        "next_at": None,
        "tried_at": None,
        "ended_at": None,
        "reason": None,
        "why": None,
        "ids": [],
        "plan": None,
        "step": 0,
    }


def test_what_the_platform_refuses_is_dead_until_a_person_has_it_tried_again(booth: Booth) -> None:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs("--set", "channels.booth.fails=for good")
    assert booth.line("outbox") == booth.line("outbox", "--dead")
    dead = row(booth, "--dead")
    why = "the customer takes no messages from us"
    assert (dead["state"], dead["reason"], dead["why"]) == ("dead", "recipient_refuses", why)
    assert f"dead (recipient_refuses: {why})" in booth.line("show", booth.case("kim"))
    assert booth.line("outbox", "--retry", id[:12], *BOB) == f"{id} is queued again.\n"
    booth.runs()
    assert booth.done() == [("Answer", "Hello. ^AN")]


def test_what_is_parked_is_skipped_by_a_person_who_looked(booth: Booth) -> None:
    id = booth.order("post", "wall", "We are back.", *ANN)
    booth.runs("--set", "channels.wall.fails=after")
    parked = row(booth, "--dead")
    assert (parked["state"], parked["reason"]) == ("parked", "unknown")
    assert "nobody knows whether it was done" in parked["why"]
    told = booth.json("outbox", "--skip", id, *BOB)
    assert told == {"schema_version": 1, "id": id, "done": "skipped"}
    booth.runs()
    assert booth.line("outbox") == WAITING
    assert booth.done() == [("Post", "We are back.")]


def test_what_failed_for_now_stays_queued_and_says_how_often_it_was_tried(booth: Booth) -> None:
    booth.line("post", "wall", "We are back.", *ANN)
    told = booth.runs("--set", "channels.wall.fails=not now")
    assert told.exit_code == 75
    waits = row(booth)
    assert (waits["state"], waits["attempts"], waits["why"]) == ("queued", 1, "come back later")
    assert waits["next_at"] is not None


def test_undoing_a_plan_takes_back_both_of_its_parts(booth: Booth) -> None:
    one, two = booth.json("take-private", booth.case("kim"), *PLAN, *ANN)["orders"]
    assert booth.line("undo", one["id"], *BOB) == f"Undone: {one['id']}, {two['id']}.\n"
    one, two = booth.json("take-private", booth.case("kim"), *PLAN, *ANN)["orders"]
    told = booth.json("undo", two["id"], *BOB)
    assert told == {"schema_version": 1, "undone": [two["id"]]}
    booth.runs()
    assert booth.done() == [("Answer", "We write to you. ^AN")]


def test_the_page_of_a_case_tells_its_messages_threads_and_what_left(booth: Booth) -> None:
    booth.line("take-private", booth.case("kim"), *PLAN, *ANN)
    booth.runs()
    page = lines(booth.line("show", booth.case("kim")))
    assert "NOW  @kim  [public, mention, customer]  m…" in page
    assert page[page.index("Threads") + 1 :][:2] == ["t…  public", "t…  private"]
    assert page[page.index("Outbox") + 1 :][:2] == [
        'o…  NOW  answer by ann: sent  "We write to you. ^AN"',
        'o…  NOW  direct by ann: sent  "What is your order? ^AN"',
    ]
    view = booth.show("kim")
    assert [(one["visibility"], one["place"], one["current"]) for one in view["spans"]] == [
        ("public", "1", True),
        ("private", "dm-kim", True),
    ]
    assert len({one["plan"] for one in view["outbox"]} - {None}) == 1


# -- bad input


EVIL = "\x1b[2J\u202eevil\u2066\r\n"


def test_hostile_names_and_words_cannot_steer_the_terminal(booth: Booth) -> None:
    hello = said("6", "eve", f"It is broken? {EVIL}", "10:00:00", name=EVIL, handle=EVIL)
    booth.hears(hello)
    case = booth.case("eve")
    outputs = [
        booth.line("reply", case, f"Hello {EVIL} you.", *ANN),
        booth.line("outbox"),
        booth("reply", case, f"No. {EVIL}", *BOB).stderr,
        booth.line("show", case),
        booth.line("follow", case, "--dry-run", *ANN),
        json.dumps(booth.json("outbox")),
    ]
    for output in outputs:
        assert all(line.isprintable() for line in output.splitlines()), output
    assert "".join(outputs).count("evil") >= len(outputs)


def test_bytes_that_are_no_text_leave_as_text(booth: Booth) -> None:
    booth.line("reply", booth.case("kim"), "Hello \udcff.", *ANN)
    booth.runs()
    assert booth.done() == [("Answer", "Hello \N{REPLACEMENT CHARACTER}. ^AN")]


@pytest.mark.parametrize(
    "command",
    [
        ("reply", "c0110"),
        ("reply", "c0110", "Hello.", "--draft", "d0110"),
        ("take-private", "c0110", "--public", "Hello."),
        ("promise", "c0110", "By {by}."),
        ("outbox", "--retry", "o0110", "--skip", "o0110"),
        ("undo",),
    ],
)
def test_a_command_line_that_makes_no_sense_is_a_usage_error(
    command: Sequence[str], booth: Booth
) -> None:
    result = booth(*command, *ANN)
    assert (result.exit_code, result.stdout) == (2, "")


def test_before_anything_is_stored_the_outbox_makes_no_database(booth: Booth) -> None:
    (booth.folder / "careline.db").unlink()
    result = booth("outbox")
    assert result.exit_code == 69
    assert "nothing is stored yet" in result.stderr
    assert not (booth.folder / "careline.db").exists()


# -- several processes


def careline(*args: str) -> list[str]:
    """Return a command that begins when it reads a line."""
    return ["sh", "-c", 'read go; exec "$@"', "sh", sys.executable, "-m", "careline", *args]


def test_of_six_processes_that_answer_the_same_word_at_once_one_does(
    url: str, booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = ["ann", "bob", "cat", "dan", "eve", "fay"]
    with (booth.folder / "careline.toml").open("a", encoding="utf-8") as file:
        file.writelines(f'[agents.{name}]\nname = "{name.title()}"\n' for name in agents[2:])
    monkeypatch.setenv("BOOTH_STORE", make_url(url).render_as_string(hide_password=False))
    store = ("--set", 'store.url={env = "BOOTH_STORE"}')
    assert booth("run", "--once", *store).exit_code == 0
    rows = json.loads(booth("conversations", "--json", *store).stdout)["conversations"]
    case = next(row["id"] for row in rows if row["customer"]["user"] == "kim")
    pipe, answers = subprocess.PIPE, {}
    for name in agents:
        command = careline("reply", case, f"{name} says so.", "--as", name, *store)
        answers[name] = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    for process in answers.values():
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {name: process.communicate(timeout=120) for name, process in answers.items()}
    codes = {name: process.returncode for name, process in answers.items()}
    (first,) = [name for name, code in codes.items() if code == 0]
    assert sorted(codes.values()) == [0, 1, 1, 1, 1, 1], told
    for name in {*agents} - {first}:
        assert f"{first} answers this already: '{first} says so." in told[name][1]
    view = json.loads(booth("show", case, "--json", *store).stdout)
    kept = {one["actor"]: one["text"].split(" ^")[0] for one in view["drafts"]}
    assert kept == {name: f"{name} says so." for name in agents if name != first}
    assert booth("run", "--once", *store).exit_code == 0
    assert [text.split(" ^")[0] for _, text in booth.done()] == [f"{first} says so."]
