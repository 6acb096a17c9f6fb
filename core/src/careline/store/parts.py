"""The parts of a conversation as they are shown: messages, promises, acts, notes, relations."""

from typing import Any, Literal

from careline.models import Model
from careline.store.labels import LabelView
from careline.store.times import Stamp

Outcome = Literal["kept", "late", "missed", "open", "void"]
"""What became of a promise. late: met after its time; missed: past its time and not met."""


class Who(Model):
    """Somebody as their network knows them."""

    user: str | None = None
    name: str | None = None
    handle: str | None = None


class MessageView(Model):
    """A message with its current words."""

    id: str
    external_id: str
    account: str
    thread: str
    kind: str
    direction: str
    visibility: str
    role: str
    """customer, onlooker or ours."""
    author: Who
    sent_by: str | None
    posted_at: Stamp
    received_at: Stamp
    live: bool
    parent: str | None
    title: str | None
    text: str | None
    lang: str | None
    permalink: str | None
    rating: float | None
    attachments: tuple[Any, ...]
    revisions: int
    """How many older wordings are kept."""
    removed_at: Stamp | None
    """Since when it is gone from the platform."""
    erased: bool
    """Its words were erased here."""
    labels: dict[str, LabelView]


class DeadlineView(Model):
    """A promise: what became of it, and by which rule it was made."""

    kind: str
    anchor: str
    starts_at: Stamp
    due_at: Stamp
    met_at: Stamp | None
    void: str | None
    outcome: Outcome
    why: str


class ActView(Model):
    """Something that was done to the conversation."""

    at: Stamp
    kind: str
    actor: str
    message: str
    other: str | None
    value: dict[str, Any]


class NoteView(Model):
    """Internal words: no channel is ever handed them."""

    id: str
    at: Stamp
    actor: str
    message: str
    text: str | None


class SpanView(Model):
    """A thread, as far as it belongs to the conversation."""

    thread: str
    visibility: str
    place: str
    current: bool
    """Whether what comes in this thread belongs here."""


class DraftView(Model):
    """Words that a person wrote and that were not sent: a colleague was faster."""

    id: str
    at: Stamp
    actor: str
    thread: str | None
    kind: str
    """answer, direct or private_reply."""
    promised: Stamp | None
    """The time by which the customer would be told to hear from us."""
    text: str | None


class RelatedView(Model):
    """Another conversation of the same customer, or of the same person elsewhere."""

    id: str
    account: str
    channel: str
    status: str
    intent: str | None
    opened_at: Stamp | None
    last_at: Stamp
    through: Literal["customer", "person"]
