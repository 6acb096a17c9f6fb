"""The one conversation model: what every channel maps to, frozen."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)

MAX_ID = 512


class Kind(StrEnum):
    """What sort of message it is."""

    MENTION = "mention"
    REPLY = "reply"
    QUOTE = "quote"
    COMMENT = "comment"
    DIRECT = "direct"
    REVIEW = "review"
    POST = "post"


class Direction(StrEnum):
    """Whose words they are: `in` from others, `out` from us."""

    IN = "in"
    OUT = "out"


class Visibility(StrEnum):
    """Who can read it on the platform."""

    PUBLIC = "public"
    PRIVATE = "private"


class Status(StrEnum):
    """Where a conversation stands."""

    NEW = "new"
    OPEN = "open"
    WAITING_CUSTOMER = "waiting_customer"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Intent(StrEnum):
    """What the customer wants (S7, S8), most pressing first."""

    PROBLEM = "problem"
    QUESTION = "question"
    REQUEST = "request"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    INFORMATION = "information"
    CHATTER = "chatter"
    SPAM = "spam"


class DeadlineKind(StrEnum):
    """Which promise a deadline is."""

    ACKNOWLEDGE = "acknowledge"
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLVE = "resolve"
    TOLD = "told"


def _storable(value: Any) -> Any:
    """Replace what no database can hold (NUL, lone surrogates) by U+FFFD; all else is kept."""
    if isinstance(value, str):
        if "\x00" in value:
            value = value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if not value.isascii():
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _as_said(value: Visibility, info: ValidationInfo) -> Visibility:
    """A direct message is private, whatever else is said of it."""
    return Visibility.PRIVATE if info.data.get("kind") is Kind.DIRECT else value


def _no_controls(value: str) -> str:
    if not value.isprintable():
        raise ValueError("an id must not hold control characters")
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time must lie within the years 1 to 9999") from error


Text = Annotated[str, BeforeValidator(_storable)]
"""Customer text: kept whole; NUL and lone surrogates become U+FFFD."""
PlatformId = Annotated[str, Field(min_length=1, max_length=MAX_ID), AfterValidator(_no_controls)]
"""An id as the platform gives it, as text: 1 to 512 printable characters."""
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A point in time with a zone, kept in UTC."""


class Model(BaseModel):
    """Base of all models: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Author(Model):
    """Somebody as one network knows them. `scope` narrows the network (a Facebook Page)."""

    id: PlatformId
    scope: Text = ""
    name: Text = ""
    handle: Text = ""
    followers: int | None = None


class Attachment(Model):
    """A file beside a message, by reference: its bytes are fetched on request."""

    url: Text
    type: Text = "application/octet-stream"
    size: int | None = None
    description: Text = ""


class Message(Model):
    """One thing said, as its platform states it.

    Unique by (brand, network, `external_id`). `parent`, `root` and `quoted` are the platform's ids.
    `root` is the place: the root post, the direct-message conversation, the review.
    """

    external_id: PlatformId
    kind: Kind
    posted_at: Moment
    precision: Literal["second", "day"] = "second"
    direction: Direction = Direction.IN
    visibility: Annotated[Visibility, AfterValidator(_as_said), Field(validate_default=True)] = (
        Visibility.PUBLIC
    )
    author: Author | None = None
    to: Author | None = None
    """Whom a private message of ours is for."""
    parent: PlatformId | None = None
    root: PlatformId | None = None
    quoted: PlatformId | None = None
    addressed: bool = False
    """It names us beyond the mentions that a reply carries of itself."""
    text: Text = ""
    title: Text = ""
    lang: Text = ""
    permalink: Text = ""
    attachments: tuple[Attachment, ...] = ()
    rating: float | None = None
    """Stars, 1 to 5."""
    sent_by: Literal["agent", "automation", "elsewhere"] = "elsewhere"
    """Ours only: who of us said it. `elsewhere`: a person in the platform's own app."""


class Brand(Model):
    """Whom the customers speak to."""

    id: str
    name: str
    handles: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: str = "UTC"


class AlertReason(StrEnum):
    """Why staff are told."""

    NEW = "new"
    """A customer waits who did not wait before."""
    WARNED = "warned"
    """A promise is about to be missed."""
    MISSED = "missed"
    """A promise was missed."""
    UNSENT = "unsent"
    """What was to leave us did not: a person has to look."""
    HEALTH = "health"
    """An account needs a person."""
    CONCERN = "concern"
    """An account works, and a person should know something: a limit is nearly used up."""
    SUMMARY = "summary"
    """What an account's first look back found."""


class Alert(Model):
    """News for staff: about one conversation, several of them, or an account."""

    id: str
    reason: AlertReason
    title: Text
    """One line: who, where, what, due when."""
    body: Text = ""
    """The customer's words, or a line for each conversation. Hostile text: escape it."""
    brand: str
    account: str
    conversation_id: str | None = None
    """None: it is about several, or about none."""
    count: int = 1
    """How many it stands for."""
    link: str | None = None
    due_at: Moment | None = None
    """The earliest time that is promised."""
    at: Moment


class Event(Model):
    """One line of the audit log: who did what, when, to what. Words by id, never by text."""

    id: int
    at: Moment
    actor: str
    verb: str
    object: str
    data: Mapping[str, Any] = {}
