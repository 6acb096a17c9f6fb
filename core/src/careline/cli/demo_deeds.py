"""What the staff of the demo's day do: they answer by careline, and look after their cases."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select

from careline.builtin.practice.story import brightwater
from careline.desk import Desk
from careline.errors import Answered
from careline.store.tables import messages

DAY: Final = datetime(2026, 3, 3, tzinfo=UTC)  # a Tuesday: each showing is the same


@dataclass(frozen=True, slots=True)
class Deed:
    """What an agent does at a time of day, about the case or the thread that a message is in."""

    at: time
    agent: str
    verb: str
    message: str
    args: Mapping[str, Any] = field(default_factory=dict)
    speaks: bool = False

    @property
    def moment(self) -> datetime:
        """When it is done."""
        return datetime.combine(DAY, self.at, UTC)

    async def do(self, desk: Desk) -> None:
        """Do it. Where a colleague was faster, the desk keeps the words: that is told."""
        about = messages.c.thread if self.speaks else messages.c.conversation
        wanted = select(about).where(messages.c.external_id == self.message)
        found = await desk.read(lambda conn: conn.scalar(wanted))
        with suppress(Answered):
            await getattr(desk, self.verb)(found, **self.args, actor=self.agent)


def deeds() -> Iterator[Deed]:
    """Yield all of them."""
    yield from _SILENT
    yield from (_says("jo", text=id) for id in _JO)
    yield from (_says("mika", text=id) for id in _MIKA)
    yield Deed(time(11, 6), "mika", "reply", "zoe-1", {"text": _SLOW}, speaks=True)
    yield _says("mika", "take_private", public="uma-2", private="uma-3")
    yield _says("jo", "promise", {"by": DAY + timedelta(hours=18, minutes=30)}, text="jun-2")


def _says(
    agent: str, verb: str = "reply", args: Mapping[str, Any] | None = None, **lines: str
) -> Deed:
    """Return a deed that says lines of the day, each by the verb's name for it."""
    said = {name: brightwater().line(id) for name, id in lines.items()}
    words = {name: line.text for name, line in said.items()}
    if verb == "promise":  # the desk says the time itself
        words = {name: text.replace("18:30 today", "{by}") for name, text in words.items()}
    first = next(iter(said.values()))
    return Deed(first.at, agent, verb, first.re or "", {**(args or {}), **words}, speaks=True)


_JO: Final = ("maya-2", "maya-4", "zoe-2", "farid-2", "hugo-2", "bea-2", "quentin-2", "jun-3")
_MIKA: Final = ("ruben-3", "ruben-5", "ruben-7", "pia-2", "priya-3", "uma-5")
_SLOW: Final = "@zoekerr Hello Zoe, does it help to press the hinge until it clicks?"
_NOTE: Final = "The second Harbour this month that switches itself on. The workshop knows."
_SILENT: Final = (
    Deed(time(9, 34), "jo", "ignore", "wanda-1", {"reason": "spam"}),
    Deed(time(9, 43), "jo", "resolve", "maya-5"),
    Deed(time(10, 3), "jo", "assign", "ruben-2", {"agent": "mika"}),
    Deed(time(10, 15), "mika", "note", "ruben-4", {"text": _NOTE}),
    Deed(time(11, 1), "mika", "resolve", "ruben-7"),
    Deed(time(12, 41), "jo", "resolve", "farid-3"),
    Deed(time(14, 22), "mika", "resolve", "priya-1"),
    Deed(time(14, 41), "mika", "snooze", "priya-4", {"until": DAY + timedelta(days=2, hours=9)}),
    Deed(time(16, 31), "mika", "resolve", "uma-5"),
    Deed(time(17, 48), "jo", "assign", "oona-1", {"agent": "mika"}),
)
