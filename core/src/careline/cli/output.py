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


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], styles: Sequence[str] = ()
) -> None:
    """Write a table to stdout: coloured in a terminal, plain and unwrapped when piped.

    Args:
        columns: the headings.
        rows: cells as text or anything with a `str`; None is an empty cell.
        styles: a colour for each column, as rich names it; used in terminals only.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column, style in zip(columns, [*styles, *[""] * len(columns)], strict=False):
        shown.add_column(column, style=style or None, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else one_line(str(cell))) for cell in row))
    with console.capture() as captured:
        console.print(shown)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=console.is_terminal or None)
