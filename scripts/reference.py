"""Write the parts of README.md and docs/ that are made from the code, or say which are out of date.

    .venv/bin/python scripts/reference.py [--check]

A part stands between `<!-- begin NAME ... -->` and `<!-- end -->`; NAME is a function of
scripts/generated.py. A `<!-- session -->` is a console block whose commands are run and whose
output is kept while it differs only in numbers (scripts/sessions.py).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import generated
import sessions

ROOT = Path(__file__).resolve().parent.parent
_PART = re.compile(r"(<!-- begin (\w+)((?: [^>\s]+)*) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> Iterator[Path]:
    """Yield README.md and every page of docs/ and examples/."""
    yield ROOT / "README.md"
    for folder in ("docs", "examples"):
        yield from sorted((ROOT / folder).rglob("*.md"))


def rendered(text: str) -> str:
    """Return a page with its parts made anew."""
    return _PART.sub(_made, text)


def _made(part: re.Match[str]) -> str:
    begin, name, arguments, end = part.groups()
    made: str = getattr(generated, name)(*arguments.split())
    return f"{begin}\n{made.strip()}\n\n{end}"


def main(arguments: list[str]) -> int:
    """Write the pages (0), or with `--check` only name those that would change (1)."""
    stale = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = sessions.rerun(rendered(text), ROOT)
        if new != text:
            stale.append(str(page.relative_to(ROOT)))
            if "--check" not in arguments:
                page.write_text(new, encoding="utf-8")
    print(*(f"out of date: {name}" for name in stale), sep="\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
