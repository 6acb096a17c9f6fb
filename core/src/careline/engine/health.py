"""How an account does: what the health page and the supervisor's callers are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from careline.errors import CarelineError


class Health(StrEnum):
    """The state of an account."""

    OK = "ok"
    RETRYING = "retrying"
    NEEDS_ATTENTION = "needs_attention"
    DISABLED = "disabled"

    @property
    def stopped(self) -> bool:
        """Whether only a person can get it going again."""
        return self in (Health.NEEDS_ATTENTION, Health.DISABLED)


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """The state of an account, since when and why: a line of the health page."""

    account: str
    state: Health
    since: datetime
    failures: int = 0
    """Failed calls since it was ok."""
    next_try: datetime | None = None
    reason: str = ""
    last_success: datetime | None = None
    last_item_at: datetime | None = None
    lag: timedelta | None = None
    """How long after it was said the latest new item came."""


class Unavailable(CarelineError):
    """A call brought nothing; the plugin's error, if it was called, is the cause.

    `next_try` is when to call again; None: only after a person acted. `called` tells whether the
    plugin was called: then what it was to do may have been done.
    """

    def __init__(
        self, account: str, reason: str, *, next_try: datetime | None, called: bool
    ) -> None:
        super().__init__(f"{account}: {reason}")
        self.account, self.reason = account, reason
        self.next_try, self.called = next_try, called
