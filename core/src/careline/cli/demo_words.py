"""The demo's words: each fact as a line or two, the inbox and the report at the end."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from textwrap import wrap
from typing import Final

import click

from careline.cli.demo_facts import Fact, Promise
from careline.cli.output import one_line
from careline.cli.page import due_in_words
from careline.engine.priority import span
from careline.engine.reading import InboxRow
from careline.store.figures import TIERS
from careline.store.report import Report

WIDTH: Final = 100
_INDENT: Final = 34
_LINES: Final = 2  # of what somebody wrote
_TAGS: Final = {
    "edit": "edited", "removal": "deleted", "note": "note", "assign": "assigned",
    "snooze": "snoozed", "resolve": "resolved", "ignore": "ignored", "missed": "MISSED",
}  # fmt: skip
_STYLES: Final = {
    "word": {"fg": "cyan"}, "answer": {"fg": "green"}, "post": {"fg": "green"},
    "warned": {"fg": "yellow"}, "missed": {"fg": "red", "bold": True},
    "edit": {"fg": "cyan"}, "removal": {"fg": "cyan"},
}  # fmt: skip
_STAFF: Final = {"fg": "blue"}


def told(fact: Fact) -> Iterator[str]:
    """Yield the lines of a fact: when, who, what, and below it what careline made of it."""
    who = f"-> {fact.customer}" if fact.what == "answer" else fact.by
    subject = fact.customer if fact.what in ("warned", "missed") else who
    tag = _TAGS.get(fact.what) or fact.visibility or fact.what
    head = f"{fact.at:%H:%M}  {one_line(subject or ''):<16} {one_line(tag):<8}  "
    style = _STYLES.get(fact.what, _STAFF)
    first, *rest = _cut(_text(fact)) or [""]
    tinted = {"fg": "magenta"} if tag == "private" else style
    yield head[:7] + click.style(head[7:24], **style) + click.style(head[24:], **tinted) + first
    yield from (" " * _INDENT + line for line in rest)
    for line, look in _notes(fact):
        yield " " * _INDENT + click.style(one_line(line), **look)


def _text(fact: Fact) -> str:
    """Return what was said or done, in one sentence."""
    who, text = fact.customer or "", fact.text or ""
    if fact.what in ("warned", "missed") and fact.promise:
        return _late(fact.at, fact.promise)
    done = {
        "note": f"{who}: {text}",
        "assign": f"{who} is {fact.agent}'s now" if fact.agent else f"{who} is nobody's now",
        "snooze": f"{who} is out of the inbox until {fact.until:%a %H:%M}" if fact.until else "",
        "resolve": f"{who}: the case is solved",
        "ignore": f"{who}: {text}",
        "removal": f"what was said {'in case of ' + who if fact.by != who else ''}".rstrip(),
    }
    return done.get(fact.what, text)


def _late(at: datetime, promise: Promise) -> str:
    left = round((promise.due_at - at).total_seconds())
    gone = _span(promise.promised_s - left)
    return f"no answer for {gone}, {_span(left)} left" if left > 0 else f"no answer for {gone}"


def _notes(fact: Fact) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what careline made of it, with its look."""
    for promise in fact.met:
        kept = promise.outcome == "kept"
        verdict = "in time" if kept else "late"
        yield (
            f"answered after {_span(promise.answered_s or 0)}, {verdict}"
            f" (within {_span(promise.promised_s)} was promised)",
            {"fg": "green" if kept else "red"},
        )
    if fact.automatic:
        yield "sent by a machine: a person's answer is due as before", {"dim": True}
    if fact.what == "note":
        yield "internal: no channel is ever handed a note", {"dim": True}
    if fact.what in ("word", "edit"):
        yield "; ".join(_made_of(fact)), {"dim": True}
    if fact.what == "removal" and fact.promise and fact.promise.outcome == "void":
        yield "no answer is due any more", {"dim": True}


def _made_of(fact: Fact) -> Iterator[str]:
    cues = ", ".join(f"'{cue}'" for cue in fact.cues[:2])
    yield f"{fact.intent or 'unread'}" + (f" ({cues})" if cues else "")
    if fact.role == "onlooker":
        yield f"an onlooker in the case of {fact.customer}: starts no clock"
    elif fact.promise:
        due = fact.promise.due_at
        day = "" if due.date() == fact.at.date() else f"{due:%a} "
        yield f"an answer is due by {day}{due:%H:%M}"
    if fact.waiting > 1:
        yield f"{fact.waiting} messages wait"
    if fact.also:
        yield "waits in another case, too"


def _cut(text: str) -> list[str]:
    lines = wrap(one_line(text), WIDTH - _INDENT, max_lines=_LINES, placeholder=" ...")
    return [*lines]


def _span(seconds: int) -> str:
    return span(seconds * 1_000_000)


def inbox_lines(rows: Iterable[InboxRow], at: datetime) -> Iterator[str]:
    """Yield what stands in the inbox, and why each stands where it does."""
    for row in rows:
        due = due_in_words(row, at) or "nothing promised"
        look = {"fg": "red"} if row.overdue else {"fg": "yellow"}
        head = f"{one_line(row.customer.handle or ''):<16} {row.intent or '-':<9} "
        yield "  " + click.style(head, fg="cyan") + click.style(f"{due:<16}", **look)
        why = ", ".join(f"{part.part} {part.minutes:+} ({part.text})" for part in row.why)
        yield from ("    " + line for line in wrap(one_line(row.snippet), WIDTH - 4, max_lines=1))
        yield from ("    " + click.style(line, dim=True) for line in wrap(one_line(why), WIDTH - 4))


_BAR: Final = 30
_SPANS: Final = {"30m": "30 minutes", "1h": "an hour", "24h": "a day"}


def report_lines(done: Report) -> Iterator[str]:
    """Yield how fast people were answered, beside what customers expect."""
    total = done.total
    wanted = {one.tier: one for one in done.expected if one.about == "expected"}
    yield f"  {total.conversations} conversations, {total.answered} of them answered by a person"
    for tier in TIERS:
        share = total.within[tier] or 0.0
        bar = click.style("=" * round(share * _BAR), fg="green").ljust(0)
        rest = "." * (_BAR - round(share * _BAR))
        yield f"  within {_SPANS[tier]:<10} {share:>4.0%}  {bar}{rest}  {wanted[tier].share:.0%} expect it"
    first = total.first_response_s
    if first.median is not None and first.p90 is not None:
        yield f"  half of the answers came within {_span(round(first.median))}, nine in ten within {_span(round(first.p90))}"
    counts = total.deadlines.values()
    kept, missed, open_ = (sum(one[name] for one in counts) for name in ("kept", "missed", "open"))
    yield f"  {kept} promises were kept, {missed} missed, {open_} are open"
    source = done.expected[0]
    yield click.style(f"  What customers expect: {source.source} ({source.years}).", dim=True)
