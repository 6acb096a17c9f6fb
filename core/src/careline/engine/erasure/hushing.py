"""Hushing: what was erased stays so, in whatever order and however often it is told again.

A message that comes is a fact, whoever wrote it: it is placed, read, and counted. Its words are not
kept where it was erased itself, or was posted before its author was. Nor are names shown until
then: whoever writes after they were erased is known anew, by what they show from then on.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from careline.engine.arrivals import Arrival
from careline.engine.unit import Unit
from careline.store.bulk import query_in, select_in, set_where
from careline.store.emptying import empty_messages
from careline.store.stones import ERASED, REMOVED, Stone, any_person, put_stones, stones_of
from careline.store.tables import identities, messages


def hush(unit: Unit) -> None:
    """Mark the messages of a batch whose words are not to be kept, and drop names from before."""
    arrivals = [*unit.found.messages.values(), *unit.found.revised]
    unit.erased = any_person(unit.conn)
    whose = unit.found.authors if unit.erased else ()
    stones = stones_of(unit.conn, [*(arrival.id for arrival in arrivals), *whose])
    for arrival in arrivals if stones else ():
        if _is_erased(arrival, stones):
            arrival.hushed, arrival.hash = True, ""
    _name_anew(unit, arrivals, {id: stone.at for id, stone in stones.items() if id in whose})


def _is_erased(arrival: Arrival, stones: Mapping[str, Stone]) -> bool:
    """Tell by the stone of the message itself, or of whom it is from, or (ours) for."""
    own = stones.get(arrival.id)
    person = stones.get((arrival.recipient or "") if arrival.ours else arrival.author)
    before = person is not None and arrival.posted <= person.at
    return before or (own is not None and own.why != REMOVED)


def _name_anew(unit: Unit, arrivals: Iterable[Arrival], erased_at: Mapping[str, int]) -> None:
    """Let erased people be who they show themselves to be since then; else they have no name."""
    if not erased_at:
        return
    for id in erased_at:
        del unit.found.authors[id]
    for arrival in sorted(arrivals, key=lambda one: one.posted):
        who, at = arrival.message.author, erased_at.get(arrival.author)
        if who is not None and at is not None and arrival.posted > at and not arrival.hushed:
            unit.found.authors[arrival.author] = who
    known = [id for id in erased_at if id in unit.found.authors]
    gone = "SELECT id FROM identities WHERE erased_at IS NOT NULL AND id IN"
    rows = [(unit.found.authors[id].id, None, id) for (id,) in query_in(unit.conn, gone, known)]
    set_where(unit.conn, identities, ("user", "erased_at"), ("id",), rows)


def keep_erased(unit: Unit, new: Sequence[Arrival]) -> None:
    """Lay stones on what turns out to be of erased people, and leave nothing of the words."""
    told = {arrival.id for arrival in new if arrival.hushed} | unit.heard.keys()
    if unit.erased:
        rooms = select_in(unit.conn, messages, ("id",), "thread", unit.settled)
        ours = {arrival.id for arrival in new if arrival.ours}
        ids = told | ours | unit.reread | {id for (id,) in rooms}
        stones = [Stone(id, at, by, ERASED) for id, at, by in query_in(unit.conn, _THEIRS, ids)]
        put_stones(unit.conn, stones)
        told |= {stone.object for stone in stones}
    empty_messages(unit.conn, told, unit.now)


_THEIRS: Final = """
SELECT m.id, s.at, s."by" FROM messages m JOIN threads t ON t.id = m.thread
JOIN tombstones s ON s.object IN (m.author, m.answers, m.recipient, t.customer)
WHERE s.why = 'erased' AND m.posted_at <= s.at AND (
  m.direction = 'in' AND s.object = m.author OR m.direction = 'out' AND (
    s.object IN (m.answers, m.recipient) OR t.visibility = 'private' AND s.object = t.customer))
AND m.id IN"""
"""Messages posted before their author, or whom they are for, was erased."""
