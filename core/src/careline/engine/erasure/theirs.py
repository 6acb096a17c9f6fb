"""Theirs: all that is kept of a person, or of one message, wherever it lies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from careline.engine.outbox.echoes import BY_HAND
from careline.engine.people import all_of, identity_of
from careline.engine.setaside import naming
from careline.store.bulk import query_in, select_in
from careline.store.lookup import one_of
from careline.store.outbox import Row, by, load
from careline.store.tables import identities, messages


@dataclass(slots=True)
class Theirs:
    """Ids of what is kept of somebody; of one message, only what it is."""

    meant: str
    """The identity or the message that was named."""
    identities: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    """Conversations in which a thread is theirs."""
    messages: list[str] = field(default_factory=list)
    """What they said."""
    answers: list[str] = field(default_factory=list)
    """What we said to them."""
    notes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Acts that staff gave a reason for."""
    drafts: list[str] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """Return all messages, theirs and ours."""
        return [*self.messages, *self.answers]


def find(conn: Connection, said: str) -> Theirs:
    """Return what is kept of what `said` names.

    It is a message's id, which begins with m, or a person: the id of a conversation, NETWORK:USER
    or NETWORK:@HANDLE. All identities that staff linked go together. Raises `NotFound`.
    """
    if ":" not in said and said.strip().startswith("m"):
        return of_message(conn, one_of(conn, messages.c.id, said, "message"))
    return of_person(conn, identity_of(conn, said))


def of_person(conn: Connection, identity: str) -> Theirs:
    """Return what is kept of the person that has this identity."""
    theirs = Theirs(identity, all_of(conn, identity))
    who = theirs.identities
    theirs.messages, theirs.answers = _said(conn, who)
    theirs.cases = _ids(conn, _CASES, who)
    theirs.notes = _ids(conn, _NOTES, theirs.cases)
    theirs.reasons = _ids(conn, _REASONS, theirs.cases)
    threads = _ids(conn, "SELECT id FROM threads WHERE customer IN", who)
    theirs.drafts = _drafts(conn, theirs.cases, threads)
    actions = [*by(conn, "thread", threads), *by(conn, "message", theirs.messages)]
    theirs.actions = _each([*actions, *_made(conn, theirs.answers)])
    theirs.rejected = list(naming(conn, _names(conn, theirs)))
    return theirs


def of_message(conn: Connection, message: str) -> Theirs:
    """Return what is kept of one message; ours: with the action that made it."""
    theirs = Theirs(message)
    [(direction,)] = select_in(conn, messages, ("direction",), "id", [message])
    (theirs.answers if direction == "out" else theirs.messages).append(message)
    theirs.actions = _made(conn, theirs.answers)
    theirs.rejected = list(naming(conn, _names(conn, theirs)))
    return theirs


_SAID: Final = """
SELECT DISTINCT m.id, m.direction FROM messages m
JOIN identities i ON i.id = m.author OR m.direction = 'out' AND i.id IN (m.answers, m.recipient)
WHERE i.id IN"""
_IN_ROOMS: Final = """
SELECT m.id, m.direction FROM threads t JOIN messages m ON m.thread = t.id
WHERE m.direction = 'out' AND t.visibility = 'private' AND t.customer IN"""


def _said(conn: Connection, who: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what these people said, and what we said to them."""
    rows = {*map(tuple, query_in(conn, _SAID, who)), *map(tuple, query_in(conn, _IN_ROOMS, who))}
    theirs, ours = (sorted(id for id, way in rows if way == one) for one in ("in", "out"))
    return theirs, ours


_CASES: Final = """
SELECT DISTINCT s.conversation FROM threads t JOIN spans s ON s.thread = t.id
WHERE t.customer IN"""
_NOTES: Final = """
SELECT DISTINCT n.id FROM spans s JOIN messages m ON m.thread = s.thread
JOIN notes n ON n.message = m.id WHERE m.conversation = s.conversation AND s.conversation IN"""
_REASONS: Final = """
SELECT DISTINCT a.id FROM spans s JOIN messages m ON m.thread = s.thread
JOIN acts a ON a.message = m.id AND a.kind = 'ignore'
WHERE m.conversation = s.conversation AND s.conversation IN"""


def _drafts(conn: Connection, cases: Sequence[str], threads: Sequence[str]) -> list[str]:
    """Return drafts by their thread, or by the id that their conversation has or had."""
    old = _ids(conn, "SELECT old FROM redirects WHERE new IN", cases)
    by_case = _ids(conn, "SELECT id FROM drafts WHERE conversation IN", [*cases, *old])
    return sorted({*by_case, *_ids(conn, "SELECT id FROM drafts WHERE thread IN", threads)})


def _made(conn: Connection, answers: Sequence[str]) -> list[Row]:
    """Return the actions that made these messages of ours."""
    heard = _ids(conn, "SELECT action FROM echoes WHERE message IN", answers)
    named = _ids(conn, "SELECT external_id FROM messages WHERE id IN", answers)
    by_hand = [name.partition(":")[2] for name in named if name.startswith(f"{BY_HAND}:")]
    return load(conn, [*heard, *by_hand])


def _each(rows: Iterable[Row]) -> list[Row]:
    return sorted({row.id: row for row in rows}.values(), key=lambda row: row.number)


def _ids(conn: Connection, select: str, values: Iterable[str]) -> list[str]:
    return sorted(id for (id,) in query_in(conn, select, values))


def _names(conn: Connection, theirs: Theirs) -> set[tuple[str, str]]:
    """Return each network with what names them there: user ids, handles, ids of messages."""
    columns = ("network", "user", "handle")
    known = select_in(conn, identities, columns, "id", theirs.identities)
    said = select_in(conn, messages, ("network", "external_id"), "id", theirs.messages)
    names = [(network, name) for network, *both in known for name in both if name]
    return {(network, name.removeprefix("@")) for network, name in (*names, *said)}
