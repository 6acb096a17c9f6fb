"""The options that all commands share: which configuration, and what is set otherwise."""

import os
from collections.abc import Callable
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from careline.config import Document, Settings
    from careline.registry import Registry

R = TypeVar("R")
DEFAULT = "careline.toml"


class Chosen:
    """The configuration that a command was told to use: each part is loaded on first use."""

    def __init__(self, file: str | None, overrides: tuple[str, ...]) -> None:
        """`file` is None where none was named: then the default one is used."""
        self.named = file is not None
        self.path = Path(file or DEFAULT)
        self.overrides = overrides

    @cached_property
    def document(self) -> "Document":
        """What is written. Raises `ConfigError` if that cannot be read."""
        from careline.config import read

        return read(self.path, overrides=self.overrides, environ=os.environ)

    @cached_property
    def document_if_any(self) -> "Document":
        """What is written; an empty one where nothing is, and no file was asked for."""
        from careline.config import read

        if self.named or self.path.exists():
            return self.document
        return read({}, overrides=self.overrides, environ=os.environ)

    @cached_property
    def registry(self) -> "Registry":
        """The plugins, without those that the configuration disables."""
        from careline.config import disabled
        from careline.registry import Registry

        return Registry.load(disabled(self.document_if_any))

    @cached_property
    def settings(self) -> "Settings":
        """The checked configuration. Raises `ConfigError` with all problems."""
        from careline.config import load

        return load(self.document, self.registry)


def config_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `-c/--config` and `--set`, and hand it a `Chosen` as its first argument."""

    @click.option(
        "-c",
        "--config",
        "_file",
        metavar="FILE",
        envvar="CARELINE_CONFIG",
        help=f"The configuration. [default: {DEFAULT}; or CARELINE_CONFIG]",
    )
    @click.option(
        "--set",
        "_overrides",
        metavar="KEY=VALUE",
        multiple=True,
        help="Set a key in place of the file: channels.history.path=threads.jsonl. "
        "The environment does so, too: CARELINE__CHANNELS__HISTORY__PATH=threads.jsonl",
    )
    @wraps(command)
    def wrapped(*args: Any, _file: str | None, _overrides: tuple[str, ...], **kwargs: Any) -> R:
        return command(Chosen(_file, _overrides), *args, **kwargs)

    return wrapped


json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
