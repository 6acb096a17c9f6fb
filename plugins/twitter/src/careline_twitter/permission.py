"""Whether something may be done, how long it may be, what it costs, and why not. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from careline.plugin import (
    Answer,
    AnyAction,
    Delete,
    Direct,
    Direction,
    Follow,
    Hide,
    Kind,
    Permission,
    Post,
    PrivateReply,
    Refusal,
    ThreadFacts,
    Visibility,
    Word,
)
from careline_twitter.chain import LONGEST, MOST, carried, parts_of
from careline_twitter.charges import of_post
from careline_twitter.config import TwitterConfig
from careline_twitter.refusals import HOLDS
from careline_twitter.text import TODAY, length

LONGEST_DIRECT: Final = 10_000
ENCRYPTED: Final = "encrypted:"
"""How the place of an encrypted conversation begins."""
_SCOPES: Final = {
    Answer: "tweet.write", Direct: "dm.write", Post: "tweet.write", Delete: "tweet.write",
    Hide: "tweet.moderate.write", Follow: "follows.write",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of our account when it is asked whether it may do something."""

    config: TwitterConfig
    scopes: frozenset[str] | None
    """What the login covers; None: that is not known."""
    spent_until: datetime | None
    """Until when the budget is used up; None: it is not."""
    refused_at: Callable[[str, datetime], datetime | None]
    """When somebody refused a message of ours; None: not lately."""


def check(known: Standing, thread: ThreadFacts, action: AnyAction) -> Permission:
    """Return whether `action` is possible now."""
    if isinstance(action, PrivateReply):
        return Permission.no(Refusal.UNSUPPORTED, "X ties no private message to a public one.")
    refusal = (
        _of_account(known, thread, action)
        or _of_thread(thread, action)
        or _of_word(known, thread, action)
        or _of_recipient(known, thread, action)
    )
    return refusal or _granted(known, thread, action)


def is_private(action: AnyAction) -> bool:
    """Tell whether an action sends a direct message."""
    return isinstance(action, Direct) or (
        isinstance(action, Answer) and action.visibility is Visibility.PRIVATE
    )


def _of_account(known: Standing, thread: ThreadFacts, action: AnyAction) -> Permission | None:
    config = known.config
    if not config.speaks:
        why = "A bearer can only read: give the account's tokens, or `client_id` and a login."
        return Permission.no(Refusal.NEEDS_REAUTH, why)
    if isinstance(action, Follow) and config.tier != "enterprise":
        return Permission.no(
            Refusal.NOT_PERMITTED, "X lets nobody follow through an app without Enterprise access."
        )
    scope = "dm.write" if is_private(action) else _SCOPES[type(action)]
    if known.scopes is not None and scope not in known.scopes:
        why = f"The login does not cover {scope}: run `careline channel login` again."
        return Permission.no(Refusal.NEEDS_REAUTH, why)
    if known.spent_until is not None and known.spent_until > thread.now:
        why = f"The budget is spent until {known.spent_until:%Y-%m-%d %H:%M} UTC."
        return Permission.no(Refusal.BUDGET_EXHAUSTED, why, until=known.spent_until)
    return None


def _of_thread(thread: ThreadFacts, action: AnyAction) -> Permission | None:
    if isinstance(action, Answer) and action.visibility is not thread.visibility:
        return Permission.no(Refusal.INVALID, f"This thread is {thread.visibility}.")
    if getattr(action, "attachments", ()):
        return Permission.no(Refusal.UNSUPPORTED, "Files cannot be sent to X from here yet.")
    place = getattr(action, "place", None) or ""
    if is_private(action) and place.startswith(ENCRYPTED):
        return Permission.no(
            Refusal.ENCRYPTED_UNREADABLE, "This conversation is encrypted: answer it in X."
        )
    return None


def _of_word(known: Standing, thread: ThreadFacts, action: AnyAction) -> Permission | None:
    about = getattr(action, "in_reply_to", None) or getattr(action, "message", None)
    word = next((one for one in thread.words if one.external_id == about), None)
    if isinstance(action, Hide | Delete) and ":" in action.message:
        return Permission.no(Refusal.UNSUPPORTED, "X lets no app take back a direct message.")
    if word is None:
        return None
    if word.removed:
        return Permission.no(Refusal.GONE, "That post was deleted.")
    if isinstance(action, Delete) and word.direction is Direction.IN:
        return Permission.no(Refusal.NOT_PERMITTED, "That post is a customer's: hide it instead.")
    if isinstance(action, Hide) and word.direction is Direction.OUT:
        return Permission.no(Refusal.NOT_PERMITTED, "That post is ours: delete it instead.")
    if isinstance(action, Answer) and not is_private(action) and not _summoned(known, word):
        return Permission.no(
            Refusal.NOT_SUMMONED,
            "X lets an app answer only who mentions or quotes us: answer in X, or write to them.",
        )
    return None


def _summoned(known: Standing, word: Word) -> bool:
    """Tell whether X lets us answer. A reply to us carries our name: the core calls it a reply.

    Whether a reply was to us is not among the facts: X has the last word.
    """
    if known.config.tier == "enterprise" or word.direction is Direction.OUT:
        return True
    return word.addressed or word.kind in (Kind.QUOTE, Kind.REPLY)


def _of_recipient(known: Standing, thread: ThreadFacts, action: AnyAction) -> Permission | None:
    if not (is_private(action) and isinstance(action, Direct | Answer)):
        return None
    at = known.refused_at(action.customer.id, thread.now)
    wrote = thread.visibility is Visibility.PRIVATE and any(
        word.direction is Direction.IN and at is not None and word.posted_at > at
        for word in thread.words
    )
    if at is None or wrote:
        return None
    why = "They take no messages from us: an answer in public carries a link to write to us."
    return Permission.no(Refusal.RECIPIENT_REFUSES, why, until=at + HOLDS)


def _granted(known: Standing, thread: ThreadFacts, action: AnyAction) -> Permission:
    cost = f"{price(known.config, thread, action):.3f} USD"
    if not isinstance(action, Answer | Direct | Post):
        return Permission.yes(cost=cost)
    if is_private(action) or isinstance(action, Direct):
        longest, long, parts = LONGEST_DIRECT, len(action.text), 1
    else:
        longest, long, parts = _room(known, action)
    if long > longest:
        why = f"The text is {long - longest} longer than the {longest} that X takes."
        return Permission(False, Refusal.TOO_LONG, None, longest, why)
    if parts > MOST:
        why = f"The text takes {parts} posts: a chain has {MOST} at the most."
        return Permission(False, Refusal.TOO_LONG, None, longest, why)
    note = f"It goes out as a chain of {parts} posts." if parts > 1 else ""
    invites = isinstance(action, Answer) and not is_private(action)
    if invites and known.refused_at(thread.customer.id, thread.now):
        said = "They take no messages from us: this answer carries a link to write to us."
        note = f"{note} {said}".strip()
    return Permission.yes(max_length=longest, cost=cost, note=note)


def _room(known: Standing, action: Answer | Post) -> tuple[int, int, int]:
    """Return how long a public text may be, how long it is, and how many posts it takes."""
    long, splits = length(action.text), known.config.split
    free = long - length(action.text, carried(action))
    longest = LONGEST if splits else TODAY.maximum + free
    parts = parts_of(action, split_it=splits) if long <= longest else ()
    return longest, long, len(parts)


def price(config: TwitterConfig, thread: ThreadFacts, action: AnyAction) -> Decimal:
    """Return what X bills for an action, in dollars."""
    if is_private(action):
        return config.price("dm.create")
    if isinstance(action, Answer | Post):
        ours = any(
            word.direction is Direction.OUT
            and word.external_id == getattr(action, "in_reply_to", "")
            for word in thread.words
        )
        answers = isinstance(action, Answer) and not ours
        first, *rest = parts_of(action, split_it=config.split)
        kinds = (of_post(first, summoned=answers), *(of_post(one, summoned=False) for one in rest))
        return sum((config.price(kind) for kind in kinds), Decimal(0))
    return config.price("delete" if isinstance(action, Delete) else "other")
