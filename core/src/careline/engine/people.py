"""People: several identities of one human, joined by staff, with evidence, undoable."""

from typing import NamedTuple

from sqlalchemy import Connection

from careline.engine.facts import Micros
from careline.errors import CarelineError, NotFound
from careline.ids import derive
from careline.store.bulk import insert_new, mark, query_in, select_in, set_where
from careline.store.log import log_event
from careline.store.lookup import full_id
from careline.store.tables import conversations, identities, person_links, persons


class Link(NamedTuple):
    """Two identities, and the person that both are."""

    person: str
    one: str
    two: str


def identity_of(conn: Connection, said: str) -> str:
    """Return the identity that `said` names: a conversation's customer, or `NETWORK:USER`."""
    if ":" not in said:
        ((customer,),) = select_in(conn, conversations, ("customer",), "id", [full_id(conn, said)])
        if customer is None:
            raise NotFound(f"conversation {said!r} is no customer's")
        return str(customer)
    parts = [(said[:at], said[at + 1 :]) for at, sign in enumerate(said) if sign == ":"]
    here = [id for network, user in parts if user for id in _named(conn, network, user)]
    if len(here) != 1:
        number = "no" if not here else "more than one"
        raise NotFound(f"there is {number} customer {said!r}: name it as NETWORK:USER")
    return here[0]


def _named(conn: Connection, network: str, user: str) -> list[str]:
    column = "handle" if user.startswith("@") else "user"
    found = select_in(conn, identities, ("id", "network"), column, [user, user.removeprefix("@")])
    return [id for id, of in found if of == network]


def link(conn: Connection, one: str, two: str, evidence: str, actor: str, now: Micros) -> Link:
    """Join two identities into one person, or two persons into one; the earlier person stays."""
    first, second = identity_of(conn, one), identity_of(conn, two)
    if first == second:
        raise CarelineError("these two are one customer already")
    people = persons_of(conn, [first, second])
    if people.get(first) and people.get(first) == people.get(second):
        raise CarelineError("these two are linked already")
    person = people.get(first) or people.get(second) or derive("p", first, second, str(now))
    insert_new(conn, persons, ("id", "at", "actor"), [(person, now, actor)])
    members = [i for i in (first, second) if i not in people] + _members(conn, people, person, now)
    columns = ("id", "person", "identity", "evidence", "actor", "at")
    rows = [
        (derive("l", person, member, str(now)), person, member, evidence, actor, now)
        for member in members
    ]
    insert_new(conn, person_links, columns, rows)
    log_event(conn, now, actor, "link", person, {"identities": [first, second]})
    return Link(person, first, second)


def _members(conn: Connection, people: dict[str, str], person: str, now: Micros) -> list[str]:
    """Return everybody of another person who now is this one; those links end."""
    others = {other for other in people.values() if other != person}
    select = "SELECT id, identity FROM person_links WHERE undone_at IS NULL AND person IN"
    rows = query_in(conn, select, others)
    set_where(conn, person_links, ("undone_at",), ("id",), [(now, id) for id, _ in rows])
    return [identity for _, identity in rows]


def unlink(conn: Connection, one: str, two: str, actor: str, now: Micros) -> Link:
    """Take the second identity out of the person that both are."""
    first, second = identity_of(conn, one), identity_of(conn, two)
    people = persons_of(conn, [first, second])
    person = people.get(first)
    if person is None or person != people.get(second):
        raise NotFound("these two are not linked")
    sign = mark(conn)
    conn.exec_driver_sql(
        f"UPDATE person_links SET undone_at = {sign}, undone_by = {sign}"
        f" WHERE person = {sign} AND identity = {sign} AND undone_at IS NULL",
        (now, actor, person, second),
    )
    _end_if_alone(conn, person, actor, now)
    log_event(conn, now, actor, "unlink", person, {"identities": [first, second]})
    return Link(person, first, second)


def _end_if_alone(conn: Connection, person: str, actor: str, now: Micros) -> None:
    """End the last link of a person who is one identity again."""
    select = "SELECT id FROM person_links WHERE undone_at IS NULL AND person IN"
    left = query_in(conn, select, [person])
    if len(left) == 1:
        row = (now, actor, left[0][0])
        set_where(conn, person_links, ("undone_at", "undone_by"), ("id",), [row])


def all_of(conn: Connection, identity: str) -> list[str]:
    """Return all identities of the person that this one is."""
    select = "SELECT identity FROM person_links WHERE undone_at IS NULL AND person IN"
    linked = query_in(conn, select, persons_of(conn, [identity]).values())
    return sorted({identity, *(other for (other,) in linked)})


def persons_of(conn: Connection, wanted: list[str]) -> dict[str, str]:
    """Return the person of each identity that has one."""
    select = "SELECT identity, person FROM person_links WHERE undone_at IS NULL AND identity IN"
    return dict(tuple(row) for row in query_in(conn, select, wanted))
