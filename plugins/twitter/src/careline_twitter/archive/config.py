"""What an operator writes about an archive of X: where it lies, and who we are in it."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from careline.plugin import PluginConfig


def _named(value: Any) -> Any:
    """Refuse an empty path: it would be the folder that careline was started in."""
    if value == "":
        raise ValueError("a path must not be empty")
    return value


def _id(value: Any) -> Any:
    """Take an id that was written as a number."""
    return str(value) if type(value) is int else value


UserId = Annotated[str, Field(pattern=r"^\d{1,24}$"), BeforeValidator(_id)]


class TwitterArchiveConfig(PluginConfig):
    """Saved responses of API v2, or what twarc wrote: a file, or a folder that is watched."""

    path: Annotated[Path, BeforeValidator(_named)] = Field(
        description="a .jsonl, .ndjson or .json file, also with .gz, or a folder of them"
    )
    user_ids: tuple[UserId, ...] = Field(
        (), description="our user ids on X: what they wrote is ours; direct messages need one"
    )
    handles: tuple[str, ...] = Field(
        (), description="more handles of ours, beside the brand's: what they wrote is ours"
    )
    every: float = Field(
        5.0,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="seconds between two looks once all is read; a day at the most",
    )
