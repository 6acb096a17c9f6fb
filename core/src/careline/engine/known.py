"""What a batch says of messages that were here before: sightings, and better rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from careline.engine.arrivals import Arrival, Facts, attachments_text
from careline.engine.facts import Micros
from careline.engine.unit import Unit
from careline.store.bulk import insert_new, mark, query_in, select_in, set_where
from careline.store.tables import aliases, messages, orphans, sightings

_COLUMNS = ("context", "account", "received_at", "clock_at", "revised_at")
_SELECT = (
    f"SELECT m.id, b.hash, {', '.join(f'm.{name}' for name in (*_COLUMNS, *Facts._fields))}"
    " FROM messages m LEFT JOIN bodies b ON b.owner = m.id AND b.revised_at = 0 WHERE m.id IN"
)


class Stored(NamedTuple):
    """A stored message, as far as a second row of it is compared with it."""

    first_hash: str | None
    """Of the words as they were first; None: only a revision of it is known."""
    context: bool
    account: str
    received_at: Micros
    clock_at: Micros
    revised_at: Micros
    facts: Facts

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return by what two rows of one id are ordered, as `Arrival.rank` does."""
        return (*self.facts.rank, self.clock_at, self.first_hash or "")


def load_stored(unit: Unit) -> dict[str, Stored]:
    """Return what is stored of the messages that the batch brings or revises."""
    wanted = [*unit.found.messages, *(arrival.id for arrival in unit.found.revised)]
    return {row[0]: _stored(row) for row in query_in(unit.conn, _SELECT, wanted)}


def _stored(row: Sequence[Any]) -> Stored:
    first_hash, context, account, received_at, clock_at, revised_at = row[1:7]
    return Stored(
        first_hash, context, account, received_at, clock_at, revised_at or 0, Facts(*row[7:])
    )


def note_known(unit: Unit, stored: dict[str, Stored]) -> None:
    """Keep who saw messages again, and the better of two rows, in whatever order they came."""
    again = [arrival for id, arrival in unit.found.messages.items() if id in stored]
    seen = {arrival.id for arrival in again}
    again += [a for a in unit.found.revised if a.id in stored and a.id not in seen]
    for arrival in again:
        old = stored[arrival.id]
        if arrival.revised_at and old.first_hash is not None:
            _note_sighting(unit, arrival.id, old.account, unit.to.account)
        else:
            stored[arrival.id] = _see_again(unit, arrival, old)


def _see_again(unit: Unit, arrival: Arrival, old: Stored) -> Stored:
    """Let one of two rows hold: the message's own before a revision's, else the least."""
    arrival.clock = _clock(arrival, old)
    first, better = _compare(arrival, old)
    account = unit.to.account if first else min(old.account, unit.to.account)
    new = old._replace(
        context=arrival.context if first else old.context and arrival.context,
        account=account,
        clock_at=arrival.clock if better else old.clock_at,
        facts=arrival.facts if better else old.facts,
    )
    _note_sighting(unit, arrival.id, account, *{old.account, unit.to.account} - {account})
    if new != old:
        _rewrite(unit, arrival.id, new)
    if new.facts.direction != old.facts.direction:
        unit.changed |= _quoting(unit, arrival.id)
    if better and not first and arrival.hash != old.first_hash and not arrival.revised_at:
        _replace_words(unit, arrival, old)
    return new


def _quoting(unit: Unit, message: str) -> set[str]:
    """Return who quotes a message: whether it is ours decides whose case that is."""
    also = select_in(unit.conn, aliases, ("id",), "message", [message])
    meant = [message, *(alias for (alias,) in also)]
    return {id for (id,) in select_in(unit.conn, messages, ("id",), "quoted", meant)}


def _rewrite(unit: Unit, message: str, new: Stored) -> None:
    columns = ("context", "account", "clock_at", *Facts._fields)
    row = (new.context, new.account, new.clock_at, *new.facts, message)
    set_where(unit.conn, messages, columns, ("id",), [row])
    _await(unit, message, new.facts)
    unit.changed.add(message)
    unit.reworded.add(message)


def _compare(arrival: Arrival, old: Stored) -> tuple[bool, bool]:
    """Return whether this is the first look at the message itself, and whether its row holds."""
    if arrival.revised_at:
        return False, arrival.rank[:-1] < old.rank[:-1]
    first = old.first_hash is None
    return first, first or arrival.rank < old.rank


def _clock(arrival: Arrival, old: Stored) -> Micros:
    if arrival.message.precision == "day":
        return old.received_at
    return min(arrival.posted, old.received_at)


def _note_sighting(unit: Unit, message: str, account: str, *others: str) -> None:
    """Keep who saw a message beside the account that it is kept under."""
    rows = [(message, one, unit.source, unit.now) for one in others if one != account]
    insert_new(unit.conn, sightings, ("message", "account", "source", "at"), rows)
    if rows:
        sign = mark(unit.conn)
        where = f"WHERE message = {sign} AND account = {sign}"
        unit.conn.exec_driver_sql(f"DELETE FROM sightings {where}", (message, account))


def _await(unit: Unit, message: str, facts: Facts) -> None:
    awaited = {id for id in (facts.parent, facts.quoted) if id is not None}
    here = {id for (id,) in select_in(unit.conn, messages, ("id",), "id", awaited)}
    rows = [(id, message) for id in awaited - here]
    insert_new(unit.conn, orphans, ("awaited", "message"), rows)


def _replace_words(unit: Unit, arrival: Arrival, old: Stored) -> None:
    """Keep these words for the others; what was erased stays empty."""
    m, sign = arrival.message, mark(unit.conn)
    if not arrival.hushed:
        values = ("text", "title", "lang", "permalink", "attachments", "hash")
        sets = ", ".join(f"{name} = {sign}" for name in values)
        unit.conn.exec_driver_sql(
            f"UPDATE bodies SET {sets}"
            f" WHERE owner = {sign} AND revised_at = 0 AND erased_at IS NULL",
            (m.text, m.title or None, m.lang or None, m.permalink or None, attachments_text(m),
             arrival.hash, arrival.id),
        )  # fmt: skip
        unit.reworded.add(arrival.id)
    if not old.revised_at:
        row = (arrival.hash, m.rating, arrival.id)
        set_where(unit.conn, messages, ("hash", "rating"), ("id",), [row])
