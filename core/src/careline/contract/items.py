"""What a source yields: items, in batches, with the cursor that follows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from careline.models import Message

JSON: TypeAlias = Any
"""Whatever `json.dumps` takes and `json.loads` gives back unchanged."""


class Seen(NamedTuple):
    """A message was seen. `context`: kept beside a case, but never a case itself."""

    message: Message
    context: bool = False


@dataclass(frozen=True, slots=True)
class Revised:
    """The message known as `of` now reads as `message`, whose id may be a new one."""

    message: Message
    of: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Removed:
    """A message is gone from the platform. `purge`: its words must go here too."""

    external_id: str
    at: datetime
    by: Literal["author", "us", "platform", "unknown"] = "unknown"
    purge: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """Counts around a message at a time: the last observation holds. `None`: not said."""

    external_id: str
    at: datetime
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    reach: int | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message of ours: states only move forward."""

    external_id: str
    at: datetime
    state: Literal["sent", "delivered", "read", "failed"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that could not be understood: set aside with its reason, counted, kept."""

    raw: bytes
    why: str
    place: str = ""
    """Where it was: `threads.jsonl:12`, a page, a webhook's id. With `raw` it is its identity."""


Item: TypeAlias = Seen | Revised | Removed | Observed | Delivered | Malformed


@dataclass(frozen=True, slots=True)
class Batch:
    """Items and the cursor that follows them: both are committed together or not at all."""

    items: tuple[Item, ...] = ()
    cursor: JSON = None
    more: bool = False
    """More is ready now. False: caught up."""
    again_at: datetime | None = None
    """Not before this time, where the platform says so."""


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of items of an account, with its own cursor."""

    name: str
    mode: Literal["poll", "stream"] = "poll"
    every: float = 60.0
    """Seconds between two polls once caught up."""
    title: str = ""
