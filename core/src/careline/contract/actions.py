"""What leaves us through a channel: actions, permissions, receipts."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from careline.errors import Refusal
from careline.models import Attachment, Author, Direction, Kind, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to do on a platform. `id` is ours and stays the same over all attempts."""

    id: str
    actor: str
    """The agent's name in the configuration, or `automation`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Action):
    """Say `text` in the thread at `place`, in reply to `in_reply_to`."""

    place: str
    visibility: Visibility
    customer: Author
    in_reply_to: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct(Action):
    """Send `customer` a private message."""

    customer: Author
    text: str
    place: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateReply(Action):
    """Answer a public message in private, where the platform ties the two together."""

    message: str
    customer: Author
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Action):
    """Say something to everybody."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide(Action):
    """Hide a customer's message under ours; `hidden=False` shows it again."""

    message: str
    hidden: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Action):
    """Delete a message of ours."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Action):
    """Follow a customer."""

    customer: Author


AnyAction: TypeAlias = Answer | Direct | PrivateReply | Post | Hide | Delete | Follow


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform said: the ids of what now exists, and the thread that it opened."""

    ids: tuple[str, ...]
    sent_at: datetime
    opened: str | None = None
    """The place of a private thread that this action opened."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether an action is possible now, until when, how long its text may be, and why not."""

    allowed: bool
    reason: Refusal | None = None
    until: datetime | None = None
    """Allowed: when that ends. Refused: when the refusal ends."""
    max_length: int | None = None
    """In the platform's own units."""
    note: str = ""
    """One sentence for the person who would type."""
    cost: str = ""
    """What it costs, as the platform bills it: `0.015 USD`. Empty: nothing that is known."""

    @classmethod
    def yes(
        cls,
        *,
        until: datetime | None = None,
        max_length: int | None = None,
        note: str = "",
        cost: str = "",
    ) -> "Permission":
        """Return a permission."""
        return cls(True, until=until, max_length=max_length, note=note, cost=cost)

    @classmethod
    def no(cls, reason: Refusal, note: str = "", *, until: datetime | None = None) -> "Permission":
        """Return a refusal."""
        return cls(False, reason, until, note=note)


@dataclass(frozen=True, slots=True)
class Word:
    """One stored message of a thread, as `Channel.check` sees it."""

    external_id: str
    kind: Kind
    direction: Direction
    posted_at: datetime
    addressed: bool
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ThreadFacts:
    """What is stored about a thread: all that `Channel.check` may look at."""

    place: str
    visibility: Visibility
    customer: Author
    words: tuple[Word, ...]
    """Newest last, the latest 50."""
    now: datetime
