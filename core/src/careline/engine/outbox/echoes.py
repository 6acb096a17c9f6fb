"""Echoes: our own words, heard on the platform, are bound to the row of the outbox that said them.

So an answer counts once, as the person's or the machine's who gave it, whether its echo comes
before or after its receipt, and an attempt whose outcome nobody knew is known after all.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.contract.actions import Receipt
from careline.engine.arrivals import Arrival, Intake
from careline.engine.outbox.outgoing import SPEAKING, said_by
from careline.engine.outbox.sent import follow_up, note_sent
from careline.engine.unit import Unit
from careline.ids import message_id, thread_id
from careline.models import Visibility
from careline.store.bulk import query_in, select_in
from careline.store.outbox import SKEW, Row, by, in_doubt, is_used, load
from careline.store.tables import echoes
from careline.store.times import from_micros

BY_HAND = "done"
"""The kind of a row that says: a person answered elsewhere, by hand."""


def bind_echoes(unit: Unit) -> None:
    """Say of each of our words in the batch who said it, and end the row whose echo it is."""
    ours = [arrival for arrival in unit.found.messages.values() if arrival.ours]
    if not ours or not is_used(unit.conn):
        return
    known = dict(select_in(unit.conn, echoes, ("message", "action"), "message", _ids(ours)))
    said = {row.id: row for row in load(unit.conn, known.values())}
    for arrival in ours:
        if arrival.id in known:
            _attribute(arrival, said[known[arrival.id]])
    strangers = [arrival for arrival in ours if arrival.id not in known]
    if strangers and unit.source != "outbox":
        _bind(unit, strangers)


def _ids(arrivals: Iterable[Arrival]) -> list[str]:
    return [arrival.id for arrival in arrivals]


def _attribute(arrival: Arrival, row: Row) -> None:
    update = {"sent_by": said_by(row.actor)}
    arrival.message = arrival.message.model_copy(update=update)


def _bind(unit: Unit, strangers: list[Arrival]) -> None:
    """Bind words whose ids nobody told us: by their place, their time and their text."""
    waiting = [row for row in in_doubt(unit.conn, unit.to.brand) if _may_be(unit.to, row)]
    waiting += _by_hand(unit, strangers)
    for arrival in sorted(strangers, key=lambda one: (one.posted, one.id)):
        row = next((row for row in waiting if _is_echo(unit.to, row, arrival)), None)
        if row is not None:
            waiting.remove(row)
            _attribute(arrival, row)
            _ended(unit, row, arrival)


def _may_be(to: Intake, row: Row) -> bool:
    """Whether it was to say something on this platform."""
    account = row.lane.partition(":")[2]
    here = account == to.account or to.channels.get(account) == to.channel
    return here and row.kind in SPEAKING


def _by_hand(unit: Unit, strangers: list[Arrival]) -> list[Row]:
    """Return the answers given by hand, of which no echo was heard yet, to what these answer."""
    parents = [arrival.parent for arrival in strangers if arrival.parent]
    to = unit.to
    rooms = [
        thread_id(to.brand, to.network, arrival.message.root, "private")
        for arrival in strangers
        if arrival.message.visibility is Visibility.PRIVATE and arrival.message.root
    ]
    rows = [*by(unit.conn, "message", parents), *by(unit.conn, "thread", rooms)]
    found = {row.id: row for row in rows if row.kind == BY_HAND}
    heard = {action for (action,) in _heard(unit.conn, found)}
    return [row for id, row in found.items() if id not in heard]


def _heard(conn: Connection, actions: Iterable[str]) -> list[tuple[str]]:
    return query_in(conn, "SELECT action FROM echoes WHERE action IN", actions)


def _is_echo(to: Intake, row: Row, arrival: Arrival) -> bool:
    if arrival.posted < row.at - SKEW or not _is_there(row, arrival):
        return False
    return to.same_text(row.text or "", arrival.message.text)


def _is_there(row: Row, arrival: Arrival) -> bool:
    """Whether a word of ours stands where the row was to put it."""
    m, payload = arrival.message, row.payload
    private = m.visibility is Visibility.PRIVATE
    if private != (payload.get("visibility") == Visibility.PRIVATE):
        return False
    if row.kind == "post":
        return arrival.parent is None and not private
    if not private:
        return arrival.parent == row.message
    if arrival.recipient is not None:
        return arrival.recipient == payload.get("identity")
    return m.root is None or m.root == payload.get("place") or payload.get("place") is None


def _ended(unit: Unit, row: Row, arrival: Arrival) -> None:
    """Know the row's message by the id that it has on the platform."""
    m = arrival.message
    private = m.visibility is Visibility.PRIVATE
    receipt = Receipt((m.external_id,), m.posted_at, m.root if private else None)
    if row.kind == BY_HAND:
        unit.found.aliases[arrival.id] = message_id(
            unit.to.brand, unit.to.network, f"done:{row.id}"
        )
        note_sent(unit.conn, unit.to, row, receipt, unit.now)
    elif note_sent(unit.conn, unit.to, row, receipt, unit.now):
        unit.afterwards.append(
            lambda: follow_up(unit.conn, unit.to, row, receipt, from_micros(unit.now), unit.policy)
        )
