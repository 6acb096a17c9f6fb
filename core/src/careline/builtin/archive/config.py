"""What an operator writes about an archive: where it lies, and which column is what."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from careline.plugin import Kind, PluginConfig, Visibility


def plain(value: Any) -> str:
    """Return a value as CSV would hold it, without regard to case: `true`, `brand`, `1`."""
    return str(value).casefold()


def _listed(value: Any) -> Any:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(plain(each) for each in values)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is named {value!r}: use one like Europe/Berlin") from error
    return value


class Fields(PluginConfig):
    """Which column holds what. `id`, `posted_at` and `text` must be named."""

    id: str = Field(description="the message's own id")
    posted_at: str = Field(description="when it was said")
    text: str = Field(description="its words; a row may leave them empty")
    thread: str | None = Field(None, description="the id of the place: post, conversation, review")
    parent: str | None = Field(None, description="the id of the message it answers")
    quoted: str | None = Field(None, description="the id of the message it quotes")
    author: str | None = Field(None, description="the author's id")
    author_name: str | None = Field(None, description="the author's name for people")
    author_handle: str | None = Field(None, description="the author's name as it is mentioned")
    to: str | None = Field(None, description="whom a private message of ours is for, by id")
    title: str | None = Field(None, description="the headline of a review or post")
    rating: str | None = Field(None, description="stars, 1 to 5")
    kind: str | None = Field(None, description="mention, reply, quote, comment, direct ...")
    visibility: str | None = Field(None, description="public or private")
    addressed: str | None = Field(None, description="true where it names us; else read from text")
    lang: str | None = Field(None, description="the language's tag")
    permalink: str | None = Field(None, description="where it can be read")


class Ours(PluginConfig):
    """Which rows we wrote ourselves."""

    field: str = Field(description="the column that tells")
    equals: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        description="its value, or values, in our own rows; case does not matter"
    )


def _named(value: Any) -> Any:
    """Refuse an empty path: it would be the folder that careline was started in."""
    if value == "":
        raise ValueError("a path must not be empty")
    return value


class ArchiveConfig(PluginConfig):
    """An archive: a file or a folder, its columns, and what they leave unsaid."""

    path: Annotated[Path, BeforeValidator(_named)] = Field(
        description="a file, or a folder that is watched"
    )
    fields: Fields = Field(description="model field = column")
    ours: Ours | None = Field(None, description="which rows we wrote ourselves")
    network: str = Field("archive", min_length=1, description="the namespace of the ids")
    format: Literal["csv", "jsonl"] | None = Field(None, description="where no suffix tells")
    delimiter: str = Field(",", min_length=1, max_length=1, description="between columns of CSV")
    time_format: str | None = Field(None, description="a strptime format for posted_at")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="the zone of times that name none"
    )
    message_kind: Kind | None = Field(None, description="the kind of rows whose column is empty")
    visibility: Visibility = Field(Visibility.PUBLIC, description="of rows that do not say")
    every: float = Field(
        5.0,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="seconds between two looks once all is read; a day at the most",
    )
