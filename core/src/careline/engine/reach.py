"""Reach: how many may read a case, kept beside its state, where it moves its rank."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from careline.engine import priority
from careline.engine.fold import State, load
from careline.store.bulk import query_in, set_where
from careline.store.tables import states

_SELECT = """
SELECT st.conversation, st.state, st.reach, max(o.reach), max(o.grew),
       max(CASE WHEN i.erased_at IS NULL THEN i.followers ELSE st.reach END)
FROM states st JOIN conversations c ON c.id = st.conversation
JOIN messages m ON m.id = c.first
LEFT JOIN observations o ON o.message = m.id LEFT JOIN identities i ON i.id = m.author
WHERE st.conversation IN"""
_TAIL = "GROUP BY st.conversation, st.state, st.reach"


def note_reach(conn: Connection, conversations: Iterable[str]) -> None:
    """Bring the reach, and with it the rank, of these conversations up to date."""
    changed = []
    for conversation, text, old, seen, grew, followers in query_in(
        conn, _SELECT, conversations, _TAIL
    ):
        reach = max((n for n in (seen, followers) if n is not None), default=None)
        if reach is not None and (reach != old or grew):
            changed.append((reach, grew, rank(load(text), reach, grew), conversation))
    set_where(conn, states, ("reach", "grew", "rank_at"), ("conversation",), changed)


def rank(state: State, reach: int | None, grew: float | None) -> int:
    """Return where a conversation stands in the inbox: smaller comes first."""
    return priority.rank_at(
        due_at=state.due_at,
        waiting_since=state.waiting_since,
        last_at=state.last_at,
        problem=state.problem,
        urgent=state.urgent,
        unanswered=state.unanswered,
        reach=reach,
        grew=grew,
    )


def known_reach(
    conn: Connection, conversations: Iterable[str]
) -> Mapping[str, tuple[int | None, float | None]]:
    """Return the reach and growth of those conversations that have any."""
    select = "SELECT conversation, reach, grew FROM states WHERE reach IS NOT NULL"
    rows = query_in(conn, f"{select} AND conversation IN", conversations)
    return {case: (reach, grew) for case, reach, grew in rows}
