"""Aiming: which thread, word and customer a person means, and what is stored of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from careline.contract.actions import ThreadFacts, Word
from careline.errors import NotFound, Refusal, Refused
from careline.models import Author, Direction, Kind, Visibility
from careline.store.bulk import mark, query_in
from careline.store.lookup import full_id, one_of
from careline.store.tables import messages, threads
from careline.store.times import from_micros

WORDS = 50
"""So many of a thread's latest messages a channel is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A thread as the way out sees it."""

    thread: str
    brand: str
    place: str
    """As the platform names it."""
    visibility: Visibility
    customer: Author
    identity: str
    """The customer's id here."""
    account: str
    """The channel that heard it: it answers."""
    conversation: str | None
    message: str
    """The message that is meant: of a thread, the customer's latest that is still there."""
    external_id: str
    root: str | None
    kind: str
    permalink: str | None
    ours: bool
    """Whether `message` is ours."""
    words: tuple[Word, ...]
    answered: str | None = None
    """What a person of ours said to the customer after `message`, whoever it was."""

    def facts(self, now: datetime) -> ThreadFacts:
        """Return what `Channel.check` may look at."""
        return ThreadFacts(self.place, self.visibility, self.customer, self.words, now)

    def payload(self) -> dict[str, Any]:
        """Return who and where, as a row of the outbox keeps it."""
        return {
            "place": self.place,
            "visibility": self.visibility.value,
            "customer": self.customer.model_dump(exclude_defaults=True),
            "identity": self.identity,
            "message": self.external_id,
            "root": self.root,
            "kind": self.kind,
        }


def aim_at_thread(conn: Connection, said: str) -> Target:
    """Return the thread that `said` means: its id, or its conversation's, where there is one.

    Raises:
        NotFound: there is none, or the conversation has several.
        Refused: nothing of the customer is left there to be answered.
    """
    thread = _thread(conn, said.strip())
    rows = _messages(conn, thread)
    theirs = [row for row in rows if row.role == "customer"]
    left = [row for row in theirs if row.removed_at is None]
    if not theirs:
        raise Refused(
            Refusal.INVALID,
            f"no customer has spoken in thread {thread} yet: name one in which they have",
        )
    if not left:
        raise Refused(
            Refusal.GONE,
            f"nothing is left to answer in thread {thread}: all that the customer said there was"
            " removed",
        )
    return _target(conn, rows, left[-1], thread)


def aim_at_message(conn: Connection, said: str) -> Target:
    """Return one message, by its id or the beginning of it. Raises `NotFound`."""
    message = one_of(conn, messages.c.id, said, "message")
    (row,) = query_in(conn, f"{_MESSAGE} WHERE m.id IN", [message])
    return _target(conn, _messages(conn, row.thread), row, row.thread)


def facts_of(conn: Connection, thread: str, now: datetime) -> ThreadFacts:
    """Return what is stored of a thread, whoever spoke in it."""
    rows = _messages(conn, thread)
    return _target(conn, rows, rows[-1], thread).facts(now)


def _thread(conn: Connection, said: str) -> str:
    if said.startswith("t"):
        return one_of(conn, threads.c.id, said, "thread")
    conversation = full_id(conn, said)
    select = (
        "SELECT t.id, t.visibility FROM spans s JOIN threads t ON t.id = s.thread"
        " WHERE s.to_position IS NULL AND s.conversation IN"
    )
    found = query_in(conn, select, [conversation], "ORDER BY s.from_position")
    if not found:
        there = " and ".join(_went_on(conn, conversation))
        raise NotFound(
            f"conversation {conversation} is over: its customer went on in {there}, answer there"
        )
    if len(found) > 1:
        named = " or ".join(f"{row.id} ({row.visibility})" for row in found)
        raise NotFound(f"conversation {conversation} has several threads, say which: {named}")
    return str(found[0].id)


def _went_on(conn: Connection, conversation: str) -> list[str]:
    """Return the conversations in which a customer whose case is over has spoken since."""
    select = (
        "SELECT DISTINCT n.conversation FROM spans s JOIN spans n ON n.thread = s.thread"
        " WHERE n.to_position IS NULL AND s.conversation IN"
    )
    return sorted(id for (id,) in query_in(conn, select, [conversation]))


_MESSAGE = """
SELECT m.id, m.brand, m.account, m.external_id, m.kind, m.direction, m.visibility, m.author,
       m.answers, m.posted_at, m.fact_at, m.depth, m.addressed, m.removed_at, m.role, m.root,
       m.place, m.conversation, m.thread, m.sent_by, b.permalink, b.text
FROM messages m LEFT JOIN bodies b ON b.owner = m.id
     AND b.revised_at = coalesce(m.revised_at, 0)"""


def _messages(conn: Connection, thread: str) -> list[Any]:
    """Return a thread's latest messages, oldest first."""
    tail = f"ORDER BY m.fact_at DESC, m.depth DESC, m.id DESC LIMIT {WORDS}"
    return query_in(conn, f"{_MESSAGE} WHERE m.thread IN", [thread], tail)[::-1]


def _target(conn: Connection, rows: list[Any], meant: Any, thread: str) -> Target:
    where = "SELECT place, visibility, customer FROM threads WHERE id IN"
    (room,) = query_in(conn, where, [thread])
    identity = room.customer or meant.author
    private = room.visibility == "private"
    later = [row for row in rows if row.fact_at >= meant.fact_at and _answers(row, identity)]
    return Target(
        thread=thread,
        brand=meant.brand,
        place=meant.root or room.place,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        customer=author_of(conn, identity, erased=meant.direction == "out"),
        identity=identity,
        account=meant.account,
        conversation=meant.conversation,
        message=meant.id,
        external_id=meant.external_id,
        root=meant.root,
        kind=meant.kind,
        permalink=meant.permalink,
        ours=meant.direction == "out",
        words=tuple(map(_word, rows)),
        answered=(later[-1].text or "(no text)") if later else None,
    )


def _answers(row: Any, identity: str) -> bool:
    """Whether a person of ours said it to the customer."""
    ours = row.role == "ours" and row.sent_by != "automation" and row.removed_at is None
    return ours and (row.visibility == "private" or row.answers == identity)


def _word(row: Any) -> Word:
    return Word(
        row.external_id,
        Kind(row.kind),
        Direction(row.direction),
        from_micros(row.posted_at),
        bool(row.addressed),
        row.removed_at is not None,
    )


def author_of(conn: Connection, identity: str, *, erased: bool = False) -> Author:
    """Return a customer as their platform names them.

    Raises `Refused` where they were erased: nobody is left to be spoken to. `erased` allows it,
    for what is done to our own message to them.
    """
    select = 'SELECT "user", scope, name, handle, followers, erased_at FROM identities WHERE id IN'
    (row,) = query_in(conn, select, [identity])
    if row.erased_at is not None and not erased:
        raise Refused(
            Refusal.ERASED, "this customer was erased here: nothing can reach them any more"
        )
    return Author(
        id=row.user or "erased",
        scope=row.scope,
        name=row.name or "",
        handle=row.handle or "",
        followers=row.followers,
    )


def room_of(conn: Connection, target: Target) -> Mapping[str, str]:
    """Return the private thread (id, place) in which the customer and the account spoke last."""
    sign = mark(conn)
    seen = f"SELECT 1 FROM sightings s WHERE s.message = m.id AND s.account = {sign}"
    select = (
        "SELECT t.id, coalesce(m.root, t.place) AS place FROM threads t"
        " JOIN messages m ON m.thread = t.id"
        f" WHERE t.customer = {sign} AND t.brand = {sign} AND t.visibility = 'private'"
        f" AND m.role <> 'context' AND (m.account = {sign} OR EXISTS ({seen}))"
        " ORDER BY m.fact_at DESC LIMIT 1"
    )
    given = (target.identity, target.brand, target.account, target.account)
    found = conn.exec_driver_sql(select, given).first()
    return {"thread": found.id, "place": found.place} if found else {}
