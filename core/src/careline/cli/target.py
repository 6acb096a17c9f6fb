"""Where an export goes: a file that is there whole or not at all, a device, or stdout."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from careline.cli.output import one_line


@contextmanager
def written(output: Path | None) -> Iterator[TextIO]:
    """Open what is written to (None: stdout); a file takes its name when all is written.

    Raises:
        click.ClickException: it cannot be written; no half file is left.
    """
    try:
        if output is None:
            yield from _stdout()
        elif output.exists() and not output.is_file():  # a device or pipe: nothing to rename
            with output.open("w", encoding="utf-8") as file:
                yield file
        else:
            yield from _whole(output.resolve())
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "standard output" if output is None else str(output)
        said = f"{one_line(where)} cannot be written: {error.strerror}."
        raise click.ClickException(said) from None


def _stdout() -> Iterator[TextIO]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:  # else Python tries again at its end, and says so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _whole(output: Path) -> Iterator[TextIO]:
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            yield file
        if output.exists():
            shutil.copymode(output, part)
        part.replace(output)
    except FileExistsError:  # another's
        raise
    except BaseException:
        part.unlink(missing_ok=True)
        raise
