"""On which line each key of a TOML text stands: the standard parser does not tell."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from careline.config.problems import KeyPath

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}'''  # the quotes that end it may follow two of its own
    r"""|'''.*?'{3,5}"""
    r'''|"(?:\\.|[^"\\])*"'''
    r"""|'[^']*'"""
    r"""|\#[^\n]*|[\[\]{}=.,\n]|[^\S\n]+|[^\s\[\]{}=.,"'\#]+|.""",
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of each table and key of a valid TOML text.

    What stands inside an inline table or an array has the line of the key that holds it.
    """
    finder = _Finder()
    for line, tokens in _statements(text):
        if tokens[0] == "[":
            finder.header(line, tokens)
        else:
            finder.key(line, tokens[: tokens.index("=")] if "=" in tokens else tokens)
    return finder.lines


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each header or assignment with the line of its start."""
    tokens: list[str] = []
    line, start, depth = 1, 1, 0
    for match in _TOKEN.finditer(text + "\n"):
        piece = match.group()
        if tokens and piece == "\n" and depth == 0:
            yield start, tokens
            tokens = []
        elif not piece.isspace() and not piece.startswith("#"):
            start = start if tokens else line
            tokens.append(piece)
            depth += (piece in ("[", "{")) - (piece in ("]", "}"))
        line += piece.count("\n")


def _names(tokens: Sequence[str]) -> list[str]:
    """Return the parts of a dotted key, without their quotes."""
    return [
        next(iter(tomllib.loads(f"{piece} = 0"))) if piece[0] in "\"'" else piece
        for piece in tokens
        if piece not in ("[", "]", ".")
    ]


@dataclass
class _Finder:
    """Where we are in the text: the table that keys go to, and the last element of each array."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    last: dict[KeyPath, int] = field(default_factory=dict)
    table: KeyPath = ()

    def header(self, line: int, tokens: Sequence[str]) -> None:
        *parents, name = _names(tokens)
        array = (*self._resolve(line, (), parents), name)
        if tokens[1] == "[":
            self.last[array] = self.last.get(array, -1) + 1
        self.table = self._resolve(line, (), [*parents, name])
        self.lines[self.table] = line

    def key(self, line: int, tokens: Sequence[str]) -> None:
        self._resolve(line, self.table, _names(tokens))

    def _resolve(self, line: int, path: KeyPath, names: Sequence[str]) -> KeyPath:
        """Go down from `path` by names, into the last element of each array on the way."""
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self.last:
                path = (*path, self.last[path])
        return path
