from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import click
import pytest

from careline.cli.output import emit_json, one_line, show_safe, table
from careline.models import Brand


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("a\x00b\x7fc\rd", "a␀b␡c␍d"),
        ("\x9b31m", "<U+009B>31m"),
        ("pay \u202eevil\u202c", "pay <U+202E>evil<U+202C>"),
        ("\u2066x\u2069\u200f\u061c", "<U+2066>x<U+2069><U+200F><U+061C>"),
        ("a\u2028b\ufeff", "a<U+2028>b<U+FEFF>"),
        ("lone \ud800", "lone \ufffd"),
        ("zwj 👩\u200d👩 مرحبا ok\n\tnext", "zwj 👩\u200d👩 مرحبا ok\n\tnext"),
    ],
)
def test_hostile_text_is_made_visible(hostile: str, shown: str) -> None:
    assert show_safe(hostile) == shown
    show_safe(hostile).encode("utf-8")


def test_a_line_stays_one_line() -> None:
    assert one_line("a\r\nb\nc\td") == "a ⏎ b ⏎ c d"


def test_a_piped_table_is_plain_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 300
    table(("ID", "TEXT"), [("c1", "[red]not markup[/red]"), ("c22", f"{long}\nnext"), (None, 3)])
    assert capsys.readouterr().out.splitlines() == [
        "ID   TEXT",
        "c1   [red]not markup[/red]",
        f"c22  {long} ⏎ next",
        "     3",
    ]


def test_json_is_ascii_and_takes_our_values(capsys: pytest.CaptureFixture[str]) -> None:
    class Mood(StrEnum):
        GOOD = "good"

    @dataclass
    class Point:
        x: int

    emit_json(
        {
            "text": "\x1b\u202e",
            "at": datetime(2025, 1, 2, tzinfo=UTC),
            "span": timedelta(minutes=1),
            "all": (Mood.GOOD, Point(1), Brand(id="a", name="A").id, Path("x"), {3}),
        }
    )
    out = capsys.readouterr().out
    assert out.isascii()
    assert '"text": "\\u001b\\u202e"' in out
    assert '"at": "2025-01-02T00:00:00+00:00"' in out
    assert '"span": 60.0' in out
    assert "".join(out.split()).endswith('"all":["good",{"x":1},"a","x",[3]]}')


def _in_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


def test_in_a_terminal_one_column_gives_way_and_spare_ones_go(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ("c0110000005636", "practice", "a kettle that leaks from its base", "problem +30")
    fit = {"gives": "SAID", "spare": ("WHY", "CHANNEL")}
    shown = {}
    for columns in (80, 60, 40):
        _in_a_terminal(monkeypatch, columns)
        table(("ID", "CHANNEL", "SAID", "WHY"), [row], **fit)  # type: ignore[arg-type]
        lines = click.unstyle(capsys.readouterr().out).splitlines()
        shown[columns] = [line.rstrip() for line in lines]
    assert shown[80] == [
        "ID              CHANNEL   SAID                               WHY",
        "c0110000005636  practice  a kettle that leaks from its base  problem +30",
    ]
    assert shown[60] == [
        "ID              CHANNEL   SAID                   WHY",
        "c0110000005636  practice  a kettle that leaks …  problem +30",
    ]
    assert shown[40] == [
        "ID              SAID",
        "c0110000005636  a kettle that leaks fro…",
    ]
