"""Deferred classifiers: read what was stored before, a conversation at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from careline.contract.classifier import DeferredClassifier, Reading
from careline.contract.context import Clock
from careline.engine import rows
from careline.engine.alerts.alerting import Alerting
from careline.engine.arrivals import Arrival, Intake
from careline.engine.casework import Work, refold
from careline.engine.changes import customers_of
from careline.engine.health import Unavailable
from careline.engine.labelling import Labeller, Read, dump, hold
from careline.engine.reread import load_arrivals
from careline.engine.rulesets import StoredRules
from careline.engine.supervisor import Supervisor
from careline.errors import Rejected
from careline.store.bulk import query_in
from careline.store.emptying import worded
from careline.store.store import Store
from careline.store.times import to_micros
from careline.store.turns import take_turn

_LOOK = """
SELECT u.message, m.brand, m.account, m.network FROM unread u JOIN messages m ON m.id = u.message
WHERE m.conversation IN"""


@dataclass(slots=True)
class Deferred:
    """The handler of `conv:{id}`."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    classifiers: Mapping[str, DeferredClassifier[Any]]
    labeller: Labeller
    rules: StoredRules
    alerting: Alerting = field(default_factory=Alerting)
    wake: Callable[[Iterable[str]], None] = lambda lanes: None

    async def pending(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the conversations that hold messages not read yet."""
        if not self.classifiers:
            return []
        select = (
            "SELECT DISTINCT m.conversation FROM unread u JOIN messages m ON m.id = u.message"
            f" WHERE m.conversation IS NOT NULL LIMIT {limit}"
        )
        found = await self.store.read(lambda c: c.exec_driver_sql(select).fetchall())
        return [f"conv:{conversation}" for (conversation,) in found]

    async def run(self, key: str) -> datetime | None:
        """Have each classifier read what it has not read of a conversation."""
        conversation = key.removeprefix("conv:")
        for name, classifier in self.classifiers.items():
            to, arrivals = await self.store.read(lambda c: self._load(c, conversation))
            if to is None or not arrivals:
                return None
            try:
                reads = await self._read(name, classifier, to, arrivals)
            except (Unavailable, Rejected) as error:
                return getattr(error, "next_try", None)
            self.wake(await self.store.write(partial(self._keep, to=to, name=name, reads=reads)))
        return None

    def _load(self, conn: Connection, conversation: str) -> tuple[Intake | None, list[Arrival]]:
        found = query_in(conn, _LOOK, [conversation])
        if not found:
            return None, []
        _, brand, account, network = found[0]
        return Intake(account, brand, "", network), load_arrivals(conn, [row[0] for row in found])

    async def _read(
        self,
        name: str,
        classifier: DeferredClassifier[Any],
        to: Intake,
        arrivals: list[Arrival],
    ) -> list[tuple[Arrival, Reading]]:
        utterances = await self.store.read(lambda c: self.labeller.utterances(c, to, arrivals, {}))

        async def ask() -> Sequence[Reading]:
            readings = await classifier.classify(utterances)
            if len(readings) != len(utterances):
                raise ValueError(f"{len(readings)} readings of {len(utterances)} messages")
            return readings

        readings = await self.supervisor.guard(name, ask)
        return list(zip(arrivals, readings, strict=True))

    def _keep(
        self, conn: Connection, to: Intake, name: str, reads: list[tuple[Arrival, Reading]]
    ) -> set[str]:
        """Keep the readings; what they say holds above the inline ones. Return lanes to wake.

        What was erased meanwhile is as if it had not been read.
        """
        take_turn(conn, to.brand)
        left = worded(conn, [arrival.id for arrival, _ in reads])
        reads = [read for read in reads if read[0].id in left]
        version = self.classifiers[name].version
        kept = [Read(a.id, name, version, a.revised_at, dump(reading)) for a, reading in reads]
        rows.put_readings(conn, kept)
        for arrival, reading in reads:
            hold(arrival, reading, name, over=True)
            self.labeller.overrule(to, arrival)
        rows.set_labels(conn, [arrival for arrival, _ in reads])
        rows.drop_unread(conn, name, [arrival.id for arrival, _ in reads])
        work = Work(to_micros(self.clock.now()))
        refold(conn, to.brand, customers_of(conn, [a.id for a, _ in reads]), self.rules, work)
        rows.write_work(conn, to, work)
        return self.alerting.waiting(conn, work.states, work.at)
