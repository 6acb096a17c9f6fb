"""Stands between the core and every call of a plugin: one account's failure reaches no other."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from random import Random
from typing import TypeVar

import anyio

from careline.contract.context import Clock, Log
from careline.engine.backoff import full_jitter
from careline.engine.health import AccountHealth, Health, Unavailable
from careline.errors import AuthFailed, Rejected, Transient
from careline.logs import redact

T = TypeVar("T")
_LONGEST = 86_400.0  # whatever a platform asks for, it is asked again after a day
_LIVE = timedelta(days=1)  # what was said before that was caught up with: it came late of itself
_PROVES_NOTHING = frozenset({"open", "close"})  # many a plugin asks nobody anything at them
_SPREAD = 30.0  # who waits for the same moment comes back within so many seconds


class _News(IntEnum):
    """How bad a failure is: a line is logged only when it got worse."""

    NONE = 0
    TRANSIENT = 1
    BUG = 2
    PERSON = 3


@dataclass(slots=True)
class _Account:
    health: AccountHealth
    told: _News = _News.NONE
    lanes: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Lanes that wait: their failures in a row, and when they are tried again."""
    worked: set[str] = field(default_factory=set)
    """Lanes that have worked since the account last stopped."""
    stopped_by: str = ""
    """The lane that stopped the account."""

    def change(self, now: datetime, state: Health, **values: object) -> None:
        since = self.health.since if state is self.health.state else now
        self.health = replace(self.health, state=state, since=since, **values)  # type: ignore[arg-type]


class Supervisor:
    """Knows how each account does, and calls only those that may be called.

    A lane is one line of work of an account: a source, the way out. A lane that has to wait holds
    up no other; a dead credential stops them all. Calls of one lane come one after another.
    A call that blocks the event loop cannot be cut off: blocking code belongs in a thread.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        log: Log,
        *,
        strict: bool = False,
        hide: Callable[[str], str] = redact,
        on_stop: Callable[[str], None] = lambda account: None,
    ) -> None:
        """`strict` raises a plugin's bugs, for tests; `hide` takes secrets out of reasons.

        `on_stop` hears of each account that from now on waits for a person.
        """
        self._clock, self._random, self._log = clock, random, log
        self._strict, self._hide, self._on_stop = strict, hide, on_stop
        self._accounts: dict[str, _Account] = {}

    def snapshot(self) -> Sequence[AccountHealth]:
        """Return the health of every account, by name."""
        return [self._accounts[name].health for name in sorted(self._accounts)]

    def stopped(self, account: str) -> bool:
        """Tell whether an account waits for a person."""
        return self._of(account).health.state.stopped

    def stops(self) -> Mapping[str, str]:
        """Return all accounts that wait for a person, each with the lane that stopped it."""
        known = self._accounts.items()
        return {name: one.stopped_by for name, one in known if one.health.state.stopped}

    def works(self, account: str, lane: str) -> bool:
        """Tell whether a lane of an account is known to work; "": any that proves anything."""
        known = self._accounts.get(account)
        if known is None or known.health.state.stopped:
            return False
        return lane in known.worked if lane else bool(known.worked - _PROVES_NOTHING)

    def refuses(self, account: str, lane: str = "") -> Unavailable | None:
        """Return why a call would not be made now; None: it would."""
        known, now = self._of(account), self._clock.now()
        _, next_try = known.lanes.get(lane, (0, now))
        if not known.health.state.stopped and next_try <= now:
            return None
        at = None if known.health.state.stopped else next_try
        return Unavailable(account, known.health.reason, next_try=at, called=False)

    def add(self, account: str) -> None:
        """Know an account before its first call: it is ok until it fails."""
        self._of(account)

    def saw_item(self, account: str, posted_at: datetime | None = None) -> None:
        """Note that an item came in now; `posted_at` is when the newest was said, if it is new."""
        known, now = self._of(account), self._clock.now()
        lag = known.health.lag
        if posted_at is not None and now - posted_at <= _LIVE:
            lag = max(now - posted_at, timedelta())
        known.health = replace(known.health, last_item_at=now, lag=lag)

    def was_pushed_to(self, account: str) -> None:
        """Note that the platform called us of itself, and that what it said was kept."""
        known = self._of(account)
        known.health = replace(known.health, last_success=self._clock.now())

    def disable(self, account: str, reason: str, lane: str = "") -> None:
        """Stop calling an account until it is `reset`: `lane` is what it failed at."""
        known = self._of(account)
        known.told = _News.PERSON
        known.change(self._clock.now(), Health.DISABLED, reason=reason, next_try=None)
        self._log.warning("account is disabled", account=account, reason=reason)
        self._stopped(known, lane)

    def reset(self, account: str) -> None:
        """Call an account again, at once: a person acted. It is ok after its next success."""
        known = self._of(account)
        known.lanes.clear()
        known.told = min(known.told, _News.TRANSIENT)  # if it fails as before, that is news
        if known.health.state is not Health.OK:
            known.change(self._clock.now(), Health.RETRYING, next_try=None)

    async def guard(
        self,
        account: str,
        call: Callable[[], Awaitable[T]],
        *,
        lane: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 -- it bounds what plugins wrote, who may forget
    ) -> T:
        """Call a plugin and return what it returns; it has `timeout` seconds.

        Raises:
            Rejected: this item is refused; the account is fine.
            Unavailable: the account is down, or this call brought it down.
        """
        if (refusal := self.refuses(account, lane)) is not None:
            raise refusal
        try:
            result = await _within(timeout, call)
        except BaseException as raised:
            if not _is_the_calls(raised):
                raise
            error = _innermost(raised)
            if isinstance(error, Rejected):
                self._worked(account, lane)
                error.args = (self._hide(str(error)),)
                raise error from error.__cause__
            unavailable = self._failed(account, lane, error)
            if self._strict and _news(error) is _News.BUG:
                raise
            raise unavailable from error
        self._worked(account, lane)
        return result

    def _of(self, account: str) -> _Account:
        if account not in self._accounts:
            health = AccountHealth(account, Health.OK, self._clock.now())
            self._accounts[account] = _Account(health)
        return self._accounts[account]

    def _stopped(self, known: _Account, lane: str) -> None:
        known.stopped_by = lane
        known.worked.clear()
        self._on_stop(known.health.account)

    def _worked(self, account: str, lane: str) -> None:
        known, now = self._of(account), self._clock.now()
        known.lanes.pop(lane, None)
        known.worked.add(lane)
        known.health = replace(known.health, last_success=now)
        if known.health.state is Health.RETRYING and not known.lanes:
            failures, known.told = known.health.failures, _News.NONE
            known.change(now, Health.OK, failures=0, next_try=None, reason="")
            self._log.info("account is back", account=account, failures=failures)

    def _failed(self, account: str, lane: str, error: Exception) -> Unavailable:
        known, now, next_try = self._of(account), self._clock.now(), None
        reason = self._hide(str(error)) or type(error).__name__
        failures = known.health.failures + 1
        if isinstance(error, AuthFailed):
            known.change(
                now, Health.NEEDS_ATTENTION, reason=reason, next_try=None, failures=failures
            )
            self._stopped(known, lane)
        elif not known.health.state.stopped:
            next_try = self._back_off(known, lane, error)
            soonest = min(at for _, at in known.lanes.values())
            known.change(now, Health.RETRYING, reason=reason, next_try=soonest, failures=failures)
        self._tell(known, error, reason)
        return Unavailable(account, reason, next_try=next_try, called=True)

    def _back_off(self, known: _Account, lane: str, error: Exception) -> datetime:
        """Set the lane's next try: by chance, but never before the platform's own word."""
        failures = known.lanes[lane][0] + 1 if lane in known.lanes else 1
        delay = full_jitter(failures, self._random)
        if isinstance(error, Transient) and error.retry_after is not None:
            delay = min(max(0.0, error.retry_after), _LONGEST) + min(delay, _SPREAD)
        next_try = self._clock.now() + timedelta(seconds=delay)
        known.lanes[lane] = (failures, next_try)
        return next_try

    def _tell(self, known: _Account, error: Exception, reason: str) -> None:
        news, account = _news(error), known.health.account
        if news <= known.told:
            return
        known.told = news
        if news is _News.PERSON:
            self._log.error("account needs a person", account=account, reason=reason)
        elif news is _News.BUG:
            self._log.error("account is down: its plugin failed", account=account, exc_info=error)
        else:
            self._log.warning("account is down", account=account, reason=reason)


def _news(error: Exception) -> _News:
    if isinstance(error, AuthFailed):
        return _News.PERSON
    return _News.TRANSIENT if isinstance(error, Transient) else _News.BUG


async def _within(seconds: float, call: Callable[[], Awaitable[T]]) -> T:
    with anyio.move_on_after(seconds):
        return await call()
    raise Transient(f"it did not answer within {seconds:g} s")


def _is_the_calls(error: BaseException) -> bool:
    """Tell whether a call raised this of itself: nobody cancelled us, or told us to stop."""
    if isinstance(error, anyio.get_cancelled_exc_class()):
        return anyio.current_effective_deadline() > -math.inf
    return isinstance(error, Exception | SystemExit)


def _innermost(error: BaseException) -> Exception:
    """Return what a plugin's task group wrapped, where it is one error."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, Exception):
        return error
    return RuntimeError(f"it raised {type(error).__name__}, which is not for a plugin to raise")
