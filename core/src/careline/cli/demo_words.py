"""The demo's words: each fact as a line or two."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any, Final

import click

from careline.cli.demo_fact import Fact, Promise
from careline.cli.output import counted, one_line
from careline.engine.priority import span

_WIDEST: Final = 100
_NARROWEST: Final = 60
Look = Mapping[str, Any]
_INDENT: Final = 34
_BELOW: Final = 2  # so that most alerts are one line
_LINES: Final = 2  # of what somebody wrote
_TAGS: Final = {
    "edit": "edited", "removal": "deleted", "note": "note", "assign": "assigned",
    "snooze": "snoozed", "resolve": "resolved", "ignore": "ignored", "missed": "MISSED",
    "promise": "promised", "plan": "plan", "cut": "CUT OFF", "draft": "draft",
}  # fmt: skip
_STYLES: Final[Mapping[str, Look]] = {
    "word": {"fg": "cyan"}, "answer": {"fg": "green"}, "post": {"fg": "green"},
    "warned": {"fg": "yellow"}, "missed": {"fg": "red", "bold": True},
    "edit": {"fg": "cyan"}, "removal": {"fg": "cyan"}, "cut": {"fg": "red", "bold": True},
}  # fmt: skip
_STAFF: Final[Look] = {"fg": "blue"}
_PRIVATE: Final[Look] = {"fg": "magenta"}
_KEPT: Final[Look] = {"fg": "green"}
_LATE: Final[Look] = {"fg": "red"}
_RINGS: Final[Look] = {"fg": "yellow", "bold": True}
_DIM: Final[Look] = {"dim": True}


def told(fact: Fact) -> Iterator[str]:
    """Yield the lines of a fact: when, who, what, and below it what careline made of it."""
    if fact.what == "alert":
        yield from _rang(fact)
        return
    tag = _TAGS.get(fact.what) or fact.visibility or fact.what
    style = _STYLES.get(fact.what, _STAFF)
    who = click.style(f"{one_line(_who(fact)):<16}", **style)
    what = click.style(f"{one_line(tag):<8}", **(_PRIVATE if tag == "private" else style))
    first, *rest = _wrapped(_text(fact), max_lines=_LINES, placeholder=" ...") or [""]
    yield f"{fact.at:%H:%M}  {who} {what}  {first}"
    yield from (" " * _INDENT + line for line in rest)
    for note, look in _notes(fact):
        yield from (" " * _INDENT + click.style(line, **look) for line in _wrapped(note))


def _rang(fact: Fact) -> Iterator[str]:
    said = wrap(one_line(f"-> {fact.by}: {fact.text}"), width() - _BELOW, subsequent_indent="   ")
    yield from (" " * _BELOW + click.style(line, **_RINGS) for line in said)


def _who(fact: Fact) -> str:
    if fact.what in ("warned", "missed"):
        return fact.customer or ""
    return f"-> {fact.customer}" if fact.what in ("answer", "cut") else fact.by


def _text(fact: Fact) -> str:
    """Return what was said or done, in one sentence."""
    who, text = fact.customer or "", fact.text or ""
    if fact.what in ("warned", "missed") and fact.promise:
        return _late(fact.at, fact.promise)
    done = {
        "note": f"{who}: {text}",
        "assign": f"{who} goes to {fact.agent or 'nobody'}",
        "snooze": f"{who} is out of the inbox until {fact.until:%a %H:%M}" if fact.until else "",
        "resolve": f"{who}: the case is solved",
        "ignore": f"{who}: {text}",
        "removal": "what they had said",
        "plan": f"{who}: an answer in public, then all else in private",
        "cut": f"{text}: nobody knows whether the answer left",
        "draft": f"{who} has been answered: kept as a draft: {text}",
        "promise": f"{who} hears from us by {_due(fact)}",
    }
    return done.get(fact.what, text)


def _late(at: datetime, promise: Promise) -> str:
    left = round((promise.due_at - at).total_seconds())
    gone = duration(promise.promised_s - left)
    return f"no answer for {gone}, {duration(left)} left" if left > 0 else f"no answer for {gone}"


def _notes(fact: Fact) -> Iterator[tuple[str, Look]]:
    """Yield what careline made of it, each with its look."""
    if fact.looked_up:
        found = "had not left, so it is sent again" if fact.attempts > 1 else "had left"
        yield f"looked up on the platform: it {found}", _DIM
    for promise in fact.met:
        yield _met(fact, promise), _KEPT if promise.outcome == "kept" else _LATE
    if fact.automatic:
        yield "sent by a machine: a person's answer is due as before", _DIM
    if fact.what == "cut" and fact.then:
        yield f"{counted(fact.then, 'message')} of the same plan waits until that is known", _DIM
    if fact.what == "promise":
        yield "warned of and counted like any other promise", _DIM
    if fact.what == "note":
        yield "internal: no channel is ever handed a note", _DIM
    if fact.what in ("word", "edit"):
        yield "; ".join(_made_of(fact)), _DIM
    if fact.what == "removal" and fact.promise and fact.promise.outcome == "void":
        yield "no answer is due any more", _DIM


def _met(fact: Fact, promise: Promise) -> str:
    after, within = duration(promise.answered_s or 0), duration(promise.promised_s)
    who = fact.agent or f"{fact.by}, in its own app,"
    if promise.kind == "told":
        return f"as they were told, by {promise.due_at:%H:%M}: {promise.outcome}"
    return f"answered by {who} after {after}, due within {within}: {promise.outcome}"


def _made_of(fact: Fact) -> Iterator[str]:
    if fact.role == "onlooker":
        yield f"an onlooker in the case of {fact.customer}: no clock starts"
        return
    cues = ", ".join(f'"{cue.words}"' if cue.words else cue.cue for cue in fact.cues[:2])
    yield f"{fact.intent or 'unread'}" + (f": {cues}" if cues else "")
    if fact.promise:
        yield f"due {_due(fact)}"
    elif fact.waiting < 2:
        yield "no answer is due"
    if fact.waiting > 1:
        yield f"{fact.waiting} messages wait"
    if fact.also:
        yield f"{len(fact.also)} other case{'s wait' if len(fact.also) > 1 else ' waits'}"


def _due(fact: Fact) -> str:
    due = fact.promise.due_at if fact.promise else fact.at
    return f"{due:%H:%M}" if due.date() == fact.at.date() else f"{due:%a %H:%M}"


def _wrapped(text: str, **limits: Any) -> list[str]:
    return wrap(one_line(text), width() - _INDENT, **limits)


def width() -> int:
    """Return how wide lines may be."""
    return min(max(get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)


def duration(seconds: int) -> str:
    """Return a time in words."""
    return span(seconds * 1_000_000)
