"""Finds the conversation that somebody means: by its id, by the beginning of it, by an old one."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Connection, func, select

from careline.errors import NotFound
from careline.store.tables import conversations, redirects

SHORTEST: Final = 5
"""Characters of an id that may stand for all of it."""
_MORE: Final = 2
_LAST = "z" * 17  # follows whatever an id may go on with
_IDS = (conversations.c.id, redirects.c.old)


def full_id(conn: Connection, said: str) -> str:
    """Return the id of the conversation that `said` begins; an old id leads to what it became.

    Raises `NotFound` where none or several do; the text says which come near.
    """
    said = _typed(said).lower()
    if len(said) < SHORTEST:
        raise NotFound(f"{said!r} is too short: give at least {SHORTEST} characters of the id")
    matches = sorted({_newest(conn, id) for id in _beginning(conn, said)})
    if len(matches) > 1:
        raise NotFound(f"{said} is the beginning of several: {', '.join(matches[:5])}")
    if not matches:
        raise NotFound(f"there is no conversation {said}" + _hint(conn, said))
    return matches[0]


def one_of(conn: Connection, column: Any, said: str, what: str) -> str:
    """Return the id in `column` that `said` is, or begins.

    Raises `NotFound` where none or several do; `what` names the sort of thing.
    """
    said = _typed(said)
    query = select(column).where(column.between(said, said + _LAST)).order_by(column).limit(6)
    found = [id for id in conn.scalars(query.distinct()) if id.startswith(said)]
    if said in found:
        return said
    if len(said) < SHORTEST or len(found) > 1:
        several = ", ".join(found[:5])
        raise NotFound(
            f"{said!r} is too short: it may be {several}" if found else _none(what, said)
        )
    if not found:
        raise NotFound(_none(what, said))
    return str(found[0])


def _typed(said: str) -> str:
    """Return what somebody typed as text that a database can be asked for."""
    return said.strip().encode("utf-8", "replace").decode().replace("\0", "?")


def _none(what: str, said: str) -> str:
    return _NONE[what].format(repr(said))


_NONE: Final = {
    "thread": "there is no thread {}: `careline show` of its conversation lists them",
    "message": "there is no message {}: `careline show` of its conversation lists them",
    "draft": "there is no draft {}: `careline show` of its conversation lists them",
    "action": "there is no action {}: `careline outbox --all` lists them",
}


def _beginning(conn: Connection, said: str) -> list[str]:
    found: list[str] = []
    for column in _IDS:
        query = select(column).where(column.between(said, said + _LAST)).order_by(column).limit(6)
        found += [id for id in conn.scalars(query) if id.startswith(said)]
    return found


def _newest(conn: Connection, id: str) -> str:
    """Follow redirects to the end; a circle ends where it began."""
    seen = {id}
    new = conn.scalar(_became(id))
    while new is not None and new not in seen:
        seen.add(new)
        id, new = new, conn.scalar(_became(new))
    return id


def _became(id: str) -> Any:
    return select(redirects.c.new).where(redirects.c.old == id)


def _hint(conn: Connection, said: str) -> str:
    """Name the neighbour that begins alike; nothing where none does."""
    column = conversations.c.id
    before = conn.scalar(select(func.max(column)).where(column <= said))
    after = conn.scalar(select(func.min(column)).where(column >= said))
    near = max((id for id in (before, after) if id), key=lambda id: _alike(id, said), default="")
    return f"; the nearest is {near}" if _alike(near, said) > 1 else ""


def telling(conn: Connection, ids: Iterable[str]) -> int:
    """Return how many characters tell each id from every other that is stored, and some more.

    The more is for those that are yet to come: a page may be looked at for a while.
    """
    return max(SHORTEST, *(_alike(id, near) + _MORE for id in ids for near in _beside(conn, id)), 0)


def _beside(conn: Connection, id: str) -> Iterator[str]:
    for column in _IDS:
        yield conn.scalar(select(func.max(column)).where(column < id)) or ""
        yield conn.scalar(select(func.min(column)).where(column > id)) or ""


def _alike(one: str, two: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
