"""Keeping: what was heard goes into the store, whole; or, if that cannot be, less what is at fault.

No item that breaks a rule nobody thought of holds up its source for ever: it is set aside, with
the reason, and the rest of its batch is kept.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from careline.contract.context import Clock
from careline.contract.items import Batch, Item, Malformed
from careline.engine.account import Account
from careline.engine.catchup import sum_up
from careline.engine.intake import Summary, ingest
from careline.engine.unit import Policy
from careline.errors import StoreError
from careline.store.store import Store
from careline.store.times import to_micros

Failed = Callable[[str, Exception], None]


@dataclass(slots=True)
class Keeping:
    """Stores batches, each with its cursor in one unit of work."""

    store: Store
    clock: Clock
    policy: Policy
    failed: Failed
    """Told of an account's batch that could not be kept whole, and why."""
    wake: Callable[[Iterable[str]], None] = lambda keys: None
    """Asks for what is to be done now that a batch is kept."""
    _caught_up: set[str] = field(default_factory=set)
    """Accounts of which it is known that their first catch-up was told."""

    async def keep(self, account: Account, source: str, found_by: str, batch: Batch) -> Summary:
        """Store a batch of a source, and return what became of its items."""
        unit = partial(self._unit, account, source, found_by, batch, self.clock.now())
        try:
            summary, told, lanes = await self.store.write(unit)
        except Exception as error:
            if not _is_at_fault(batch, error):
                raise
            self.failed(account.name, error)
            summary, told, lanes = await self.store.write(partial(unit, sifted=True))
        self.wake(lanes)
        if told:
            self._caught_up.add(account.name)
        return summary

    def _unit(
        self,
        account: Account,
        source: str,
        found_by: str,
        batch: Batch,
        now: datetime,
        conn: Connection,
        *,
        sifted: bool = False,
    ) -> tuple[Summary, bool, set[str]]:
        """Store a batch; return whether the account's first catch-up is told by now.

        And the lanes to wake after the commit.
        """
        to, lanes = account.intake, set[str]()

        def take(part: Batch) -> Summary:
            return ingest(conn, to, source, part, now, self.policy, found_by, lanes)

        summary = _sift(conn, batch, take) if sifted else take(batch)
        if batch.more or account.name in self._caught_up:
            return summary, False, lanes
        at, alerting = to_micros(now), self.policy.alerting
        told = sum_up(conn, to.account, to.brand, account.polls, at, alerting, lanes)
        return summary, told, lanes


def _is_at_fault(batch: Batch, error: Exception) -> bool:
    """Tell whether something in `batch` may be why it was not kept, and not the database."""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    return bool(batch.items) and not isinstance(cause, OperationalError | InterfaceError)


def _sift(conn: Connection, batch: Batch, take: Callable[[Batch], Summary]) -> Summary:
    """Store each item that can be stored; set the others aside."""
    summary = Summary()
    aside: list[Item] = []
    for item in batch.items:
        savepoint = conn.begin_nested()
        try:
            summary += take(Batch((item,), batch.cursor, more=True))
        except Exception as error:
            if not _is_at_fault(batch, error):
                raise
            savepoint.rollback()
            aside.append(_malformed(item, error))
        else:
            savepoint.commit()
    return summary + take(Batch(tuple(aside), batch.cursor, batch.more))


def _malformed(item: Item, error: Exception) -> Malformed:
    why = f"{type(error).__name__}: {error}".partition("\n")[0]
    return Malformed(repr(item).encode("utf-8", "backslashreplace"), why, "could not be kept")
