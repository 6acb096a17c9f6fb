"""What is shown: hostile text made harmless, JSON for machines, tables for people."""

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Any

import click

_C0 = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_NAMED = re.compile(
    "[\x80-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_LONE = re.compile("[\ud800-\udfff]")
_WIDE = 100_000
_READABLE = 20  # so much of a column that is cut is worth its place
_GAP = 2


def show_safe(text: str) -> str:
    r"""Return text that cannot steer a terminal or pose as other text.

    Control characters become their pictures, controls of direction and invisible ones their
    numbers, lone surrogates U+FFFD. New lines and tabs stay.
    """
    text = text.translate(_C0 | {0x7F: "\u2421"})
    text = _LONE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _NAMED.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def one_line(text: str) -> str:
    """Return safe text for a cell or a line: a new line is shown as a sign."""
    return show_safe(text.replace("\r\n", "\n")).replace("\n", " \u23ce ").replace("\t", " ")


def emit_json(value: Any) -> None:
    """Write JSON to stdout, in ASCII: so it is as safe in a terminal as in a pipe."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    """Return what JSON can hold for a value that it cannot."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def in_terminal() -> bool:
    """Return whether a person looks on, whose lines end somewhere."""
    return sys.stdout.isatty()


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 message`, `2 messages`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_WIDEST = 200  # no cell widens its column beyond: names and reasons may be a stranger's


def _cell(cell: object) -> str:
    text = "" if cell is None else one_line(str(cell))
    whole = len(text) <= _WIDEST or not in_terminal()
    return text if whole else text[: _WIDEST - 1] + "…"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    styles: Sequence[str] = (),
    *,
    gives: str = "",
    spare: Sequence[str] = (),
) -> None:
    """Write a table to stdout: fitted to a terminal, plain and whole when piped.

    Args:
        columns: the headings.
        rows: cells as text or anything with a `str`; None is an empty cell.
        styles: a colour for each column, as rich names it; used in terminals only.
        gives: the column that is cut where a terminal is narrow; "": the last one is wrapped.
        spare: columns that a narrow terminal does without, what can go first at the front.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    cells = [[Text(_cell(cell)) for cell in row] for row in rows]
    kept, left = list(range(len(columns))), _WIDE
    if in_terminal():
        widths = [[cell.cell_len for cell in row] for row in cells]
        kept, left = _fitting(columns, widths, console.width, gives, spare)
    else:
        console.width = _WIDE
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    looks = [*styles, *[""] * len(columns)]
    for place in kept:
        cut, last = columns[place] == gives, not gives and place == kept[-1]
        shown.add_column(
            columns[place],
            style=looks[place] or None,
            overflow="ellipsis" if cut else "fold",
            no_wrap=not last,
            max_width=left if cut else None,
        )
    for row in cells:
        shown.add_row(*(row[place] for place in kept))
    with console.capture() as captured:
        console.print(shown)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=console.is_terminal or None)


def _fitting(
    columns: Sequence[str],
    widths: Sequence[Sequence[int]],
    room: int,
    gives: str,
    spare: Sequence[str],
) -> tuple[list[int], int]:
    """Return the places of the columns to show, without the spare ones that do not fit.

    Beside it, the width that is left for the column that gives way.
    """
    needs = [len(name) for name in columns]
    for row in widths:
        needs = [max(pair) for pair in zip(needs, row, strict=True)]
    gives_at = columns.index(gives) if gives else len(columns) - 1
    needs[gives_at] = min(needs[gives_at], _READABLE)
    kept = list(range(len(columns)))
    for name in spare:
        if sum(needs[place] + _GAP for place in kept) - _GAP <= room:
            break
        kept.remove(columns.index(name))
    others = sum(needs[place] + _GAP for place in kept if place != gives_at)
    return kept, max(room - others, 1)
