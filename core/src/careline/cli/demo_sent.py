"""What the demo tells of the way out: plans, lines that were cut, drafts; and what left in all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json import loads
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, select

from careline.cli.demo_fact import Fact, Sent
from careline.store.outbox import State
from careline.store.tables import bodies, conversations, drafts, identities, messages, outbox


@dataclass(slots=True)
class WayOut:
    """Remembers what was told of the outbox, so that it is told once."""

    names: Mapping[str, str]
    """The names of the agents."""
    unsure: set[str] = field(default_factory=set)
    """Actions of which nobody knew whether they had been done."""
    _planned: set[str] = field(default_factory=set)
    _drafts: set[str] = field(default_factory=set)

    def fresh(self, conn: Connection, now: datetime) -> Iterator[Fact]:
        """Yield what is new at `now`."""
        rows = conn.execute(_SENDING).all()
        for row in rows:
            later = sum(
                row.plan is not None and row.plan == o.plan and o.step > row.step for o in rows
            )
            if row.plan and row.plan not in self._planned:
                self._planned.add(row.plan)
                yield self._about(row, now, what="plan", then=later)
            if row.state == State.UNSURE and row.id not in self.unsure:
                self.unsure.add(row.id)
                yield self._about(row, now, what="cut", text=row.why, then=later)
        for row in conn.execute(_DRAFTS).all():
            if row.id not in self._drafts:
                self._drafts.add(row.id)
                yield self._fact(row, row.at, customer=row.handle, what="draft", text=row.text)

    def _about(self, row: Row[Any], now: datetime, **more: Any) -> Fact:
        payload = loads(row.payload)
        customer = payload["customer"]["handle"]
        return self._fact(row, now, customer=customer, visibility=payload["visibility"], **more)

    def _fact(self, row: Row[Any], at: Any, **more: Any) -> Fact:
        by = self.names.get(row.actor, row.actor)
        return Fact(at=at, by=by, conversation=row.conversation, **more)


_SENDING: Final = select(outbox).where(outbox.c.lane.like("send:%")).order_by(outbox.c.number)
_DRAFTS: Final = (
    select(drafts, bodies.c.text, identities.c.handle)
    .join(bodies, bodies.c.owner == drafts.c.id)
    .join(conversations, conversations.c.id == drafts.c.conversation)
    .join(identities, identities.c.id == conversations.c.customer)
    .order_by(drafts.c.at, drafts.c.id)
)


def sent(conn: Connection, way: WayOut, echoes: int) -> Sent:
    """Return what left in all; `echoes` of it were heard and known."""
    rows = conn.execute(select(outbox).where(outbox.c.state == State.SENT.value)).all()
    ours = [row for row in rows if row.kind != "alert"]
    alerts = [row for row in rows if row.kind == "alert"]
    return Sent(
        messages=len(ours),
        looked_up=len(way.unsure),
        again=sum(row.attempts > 1 for row in ours),
        echoes=echoes,
        twice=len(conn.execute(_TWICE).all()),
        drafts=conn.scalar(select(func.count()).select_from(drafts)) or 0,
        alerts=len(alerts),
        rings=len({(row.lane, row.parcel) for row in alerts}),
    )


_TWICE: Final = (
    select(messages.c.thread, bodies.c.hash)
    .join(bodies, and_(bodies.c.owner == messages.c.id, bodies.c.revised_at == 0))
    .where(messages.c.direction == "out")
    .group_by(messages.c.thread, bodies.c.hash)
    .having(func.count() > 1)
)
