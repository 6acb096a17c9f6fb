"""The demo's words: each fact as a line or two, the inbox and the report at the end."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from shutil import get_terminal_size
from textwrap import shorten, wrap
from typing import Any, Final

import click

from careline.cli.demo_facts import Fact, Promise
from careline.cli.output import counted, one_line
from careline.cli.page import due_in_words
from careline.engine.priority import span
from careline.engine.reading import InboxRow
from careline.store.figures import TIERS
from careline.store.report import Report

_WIDEST: Final = 100
_NARROWEST: Final = 60
Look = Mapping[str, Any]
_INDENT: Final = 34
_LINES: Final = 2  # of what somebody wrote
_TAGS: Final = {
    "edit": "edited", "removal": "deleted", "note": "note", "assign": "assigned",
    "snooze": "snoozed", "resolve": "resolved", "ignore": "ignored", "missed": "MISSED",
}  # fmt: skip
_STYLES: Final[Mapping[str, Look]] = {
    "word": {"fg": "cyan"}, "answer": {"fg": "green"}, "post": {"fg": "green"},
    "warned": {"fg": "yellow"}, "missed": {"fg": "red", "bold": True},
    "edit": {"fg": "cyan"}, "removal": {"fg": "cyan"},
}  # fmt: skip
_STAFF: Final[Look] = {"fg": "blue"}
_PRIVATE: Final[Look] = {"fg": "magenta"}
_KEPT: Final[Look] = {"fg": "green"}
_LATE: Final[Look] = {"fg": "red"}
_DIM: Final[Look] = {"dim": True}


def told(fact: Fact) -> Iterator[str]:
    """Yield the lines of a fact: when, who, what, and below it what careline made of it."""
    tag = _TAGS.get(fact.what) or fact.visibility or fact.what
    style = _STYLES.get(fact.what, _STAFF)
    who = click.style(f"{one_line(_who(fact)):<16}", **style)
    what = click.style(f"{one_line(tag):<8}", **(_PRIVATE if tag == "private" else style))
    first, *rest = _wrapped(_text(fact), max_lines=_LINES, placeholder=" ...") or [""]
    yield f"{fact.at:%H:%M}  {who} {what}  {first}"
    yield from (" " * _INDENT + line for line in rest)
    for note, look in _notes(fact):
        yield from (" " * _INDENT + click.style(line, **look) for line in _wrapped(note))


def _who(fact: Fact) -> str:
    if fact.what in ("warned", "missed"):
        return fact.customer or ""
    return f"-> {fact.customer}" if fact.what == "answer" else fact.by


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
    }
    return done.get(fact.what, text)


def _late(at: datetime, promise: Promise) -> str:
    left = round((promise.due_at - at).total_seconds())
    gone = _span(promise.promised_s - left)
    return f"no answer for {gone}, {_span(left)} left" if left > 0 else f"no answer for {gone}"


def _notes(fact: Fact) -> Iterator[tuple[str, Look]]:
    """Yield what careline made of it, each with its look."""
    for promise in fact.met:
        kept = promise.outcome == "kept"
        after, within = _span(promise.answered_s or 0), _span(promise.promised_s)
        said = f"answered by {fact.by} after {after}, due within {within}: {promise.outcome}"
        yield said, _KEPT if kept else _LATE
    if fact.automatic:
        yield "sent by a machine: a person's answer is due as before", _DIM
    if fact.what == "note":
        yield "internal: no channel is ever handed a note", _DIM
    if fact.what in ("word", "edit"):
        yield "; ".join(_made_of(fact)), _DIM
    if fact.what == "removal" and fact.promise and fact.promise.outcome == "void":
        yield "no answer is due any more", _DIM


def _made_of(fact: Fact) -> Iterator[str]:
    if fact.role == "onlooker":
        yield f"an onlooker in the case of {fact.customer}: no clock starts"
        return
    cues = ", ".join(f'"{cue.words}"' if cue.words else cue.cue for cue in fact.cues[:2])
    yield f"{fact.intent or 'unread'}" + (f": {cues}" if cues else "")
    if fact.promise:
        due = fact.promise.due_at
        day = "" if due.date() == fact.at.date() else f"{due:%a} "
        yield f"due {day}{due:%H:%M}"
    elif fact.waiting < 2:
        yield "no answer is due"
    if fact.waiting > 1:
        yield f"{fact.waiting} messages wait"
    if fact.also:
        yield f"{len(fact.also)} other case{'s wait' if len(fact.also) > 1 else ' waits'}"


def _wrapped(text: str, **limits: Any) -> list[str]:
    return wrap(one_line(text), _width() - _INDENT, **limits)


def _width() -> int:
    return min(max(get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)


def _span(seconds: int) -> str:
    return span(seconds * 1_000_000)


def inbox_lines(rows: Iterable[InboxRow], at: datetime) -> Iterator[str]:
    """Yield what stands in the inbox, and why each stands where it does."""
    for row in rows:
        who, due = one_line(row.customer.handle or ""), due_in_words(row, at) or "nothing promised"
        look = _LATE if row.overdue else {"fg": "yellow"}
        yield (
            "  " + click.style(f"{who:<16} {row.intent or '-':<9} ", fg="cyan")
            + click.style(due, **look)
        )  # fmt: skip
        why = ", ".join(f"{part.part} {part.minutes:+} ({part.text})" for part in row.why)
        yield f"    {shorten(one_line(row.snippet), _width() - 4, placeholder=' ...')}"
        yield from (
            "    " + click.style(line, dim=True) for line in wrap(one_line(why), _width() - 4)
        )


_BAR: Final = 30
_SPANS: Final = {"30m": "30 minutes", "1h": "an hour", "24h": "a day"}


def report_lines(done: Report) -> Iterator[str]:
    """Yield how fast people were answered, beside what customers expect."""
    total, first = done.total, done.total.first_response_s
    cases = counted(total.conversations, "conversation")
    yield f"  {cases}, {total.answered} of them answered by a person"
    yield from (_tier(done, tier) for tier in TIERS)
    if first.median is not None and first.p90 is not None:
        half, most = _span(round(first.median)), _span(round(first.p90))
        yield f"  half of the answers came within {half}, nine in ten within {most}"
    counts = total.deadlines.values()
    kept, missed, open_ = (sum(one[name] for one in counts) for name in ("kept", "missed", "open"))
    yield f"  promises: {kept} kept, {missed} missed, {open_} still open"
    source = done.expected[0]
    said = one_line(f"What customers expect: US surveys ({source.years}).")
    yield "  " + click.style(said, dim=True)


def _tier(done: Report, tier: str) -> str:
    share = done.total.within[tier] or 0.0
    full = round(share * _BAR)
    bar = click.style("=" * full, fg="green") + click.style("." * (_BAR - full), dim=True)
    wanted = (one.share for one in done.expected if (one.about, one.tier) == ("expected", tier))
    beside = "".join(f"  {wish:.0%} expect it" for wish in wanted)
    return f"  within {_SPANS[tier]:<10}  {bar} {share:>4.0%}{beside}"
