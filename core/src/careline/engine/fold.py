"""The fold: what a conversation is, as a pure function of its facts in their own order.

`fold(facts) = reduce(step)`, and `step(fold(a), b) == fold(a + [b])` where `b` follows `a`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic_core import from_json, to_json

from careline.engine.deadlines import CAPPED, CEILING, Deadline, Rules, Waiting
from careline.engine.facts import Act, Fact, Micros, Word
from careline.models import DeadlineKind, Intent, Status

FOLD_VERSION: Final = 2
"""Raised whenever `step` means something else: rows folded by an older one are refolded."""
TRACKED: Final = 64
"""Unanswered words kept one by one; past these only their number is."""

_REPLIES = (DeadlineKind.FIRST_REPLY, DeadlineKind.NEXT_REPLY)
_PRESSING = {intent.value: rank for rank, intent in enumerate(Intent)}


@dataclass(slots=True)
class State:
    """Where a conversation stands. Written by `step` alone."""

    position: str = ""
    status: str = Status.NEW.value
    reason: str | None = None
    intent: str | None = None
    urgent: bool = False
    words: int = 0
    answers: int = 0
    automatic: int = 0
    onlookers: int = 0
    opened_at: Micros | None = None
    answered_at: Micros | None = None
    public_answered_at: Micros | None = None
    acknowledged_at: Micros | None = None
    resolved_at: Micros | None = None
    """Since when it is resolved; the customer's next word ends that."""
    last_at: Micros = 0
    last_word: Micros = 0
    """When the customer or we said something last; onlookers do not count."""
    reopened: int = 0
    merged: bool = False
    assignee: str | None = None
    snoozed_until: Micros | None = None
    waiting: tuple[Waiting, ...] = ()
    more: int = 0
    """Unanswered words beyond those that `waiting` tracks."""
    open: dict[tuple[str, DeadlineKind], Deadline] = field(default_factory=dict)

    @property
    def waiting_since(self) -> Micros | None:
        """When the oldest word without an answer was said; None: nobody waits."""
        return min((word.clock for word in self.waiting), default=None)

    @property
    def due_at(self) -> Micros | None:
        """When the next promise ends whose clock runs."""
        running = (one.due_at for one in self.open.values() if one.paused_at is None)
        return min(running, default=None)

    @property
    def unanswered(self) -> int:
        """How many of the customer's words wait."""
        return len(self.waiting) + self.more

    @property
    def problem(self) -> bool:
        """Whether the case is about something that does not work."""
        return self.intent == Intent.PROBLEM.value


Changes = list[Deadline]
RuleSets = Mapping[int, Rules]


@dataclass(frozen=True, slots=True)
class Folded:
    """A conversation's state, and every deadline it has or had."""

    state: State
    deadlines: Mapping[tuple[str, DeadlineKind], Deadline]


def fold(facts: Iterable[Fact], rules: RuleSets, brand: str) -> Folded:
    """Return what the facts of one conversation make of it; order and repeats do not matter."""
    unique = {fact.position: fact for fact in facts}
    state = State()
    deadlines: dict[tuple[str, DeadlineKind], Deadline] = {}
    for _, fact in sorted(unique.items()):
        changes = apply(state, fact, rules, brand)
        deadlines.update((change.key, change) for change in changes)
    return Folded(state, deadlines)


def step(state: State, fact: Fact, rules: RuleSets, brand: str) -> tuple[State, Changes]:
    """Return the state after `fact`, which follows all before it, and the deadlines it changed."""
    new = replace(state, open=dict(state.open))
    return new, apply(new, fact, rules, brand)


def apply(state: State, fact: Fact, rules: RuleSets, brand: str) -> Changes:
    """Take `fact` into `state` itself, and return the deadlines it changed: `step` in place."""
    state.position = fact.position
    changes: Changes = []
    if isinstance(fact, Word):
        state.last_at = max(state.last_at, fact.at)
        if fact.role != "onlooker":
            state.last_word = max(state.last_word, fact.at)
        _WORDS[fact.role](state, fact, rules, brand, changes)
    else:
        handler = _ACTS.get(fact.kind)
        if handler is not None:
            handler(state, fact, rules, brand, changes)
    return changes


def _customer(state: State, word: Word, rules: RuleSets, brand: str, changes: Changes) -> None:
    state.words += 1
    state.snoozed_until = None
    if state.opened_at is None:
        state.opened_at = word.clock
    _read(state, word)
    if state.resolved_at is not None:
        state.resolved_at, state.reopened = None, state.reopened + 1
    if state.status == Status.IGNORED and word.labels.intent == Intent.SPAM:
        return
    _resume(state, word.at, changes)
    state.status = Status.OPEN.value if state.answers or state.reopened else Status.NEW.value
    state.reason = None
    book = rules[word.rules]
    waiting = Waiting(word.id, word.clock, word.rules, book.match(word), word.live)
    _cap(state, waiting.clock + CEILING, changes)
    if len(state.waiting) < TRACKED:
        state.waiting = (*state.waiting, waiting)
    else:
        state.more += 1
    _promise(state, waiting, book, brand, changes)


def _cap(state: State, ceiling: Micros, changes: Changes) -> None:
    """A word whose clock started before those of earlier words draws their ceiling nearer."""
    for deadline in _of(state, *CAPPED):
        if deadline.due_at > ceiling:
            warn = tuple(min(moment, ceiling) for moment in deadline.warn_at)
            _put(state, deadline._replace(due_at=ceiling, warn_at=warn), changes)


def _read(state: State, word: Word) -> None:
    """The most pressing intent that the customer has said is the case's."""
    said = word.labels.intent
    if said and (state.intent is None or _pressing(said) < _pressing(state.intent)):
        state.intent = said
    state.urgent = state.urgent or word.labels.urgency == "high"


def _pressing(intent: str) -> int:
    """Return its rank; what a plugin made up comes last."""
    return _PRESSING.get(intent, len(_PRESSING))


def _promise(state: State, waiting: Waiting, book: Rules, brand: str, changes: Changes) -> None:
    """Promise what the word's rule says, unless as much is promised already."""
    reply = DeadlineKind.NEXT_REPLY if state.answers else DeadlineKind.FIRST_REPLY
    since = state.waiting_since
    for kind, standing in (
        (reply, _REPLIES),
        (DeadlineKind.ACKNOWLEDGE, (DeadlineKind.ACKNOWLEDGE,)),
        (DeadlineKind.RESOLVE, (DeadlineKind.RESOLVE,)),
    ):
        if kind is DeadlineKind.ACKNOWLEDGE and state.acknowledged_at is not None:
            continue
        new = book.deadline(kind, waiting, waiting.clock if since is None else since, brand)
        if new is not None and not _promised(state, standing, new):
            state.open[new.key] = new
            changes.append(new)


def _promised(state: State, kinds: tuple[DeadlineKind, ...], new: Deadline) -> bool:
    """Whether another promise covers this one; one that alerts nobody covers none that does."""
    return any(
        d.kind in kinds and d.due_at <= new.due_at and d.live >= new.live
        for d in state.open.values()
    )


def _resume(state: State, at: Micros, changes: Changes) -> None:
    """The customer is back, or we waited long enough: that time moves the target to resolve."""
    for one in _of(state, DeadlineKind.RESOLVE):
        if one.paused_at is not None:
            moved = max(0, at - one.paused_at)
            warn = tuple(moment + moved for moment in one.warn_at)
            due = one.due_at + moved
            _put(state, one._replace(due_at=due, warn_at=warn, paused_at=None), changes)


def _pause(state: State, at: Micros, changes: Changes) -> None:
    for one in _of(state, DeadlineKind.RESOLVE):
        if one.paused_at is None:
            _put(state, one._replace(paused_at=at), changes)


def _ours(state: State, word: Word, rules: RuleSets, brand: str, changes: Changes) -> None:
    if not word.to_owner:
        return
    if not word.human:
        state.automatic += 1
        if state.opened_at is not None and state.acknowledged_at is None:
            state.acknowledged_at = word.at
        _meet(state, (DeadlineKind.ACKNOWLEDGE,), word.at, changes)
        return
    state.answers += 1
    if state.opened_at is not None:
        _answered(state, word)
    _meet(state, (DeadlineKind.ACKNOWLEDGE, *_REPLIES, DeadlineKind.TOLD), word.at, changes)
    state.waiting, state.more = (), 0
    if state.status != Status.RESOLVED:
        state.status, state.reason = Status.WAITING_CUSTOMER.value, None
        _pause(state, word.at, changes)


def _answered(state: State, word: Word) -> None:
    if state.answered_at is None:
        state.answered_at = word.at
    if state.acknowledged_at is None:
        state.acknowledged_at = word.at
    if state.public_answered_at is None and not word.private:
        state.public_answered_at = word.at


def _onlooker(state: State, word: Word, rules: RuleSets, brand: str, changes: Changes) -> None:
    state.onlookers += 1


def _resolve(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    _resume(state, act.at, changes)
    _meet(state, (DeadlineKind.RESOLVE,), act.at, changes)
    _close(state, Status.RESOLVED, f"resolved by {act.actor}", act.at, changes)
    state.resolved_at = act.at


def _ignore(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    _resume(state, act.at, changes)
    _close(state, Status.IGNORED, f"ignored by {act.actor}", act.at, changes)
    state.reason = act.value.get("reason") or None


def _close(state: State, status: Status, why: str, at: Micros, changes: Changes) -> None:
    """Take back what is still promised; what is past its time stays missed."""
    for deadline in list(state.open.values()):
        if deadline.due_at > at:
            _put(state, deadline._replace(void=why), changes)
    state.open = {}
    state.status, state.reason = status.value, None
    state.waiting, state.more = (), 0
    state.snoozed_until = None


def _merge(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    state.merged = True


def _assign(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    state.assignee = act.value.get("agent")


def _snooze(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    state.snoozed_until = act.value.get("until")


def _told(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    """The customer was told by when: that is a promise of its own (S45)."""
    by = int(act.value["by"])
    left = max(0, by - act.at)
    warn = tuple(min(by, act.at + share) for share in (left // 2, left * 4 // 5))
    why = f"told by {act.actor}"
    told = Deadline(act.message, DeadlineKind.TOLD, act.at, by, warn, 0, why, live=True)
    _put(state, told, changes)
    if state.status == Status.WAITING_CUSTOMER:  # it is our turn again
        state.status = Status.OPEN.value


def _removed(state: State, act: Act, rules: RuleSets, brand: str, changes: Changes) -> None:
    """A word that is gone waits no longer; those that still wait get its promise made anew."""
    gone = [word for word in state.waiting if word.id == act.message]
    if not gone:
        return
    state.waiting = tuple(word for word in state.waiting if word.id != act.message)
    for deadline in [d for d in state.open.values() if d.anchor == act.message]:
        _put(state, deadline._replace(void="its message was removed"), changes)
    for waiting in state.waiting:
        _promise(state, waiting, rules[waiting.rules], brand, changes)
    if not state.unanswered and state.status in (Status.NEW, Status.OPEN):
        state.status = Status.WAITING_CUSTOMER.value


def _meet(state: State, kinds: tuple[DeadlineKind, ...], at: Micros, changes: Changes) -> None:
    for deadline in _of(state, *kinds):
        _put(state, deadline._replace(met_at=at), changes)


def _of(state: State, *kinds: DeadlineKind) -> list[Deadline]:
    return [deadline for deadline in state.open.values() if deadline.kind in kinds]


def _put(state: State, deadline: Deadline, changes: Changes) -> None:
    """Keep an open deadline in the state; one that is met or void leaves it."""
    if deadline.met_at is None and deadline.void is None:
        state.open[deadline.key] = deadline
    else:
        state.open.pop(deadline.key, None)
    changes.append(deadline)


_Handler = Callable[[State, Any, RuleSets, str, Changes], None]
_WORDS: Mapping[str, _Handler] = {"customer": _customer, "ours": _ours, "onlooker": _onlooker}
_ACTS: Mapping[str, _Handler] = {
    "resolve": _resolve,
    "ignore": _ignore,
    "merge": _merge,
    "assign": _assign,
    "snooze": _snooze,
    "promise": _told,
    "removed": _removed,
}


_PLAIN = tuple(name for name in State.__slots__ if name not in ("waiting", "open"))


def dump(state: State) -> str:
    """Return the state as text; `load(dump(s)) == s`."""
    plain = [getattr(state, name) for name in _PLAIN]
    return to_json([plain, state.waiting, list(state.open.values())]).decode()


def load(text: str) -> State:
    """Read what `dump` wrote."""
    plain, waiting, deadlines = from_json(text)
    state = State()
    for name, value in zip(_PLAIN, plain, strict=True):
        setattr(state, name, value)
    state.waiting = tuple(Waiting(*word) for word in waiting)
    state.open = {}
    for anchor, kind, starts, due, warn, *rest in deadlines:
        deadline = Deadline(anchor, DeadlineKind(kind), starts, due, tuple(warn), *rest)
        state.open[deadline.key] = deadline
    return state
