"""Answering: what was ordered is queued, and no two agents answer the same word."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from careline.engine.answers.aiming import Target, author_of
from careline.engine.facts import Micros
from careline.errors import Refusal, Refused
from careline.ids import content_hash, derive
from careline.store.bulk import insert_new, mark, select_in, set_where
from careline.store.log import log_event
from careline.store.lookup import one_of
from careline.store.outbox import Outgoing, Row, enqueue, load
from careline.store.parts import DraftView
from careline.store.tables import bodies, claims, drafts
from careline.store.turns import take_turn


@dataclass(frozen=True, slots=True)
class Rival:
    """Who has answered the word already, or is about to, and what they say."""

    by: str
    said: str
    drafts: tuple[str, ...]
    """Under which ids the words that came second are kept."""


def queue(
    conn: Connection,
    rows: Sequence[Outgoing],
    target: Target | None,
    *,
    also: bool = False,
    draft: str | None = None,
) -> Rival | set[str]:
    """Queue rows that answer `target`; return the lanes to wake, or who was faster.

    `also`: whatever a colleague says to the same word. The rows' words become drafts if a colleague
    was faster. One unit of work, so that of two at once one is first. `draft` is done with then.

    Raises `Refused` where the customer was erased, or the draft sent, meanwhile.
    """
    if target is not None:
        take_turn(conn, target.brand)
        author_of(conn, target.identity, erased=target.ours)
    if target is not None and not also:
        rival = _rival(conn, rows[0], target)
        if rival is not None:
            by, said = rival
            return Rival(by, said, tuple(keep_draft(conn, row, target) for row in rows))
    if draft is not None:
        use_draft(conn, draft)
    lanes = enqueue(conn, rows)
    for row in rows:
        data = {"action": row.id, "kind": row.kind}
        about = row.conversation or row.lane.partition(":")[2]
        log_event(conn, row.at, row.actor, "queued", about, data)
    return lanes


def _rival(conn: Connection, row: Outgoing, target: Target) -> tuple[str, str] | None:
    """Claim the word, or return who holds it and what they say to it."""
    held = select_in(conn, claims, ("action",), "message", [target.message])
    if not held and target.answered is not None:
        return "somebody, elsewhere,", target.answered
    rival = claim(conn, target.message, row.id, row.actor, row.at)
    if rival is None or rival.actor == row.actor:
        return None
    return rival.actor, rival.text or "(no text)"


def keep_draft(conn: Connection, row: Outgoing, target: Target) -> str:
    """Keep the words of a row that was not queued; return the draft's id."""
    id = derive("d", row.id, near=str(row.at))
    columns = ("id", "conversation", "thread", "kind", "actor", "state", "at", "promised")
    promised = row.payload.get("promise")
    case = row.conversation or ""
    kept = (id, case, target.thread, row.kind, row.actor, "draft", row.at, promised)
    insert_new(conn, drafts, columns, [kept])
    body = (id, 0, row.text or "", content_hash(row.text or ""))
    insert_new(conn, bodies, ("owner", "revised_at", "text", "hash"), [body])
    return id


def draft_of(conn: Connection, said: str) -> DraftView:
    """Return a draft, by its id or the beginning of it."""
    id = one_of(conn, drafts.c.id, said, "draft")
    d = drafts.c
    query = select(d.id, d.at, d.actor, d.thread, d.kind, d.promised, bodies.c.text)
    row = conn.execute(query.outerjoin(bodies, bodies.c.owner == d.id).where(d.id == id)).one()
    return DraftView(**row._mapping)


def drop_draft(conn: Connection, said: str) -> str:
    """Note that a draft is done with; return its id."""
    id = one_of(conn, drafts.c.id, said, "draft")
    set_where(conn, drafts, ("state",), ("id",), [("done", id)])
    return id


def use_draft(conn: Connection, id: str) -> None:
    """Note that a draft is being sent. Raises `Refused` where it was done with before."""
    sign = mark(conn)
    update = f"UPDATE drafts SET state = 'done' WHERE id = {sign} AND state = 'draft'"
    if conn.exec_driver_sql(update, (id,)).rowcount != 1:
        raise Refused(Refusal.INVALID, f"draft {id} was sent or dropped already")


def claim(conn: Connection, message: str, action: str, actor: str, at: Micros) -> Row | None:
    """Note that an action answers a word; return the one that does so already, if another does."""
    columns = ("message", "action", "actor", "at")
    insert_new(conn, claims, columns, [(message, action, actor, at)])
    ((holder,),) = select_in(conn, claims, ("action",), "message", [message])
    return None if holder == action else next(iter(load(conn, [holder])), None)
