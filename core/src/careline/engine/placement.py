"""Whose case a message belongs to, by its own chain: each message from its parent's placement."""

from collections.abc import Container, Mapping
from typing import NamedTuple

from careline.engine.facts import Micros, Role
from careline.ids import thread_id


class Chained(NamedTuple):
    """What placing a message asks of it."""

    id: str
    brand: str
    network: str
    external_id: str
    author: str
    """Its author's identity; `anon:{external id}` where the platform does not say."""
    recipient: str | None
    ours: bool
    private: bool
    context: bool
    addressed: bool
    parent: str | None
    """The id under which the parent is, or will be, kept."""
    quoted: str | None
    root: str | None
    said_at: Micros
    """When it was posted, capped at when it was first received."""


class Placement(NamedTuple):
    """Where a message belongs: its thread, whose thread that is, and its part in it."""

    thread: str
    customer: str | None
    """Whose thread it is, as its own chain says; None: nobody's, or it does not say."""
    role: Role
    answers: str | None
    """Ours only: the customer it answers."""
    author: str
    ours: bool
    private: bool
    root: str | None
    place: str
    depth: int
    fact_at: Micros

    @property
    def asked_by(self) -> str | None:
        """Return whom a reply of ours to this answers."""
        return self.answers if self.ours else self.author


def place(message: Chained, parent: Placement | None, *, quotes_us: bool = False) -> Placement:
    """Return where `message` belongs. `parent` is None where it has none or it is not here yet."""
    above = parent if parent is not None and _is_beside(message, parent) else None
    at = message.said_at if above is None else max(message.said_at, above.fact_at)
    depth = 0 if above is None else min(above.depth + 1, 99999)
    where = above.place if above else message.root or message.parent or message.external_id
    thread, customer, role, answers = _belongs(message, parent, above, where, quotes_us)
    return Placement(
        thread, customer, role, answers, message.author, message.ours, message.private,
        message.root, where, depth, at,
    )  # fmt: skip


def _is_beside(m: Chained, parent: Placement) -> bool:
    """Whether it is said where its parent is: a private message stays in the room it names."""
    return not (m.private and m.root) or (parent.private and parent.root == m.root)


_Belongs = tuple[str, str | None, Role, str | None]


def _belongs(
    m: Chained, parent: Placement | None, above: Placement | None, where: str, quotes_us: bool
) -> _Belongs:
    if m.context:
        return _nobodys(m, where)
    if m.private:
        return _private(m, parent, above, where)
    if m.ours:
        return _ours(m, parent, where)
    owns = (
        parent is None
        or parent.private
        or parent.ours
        or parent.customer is None
        or m.addressed
        or quotes_us
    )
    if owns or parent is None:
        return thread_id(m.brand, m.network, where, m.author), m.author, "customer", None
    role: Role = "customer" if m.author == parent.customer else "onlooker"
    return parent.thread, parent.customer, role, None


def _private(m: Chained, parent: Placement | None, above: Placement | None, where: str) -> _Belongs:
    """A private room is one thread, whoever speaks there; without a room it is the customer's."""
    asked_by = None
    if parent is not None and (above is not None or not parent.ours):
        asked_by = parent.asked_by
    customer = (m.recipient or asked_by) if m.ours else m.author
    if above is not None and above.private and above.role != "context":
        thread = above.thread
    else:
        key = "private" if m.root else f"private {customer or ''}"
        thread = thread_id(m.brand, m.network, where, key)
    return thread, customer, "ours" if m.ours else "customer", customer if m.ours else None


def _ours(m: Chained, parent: Placement | None, where: str) -> _Belongs:
    """Ours belongs to its nearest customer ancestor's thread, and answers that customer only."""
    if parent is None or parent.role == "context" or parent.asked_by is None:
        return _nobodys(m, where)
    if parent.private:  # said in public on what was private: never in the private thread
        thread = thread_id(m.brand, m.network, where, parent.asked_by)
        return thread, parent.asked_by, "ours", parent.asked_by
    return parent.thread, parent.customer, "ours", parent.asked_by


def _nobodys(m: Chained, where: str) -> _Belongs:
    key = "private context" if m.private else ""
    return thread_id(m.brand, m.network, where, key), None, "context", None


def place_all(
    messages: Mapping[str, Chained],
    known: Mapping[str, Placement],
    ours: Container[str],
) -> dict[str, Placement]:
    """Place messages whose parents are among them, among `known`, or not here yet.

    `ours` holds the quoted messages that are ours. A ring of parents (damaged data) is cut at its
    least id, so that order does not matter.
    """
    placed: dict[str, Placement] = {}
    for start in messages:
        path, ring = _path(start, messages, placed)
        for key in reversed(path):
            message = messages[key]
            parent = None
            if key not in ring and message.parent is not None:
                parent = placed.get(message.parent) or known.get(message.parent)
            placed[key] = place(message, parent, quotes_us=message.quoted in ours)
    return placed


def _path(
    start: str, messages: Mapping[str, Chained], placed: Mapping[str, Placement]
) -> tuple[list[str], frozenset[str]]:
    """Return the ancestors still to be placed, eldest last, and where a ring is cut."""
    path: dict[str, None] = {}
    at: str | None = start
    while at is not None and at in messages and at not in placed and at not in path:
        path[at] = None
        at = messages[at].parent
    keys = list(path)
    if at is None or at not in path:
        return keys, frozenset()
    ring = keys[keys.index(at) :]
    least = ring.index(min(ring))
    turned = ring[least + 1 :] + ring[: least + 1]
    return keys[: keys.index(at)] + turned, frozenset((min(ring),))
