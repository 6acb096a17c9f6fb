"""What a batch says of messages that were here before: sightings, better rows, aliases."""

from dataclasses import replace
from typing import Any, NamedTuple

from careline.engine.arrivals import Arrival, all_ids
from careline.engine.unit import Unit
from careline.store.bulk import insert_new, select_in, set_where
from careline.store.tables import aliases, bodies, messages, orphans, sightings

_COLUMNS = (
    "id", "root", "posted_at", "parent", "author", "hash", "context", "account", "revised_at",
)  # fmt: skip


class Stored(NamedTuple):
    """A stored message, as far as a second row of it is compared with it."""

    id: str
    root: str | None
    posted_at: int
    parent: str | None
    author: str
    hash: str
    context: bool
    account: str
    revised_at: int

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return by what two rows of one id are ordered, as `Arrival.rank` does."""
        return (self.root or "", self.posted_at, self.parent or "", self.author, self.hash)


def resolve_aliases(unit: Unit) -> None:
    """Let every id that a message had by an earlier edit mean that message."""
    rows = select_in(unit.conn, aliases, ("id", "message"), "id", all_ids(unit.found))
    unit.aliases = {id: message for id, message in rows}
    if not unit.aliases:
        return
    means = unit.aliases
    for arrival in unit.found.messages.values():
        arrival.parent = means.get(arrival.parent or "", arrival.parent)
        arrival.quoted = means.get(arrival.quoted or "", arrival.quoted)
    known_again = [id for id in unit.found.messages if id in means]
    for id in known_again:
        del unit.found.messages[id]
    unit.found.repeated += len(known_again)
    found = unit.found
    found.revised = [(a, means.get(target, target)) for a, target in found.revised]
    found.removed = [(means.get(target, target), item) for target, item in found.removed]
    found.observed = [(means.get(target, target), item) for target, item in found.observed]


def load_stored(unit: Unit) -> dict[str, Stored]:
    """Return what is stored of the messages that the batch brings or speaks of."""
    wanted = [*unit.found.messages, *(target for _, target in unit.found.revised)]
    rows = select_in(unit.conn, messages, _COLUMNS, "id", wanted)
    return {row[0]: Stored(*row[:8], row[8] or 0) for row in rows}


def note_known(unit: Unit, stored: dict[str, Stored]) -> int:
    """Keep who saw messages again, and the better of two rows; return how many were known."""
    seen, better = [], []
    for id, old in stored.items():
        arrival = unit.found.messages.get(id)
        if arrival is None:
            continue
        if old.account != unit.to.account:
            seen.append((id, unit.to.account, unit.source, unit.now))
        if _is_better(arrival, old):
            better.append((arrival, old))
    insert_new(unit.conn, sightings, ("message", "account", "source", "at"), seen)
    for arrival, old in better:
        _replace(unit, arrival, old)
    return sum(1 for id in stored if id in unit.found.messages)


def _is_better(arrival: Arrival, old: Stored) -> bool:
    if old.context and not arrival.context:
        return True
    if old.revised_at:  # the words are a later revision's: they are not compared
        arrival = replace(arrival, hash=old.hash)
    return arrival.rank < old.rank


def _replace(unit: Unit, arrival: Arrival, old: Stored) -> None:
    """Let the least of two rows hold, so that the order in which they came does not matter."""
    least = arrival if arrival.rank < old.rank else None
    root, posted, parent, author = (
        (least.message.root, least.posted, least.parent, least.author)
        if least
        else (old.root, old.posted_at, old.parent, old.author)
    )
    context = old.context and arrival.context
    clock = min(posted, arrival.received)
    row = (root, posted, clock, parent, author, context, old.id)
    columns = ("root", "posted_at", "clock_at", "parent", "author", "context")
    set_where(unit.conn, messages, columns, ("id",), [row])
    if least and not old.revised_at and least.hash != old.hash:
        text = (least.message.text, least.message.title or None, least.hash, old.id, 0)
        set_where(unit.conn, bodies, ("text", "title", "hash"), ("owner", "revised_at"), [text])
        set_where(unit.conn, messages, ("hash",), ("id",), [(least.hash, old.id)])
    unit.changed.add(old.id)
    unit.reread.add(old.id)
    if parent is not None:
        insert_new(unit.conn, orphans, ("awaited", "message"), [(parent, old.id)])
