"""All that is kept of one person, as one document: what they may ask to see."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from careline.engine.erasure.theirs import of_person
from careline.engine.people import identity_of
from careline.models import Model
from careline.store import views
from careline.store.bulk import query_in, select_in
from careline.store.labels import HELD, LabelView, labels_of, load_readings
from careline.store.outbox_views import OutboxView, views_of
from careline.store.parts import ActView, DraftView, NoteView
from careline.store.rejected import RejectedView, rejected_of
from careline.store.tables import bodies, identities, messages, person_links
from careline.store.times import Stamp, from_micros


class IdentityData(Model):
    """Somebody as one network knows them."""

    id: str
    network: str
    scope: str
    user: str | None
    """The platform's id; null once they were erased."""
    name: str | None
    handle: str | None
    followers: int | None
    erased_at: Stamp | None


class LinkData(Model):
    """That an identity is this person, by whose word, and until when."""

    id: str
    person: str
    identity: str
    evidence: str | None
    actor: str | None
    at: Stamp | None
    undone_at: Stamp | None
    undone_by: str | None


class ConversationData(Model):
    """A case in which a thread is theirs."""

    id: str
    brand: str
    account: str
    channel: str
    """The plugin's kind."""
    kind: str
    """What sort of message it began with."""
    visibility: str
    status: str
    intent: str | None
    opened_at: Stamp | None
    answered_at: Stamp | None
    last_at: Stamp
    acts: tuple[ActView, ...]
    notes: tuple[NoteView, ...]
    drafts: tuple[DraftView, ...]


class VersionData(Model):
    """A message as it once read; null where its words were erased."""

    revised_at: Stamp | None
    """Null: as it was first."""
    text: str | None
    title: str | None
    lang: str | None
    permalink: str | None
    attachments: tuple[Any, ...]
    erased_at: Stamp | None


class MessageData(Model):
    """A message with all its versions."""

    id: str
    external_id: str
    """The platform's."""
    account: str
    network: str
    conversation: str | None
    thread: str | None
    kind: str
    visibility: str
    sent_by: str | None
    """Ours only: who of us said it."""
    posted_at: Stamp
    received_at: Stamp
    parent: str | None
    rating: float | None
    removed_at: Stamp | None
    versions: tuple[VersionData, ...]
    labels: dict[str, LabelView]


class PersonData(Model):
    """All that is kept of one person. Its shape as JSON is frozen by `schema_version`."""

    schema_version: int = 1
    at: Stamp
    identities: tuple[IdentityData, ...]
    """All that are linked as one person."""
    links: tuple[LinkData, ...]
    conversations: tuple[ConversationData, ...]
    messages: tuple[MessageData, ...]
    """What they said."""
    answers: tuple[MessageData, ...]
    """What we said to them."""
    outbox: tuple[OutboxView, ...]
    """What was queued for them, whatever became of it."""
    rejected: tuple[RejectedView, ...]
    """What could not be understood and names them."""


def person_data(conn: Connection, said: str, now: int) -> PersonData:
    """Return all that is kept of a person: a conversation, NETWORK:USER or NETWORK:@HANDLE.

    Raises `NotFound`.
    """
    theirs = of_person(conn, identity_of(conn, said))
    who = theirs.identities
    return PersonData(
        at=from_micros(now),
        identities=tuple(
            IdentityData(**{**row._mapping, "user": row.user or None})
            for row in sorted(select_in(conn, identities, _names(IdentityData), "id", who))
        ),
        links=tuple(
            LinkData(**row._mapping)
            for row in sorted(select_in(conn, person_links, _names(LinkData), "identity", who))
        ),
        conversations=tuple(
            _conversation(conn, row) for row in query_in(conn, _CASE, theirs.cases, _BY_TIME)
        ),
        messages=_messages(conn, theirs.messages),
        answers=_messages(conn, theirs.answers),
        outbox=tuple(views_of(conn, [row.id for row in theirs.actions])),
        rejected=rejected_of(conn, theirs.rejected),
    )


def _names(model: type[Model]) -> tuple[str, ...]:
    return tuple(model.model_fields)


_CASE: Final = """
SELECT c.id, c.brand, c.account, c.channel, c.kind, c.visibility, s.status, s.intent, s.opened_at,
       s.answered_at, s.last_at
FROM conversations c JOIN states s ON s.conversation = c.id WHERE c.id IN"""
_BY_TIME: Final = "ORDER BY s.last_at, c.id"


def _conversation(conn: Connection, row: Any) -> ConversationData:
    return ConversationData(
        **row._mapping,
        acts=views.act_views(conn, row.id),
        notes=views.note_views(conn, row.id),
        drafts=views.draft_views(conn, row.id),
    )


_SAID: Final = (
    "id", "external_id", "account", "network", "conversation", "thread", "kind", "visibility",
    "sent_by", "posted_at", "received_at", "parent", "rating", "removed_at",
)  # fmt: skip
_VERSION: Final = (
    "owner", "revised_at", "text", "title", "lang", "permalink", "attachments", "erased_at",
)  # fmt: skip


def _messages(conn: Connection, ids: Sequence[str]) -> tuple[MessageData, ...]:
    """Return messages with all their versions, as they were posted."""
    versions: dict[str, list[VersionData]] = {}
    for row in sorted(select_in(conn, bodies, _VERSION, "owner", ids), key=lambda row: row[1]):
        versions.setdefault(row.owner, []).append(_version(row))
    readings = load_readings(conn, ids)
    rows = select_in(conn, messages, (*_SAID, *HELD, "labelled_by"), "id", ids)
    return tuple(
        MessageData(
            **{name: getattr(row, name) for name in _SAID},
            versions=tuple(versions.get(row.id, ())),
            labels=labels_of(row, readings.get(row.id, {})),
        )
        for row in sorted(rows, key=lambda row: (row.posted_at, row.id))
    )


def _version(row: Any) -> VersionData:
    known = {name: getattr(row, name) for name in ("text", "title", "lang", "permalink")}
    return VersionData(
        **known,
        revised_at=row.revised_at or None,
        attachments=tuple(json.loads(row.attachments)) if row.attachments else (),
        erased_at=row.erased_at,
    )
