"""The code blocks of the docs, so that tests can hold each to its word."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(careline [^`]+)`")
_QUOTED = re.compile(r"`([^`]+)`")
_SEPARATORS = frozenset({"|", "&&", ";"})


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, what else stands on the fence, its text."""

    language: str
    info: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that it is, where the fence says `file=...`."""
        return next((w[5:] for w in self.info.split() if w.startswith("file=")), None)


def blocks(page: str, language: str) -> list[Block]:
    """Return the blocks of a language."""
    found = (Block(name, info.strip(), text) for name, info, text in _BLOCK.findall(page))
    return [block for block in found if block.language == language]


def commands(page: str) -> Iterator[list[str]]:
    """Yield every command of the page's console and shell blocks, as words."""
    for block in blocks(page, "console"):
        for line in block.text.splitlines():
            if line.startswith("$ "):
                yield from _simple(line[2:])
    for block in blocks(page, "sh"):
        for line in block.text.splitlines():
            yield from _simple(line)


def _simple(line: str) -> Iterator[list[str]]:
    """Yield the simple commands of a line, without what is set before them."""
    words: list[str] = []
    line = re.sub(r" > \S+", "", line)
    for word in [*shlex.split(line, comments=True), ";"]:
        if word in _SEPARATORS:
            if words:
                yield words
            words = []
        elif words or not re.match(r"[A-Z_]+=", word):
            words.append(word)


def mentions(page: str) -> list[list[str]]:
    """Return every `careline ...` in the running text, as words; `…` is in messages only."""
    found = _INLINE.findall(_BLOCK.sub("", page))
    return [shlex.split(command) for command in found if "…" not in command]


def quoted(page: str) -> Iterator[str]:
    """Yield what a page quotes in the first cells of its tables of `says` and `reason`."""
    telling = False
    for line in page.splitlines():
        cells = line.split(" | ")
        if not line.startswith("|"):
            telling = False
        elif cells[0] in ("| says", "| reason"):
            telling = True
        elif telling:
            yield from _QUOTED.findall(cells[0])


def strings(folder: Path) -> str:
    """Return all texts of the code below `folder`, with a gap where a value goes in."""
    found = []
    for path in (one for one in folder.rglob("*.py") if "testing" not in one.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "\0" for p in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)
