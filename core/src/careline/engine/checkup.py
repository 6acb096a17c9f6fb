"""Check-up: how the desk does and what needs a person, as `/-/health` tells it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from careline.contract.context import Clock
from careline.engine.health import AccountHealth, Health
from careline.engine.supervisor import Supervisor
from careline.errors import StoreError
from careline.models import Model
from careline.store.attention import COUNTED, count_attention
from careline.store.store import Store

Counts: TypeAlias = Mapping[str, Counter[str]]


class Need(StrEnum):
    """Why a person has to look."""

    STOPPED = "stopped"
    PARKED = "parked"
    DEAD = "dead"
    SET_ASIDE = "set_aside"


class AccountView(Model):
    """How a channel does, or whatever else of the configuration is called: a notifier, a listener.

    Its state is what this process knows; its counts are the store's.
    """

    account: str
    """Its name; a notifier's stands behind the word `notifier`."""
    section: str
    """Where it stands in the configuration: `channels`, `notifiers`, `listeners`."""
    kind: str
    state: Health
    reason: str
    """Why it is not ok."""
    since: datetime
    """Since when it is in this state, or since the start."""
    failures: int
    """Failed calls since it was ok."""
    next_try: datetime | None
    lag_s: float | None
    """Seconds from the latest new item's posting to our receipt; null: none came yet."""
    last_success: datetime | None
    last_item_at: datetime | None
    waiting: int | None
    """What is still to be sent; null, as all counts, where the store does not answer."""
    parked: int | None
    """What may have been sent or not: nobody can tell but a person."""
    dead: int | None
    """What was not sent, and will not be by itself."""
    set_aside: int | None
    """What came and could not be understood."""
    needs: tuple[Need, ...]
    """Why a person has to look at it."""


class TotalsView(Model):
    """All accounts together."""

    accounts: int
    ok: int
    retrying: int
    stopped: int
    waiting: int | None
    parked: int | None
    dead: int | None
    set_aside: int | None


class HealthView(Model):
    """How the desk does. Its shape as JSON is frozen by `schema_version`."""

    schema_version: int = 1
    at: datetime
    running: bool
    """Whether this process hears and sends; false where another one does so."""
    store: str | None
    """Why the store does not answer; null: it does."""
    accounts: tuple[AccountView, ...]
    totals: TotalsView
    needs_person: tuple[str, ...]
    """The accounts that a person has to look at."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Looks at all accounts at once."""

    store: Store
    clock: Clock
    supervisor: Supervisor
    called: Mapping[str, tuple[str, str]]
    """All that is called, by name: its section and its kind."""
    since: datetime
    """When this process began."""
    running: Callable[[], bool]

    async def look(self) -> HealthView:
        """Return how all do now. It never fails: a store that does not answer is news, too."""
        counts, trouble = await self._counts()
        known = {one.account: one for one in self.supervisor.snapshot()}
        concerned = {name for each in (counts or {}).values() for name in each}
        for name in self.called.keys() & concerned - known.keys():
            known[name] = AccountHealth(name, Health.OK, self.since)
        accounts = tuple(
            _view(known[n], *self.called[n], counts) for n in self.called if n in known
        )
        return HealthView(
            at=self.clock.now(),
            running=self.running(),
            store=trouble,
            accounts=accounts,
            totals=_totals(accounts, counts),
            needs_person=tuple(one.account for one in accounts if one.needs),
        )

    async def _counts(self) -> tuple[Counts | None, str | None]:
        try:
            return await self.store.read(count_attention), None
        except (StoreError, SQLAlchemyError) as error:
            return None, str(error)


def _view(one: AccountHealth, section: str, kind: str, counts: Counts | None) -> AccountView:
    found = {name: None if counts is None else counts[name][one.account] for name in COUNTED}
    needs = [need for need in Need if found.get(need)]
    return AccountView(
        account=one.account, section=section, kind=kind, state=one.state, reason=one.reason,
        since=one.since, failures=one.failures, next_try=one.next_try,
        lag_s=None if one.lag is None else one.lag.total_seconds(),
        last_success=one.last_success, last_item_at=one.last_item_at, **found,
        needs=(*[Need.STOPPED][: one.state.stopped], *needs),
    )  # fmt: skip


def _totals(accounts: Sequence[AccountView], counts: Counts | None) -> TotalsView:
    states = [one.state for one in accounts]
    return TotalsView(
        accounts=len(accounts),
        ok=states.count(Health.OK),
        retrying=states.count(Health.RETRYING),
        stopped=sum(state.stopped for state in states),
        **{name: None if counts is None else counts[name].total() for name in COUNTED},
    )
