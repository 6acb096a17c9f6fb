"""The demo's last words: what left, what stands in the inbox, and the day's report."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from textwrap import shorten, wrap
from typing import Any, Final

import click

from careline.cli.demo_fact import Sent
from careline.cli.demo_words import duration, width
from careline.cli.output import counted, one_line
from careline.cli.page import due_in_words
from careline.engine.reading import InboxRow
from careline.store.figures import TIERS
from careline.store.report import Report

_LATE: Final[Mapping[str, Any]] = {"fg": "red"}


def sent_lines(sent: Sent) -> Iterator[str]:
    """Yield what left, and how often it had to be tried."""
    messages, alerts = counted(sent.messages, "message"), counted(sent.alerts, "alert")
    twice = sent.twice or "none"
    yield f"  {messages} to customers, {sent.echoes} of them heard again there; {twice} said twice"
    times = counted(sent.looked_up, "time")
    yield f"  the line was cut {times}: they were looked up, and {sent.again} sent again"
    yield f"  {counted(sent.drafts, 'answer')} came second: a colleague was faster, it is a draft"
    yield f"  {alerts} to staff: those of one moment together, so phones rang {sent.rings} times"


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
        yield f"    {shorten(one_line(row.snippet), width() - 4, placeholder=' ...')}"
        yield from (
            "    " + click.style(line, dim=True) for line in wrap(one_line(why), width() - 4)
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
        half, most = duration(round(first.median)), duration(round(first.p90))
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
