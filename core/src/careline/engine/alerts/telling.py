"""Telling: what an alert says, in words looked up when it leaves: none of them is kept with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from careline.engine.alerts.subjects import Subject
from careline.models import Alert, AlertReason, DeadlineKind
from careline.store.times import from_micros

WORDS: Final = 280
"""So much of a customer's words an alert shows."""
LINES: Final = 20
"""So many of those that leave as one are named; the others are counted."""
_LINE: Final = 100
_NAME: Final = 60
_BREAKS = re.compile("[\x00-\x20\x7f-\xa0\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_PROMISES: Final = {
    DeadlineKind.ACKNOWLEDGE: "a word that we have it",
    DeadlineKind.FIRST_REPLY: "the first reply",
    DeadlineKind.NEXT_REPLY: "the next reply",
    DeadlineKind.RESOLVE: "the solution",
    DeadlineKind.TOLD: "what we told them",
}
_OF_MANY: Final = {
    AlertReason.NEW: "{count} customers wait on {account}",
    AlertReason.WARNED: "{count} promises on {account} are about to be missed",
    AlertReason.MISSED: "{count} promises on {account} were missed",
    AlertReason.UNSENT: "{count} answers of {account} were not sent",
}
_OF_ACCOUNTS: Final = (AlertReason.HEALTH, AlertReason.CONCERN, AlertReason.SUMMARY)


def tell(
    id: str, subjects: Sequence[Subject], zone: str, reasons: Mapping[str, str], now: datetime
) -> Alert:
    """Return one alert for all `subjects`, which are of one reason, brand and account.

    `zone` is the brand's; `reasons` says why accounts need a person.
    """
    teller = _Teller(ZoneInfo(zone), now, reasons)
    if subjects[0].news.reason in _OF_ACCOUNTS:  # how it does now is all there is to say
        subjects = subjects[-1:]
    first, news = subjects[0], subjects[0].news
    dues = [due for one in subjects if (due := one.due_at) is not None]
    alone = len(subjects) == 1
    return Alert(
        id=id,
        reason=news.reason,
        title=teller.title(first) if alone else teller.of_many(subjects, min(dues, default=None)),
        body=teller.body(first) if alone else teller.lines(subjects),
        brand=news.brand,
        account=news.account,
        conversation_id=first.message.conversation if alone and first.message else None,
        count=len(subjects),
        link=_link(first) if alone else None,
        due_at=from_micros(min(dues)) if dues else None,
        at=from_micros(min(one.news.at for one in subjects)),
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    zone: ZoneInfo
    now: datetime
    reasons: Mapping[str, str]

    def title(self, one: Subject) -> str:
        news = one.news
        if news.reason is AlertReason.HEALTH:
            return f"{news.account} needs a person"
        if news.reason is AlertReason.CONCERN:
            return f"{news.account}: {news.data['said'][0]}"
        if news.reason is AlertReason.SUMMARY:
            found = "conversations: {conversations}, waiting: {waiting}, overdue: {overdue}"
            return f"{news.account} has caught up. {found.format_map(news.data)}"
        about = f"{_who(one)} on {news.account}" if one.message is not None else news.account
        return f"{about}: {self._what(one)}"

    def of_many(self, subjects: Sequence[Subject], due_at: int | None) -> str:
        news = subjects[0].news
        title = _OF_MANY[news.reason].format(count=len(subjects), account=news.account)
        return title if due_at is None else f"{title}, the first due {self._time(due_at)}"

    def body(self, one: Subject) -> str:
        if one.news.reason is AlertReason.HEALTH:
            return self.reasons.get(one.news.account, "")
        if one.news.reason is AlertReason.CONCERN:
            return "\n".join(one.news.data["said"])
        why = (one.action.why or one.action.reason or "") if one.action else ""
        return _cut("\n".join(filter(None, (why, _words(one)))), WORDS)

    def lines(self, subjects: Sequence[Subject]) -> str:
        """Return a line for each, what is due first on top, as far as they fit."""
        first = sorted(subjects, key=lambda one: (one.due_at is None, one.due_at or 0))[:LINES]
        lines = [_cut(self._entry(one), _LINE) for one in first]
        if len(subjects) > LINES:
            lines.append(f"and {len(subjects) - LINES:,} more")
        return "\n".join(lines)

    def _entry(self, one: Subject) -> str:
        said = (_who(one), self._what(one), _line(_words(one)))
        return ": ".join(filter(None, said))

    def _what(self, one: Subject) -> str:
        if one.news.reason is AlertReason.UNSENT:
            kind = one.action.kind if one.action else "answer"
            return f"our {kind.replace('_', ' ')} was not sent"
        about = (one.words or one.message).intent or one.message.kind
        if one.news.reason is AlertReason.NEW:
            return f"new {about}" + (f", due {self._time(one.due_at)}" if one.due_at else "")
        promise = _PROMISES[DeadlineKind(one.news.deadline or "")]
        verb = "was due" if one.news.reason is AlertReason.MISSED else "is due"
        return f"{about}, {promise} {verb} {self._time(one.due_at or one.news.at)}"

    def _time(self, at: int) -> str:
        """Return a time in the brand's zone, with its day where that is another one."""
        then = from_micros(at).astimezone(self.zone)
        same = then.date() == self.now.astimezone(self.zone).date()
        return then.strftime("%H:%M %Z" if same else "%Y-%m-%d %H:%M %Z")


def _who(one: Subject) -> str:
    """Return the customer as staff know them, on one line."""
    if one.message is None:  # a post of ours is for nobody in particular
        return "Everybody"
    handle = _line(one.message.handle or "")
    handle = f"@{handle.removeprefix('@')}" if handle else ""
    name = _line(one.message.name or "")
    return _cut(" ".join(filter(None, (name, handle))), _NAME) or "A customer"


def _words(one: Subject) -> str:
    row = one.words
    if row is None or row.erased_at is not None or row.removed_at is not None:
        return ""
    return "\n".join(filter(None, (row.title, row.text)))


def _line(text: str) -> str:
    """Return text on one line, without what could turn or break that line."""
    return _BREAKS.sub(" ", text[:WORDS]).strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _link(one: Subject) -> str | None:
    """Return where the message can be read, if that is an address at all."""
    link = (one.message.permalink or "") if one.message is not None else ""
    return link if link.startswith(("https://", "http://")) else None
