"""Reasons: what staff typed when they ignored a conversation goes; that they did so stays.

A reason lies in its act, and in the state that was folded from it. Nothing but the words moves.
"""

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from careline.engine.fold import dump, load
from careline.store.bulk import query_in, select_in, set_where
from careline.store.emptying import zeroing
from careline.store.tables import acts, states


def reasoned(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which acts hold a reason."""
    return {id for id, value in select_in(conn, acts, ("id", "value"), "id", ids) if _of(value)}


def empty_reasons(conn: Connection, ids: Iterable[str]) -> None:
    """Empty the reasons of acts, and of the states that were folded from them."""
    known = sorted(reasoned(conn, ids))
    with zeroing(conn):
        set_where(conn, acts, ("value",), ("id",), [("{}", id) for id in known])
        _fold_again(conn, known)


_CASES: Final = """
SELECT DISTINCT m.conversation FROM acts a JOIN messages m ON m.id = a.message WHERE a.id IN"""
_IGNORED: Final = """
SELECT m.conversation, m.fact_at, a.at, a.id, a.value FROM spans s
JOIN messages m ON m.thread = s.thread JOIN acts a ON a.message = m.id AND a.kind = 'ignore'
WHERE m.conversation = s.conversation AND s.conversation IN"""


def _fold_again(conn: Connection, emptied: Iterable[str]) -> None:
    """Have the last reason of each case hold, as its fold would: an emptied one is none."""
    cases = {case for (case,) in query_in(conn, _CASES, emptied) if case}
    found = query_in(conn, _IGNORED, cases)
    last = {
        case: _of(value)
        for case, _, _, _, value in sorted(found, key=lambda row: (max(row[1], row[2]), row[3]))
    }
    rows = []
    for case, text in select_in(conn, states, ("conversation", "state"), "conversation", cases):
        state = load(text)
        if state.reason is not None:
            state.reason = last.get(case)
            rows.append((dump(state), case))
    set_where(conn, states, ("state",), ("conversation",), rows)


def _of(value: str | None) -> str | None:
    return json.loads(value or "{}").get("reason") or None
