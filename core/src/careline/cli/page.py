"""One conversation as a page for the terminal: what was said, promised, done and noted."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import click

from careline.cli.output import one_line, show_safe
from careline.cli.reading import between, shown
from careline.engine.reading import ConversationView, Standing, Why
from careline.store.labels import LabelView
from careline.store.outbox_views import OutboxView
from careline.store.parts import (
    ActView,
    DeadlineView,
    DraftView,
    MessageView,
    NoteView,
    RelatedView,
    SpanView,
)
from careline.store.views import ACT_TIMES


def page_of(view: ConversationView, at: datetime, zone: str) -> Iterator[str]:
    """Yield the lines, safe for a terminal; times are those of `zone`."""
    named = " ".join(filter(None, (view.customer.name, view.customer.handle)))
    who = named or view.customer.user or "somebody"
    yield click.style(one_line(f"{view.id}  {who} on {view.account} ({view.channel})"), bold=True)
    yield one_line(", ".join(_standing(view, at)))
    yield one_line("Why: " + "; ".join(map(partial(_why, view), view.why)))
    yield click.style(f"Times are of {zone}.", dim=True)
    for message in view.messages:
        yield from _message(message, zone)
    yield from _sections(view, zone)


def _why(view: Standing, part: Why) -> str:
    """Return a part with its minutes; where nobody waits, minutes that say nothing are left out."""
    idle = view.due_at is None and view.waiting_since is None
    return part.text if idle else f"{part.part} {part.minutes:+} ({part.text})"


def _standing(view: ConversationView, at: datetime) -> Iterator[str]:
    yield view.status.value + (f" ({view.reason})" if view.reason else "")
    yield from filter(None, (view.intent, view.urgent and "urgent"))
    if view.waiting_since is not None:
        yield f"{view.unanswered} waiting for {between(view.waiting_since, at)}"
    if view.due_at is not None:
        yield "due " + due_in_words(view, at)
    if view.assignee is not None:
        yield f"with {view.assignee}"


def _message(message: MessageView, zone: str) -> Iterator[str]:
    who = message.author.handle or message.author.name or message.author.user or "unknown"
    marks = [message.visibility, message.kind, message.role]
    marks += ["erased"] * message.erased + ["removed"] * (message.removed_at is not None)
    marks += [f"edited {message.revisions}x"] * bool(message.revisions)
    head = f"{shown(message.posted_at, zone)}  {who}  [{', '.join(marks)}]  {message.id}"
    yield ""
    yield click.style(one_line(head), fg="green" if message.direction == "out" else "cyan")
    for line in filter(None, (message.title, message.text)):
        yield from (f"    {part}" for part in show_safe(line).splitlines())
    yield from (f"    + {one_line(str(file['url']))}" for file in message.attachments)
    if message.labels:
        said = ", ".join(_label(facet, label) for facet, label in message.labels.items())
        yield click.style(one_line(f"    {said}"), dim=True)


def _label(facet: str, label: LabelView) -> str:
    """Return a label with who said so, and by which words: `intent problem (cues: broken)`."""
    cues = ", ".join(dict.fromkeys(cue.cue for cue in label.evidence))
    by = ": ".join(filter(None, (label.by, cues)))
    return f"{facet} {label.primary}" + (f" ({by})" if by else "")


def _sections(view: ConversationView, zone: str) -> Iterator[str]:
    for title, lines in (
        ("Promises", [_promise(one, zone) for one in view.deadlines]),
        ("Threads", [_thread(one) for one in view.spans]),
        ("Outbox", [_sent(one, zone) for one in view.outbox]),
        ("Drafts", [_draft(one, zone) for one in view.drafts]),
        ("Done", [_act(one, zone) for one in view.acts]),
        ("Notes", [_note(one, zone) for one in view.notes]),
        ("Related", [_related(one, zone) for one in view.related]),
    ):
        if lines:
            yield ""
            yield click.style(title, bold=True)
            yield from (f"    {one_line(line.rstrip())}" for line in lines)


def _promise(one: DeadlineView, zone: str) -> str:
    void = f" ({one.void})" if one.void else ""
    return f"{one.kind}: due {shown(one.due_at, zone)}, {one.outcome}{void}, by {one.why}"


def _thread(one: SpanView) -> str:
    over = "" if one.current else ", went on in another conversation"
    return f"{one.thread}  {one.visibility}{over}"


def _sent(one: OutboxView, zone: str) -> str:
    why = ": ".join(filter(None, (one.reason, one.why)))
    tried = f", tried {one.attempts}x" if one.attempts > 1 else ""
    said = f'  "{one.text}"' if one.text else ""
    state = f"{one.state}{tried}" + (f" ({why})" if why else "")
    kind = one.kind.replace("_", " ")
    return f"{one.id}  {shown(one.at, zone)}  {kind} by {one.actor}: {state}{said}"


def _draft(one: DraftView, zone: str) -> str:
    where = "" if one.kind == "answer" else ", in private"
    return f"{one.id}  {shown(one.at, zone)}  {one.actor}{where}: {one.text or '(erased)'}"


def _act(one: ActView, zone: str) -> str:
    values = " ".join(
        f"{name} {shown(datetime.fromisoformat(value), zone) if name in ACT_TIMES else value}"
        for name, value in one.value.items()
        if value is not None
    )
    return f"{shown(one.at, zone)}  {one.kind} by {one.actor}  {values}"


def _note(one: NoteView, zone: str) -> str:
    return f"{shown(one.at, zone)}  {one.actor}: {one.text or '(erased)'}"


def _related(one: RelatedView, zone: str) -> str:
    same = " (the same person)" if one.through == "person" else ""
    last = shown(one.last_at, zone)
    return f"{one.id}  {one.account}, {one.status}, {one.intent or '-'}, {last}{same}"


def due_in_words(row: Standing, at: datetime) -> str:
    """Return when the next promise ends, seen from `at`: `in 12 min`, `3 h late`."""
    if row.due_at is None:
        return ""
    late = row.due_at < at
    return f"{between(row.due_at, at)} late" if late else f"in {between(at, row.due_at)}"
