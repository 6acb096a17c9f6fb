"""The demo's day: a desk on a clock that leaps from one event to the next, and what staff do."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from anyio import sleep
from sqlalchemy import Connection, func, select

from careline.builtin.practice.story import brightwater
from careline.clock import SystemClock
from careline.config import Settings, load
from careline.desk import Desk
from careline.errors import CarelineError
from careline.registry import Registry
from careline.store.tables import deadlines, messages
from careline.store.times import from_micros

DAY: Final = datetime(2026, 3, 3, tzinfo=UTC)  # a Tuesday: each showing is the same
OPENS: Final = DAY + timedelta(hours=8, minutes=59)
"""The first look, before anything is said: what comes after it is live."""
ENDS: Final = DAY + timedelta(hours=19)


@dataclass(frozen=True, slots=True)
class Deed:
    """What an agent does at a time of day, about the conversation that a message is in."""

    at: str
    agent: str
    verb: str
    message: str
    args: Mapping[str, Any] = field(default_factory=dict)


_NOTE = "The second Harbour this month that switches itself on. The workshop knows."
DEEDS: Final = (
    Deed("09:34", "jo", "ignore", "wanda-1", {"reason": "spam"}),
    Deed("09:43", "jo", "resolve", "maya-5"),
    Deed("10:03", "jo", "assign", "ruben-2", {"agent": "mika"}),
    Deed("10:15", "mika", "note", "ruben-4", {"text": _NOTE}),
    Deed("11:01", "mika", "resolve", "ruben-7"),
    Deed("12:41", "jo", "resolve", "farid-3"),
    Deed("14:22", "mika", "resolve", "priya-1"),
    Deed("14:41", "mika", "snooze", "priya-4", {"until": DAY + timedelta(days=2, hours=9)}),
    Deed("16:31", "mika", "resolve", "uma-5"),
    Deed("17:48", "jo", "assign", "oona-1", {"agent": "mika"}),
)


class DayClock:
    """A `Clock` that stands still between events, and paces them in real time if it has a speed."""

    def __init__(self, start: datetime, speed: float) -> None:
        """`speed`: how many times faster than life; 0: as fast as the desk works."""
        self._now = self._start = start
        self._speed, self._real = speed, SystemClock()
        self._began = self._real.monotonic()

    def now(self) -> datetime:
        """Return the time of the day that is played."""
        return self._now

    def monotonic(self) -> float:
        """Return real seconds: for measuring a span of work."""
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await sleep(seconds)

    async def leap(self, moment: datetime) -> None:
        """Make it `moment`, once its real time has come."""
        if self._speed:
            due = self._began + (moment - self._start).total_seconds() / self._speed
            await sleep(max(0.0, due - self._real.monotonic()))
        self._now = moment


def settings_of(url: str, registry: Registry) -> Settings:
    """Return the demo's configuration. Neither the user's file nor the environment is read."""
    config = {
        "store": {"url": url},
        "brands": {"brightwater": {"name": "Brightwater Kettles", "handles": ["@brightwater"]}},
        "agents": {
            "jo": {"name": "Jo", "signature": "^JO"},
            "mika": {"name": "Mika", "signature": "^MK"},
        },
        "channels": {"practice": {"kind": "practice", "start": f"{DAY:%Y-%m-%d}T09:00:00Z"}},
    }
    return load(config, registry, environ={})


async def play(desk: Desk, clock: DayClock) -> AsyncIterator[datetime]:
    """Let the desk work at every moment at which something happens; yield each, when it is done."""
    story = brightwater()
    opens = datetime.combine(DAY, story.begins, UTC)
    deeds = {_at(deed): deed for deed in DEEDS}
    planned = {opens + story.after(line) for line in story.lines} | deeds.keys() | {ENDS}
    moment: datetime | None = clock.now()
    while moment is not None:
        await clock.leap(moment)
        if moment in deeds:
            await _do(desk, deeds[moment])
        if not (await desk.run(once=True)).fine:
            raise CarelineError("the demo's own desk does not work: the log above says why")
        yield moment
        stage = await desk.read(_next_stage)
        later = planned if stage is None else planned | {stage}
        moment = min((at for at in later if moment < at <= ENDS), default=None)


def _at(deed: Deed) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(deed.at), UTC)


async def _do(desk: Desk, deed: Deed) -> None:
    wanted = select(messages.c.conversation).where(messages.c.external_id == deed.message)
    conversation = await desk.read(lambda conn: conn.scalar(wanted))
    await getattr(desk, deed.verb)(conversation, **deed.args, actor=deed.agent)


def _next_stage(conn: Connection) -> datetime | None:
    """Return when the next promise is to be warned of, or missed."""
    at = conn.scalar(select(func.min(deadlines.c.next_at)))
    return None if at is None else from_micros(at)
