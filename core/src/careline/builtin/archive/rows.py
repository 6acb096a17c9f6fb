"""Rows out of lines: JSON objects and CSV records, each with its bytes and its reason if bad."""

import csv
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from careline.builtin.archive.lines import BOM, KEPT, LONGEST, Lines, TooLong, Unusable


@dataclass(slots=True)
class Row:
    """One row as it lies in the file, at `line`; without `values` where `why` says."""

    raw: bytes
    line: int
    values: Mapping[str, Any] | None = None
    why: str = ""
    unfinished: bool = False
    """The file ends with it, without a line's end or within quotes: it may still be written."""


def json_rows(lines: Lines) -> Iterator[Row]:
    """Yield each line's object; blank lines are passed over."""
    while True:
        try:
            raw = lines.take()
        except TooLong as error:
            yield Row(error.start, lines.number, why=str(error))
            continue
        if not raw:
            return
        if not raw.isspace():
            yield _json_row(raw, lines)


def _json_row(raw: bytes, lines: Lines) -> Row:
    row = Row(raw, lines.number, unfinished=raw[-1:] != b"\n" and not lines.zipped)
    try:
        value = _parse(raw.removeprefix(BOM))
    except UnicodeDecodeError:
        row.why = "not UTF-8 text"
    except (ValueError, RecursionError) as error:
        row.why = f"not JSON: {error}"
    else:
        if isinstance(value, dict):
            row.values = value
        else:
            row.why = "not a JSON object"
    return row


def _parse(raw: bytes) -> Any:
    try:
        return from_json(raw, cache_strings="keys")
    except ValueError:  # it refuses lone surrogates, which platforms do send
        return json.loads(raw.decode())


class _Feed:
    """Hands lines to `csv.reader`, and keeps those of the present record."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.taken: list[bytes] = []
        self.ended = False
        """The file ended within the present record."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines.take()
        if not line:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        return line.removeprefix(BOM).decode()


class CsvRows:
    """Yields the records under a header; a quote left open costs its own line only."""

    def __init__(self, lines: Lines, delimiter: str, needed: Set[str]) -> None:
        """Read the header, which must name `needed` once each; raises `Unusable`."""
        if csv.field_size_limit() < LONGEST:
            csv.field_size_limit(LONGEST)  # the process has one limit: never lower it
        self._lines = lines
        self._feed = _Feed(lines)
        self._parser = csv.reader(self._feed, delimiter=delimiter, strict=True)
        self._delimiter = delimiter
        self._header: list[str] = []
        self._begin(needed)

    def __iter__(self) -> Iterator[Row]:
        """Return itself."""
        return self

    def __next__(self) -> Row:
        """Return the next record that is not blank."""
        if not self._header:
            return self._no_header()
        while True:
            first = self._lines.number + 1
            cells, why = self._record()
            if cells or why:
                return self._row(first, cells, why)

    def _begin(self, needed: Set[str]) -> None:
        try:
            cells, why = self._record()
        except StopIteration:
            return
        raw = b"".join(self._feed.taken)
        if self._open(raw):
            return
        header = [cell.strip() for cell in cells]
        if missing := sorted(name for name in needed if header.count(name) != 1):
            why = why or f"the header must name {', '.join(missing)} once; it has: {cells}"
        if why:
            self._lines.give_back(self._feed.taken)
            raise Unusable(why, raw)
        self._header = header

    def _no_header(self) -> Row:
        taken, self._feed.taken = self._feed.taken, []
        if not taken:
            raise StopIteration
        return Row(b"".join(taken), 1, why="half of a header", unfinished=True)

    def _record(self) -> tuple[list[str], str]:
        self._feed.taken, self._feed.ended = [], False
        try:
            return next(self._parser), ""
        except csv.Error as error:
            return [], f"not CSV: {error}"
        except UnicodeDecodeError:
            return [], "not UTF-8 text"
        except TooLong as error:
            self._feed.taken = [b"".join([*self._feed.taken, error.start, b"\n"])]  # it is over
            return [], str(error)

    def _row(self, first: int, cells: list[str], why: str) -> Row:
        taken = self._feed.taken
        if not why and len(cells) != len(self._header):
            why = f"{len(cells)} columns where the header has {len(self._header)}"
        if not why:
            values = dict(zip(self._header, cells, strict=True))
            return Row(b"".join(taken), first, values, unfinished=self._open(taken[-1]))
        grows = self._may_grow(taken)
        if len(taken) > 1 and not grows:
            self._lines.give_back(taken[1:])
            del taken[1:]
        return Row(b"".join(taken), first, why=why, unfinished=grows)

    def _open(self, line: bytes) -> bool:
        return line[-1:] != b"\n" and not self._lines.zipped

    def _may_grow(self, taken: list[bytes]) -> bool:
        """Tell a record that is being written from a quote that was never closed."""
        if self._lines.zipped or not (self._feed.ended or self._open(taken[-1])):
            return False
        if len(taken) == 1 or sum(map(len, taken)) > KEPT:
            return len(taken) == 1
        try:
            second = next(csv.reader([taken[1].decode()], delimiter=self._delimiter, strict=True))
        except (csv.Error, UnicodeDecodeError):
            return True
        return len(second) != len(self._header)
