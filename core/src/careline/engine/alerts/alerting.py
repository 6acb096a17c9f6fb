"""Alerting: who of ours is told of what, by the operator's rules; the first that matches holds.

An alert is kept and queued in the unit of work of what caused it. Each method returns the lanes to
wake after the commit. What an alert's id is made of is what nobody is told of twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from careline.config.policy import AlertRule
from careline.engine.arrivals import LIVE_WITHIN
from careline.engine.deadlines import Asked, matches
from careline.engine.due import Stage
from careline.engine.facts import Micros
from careline.engine.fold import State
from careline.ids import derive
from careline.models import AlertReason
from careline.store.alerts import LANE, NOTIFIER, News, past_episodes, raise_alert, told_of
from careline.store.bulk import select_in
from careline.store.outbox import Row
from careline.store.tables import messages
from careline.store.times import from_micros

_ASKED = (
    "id", "brand", "account", "kind", "visibility", "intent", "sentiment", "urgency", "needs_reply",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alerting:
    """The operator's rules, and the notifiers that run."""

    rules: Sequence[AlertRule] = ()
    notifiers: frozenset[str] = frozenset()

    def tells(self, *reasons: AlertReason) -> bool:
        """Tell whether anybody is ever told for one of these reasons."""
        return any(reason in rule.on for rule in self.rules for reason in reasons)

    def _tell(self, conn: Connection, asked: Asked, news: News) -> set[str]:
        """Have the first rule that matches say whom to tell: nobody, perhaps."""
        for rule in self.rules:
            if news.reason in rule.on and matches(rule.when, asked):
                whom = [name for name in rule.to if self._brings(name, news)]
                return raise_alert(conn, news, whom) if whom else set()
        return set()

    def _brings(self, notifier: str, news: News) -> bool:
        """Whether a notifier runs; that it is down itself another one has to say."""
        return notifier in self.notifiers and news.account != NOTIFIER + notifier

    def waiting(self, conn: Connection, states: Mapping[str, State], now: Micros) -> set[str]:
        """Tell of customers who wait and of whom nobody was told since they began to.

        It looks at every live word that waits, so that the order of arrival does not matter, and
        tells of the first one that a rule matches. The brand's turn is taken: no other unit looks.
        """
        if not self.tells(AlertReason.NEW):
            return set()
        ids = {word.id: _new(word.id) for state in states.values() for word in state.waiting}
        told = told_of(conn, ids.values())
        untold = {
            case: live
            for case, state in states.items()
            if (live := _live(state, now)) and not any(ids[w.id] in told for w in state.waiting)
        }
        asked = _asked(conn, (word for live in untold.values() for word in live))
        lanes: set[str] = set()
        for case, live in untold.items():
            words = {word: asked[word] for word in live if word in asked}
            lanes |= self._first(conn, case, words, states[case].due_at, now)
        return lanes

    def _first(
        self,
        conn: Connection,
        case: str,
        words: Mapping[str, Asked],
        due_at: Micros | None,
        now: Micros,
    ) -> set[str]:
        for word, asked in words.items():
            news = News(
                id=_new(word),
                reason=AlertReason.NEW,
                brand=asked.brand,
                account=asked.account,
                at=now,
                conversation=case,
                message=word,
                due_at=due_at,
            )
            if lanes := self._tell(conn, asked, news):
                return lanes
        return set()

    def due(self, conn: Connection, stages: Iterable[Stage], now: Micros) -> set[str]:
        """Tell of promises that are about to be missed, or are.

        Those of one message that come to it together make one alert.
        """
        if not self.tells(AlertReason.WARNED, AlertReason.MISSED):
            return set()
        ordered = sorted(stages, key=lambda one: (*_about(one), one.due_at, one.kind))
        asked = _asked(conn, {stage.anchor for stage in ordered})
        lanes: set[str] = set()
        for (anchor, reason), found in groupby(ordered, _about):
            if anchor in asked:
                lanes |= self._tell(conn, asked[anchor], _stage(reason, asked[anchor], found, now))
        return lanes

    def unsent(self, conn: Connection, row: Row, now: Micros) -> set[str]:
        """Tell of what was to leave by a channel and did not: a person has to look.

        An alert that did not leave makes no other: the log and the health page tell of it.
        """
        lane, _, account = row.lane.partition(":")
        if lane == LANE or not self.tells(AlertReason.UNSENT):
            return set()
        private = row.payload.get("visibility") == "private"
        plain = _plain(row.brand, account)._replace(private=private)
        asked = _asked(conn, [row.message or ""]).get(row.message or "", plain)
        news = News(
            id=derive("w", "unsent", row.id, str(row.attempts), near=row.id),
            reason=AlertReason.UNSENT,
            brand=row.brand,
            account=account,
            at=now,
            conversation=row.conversation,
            message=row.message,
            data={"action": row.id},
        )
        return self._tell(conn, asked._replace(account=account), news)

    def stopped(
        self, conn: Connection, account: str, brand: str, lane: str, now: Micros
    ) -> set[str]:
        """Tell that an account needs a person, once until it works again."""
        news = News(
            id=derive("w", "health", account, str(past_episodes(conn, account))),
            reason=AlertReason.HEALTH,
            brand=brand,
            account=account,
            at=now,
            data={"lane": lane},
        )
        return self._tell(conn, _plain(brand, account), news)

    def concerned(
        self, conn: Connection, account: str, brand: str, said: Sequence[str], now: Micros
    ) -> set[str]:
        """Tell what a channel that works is concerned about, once a day."""
        day = from_micros(now).date().isoformat()
        news = News(
            id=derive("w", "concern", account, day),
            reason=AlertReason.CONCERN,
            brand=brand,
            account=account,
            at=now,
            data={"said": list(said)},
        )
        return self._tell(conn, _plain(brand, account), news)

    def summed_up(
        self, conn: Connection, account: str, brand: str, found: Mapping[str, int], now: Micros
    ) -> set[str]:
        """Tell what an account's first look back found, once for all of it."""
        news = News(
            id=derive("w", "summary", account),
            reason=AlertReason.SUMMARY,
            brand=brand,
            account=account,
            at=now,
            data=found,
        )
        return self._tell(conn, _plain(brand, account), news)


def _new(message: str) -> str:
    return derive("w", "new", message, near=message)


def _live(state: State, now: Micros) -> list[str]:
    """Return the words that wait and came live: what has stood there for a day is no news."""
    return [w.id for w in state.waiting if w.live and now - w.clock <= LIVE_WITHIN]


def _about(stage: Stage) -> tuple[str, AlertReason]:
    missed = stage.stage == AlertReason.MISSED
    return stage.anchor, AlertReason.MISSED if missed else AlertReason.WARNED


def _stage(reason: AlertReason, asked: Asked, found: Iterable[Stage], now: Micros) -> News:
    """Return one alert for the stages that one message's promises reached together."""
    first, *others = found
    return News(
        id=derive("w", first.stage, first.kind, first.anchor, near=first.anchor),
        reason=reason,
        brand=asked.brand,
        account=asked.account,
        at=now,
        conversation=first.conversation,
        message=first.anchor,
        deadline=first.kind,
        due_at=first.due_at,
        data={"stage": first.stage, "also": [one.kind for one in others]},
    )


def _plain(brand: str, account: str) -> Asked:
    """Return what rules look at where it is no message."""
    return Asked(brand, account, "", False, None, None, None, None)


def _asked(conn: Connection, ids: Iterable[str]) -> dict[str, Asked]:
    """Return what rules look at of messages."""
    return {row[0]: _as_asked(row) for row in select_in(conn, messages, _ASKED, "id", ids)}


def _as_asked(row: Sequence[Any]) -> Asked:
    _, brand, account, kind, visibility, *labels = row
    return Asked(brand, account, kind, visibility == "private", *labels)
