"""Rows: how arrivals and casework are written, set by set."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from careline.engine.arrivals import (
    KINDS,
    VISIBILITIES,
    Arrival,
    Intake,
    attachments_text,
)
from careline.engine.casework import Work
from careline.engine.deadlines import Deadline
from careline.engine.facts import Micros
from careline.engine.fold import FOLD_VERSION, State, dump
from careline.engine.labelling import Read
from careline.engine.reach import known_reach, note_reach, rank
from careline.store import tables
from careline.store.bulk import delete_keys, insert_new, mark, put, query_in, set_where
from careline.store.log import Line, log_events

MESSAGE = (
    "id", "brand", "account", "network", "external_id", "kind", "direction", "visibility", "author",
    "recipient", "parent", "quoted", "root", "posted_at", "received_at", "clock_at", "found_by",
    "live", "context", "addressed", "sent_by", "rating", "rules", "hash", "revised_at", "thread",
    "answers", "place", "role", "depth", "fact_at", "conversation", "intent", "sentiment",
    "urgency", "needs_reply", "pii", "labelled_by",
)  # fmt: skip
_BODY = (
    "owner", "revised_at", "text", "title", "lang", "permalink", "attachments", "hash", "erased_at",
)  # fmt: skip
_LABELS = ("intent", "sentiment", "urgency", "needs_reply", "pii", "labelled_by")


def message_row(to: Intake, a: Arrival, rules: int, found_by: str) -> Sequence[Any]:
    """Return a message's row, in the order of `MESSAGE`."""
    m, where = a.message, a.placed
    return (
        a.id, to.brand, to.account, to.network, m.external_id, KINDS[m.kind],
        "out" if a.ours else "in", VISIBILITIES[m.visibility], a.author, a.recipient, a.parent,
        a.quoted, m.root, a.posted, a.received, a.clock, found_by, a.live, a.context, m.addressed,
        m.sent_by if a.ours else None, m.rating, rules, a.hash, a.revised_at, where.thread,
        where.answers, where.place, where.role, where.depth, where.fact_at, a.conversation,
        *a.labels, a.pii, a.labelled_by,
    )  # fmt: skip


def insert_messages(
    conn: Connection, to: Intake, arrivals: Sequence[Arrival], rules: int, found_by: str
) -> int:
    """Insert new messages with their bodies, and return how many were new."""
    rows = [message_row(to, arrival, rules, found_by) for arrival in arrivals]
    count = insert_new(conn, tables.messages, MESSAGE, rows)
    put_bodies(conn, arrivals)
    return count


def put_bodies(conn: Connection, arrivals: Iterable[Arrival]) -> None:
    """Insert the words of messages; of hushed ones, that there were some."""
    insert_new(conn, tables.bodies, _BODY, [_body_row(arrival) for arrival in arrivals])


def _body_row(a: Arrival) -> Sequence[Any]:
    m = a.message
    if a.hushed:
        return a.id, a.revised_at, None, None, None, None, None, a.hash, a.received
    return (
        a.id, a.revised_at, m.text, m.title or None, m.lang or None, m.permalink or None,
        attachments_text(m), a.hash, None,
    )  # fmt: skip


def put_readings(conn: Connection, reads: Iterable[Read]) -> None:
    """Keep what classifiers said."""
    columns = ("message", "classifier", "version", "revised_at", "reading")
    rows = [(r.message, r.classifier, r.version, r.revised_at, r.reading) for r in reads]
    put(conn, tables.readings, columns, rows)


def set_labels(conn: Connection, arrivals: Iterable[Arrival]) -> None:
    """Write what now holds of messages that were read again; a person's word stays."""
    rows = [(*a.labels, a.pii, a.labelled_by, a.id) for a in arrivals]
    set_where(conn, tables.messages, _LABELS, ("id",), rows)


def put_unread(conn: Connection, classifiers: Iterable[str], arrivals: Iterable[Arrival]) -> None:
    """Note what deferred classifiers have still to read."""
    found = [(arrival.id, name) for arrival in arrivals for name in classifiers]
    insert_new(conn, tables.unread, ("message", "classifier"), found)


def drop_unread(conn: Connection, classifier: str, messages: Iterable[str]) -> None:
    """Note that a deferred classifier has read these messages."""
    sign = mark(conn)
    keys = [(message, classifier) for message in messages]
    if keys:
        where = f"WHERE message = {sign} AND classifier = {sign}"
        conn.exec_driver_sql(f"DELETE FROM unread {where}", keys)


def put_identities(conn: Connection, to: Intake, authors: Mapping[str, Any]) -> None:
    """Keep who the authors are; a name or handle seen later replaces an earlier one."""
    columns = ("id", "network", "scope", "user", "name", "handle", "followers")
    rows = [
        (id, to.network, a.scope or to.scope, a.id, a.name or None, a.handle or None, a.followers)
        for id, a in authors.items()
    ]
    insert_new(conn, tables.identities, columns, rows)
    named = [(r[4], r[5], r[6], r[0]) for r in rows if r[4] or r[5] or r[6] is not None]
    if named:
        sign = mark(conn)
        conn.exec_driver_sql(
            f"UPDATE identities SET name = coalesce({sign}, name), handle = coalesce({sign},"
            f" handle), followers = coalesce({sign}, followers)"
            f" WHERE id = {sign} AND erased_at IS NULL",
            named,
        )


def write_work(conn: Connection, to: Intake, work: Work) -> None:
    """Write casework: conversations, states, spans, deadlines, and where messages are now."""
    if work.threads or work.refolded:
        _clear(conn, work)
    put(conn, tables.spans, _SPAN, work.spans)
    _put_conversations(conn, to, work)
    _put_states(conn, to, work.states)
    if work.threads:
        note_reach(conn, work.states)
    _put_deadlines(conn, work.deadlines.values())
    moved = [
        (case, message)
        for message, case in work.of.items()
        if message in work.refolded and work.refolded[message] != case
    ]
    set_where(conn, tables.messages, ("conversation",), ("id",), moved)


_SPAN = ("thread", "first", "conversation", "customer", "from_position", "to_position")


def _clear(conn: Connection, work: Work) -> None:
    """Take away what a refold writes anew; a case that is no more points to what it became."""
    delete_keys(conn, tables.spans, "thread", work.threads)
    before = {case for case in work.refolded.values() if case}
    gone = before - work.states.keys()
    delete_keys(conn, tables.conversations, "id", gone)
    delete_keys(conn, tables.states, "conversation", gone)
    redirects = [(case, work.of[_first(case)]) for case in gone if _first(case) in work.of]
    put(conn, tables.redirects, ("old", "new"), redirects)
    set_where(conn, tables.redirects, ("new",), ("new",), [(new, old) for old, new in redirects])
    delete_keys(conn, tables.redirects, "old", work.states)
    _void_stale(conn, work, before)


def _first(conversation: str) -> str:
    return "m" + conversation[1:]


def _void_stale(conn: Connection, work: Work, before: set[str]) -> None:
    """Take back promises that the facts no longer make, and log which of them moved."""
    select = "SELECT anchor, kind, conversation, due_at, live FROM deadlines WHERE conversation IN"
    old = {tuple(row[:2]): row for row in query_in(conn, select, before)}
    stale = [key for key in old if key not in work.deadlines]
    if stale:
        sign = mark(conn)
        where = f"WHERE anchor = {sign} AND kind = {sign}"
        conn.exec_driver_sql(f"DELETE FROM deadlines {where}", stale)
        conn.exec_driver_sql(f"UPDATE effects SET why = '{_CHANGED}' {where}", stale)
    lines = (_set_back(work, key, row) for key, row in old.items() if row.live)
    log_events(conn, [line for line in lines if line is not None])


_CHANGED = "the facts behind it changed"


def _set_back(work: Work, key: tuple[Any, ...], row: Any) -> Line | None:
    """Return what the log says of a promise that a refold took back or moved."""
    data = {"deadline": row.kind, "message": row.anchor, "due_at": row.due_at, "why": _CHANGED}
    if key not in work.deadlines:
        return work.at, "system", "withdrew", row.conversation, data
    due_at = work.deadlines[key][1].due_at
    if due_at == row.due_at:
        return None
    return work.at, "system", "moved", row.conversation, {**data, "now_due_at": due_at}


def _put_conversations(conn: Connection, to: Intake, work: Work) -> None:
    columns = ("id", "brand", "account", "channel", "customer", "kind", "visibility", "first")
    rows = [
        (
            one.id, one.first.brand, one.first.account,
            to.channels.get(one.first.account, to.channel),
            one.customer, one.first.kind, "private" if one.first.private else "public",
            one.first.id,
        )
        for one in work.opened
    ]  # fmt: skip
    put(conn, tables.conversations, columns, rows)


_STATE = (
    "conversation", "brand", "fold_version", "position", "status", "intent", "opened_at",
    "answered_at", "public_answered_at", "waiting_since", "due_at", "rank_at", "last_at",
    "assignee", "snoozed_until", "state",
)  # fmt: skip


def state_row(
    brand: str, conversation: str, s: State, reach: int | None, grew: float | None
) -> Sequence[Any]:
    """Return a conversation's state as a row, in the order of `_STATE`."""
    return (
        conversation, brand, FOLD_VERSION, s.position, s.status, s.intent, s.opened_at,
        s.answered_at, s.public_answered_at, s.waiting_since, s.due_at, rank(s, reach, grew),
        s.last_at, s.assignee, s.snoozed_until, dump(s),
    )  # fmt: skip


def _put_states(conn: Connection, to: Intake, states: Mapping[str, State]) -> None:
    reach = known_reach(conn, states)
    rows = [state_row(to.brand, key, s, *reach.get(key, (None, None))) for key, s in states.items()]
    put(conn, tables.states, _STATE, rows)


_DEADLINE = (
    "anchor", "kind", "conversation", "starts_at", "due_at", "warn_at", "next_at", "paused_at",
    "met_at", "void", "rules", "why", "live",
)  # fmt: skip


def _put_deadlines(conn: Connection, deadlines: Iterable[tuple[str, Deadline]]) -> None:
    rows = [
        (
            d.anchor, d.kind.value, conversation, d.starts_at, d.due_at,
            to_json(d.warn_at).decode(), next_stage(d), d.paused_at, d.met_at, d.void, d.rules,
            d.why, d.live,
        )
        for conversation, d in deadlines
    ]  # fmt: skip
    put(conn, tables.deadlines, _DEADLINE, rows)


def next_stage(deadline: Deadline) -> Micros | None:
    """Return when a deadline next speaks up. Effects once made are never made again."""
    ended = deadline.met_at is not None or deadline.void is not None
    if ended or deadline.paused_at is not None or not deadline.live:
        return None
    return min((*deadline.warn_at, deadline.due_at))
