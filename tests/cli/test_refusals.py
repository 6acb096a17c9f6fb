"""Each refusal that docs/reference/refusals.md tells of, as a user gets to see it."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from careline.errors import Refused
from careline.ids import thread_id
from careline.plugin import Refusal
from careline.store import lanes
from careline.store.store import Store
from careline.store.times import to_micros
from careline.sync import SyncDesk
from careline.testing import FakeClock

from .booth import Booth, said

PAGE = (Path(__file__).parents[2] / "docs/reference/refusals.md").read_text("utf-8")
CELLS = re.compile(r"\| (`.+`) \| (\d+) \| (.*?) ?\| .+ \|")
CODE = re.compile(r"(`+)(.+?) ?\1")
TABLE = re.compile(r"^\| says \|.*\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)
SHARED = ("any of these", "that of the part")
Scenario = Callable[[Booth], Sequence[str]]
SCENARIOS: dict[str, Scenario] = {}
ANN, BOB = ("--as", "ann"), ("--as", "bob")


def rows() -> dict[str, tuple[int, str]]:
    """Return the exit code and the reason of each text on the page."""
    found = {}
    for line in "".join(TABLE.findall(PAGE)).splitlines():
        cells = CELLS.fullmatch(line)
        assert cells, line
        text = " ".join(part for _, part in CODE.findall(cells[1]))
        found[text] = (int(cells[2]), cells[3])
    return found


ROWS = rows()


def row(text: str) -> Callable[[Scenario], Scenario]:
    """Say which row of the page a scenario shows: it returns the command that is refused."""

    def keep(scenario: Scenario) -> Scenario:
        assert text not in SCENARIOS
        SCENARIOS[text] = scenario
        return scenario

    return keep


def refuses(reason: Refusal, **more: str) -> Sequence[str]:
    """Return options by which the plugin refuses."""
    keys = {"refuses": reason.value, **more}
    return [word for key in keys for word in ("--set", f"channels.booth.{key}={keys[key]}")]


# -- every verb


@row("nothing is stored yet: …")
def _(booth: Booth) -> Sequence[str]:
    (booth.folder / "careline.db").unlink()
    return ("reply", "t0110", "Hello.", *ANN)


@row("Nobody can act: no agent is configured. …")
def _(booth: Booth) -> Sequence[str]:
    path = booth.folder / "careline.toml"
    parts = path.read_text("utf-8").split("\n\n")
    path.write_text("\n\n".join(one for one in parts if "[agents." not in one), encoding="utf-8")
    return ("post", "booth", "We are back.")


@row("Say who acts: --as ….")
def _(booth: Booth) -> Sequence[str]:
    return ("post", "booth", "We are back.")


@row("There is no agent … Say who acts: --as ….")
def _(booth: Booth) -> Sequence[str]:
    return ("undo", "o0110", "--as", "eve")


# -- a thread


@row("there is no conversation …")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", "cffffff", "Hello.", *ANN)


@row("… is too short: give at least … characters of the id")
def _(booth: Booth) -> Sequence[str]:
    return ("follow", "c01", *ANN)


@row("… is the beginning of several: …")
def _(booth: Booth) -> Sequence[str]:
    return ("direct", "c011000000", "Hello.", *ANN)


@row("there is no thread …: `careline show` of its conversation lists them")
def _(booth: Booth) -> Sequence[str]:
    return ("done", "tffffff", "I called.", *ANN)


@row("… is too short: it may be …")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", "t011000000", "Hello.", *ANN)


@row("conversation … has several threads, say which: …")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("lee"), "Hello.", *ANN)


@row("conversation … is over: its customer went on in …, answer there")
def _(booth: Booth) -> Sequence[str]:
    case, long_ago = booth.case("kim"), datetime(2026, 11, 20, 10, tzinfo=UTC)
    with SyncDesk(booth.folder / "careline.toml", clock=FakeClock(long_ago)) as desk:
        desk.resolve(case, actor="ann")
    booth.hears(said("6", "kim", "It is broken again!", "11:00:00", re="1", day=24))
    return ("reply", case, "Hello.", *ANN)


@row("no customer has spoken in thread … yet: name one in which they have")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", thread_id("acme", "booth", "dm-noa", "private"), "Hello.", *ANN)


@row("nothing is left to answer in thread …: all that the customer said there was removed")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("max"), "Hello.", *ANN)


@row("this customer was erased here: nothing can reach them any more")
def _(booth: Booth) -> Sequence[str]:
    case = booth.case("kim")
    assert booth("erase", case, "--yes", *ANN).exit_code == 0
    return ("reply", case, "Hello.", *ANN)


# -- who speaks, and where


@row("… may not … as …: they speak as … alone, as [agents.…] says")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("kim"), "Hello.", "--as", "zoe")


@row(
    "channel … cannot speak: it is not configured, not enabled, or its plugin failed when it was"
    " made"
)
def _(booth: Booth) -> Sequence[str]:
    case = booth.case("kim")
    return ("reply", case, "Hello.", *ANN, "--set", "channels.booth.enabled=false")


@row("… from here: do it there by hand")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("ole"), "Hello.", *ANN)


# -- what is said


@row("the text is empty: say something")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("kim"), " \n", *ANN)


@row("it is too long: … of … characters, as … counts, with any signature: shorten it by …")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("kim"), "so " * 20, *ANN)


# -- the platform


@row("the platform does not allow it: …")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("kim"), "Hello.", *ANN, *refuses(Refusal.WINDOW_CLOSED))


@row("…, until … UTC")
def _(booth: Booth) -> Sequence[str]:
    used_up = refuses(Refusal.RATE_LIMITED, note="Too many posts.", until="2100-01-01T09:00:00Z")
    return ("reply", booth.case("kim"), "Hello.", *ANN, *used_up)


@row("the plugin of … failed to say whether it may be sent, so it is not: …")
def _(booth: Booth) -> Sequence[str]:
    breaks = ("--set", "channels.booth.breaks=true")
    return ("reply", booth.case("kim"), "Hello.", *ANN, *breaks)


# -- reply


@row(
    "… answers this already: …. Your text is kept as …: `careline reply --draft … --also` sends it"
    " all the same"
)
def _(booth: Booth) -> Sequence[str]:
    booth.order("reply", booth.case("kim"), "Send it back.", *ANN)
    return ("reply", booth.case("kim"), "Try a new bulb.", *BOB)


@row("Say where and what: THREAD and TEXT; or --draft ID alone.")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", booth.case("kim"), *ANN)


@row("there is no draft …: `careline show` of its conversation lists them")
def _(booth: Booth) -> Sequence[str]:
    return ("reply", "--draft", "d0110", *ANN)


# -- take-private, promise


@row("thread … is private already: `careline reply` answers there")
def _(booth: Booth) -> Sequence[str]:
    return ("take-private", booth.case("sam"), "--public", "One.", "--private", "Two.", *ANN)


@row("the … part: …")
def _(booth: Booth) -> Sequence[str]:
    closed = refuses(Refusal.RECIPIENT_REFUSES, only="direct")
    texts = ("--public", "We write to you.", "--private", "What is your order?")
    return ("take-private", booth.case("kim"), *texts, *ANN, *closed)


@row("a promise is for a time that is yet to come")
def _(booth: Booth) -> Sequence[str]:
    return ("promise", booth.case("kim"), "By {by}.", "--by", "2026-11-20T09:00", *ANN)


@row("the customer has to be told when: write {by} where the time is to stand")
def _(booth: Booth) -> Sequence[str]:
    return ("promise", booth.case("kim"), "Soon.", "--by", "2100-01-01T09:00", *ANN)


@row("… is a day: say at what time, like …")
def _(booth: Booth) -> Sequence[str]:
    return ("promise", booth.case("kim"), "By {by}.", "--by", "2100-01-01", *ANN)


@row("… is no time: write 2026-03-01T09:00, or 2026-03-01T09:00+01:00")
def _(booth: Booth) -> Sequence[str]:
    return ("promise", booth.case("kim"), "By {by}.", "--by", "tomorrow", *ANN)


# -- hide, delete


@row("there is no message …: `careline show` of its conversation lists them")
def _(booth: Booth) -> Sequence[str]:
    return ("hide", "mffff", *ANN)


@row("message … is …: use `careline …`")
def _(booth: Booth) -> Sequence[str]:
    return ("delete", booth.message("kim"), *ANN)


# -- undo


@row("there is no action …: `careline outbox --all` lists them")
def _(booth: Booth) -> Sequence[str]:
    return ("undo", "o0110", *ANN)


@row("… cannot be undone: it is being sent at this moment")
def _(booth: Booth) -> Sequence[str]:
    id, now = booth.order("reply", booth.case("kim"), "Hello.", *ANN), datetime.now(UTC)
    store = Store(f"sqlite:///{booth.folder / 'careline.db'}")
    assert store.write_now(lambda conn: lanes.take(conn, "send:booth", to_micros(now), 7))
    store.close()
    return ("undo", id, *ANN)


@row("… cannot be undone: it may have been sent: `careline run` looks that up")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs("--set", "channels.booth.fails=after")
    return ("undo", id, *ANN)


@row("… cannot be undone: it was sent: `careline delete` takes it from the platform")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs()
    return ("undo", id, *ANN)


@row("… cannot be undone: it was sent")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("hide", booth.message("kim"), *ANN)
    booth.runs()
    return ("undo", id, *ANN)


@row(
    "… cannot be undone: it may have been sent: look there, then `careline outbox --skip …` if it"
    " was, or --retry if not"
)
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("post", "wall", "We are back.", *ANN)
    booth.runs("--set", "channels.wall.fails=after")
    return ("undo", id, *ANN)


@row("… cannot be undone: it never left: …")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs("--set", "channels.booth.fails=for good")
    return ("undo", id, *ANN)


@row("… cannot be undone: it has ended already: …")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth("undo", id, *ANN)
    return ("undo", id, *ANN)


# -- outbox


@row("… has not failed: it is …")
def _(booth: Booth) -> Sequence[str]:
    return ("outbox", "--retry", booth.order("post", "booth", "Hello.", *ANN), *ANN)


@row("… answers that word meanwhile: …. Skip this one: careline outbox --skip …")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs("--set", "channels.booth.fails=for good")
    booth.order("reply", booth.case("kim"), "Hi.", "--as", "bob")
    return ("outbox", "--retry", id, *ANN)


@row("… cannot be skipped: it is …")
def _(booth: Booth) -> Sequence[str]:
    id = booth.order("post", "booth", "Hello.", *ANN)
    booth.runs()
    return ("outbox", "--skip", id, *ANN)


@row("Of --dead and --all, and of --retry and --skip, take one.")
def _(booth: Booth) -> Sequence[str]:
    return ("outbox", "--dead", "--all")


# -- erase


@row("there is … customer …: name it as NETWORK:USER")
def _(booth: Booth) -> Sequence[str]:
    return ("erase", "booth:eve", *ANN)


@row("that is an account of ours, and no customer")
def _(booth: Booth) -> Sequence[str]:
    return ("erase", "booth:us", "--yes", *ANN)


@row(
    "… on the way to them: wait until `careline outbox` shows none that is sending or unsure, then"
    " erase"
)
def _(booth: Booth) -> Sequence[str]:
    booth.order("reply", booth.case("kim"), "Hello.", *ANN)
    booth.runs("--set", "channels.booth.fails=after")
    return ("erase", "booth:kim", "--yes", *ANN)


# -- the page tells what is so


def told(result: Result) -> str:
    """Return what a command says on stderr, without how it is used."""
    return result.stderr.rpartition("\nError: ")[2].strip()


def like(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace("…", ".+"), re.DOTALL)


def test_the_page_has_the_rows_that_are_tried_here() -> None:
    assert sorted(ROWS) == sorted(SCENARIOS)


@pytest.mark.parametrize("text", SCENARIOS)
def test_refused_as_the_page_says(text: str, booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    command, (code, reason) = SCENARIOS[text](booth), ROWS[text]
    before = booth.done()
    result = booth(*command)
    assert like(text).fullmatch(told(result)), result.stderr
    assert (result.exit_code, result.stdout) == (code, "")
    monkeypatch.setenv("CARELINE_DEBUG", "1")
    error = booth(*command).exception
    if isinstance(error, Refused):
        assert reason in (f"`{error.reason.name}`", *SHARED)
    else:
        assert reason == ""
    assert booth.done() == before


@pytest.mark.parametrize("reason", set(Refusal) - {Refusal.ANSWERED, Refusal.ERASED})
def test_a_platform_s_reason_is_told_in_words_that_the_page_has(
    reason: Refusal, booth: Booth
) -> None:
    result = booth("follow", booth.case("kim"), *ANN, *refuses(reason))
    head, words = result.stderr.rstrip().split(": ", 1)
    assert (head, result.exit_code) == ("the platform does not allow it", 1)
    assert f"| `{reason.name}` | {words} |" in PAGE


def test_a_plugin_s_own_sentence_stands_in_place_of_ours(booth: Booth) -> None:
    closed = refuses(Refusal.WINDOW_CLOSED, note="Only within \x1b[31ma day.")
    result = booth("direct", booth.case("kim"), "Hello.", *ANN, *closed)
    assert result.stderr == "Only within \u241b[31ma day.\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("reply", "{case}", "Hello."), "cannot be answered"),
        (("done", "{case}", "I called."), None),
        (("direct", "{case}", "Hello."), "takes no private messages"),
        (("take-private", "{case}", "--public", "A", "--private", "B"), "cannot be answered"),
        (("promise", "{case}", "By {{by}}.", "--by", "2100-01-01T09:00"), "cannot be answered"),
        (("post", "slate", "Hello."), "takes no posts"),
        (("hide", "{message}"), "hides no messages"),
        (("follow", "{case}"), "follows nobody"),
    ],
)
def test_a_channel_that_cannot_says_what_it_never_does(
    command: Sequence[str], words: str | None, booth: Booth
) -> None:
    case, message = booth.case("ole"), booth.message("ole")
    result = booth(*(one.format(case=case, message=message) for one in command), *ANN)
    if words is None:
        assert result.exit_code == 0, result.stderr
    else:
        assert result.stderr.strip().endswith(f"Slate {words} from here: do it there by hand")


def test_a_plugin_that_fails_is_told_of_in_one_line_without_secrets(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOTH_TOKEN", "s3cr3t-w0rds")
    options = ["channels.booth.breaks=true", 'channels.booth.token={env = "BOOTH_TOKEN"}']
    sets = [word for option in options for word in ("--set", option)]
    command = [sys.executable, "-m", "careline", "reply", booth.case("kim"), "Hello.", *ANN, *sets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "the plugin of booth failed to say whether it may be sent, so it is not:"
        " KeyError: 'no shelf for ***'\n"
    )


def test_what_a_command_is_given_cannot_steer_the_terminal(booth: Booth) -> None:
    for id in ("c0110\x1b[2J", "t\x1b[2Jffff", "bytes that are no text: \udcff"):
        result = booth("reply", id, "Hello.", *ANN)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.removesuffix("\n").isprintable()
