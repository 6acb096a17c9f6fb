"""Chores: the search index, and the listeners: both follow what was committed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from careline.contract.context import Clock
from careline.contract.staff import Listener
from careline.engine.health import Unavailable
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected
from careline.models import Event
from careline.store.bulk import mark, put
from careline.store.indexing import index_pending
from careline.store.store import Store
from careline.store.tables import hearings
from careline.store.times import from_micros

AT_ONCE = 200
SLICE = 5000
"""Messages indexed in one transaction: about 0.1 s in which nobody else writes."""


@dataclass(slots=True)
class Indexing:
    """The handler of `index`: makes new words findable."""

    store: Store
    clock: Clock

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return `index` if anything is not indexed yet."""
        select = "SELECT 1 FROM search_queue LIMIT 1"
        found = await self.store.read(lambda c: c.exec_driver_sql(select).scalar())
        return ["index"] if found else []

    async def run(self, key: str) -> datetime | None:
        """Index a slice."""
        done = await self.store.write(lambda conn: index_pending(conn, SLICE))
        return self.clock.now() if done else None


@dataclass(slots=True)
class Listening:
    """The handler of `hear:{listener}`: each event once, in order, after its commit."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    listeners: Mapping[str, Listener[Any]]

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the listeners that have not heard the latest event."""
        if not self.listeners:
            return []
        heard, last = await self.store.read(_heard)
        return [f"hear:{name}" for name in self.listeners if heard.get(name, 0) < last]

    async def run(self, key: str) -> datetime | None:
        """Tell one listener what it has not heard; after a failure the same comes again."""
        name = key.removeprefix("hear:")
        events = await self.store.read(lambda conn: _events_after(conn, name))
        if not events:
            return None
        listener = self.listeners[name]
        try:
            await self.supervisor.guard(name, lambda: listener.hear(events))
        except Unavailable as error:
            return error.next_try
        except Rejected:  # it refuses these for good: the next ones may do
            pass
        row = (name, events[-1].id)
        await self.store.write(lambda c: put(c, hearings, ("listener", "event"), [row]))
        return self.clock.now()


def _heard(conn: Connection) -> tuple[dict[str, int], int]:
    heard = conn.exec_driver_sql("SELECT listener, event FROM hearings")
    last = conn.exec_driver_sql("SELECT max(id) FROM events").scalar()
    return {row.listener: row.event for row in heard}, last or 0


def _events_after(conn: Connection, listener: str) -> list[Event]:
    sign = mark(conn)
    select = (
        "SELECT id, at, actor, verb, object, data FROM events WHERE id >"
        f" coalesce((SELECT event FROM hearings WHERE listener = {sign}), 0)"
        f" ORDER BY id LIMIT {AT_ONCE}"
    )
    return [
        Event(
            id=id, at=from_micros(at), actor=actor, verb=verb, object=object,
            data=json.loads(data) if data else {},
        )
        for id, at, actor, verb, object, data in conn.exec_driver_sql(select, (listener,))
    ]  # fmt: skip
