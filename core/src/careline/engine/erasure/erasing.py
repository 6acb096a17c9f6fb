"""Erasing: the words and names of a person, or one message, go; what was counted stays counted.

Nobody can take it back, so it is shown first. What is erased once is not kept when it is told
again: engine/erasure/hushing.py.
"""

from typing import Final

from sqlalchemy import Connection

from careline.engine.erasure.reasons import empty_reasons
from careline.engine.erasure.theirs import Theirs, find
from careline.engine.facts import Micros
from careline.engine.outbox.ending import give_up
from careline.errors import Refusal, Refused
from careline.models import Model
from careline.store.bulk import query_in, select_in, set_where
from careline.store.emptying import (
    empty_actions,
    empty_bodies,
    empty_identities,
    empty_messages,
    empty_rejected,
    worded,
    zeroing,
)
from careline.store.log import log_event
from careline.store.outbox import FAILED, Row, State, hold, load
from careline.store.stones import ERASED, Stone, put_person_stones, put_stones
from careline.store.tables import drafts, identities
from careline.store.turns import take_all_turns

_ON_ITS_WAY: Final = (State.SENDING, State.UNSURE)
_STOPPED: Final = (State.QUEUED, *FAILED)


class Named(Model):
    """Somebody as one network knows them; nameless once they are erased."""

    id: str
    network: str
    user: str | None
    name: str | None
    handle: str | None


class Erasure(Model):
    """What goes, or went, of a person or of one message. Only what has words is counted."""

    erased: bool
    """False: nothing was changed, this is what would go."""
    object: str
    """The identity or the message that was named."""
    identities: tuple[Named, ...]
    """All that are linked as one person; none: it is about one message."""
    names: int
    """Of these, how many still have one."""
    messages: int
    """What they said."""
    answers: int
    """What we said to them."""
    revisions: int
    """Older wordings of both."""
    search: int
    """Rows of the search."""
    notes: int
    drafts: int
    actions: int
    """What left us, or did not: rows of the outbox."""
    withdrawn: int
    """Those that now never leave."""
    leaving: int
    """Those that are on their way at this moment: an erasure waits for them."""
    rejected: int
    """What was set aside and names them."""


def erase(conn: Connection, said: str, actor: str, now: Micros, *, dry_run: bool) -> Erasure:
    """Erase what `said` names (see `theirs.py`), or only say what would go. One unit of work.

    Raises:
        NotFound: nothing is of that name.
        Refused: it is an account of ours, or something for them is on its way at this moment.
    """
    if not dry_run:
        take_all_turns(conn)
    theirs = find(conn, said)
    _spare_ours(conn, theirs)
    actions = theirs.actions if dry_run else hold(conn, [row.id for row in theirs.actions])
    told = _counted(conn, theirs, actions)
    if dry_run:
        return told
    if told.leaving:
        raise Refused(
            Refusal.TRANSIENT,
            f"{told.leaving} on the way to them: wait until `careline outbox` shows none that is"
            " sending or unsure, then erase",
        )
    with zeroing(conn):
        _erase(conn, theirs, actions, actor, now)
    counts = told.model_dump(exclude={"erased", "object", "identities", "leaving"})
    log_event(conn, now, actor, "erase", theirs.meant, counts)
    return told.model_copy(update={"erased": True, "identities": _named(conn, theirs)})


def _spare_ours(conn: Connection, theirs: Theirs) -> None:
    select = "SELECT author FROM messages WHERE direction = 'out' AND author IN"
    if query_in(conn, select, theirs.identities, "LIMIT 1"):
        raise Refused(Refusal.INVALID, "that is an account of ours, and no customer")


def _counted(conn: Connection, theirs: Theirs, actions: list[Row]) -> Erasure:
    owners = [*theirs.words, *theirs.notes, *theirs.drafts, *(row.id for row in actions)]
    left = worded(conn, owners)
    versions = "SELECT owner FROM bodies WHERE erased_at IS NULL AND owner IN"
    bodies = query_in(conn, versions, theirs.words)
    found = query_in(conn, "SELECT message FROM search_rows WHERE message IN", theirs.words)
    named = _named(conn, theirs)
    return Erasure(
        erased=False,
        object=theirs.meant,
        identities=named,
        names=sum(one.user is not None for one in named),
        messages=len(left.intersection(theirs.messages)),
        answers=len(left.intersection(theirs.answers)),
        revisions=len(bodies) - len(left.intersection(theirs.words)),
        search=len(found),
        notes=len(left.intersection(theirs.notes)),
        drafts=len(left.intersection(theirs.drafts)),
        actions=len(left.intersection(row.id for row in actions)),
        withdrawn=sum(row.state in _STOPPED for row in actions),
        leaving=sum(row.state in _ON_ITS_WAY for row in actions),
        rejected=len(theirs.rejected),
    )


def _named(conn: Connection, theirs: Theirs) -> tuple[Named, ...]:
    columns = ("id", "network", "user", "name", "handle")
    rows = sorted(map(tuple, select_in(conn, identities, columns, "id", theirs.identities)))
    return tuple(
        Named(id=id, network=network, user=user or None, name=name, handle=handle)
        for id, network, user, name, handle in rows
    )


def _erase(conn: Connection, theirs: Theirs, actions: list[Row], actor: str, now: Micros) -> None:
    for row in actions:
        if row.state in _STOPPED:
            give_up(conn, row, now, State.WITHDRAWN, "erased", actor)
    put_stones(conn, [Stone(id, now, actor, ERASED) for id in theirs.words])
    put_person_stones(conn, theirs.identities, now, actor)
    empty_messages(conn, theirs.words, now)
    empty_bodies(conn, [*theirs.notes, *theirs.drafts], now)
    empty_reasons(conn, theirs.reasons)
    set_where(conn, drafts, ("state",), ("id",), [("withdrawn", id) for id in theirs.drafts])
    empty_actions(conn, load(conn, [row.id for row in actions]), now)
    empty_rejected(conn, theirs.rejected)
    empty_identities(conn, theirs.identities, now)
