"""The `console` notifier: whatever is in an alert, whoever reads the terminal sees it whole."""

import io
import sys
import threading
from datetime import UTC, datetime

import anyio
import pytest

from careline.builtin.console.notifier import Console, ConsoleConfig, as_text
from careline.plugin import Alert, AlertReason, Transient
from careline.testing import HOSTILE_TEXTS, MemoryContext

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def alert(**fields):
    known = {
        "id": "w1", "reason": AlertReason.MISSED, "title": "Kim @kim on acme-x: first reply",
        "body": "It is broken.\nAnd wet.", "brand": "acme", "account": "acme-x", "at": AT,
    }  # fmt: skip
    return Alert(**(known | fields))


@pytest.fixture
def console():
    return Console(ConsoleConfig(), MemoryContext())


async def test_an_alert_is_one_line_and_an_indented_body_on_standard_error(console, capsys):
    receipt = await console.notify(alert())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "ALERT missed: Kim @kim on acme-x: first reply\n    It is broken.\n    And wet.\n"
    )
    assert receipt.ids == ("w1",)


async def test_one_without_a_body_is_one_line(console, capsys):
    await console.notify(alert(body=""))
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: f"{text[:12]!a}")
def test_no_text_steers_the_terminal_or_passes_for_another_alert(text):
    lines = as_text(alert(title=text, body=text)).removesuffix("\n").split("\n")
    assert lines[0].startswith("ALERT missed: ")
    assert all(line.startswith("    ") for line in lines[1:])
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for line in lines for sign in line)
    assert not {"\u202e", "\u2066", "\u200b", "\ufeff"} & {sign for line in lines for sign in line}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028"])
def test_no_sort_of_new_line_makes_a_line_of_its_own_in_the_title(newline):
    text = as_text(alert(title=f"Kim{newline}ALERT missed: made up", body=""))
    assert len(text.splitlines()) == 1


async def test_many_at_once_are_never_mixed(console, monkeypatch):
    class Slow(io.StringIO):
        """Takes its time between any two letters, as a slow terminal does."""

        def write(self, text):
            for sign in text:
                super().write(sign)
                threading.Event().wait(1e-6)
            return len(text)

    monkeypatch.setattr(sys, "stderr", Slow())

    def bring(number):
        anyio.run(console.notify, alert(title=f"number {number}", body="a\nb"))

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sys.stderr.getvalue().split("ALERT ")[1:]
    assert sorted(found) == [f"missed: number {n}\n    a\n    b\n" for n in range(8)]


async def test_a_closed_standard_error_is_tried_again(console, monkeypatch):
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)
    with pytest.raises(Transient, match="takes nothing"):
        await console.notify(alert())
