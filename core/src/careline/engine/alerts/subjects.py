"""What alerts are about, as it stands when they are to leave, and whether it still is news."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from careline.engine.facts import Micros
from careline.engine.fold import State, load
from careline.models import AlertReason, Status
from careline.store import outbox
from careline.store.alerts import News, closed_alerts
from careline.store.bulk import query_in, select_in
from careline.store.inbox import last_words
from careline.store.tables import aliases, deadlines, states

_MESSAGE = """
SELECT m.id, m.conversation, m.kind, m.role, m.intent, m.removed_at, b.title, b.text, b.permalink,
       b.erased_at, i.name, i.handle
FROM messages m
LEFT JOIN bodies b ON b.owner = m.id AND b.revised_at = coalesce(m.revised_at, 0)
LEFT JOIN conversations c ON c.id = m.conversation
LEFT JOIN identities i ON i.id = coalesce(c.customer, m.author)
WHERE m.id IN"""
_PROMISE = ("anchor", "kind", "due_at", "met_at", "void", "paused_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An alert, and what is stored now of what it is about."""

    news: News
    closed: str | None = None
    """Why nobody is told any more, where that was found out before."""
    message: Any = None
    """Its message, with its words and the customer's name."""
    words: Any = None
    """What the customer said: the message itself, or their last one where that is ours."""
    state: State | None = None
    """Where its conversation stands."""
    promises: Mapping[str, Any] = field(default_factory=dict)
    """The message's promises, by kind."""
    action: outbox.Row | None = None
    """What did not leave."""

    def overtaken(self, now: Micros) -> str | None:
        """Return why nobody need be told any more; None: it still is news."""
        if self.closed is not None:
            return self.closed
        if self.news.message is not None and self.message is None:
            return "its message is gone"
        if self.message is not None and self.message.erased_at is not None:
            return "its words were erased"
        match self.news.reason:
            case AlertReason.NEW:
                return self._answered()
            case AlertReason.WARNED | AlertReason.MISSED:
                return self._kept(now)
            case AlertReason.UNSENT:
                failed = self.action is not None and self.action.state in outbox.FAILED
                return None if failed else "somebody looked after it"
        return None

    def _answered(self) -> str | None:
        """Return why its customer waits no more for an answer to its message."""
        if self.state is None:
            return "it is no customer's word any more"
        if any(word.id == self.message.id for word in self.state.waiting):
            return None
        if self.message.removed_at is not None:
            return "it was removed"
        return self._over() or "it was answered"

    def _over(self) -> str | None:
        over = (Status.RESOLVED, Status.IGNORED)
        return f"it is {self.state.status}" if self.state and self.state.status in over else None

    def _kept(self, now: Micros) -> str | None:
        """Return why none of its promises is still to be kept."""
        if self.message.removed_at is not None:
            return "it was removed"
        if over := self._over():
            return over
        kinds = [self.news.deadline, *self.news.data.get("also", ())]
        missed = self.news.reason is AlertReason.MISSED
        whys = [_ended(self.promises.get(kind), missed, now) for kind in kinds]
        return None if None in whys else whys[0]

    @property
    def due_at(self) -> Micros | None:
        """Return the time that is promised, as it is now."""
        if self.news.reason is AlertReason.NEW:
            return self.state.due_at if self.state else None
        promise = self.promises.get(self.news.deadline or "")
        return promise.due_at if promise is not None else self.news.due_at


def _ended(promise: Any, missed: bool, now: Micros) -> str | None:
    if promise is None:
        return "it is promised no more"
    if promise.met_at is not None:
        return "the promise was met"
    if promise.void is not None:
        return "the promise is void"
    if promise.paused_at is not None:
        return "the customer is to speak"
    return "it is due later" if missed and promise.due_at > now else None


def load_subjects(conn: Connection, news: Sequence[News]) -> list[Subject]:
    """Return what alerts are about. A message is found under whatever id it has now."""
    means = _meant(conn, [one.message for one in news if one.message])
    found = _messages(conn, means.values())
    words = _words(conn, found.values())
    closed = closed_alerts(conn, [one.id for one in news])
    stand = _states(conn, [row.conversation for row in found.values()])
    promises = _promises(conn, means.values())
    actions = {row.id: row for row in outbox.load(conn, _actions(news))}

    def subject(one: News) -> Subject:
        id = means.get(one.message or "", "")
        message = found.get(id)
        return Subject(
            news=one,
            closed=closed.get(one.id),
            message=message,
            words=words.get(id),
            state=stand.get(message.conversation) if message is not None else None,
            promises=promises.get(id, {}),
            action=actions.get(one.data.get("action", "")),
        )

    return [subject(one) for one in news]


def _meant(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return what each id means: an edit may have shown it to be another message's."""
    means = dict(map(tuple, select_in(conn, aliases, ("id", "message"), "id", ids)))
    return {id: means.get(id, id) for id in ids}


def _messages(conn: Connection, ids: Iterable[str]) -> dict[str, Any]:
    return {row.id: row for row in query_in(conn, _MESSAGE, ids)}


def _words(conn: Connection, rows: Iterable[Any]) -> dict[str, Any]:
    """Return the customer's words for each message: its own, or the last where it is ours."""
    theirs = {row.id: row for row in rows if row.role == "customer"}
    ours = {row.id: row.conversation for row in rows if row.role != "customer"}
    last = last_words(conn, [case for case in ours.values() if case])
    found = _messages(conn, last.values())
    answered = {id: found[last[case]] for id, case in ours.items() if case in last}
    return theirs | answered


def _states(conn: Connection, cases: Iterable[str | None]) -> dict[str, State]:
    ids = [case for case in cases if case]
    found = select_in(conn, states, ("conversation", "state"), "conversation", ids)
    return {case: load(state) for case, state in found}


def _promises(conn: Connection, anchors: Iterable[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in select_in(conn, deadlines, _PROMISE, "anchor", anchors):
        found.setdefault(row.anchor, {})[row.kind] = row
    return found


def _actions(news: Iterable[News]) -> list[str]:
    return [one.data["action"] for one in news if "action" in one.data]
