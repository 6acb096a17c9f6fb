"""Facts: messages and acts as the pure functions see them, in their own order."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Micros = int
"""Microseconds since 1970 in UTC."""

Role = Literal["customer", "onlooker", "ours", "context"]


def position(at: Micros, depth: int, rank: int, key: str) -> str:
    """Return the place of a fact in the order of all: time, parent before child, kind, key."""
    return f"{max(at, 0):017d}.{depth:05d}.{rank}.{key}"


class Labels(NamedTuple):
    """What holds of a message."""

    intent: str | None = None
    sentiment: str | None = None
    urgency: str | None = None
    needs_reply: bool | None = None


NO_LABELS = Labels()


class Word(NamedTuple):
    """A message as a fact. Its text is not part of it; its labels are."""

    position: str
    id: str
    thread: str
    at: Micros
    """Its time in the order of facts: never before its parent's."""
    clock: Micros
    """When its clock starts: when it was posted, or seen where only the day is known."""
    role: Role
    human: bool
    to_owner: bool
    """Ours only: it answers the customer whose thread it is in."""
    private: bool
    kind: str
    account: str
    brand: str
    labels: Labels
    rules: int
    live: bool

    @property
    def opens(self) -> bool:
        """Only a customer's own word starts a case where there is one already."""
        return self.role == "customer"


class Act(NamedTuple):
    """Something done to a case: by staff, or by a customer who removed a word.

    Kinds: resolve, ignore, assign, snooze, promise, removed; split and merge (engine/cases.py);
    opened (a public word's case went on in a private thread: `other`).
    """

    position: str
    id: str
    at: Micros
    kind: str
    message: str
    """The message by which the case is named: ids of cases may change, a message stays."""
    actor: str
    other: str | None = None
    value: Mapping[str, Any] = MappingProxyType({})


Fact = Word | Act
