"""All errors of careline.

::

    CarelineError
    ├── config.ConfigError     every problem of a configuration, at once
    ├── StoreError             the database cannot be used: newer, full, damaged
    │   └── StoreBusy          another process holds it: try again later
    ├── NotFound               no such conversation, message, account
    ├── Refused                an answer cannot go out: refused before anything is queued
    │   └── Answered           a colleague has answered that word, or is about to
    ├── PluginError            a plugin is missing, invalid or ambiguous
    └── ChannelError           what a channel, classifier or notifier may raise
        ├── Transient          try again later
        ├── AuthFailed         the credential is dead: a person must act
        └── Rejected           final for this item, with a typed reason
            └── Unsupported    this plugin never does that
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum


class Refusal(StrEnum):
    """Why an action is refused, in words every channel shares."""

    NEEDS_REAUTH = "needs_reauth"
    NOT_PERMITTED = "not_permitted"
    NOT_SUMMONED = "not_summoned"
    WINDOW_CLOSED = "window_closed"
    RECIPIENT_REFUSES = "recipient_refuses"
    OPTED_OUT = "opted_out"
    DUPLICATE = "duplicate"
    TOO_LONG = "too_long"
    RATE_LIMITED = "rate_limited"
    BUDGET_EXHAUSTED = "budget_exhausted"
    THREAD_OWNED_ELSEWHERE = "thread_owned_elsewhere"
    ENCRYPTED_UNREADABLE = "encrypted_unreadable"
    READ_ONLY = "read_only"
    GONE = "gone"
    ERASED = "erased"
    ANSWERED = "answered"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"

    @property
    def says(self) -> str:
        """Return it as a sentence for people."""
        return _SAYS[self]


_SAYS = {
    Refusal.NEEDS_REAUTH: "the credential must be renewed first",
    Refusal.NOT_PERMITTED: "this account may not do it",
    Refusal.NOT_SUMMONED: "the platform lets us answer only who addressed us",
    Refusal.WINDOW_CLOSED: "the time in which an answer was possible is over",
    Refusal.RECIPIENT_REFUSES: "the customer takes no messages from us",
    Refusal.OPTED_OUT: "the customer asked us to stop",
    Refusal.DUPLICATE: "the platform takes the same text only once",
    Refusal.TOO_LONG: "the text is too long",
    Refusal.RATE_LIMITED: "the platform's limit is used up",
    Refusal.BUDGET_EXHAUSTED: "our own spending limit is reached",
    Refusal.THREAD_OWNED_ELSEWHERE: "another tool of ours holds the thread",
    Refusal.ENCRYPTED_UNREADABLE: "the thread is encrypted, and closed to us",
    Refusal.READ_ONLY: "nothing can be written here at all",
    Refusal.GONE: "the message, the thread or the customer is no more",
    Refusal.ERASED: "the customer was erased here",
    Refusal.ANSWERED: "a colleague answers the same word",
    Refusal.INVALID: "the content, or what it is to be done to, is not right for it",
    Refusal.UNSUPPORTED: "this channel never does that",
    Refusal.TRANSIENT: "not now, for a reason that will pass",
    Refusal.UNKNOWN: "no reason that we know was given",
}


class CarelineError(Exception):
    """Any error that careline raises on purpose."""


class StoreError(CarelineError):
    """The database cannot be used as it is; the text says what to do."""


class StoreBusy(StoreError):
    """Another process holds the database: the same may go well later."""


class NotFound(CarelineError):
    """No object has this id or name."""


class Refused(CarelineError):
    """An answer cannot go out as it is: refused before anything was queued; the text says why."""

    def __init__(
        self,
        reason: Refusal,
        message: str,
        *,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> None:
        """`until`: when the refusal ends; `limit`: the length allowed, in the platform's units.

        Both are told to whoever asked; nothing is tried again by itself.
        """
        super().__init__(message)
        self.reason, self.until, self.limit = reason, until, limit


class Answered(Refused):
    """A colleague has answered that word, or is about to: their words, and your drafts, kept."""

    def __init__(self, by: str, said: str, drafts: Sequence[str]) -> None:
        """`by` answered with `said`; what was refused is kept as `drafts`, a text each."""
        super().__init__(
            Refusal.ANSWERED,
            f"{by} answers this already: {said!r}. Your text is kept as {' and '.join(drafts)}:"
            f" `careline reply --draft {drafts[0]} --also` sends it all the same",
        )
        self.by, self.said, self.drafts = by, said, tuple(drafts)


class PluginError(CarelineError):
    """A plugin is missing, invalid, or stands for a kind that another one claims too."""


class ChannelError(CarelineError):
    """What a plugin's run-time methods raise; the core decides by its subclass."""


class Transient(ChannelError):
    """The platform cannot do it now: try again, after `retry_after` seconds where it said so."""

    def __init__(
        self, message: str = "", *, retry_after: float | None = None, sent: bool | None = None
    ) -> None:
        """`retry_after`: seconds from now; `sent`: whether the request went out, if known."""
        super().__init__(message or "the platform asks to try again later")
        self.retry_after = retry_after
        self.sent = sent


class AuthFailed(ChannelError):
    """The credential is refused. The account stops until a person acts."""


class Rejected(ChannelError):
    """Final for this item: `reason` says why. Nothing is tried again by itself.

    A person is shown `reason` and `message`. `until` and `limit` are for the code that catches it:
    the core neither waits for one nor shortens to the other, so say in `message`, too, what helps.
    """

    def __init__(
        self,
        reason: Refusal,
        message: str = "",
        *,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> None:
        """`until`: a refusal that ends; `limit`: the length allowed, in the platform's units."""
        super().__init__(message or reason.says)
        self.reason = reason
        self.until = until
        self.limit = limit


class Unsupported(Rejected):
    """The plugin does not declare this capability."""

    def __init__(self, what: str) -> None:
        """`what` names the capability."""
        super().__init__(Refusal.UNSUPPORTED, f"this channel does not support {what}")
