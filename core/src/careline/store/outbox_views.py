"""The outbox as people read it: what is to leave, what left, and what a person has to look at."""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.models import Model
from careline.store import outbox
from careline.store.outbox import Row, State
from careline.store.parts import Who
from careline.store.times import Stamp


class OutboxView(Model):
    """A row of the outbox."""

    id: str
    kind: str
    receiver: str
    """The channel or notifier that takes it."""
    state: str
    actor: str
    at: Stamp
    """When it was queued."""
    conversation: str | None
    thread: str | None
    visibility: str | None
    to: Who | None
    text: str | None
    attempts: int
    next_at: Stamp | None
    tried_at: Stamp | None
    ended_at: Stamp | None
    reason: str | None
    why: str | None
    ids: tuple[str, ...]
    """What it is on the platform."""
    plan: str | None
    step: int


def outbox_views(conn: Connection, states: Iterable[State], limit: int) -> list[OutboxView]:
    """Return the rows in some states (none given: in any), the latest queued first."""
    return [_view(row) for row in outbox.latest(conn, tuple(states), limit)]


def views_of(conn: Connection, ids: Iterable[str]) -> list[OutboxView]:
    """Return rows by their ids, in the order in which they were queued."""
    return [_view(row) for row in outbox.load(conn, ids)]


def _view(row: Row) -> OutboxView:
    names = OutboxView.model_fields.keys() - {"receiver", "visibility", "to", "ids"}
    known = row.payload.get("customer")
    return OutboxView(
        **{name: getattr(row, name) for name in names},
        receiver=row.lane.partition(":")[2],
        visibility=row.payload.get("visibility"),
        to=Who(user=known["id"], name=known.get("name"), handle=known.get("handle"))
        if known
        else None,
        ids=tuple(row.receipt["ids"]) if row.receipt else (),
    )
