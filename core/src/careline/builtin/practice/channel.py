"""The `practice` channel: what has been said so far of an invented day, and what we say to it."""

from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from anyio.lowlevel import checkpoint

from careline.builtin.practice.book import Book, Done, change, read
from careline.builtin.practice.config import PracticeConfig
from careline.builtin.practice.doing import act, permission
from careline.builtin.practice.mapping import echo, item
from careline.builtin.practice.story import Line, brightwater
from careline.plugin import (
    JSON,
    AnyAction,
    Author,
    Batch,
    Capability,
    Channel,
    Permission,
    Receipt,
    Source,
    State,
    ThreadFacts,
    Transient,
)

_LENGTH = timedelta(hours=10)  # until the shop has closed
ECHO = timedelta(seconds=30)
"""So long after we spoke we hear it here."""


class PracticeChannel(Channel[PracticeConfig]):
    """Plays the day of Brightwater Kettles, each line at its time, without a network.

    What we do is kept in durable records, and what we say is heard again by the next look. Its
    cursor holds when the day began, which line comes next, and how much of ours was heard.
    """

    kind = "practice"
    title = "Practice"
    Config = PracticeConfig
    capabilities = frozenset(
        {
            Capability.POLL,
            Capability.ANSWER,
            Capability.DIRECT,
            Capability.POST,
            Capability.HIDE,
            Capability.DELETE,
            Capability.FIND,
        }
    )

    @property
    def identity(self) -> Author:
        """The brand of the day."""
        return brightwater().author("")

    @property
    def sources(self) -> tuple[Source, ...]:
        """The day: one stream of public and private words."""
        return (Source("day", every=1.0, title="the day"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return what has been said since `cursor`, by us too, and when the next line comes."""
        await checkpoint()
        story, now, book = brightwater(), self.context.clock.now(), await read(self._state)
        start = datetime.fromisoformat(cursor["start"]) if cursor else self._start(now)
        done: int = cursor["next"] if cursor else 0
        told: int = cursor.get("told", 0) if cursor else 0
        due = [line for line in story.lines[done:] if start + story.after(line) <= now]
        ours = list(takewhile(partial(_is_heard, now), book.done[told:]))
        items = [item(story, line, start) for line in due if self._comes(line, book)]
        items += [heard for one in ours if (heard := echo(story, one, self.identity))]
        coming = story.lines[done + len(due) :][:1]
        return Batch(
            tuple(items),
            {"start": start.isoformat(), "next": done + len(due), "told": told + len(ours)},
            again_at=start + story.after(coming[0]) if coming else None,
        )

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Allow what is about something still there."""
        return permission(thread, action)

    async def perform(self, action: AnyAction) -> Receipt:
        """Do it, once for each action, unless the day has the connection cut."""
        live, now = self._live, self.context.clock.now()
        before, after = await change(
            self._state, lambda book: act(book, brightwater(), action, now, live=live)
        )
        done = after.of(action.id)
        if done is None or before.cut != after.cut:
            raise Transient("the line was cut")
        return done.receipt

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look whether it was done."""
        done = (await read(self._state)).of(action.id)
        return None if done is None else done.receipt

    @property
    def _live(self) -> bool:
        return self.config.answers == "desk"

    @property
    def _state(self) -> State:
        return self.context.state(f"practice:{self.context.account}")

    def _comes(self, line: Line, book: Book) -> bool:
        """Whether a line is heard: where we answer, our staff's are not, but what follows ours."""
        return not self._live or (line.by != "agent" and _is_said(line.re, book))

    def _start(self, now: datetime) -> datetime:
        """Return when the day begins that is first looked at `now`."""
        return self.config.start or now - (_LENGTH if self.config.over else timedelta())


def _is_said(id: str | None, book: Book) -> bool:
    if id is None:
        return True
    line = brightwater().line(id)
    return line.id in book.said if line.by == "agent" else _is_said(line.re, book)


def _is_heard(now: datetime, done: Done) -> bool:
    return done.at + ECHO <= now
