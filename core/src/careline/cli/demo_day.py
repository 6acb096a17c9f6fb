"""The demo's day: a desk on a clock that leaps from one event to the next."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from anyio import sleep
from sqlalchemy import Connection, func, select

from careline.builtin.practice.channel import ECHO
from careline.builtin.practice.story import brightwater
from careline.cli.demo_deeds import DAY, deeds
from careline.clock import SystemClock
from careline.config import Settings, load
from careline.desk import Desk, Ran
from careline.errors import CarelineError
from careline.registry import Registry
from careline.store.outbox import WAITING
from careline.store.tables import deadlines, outbox
from careline.store.times import from_micros

OPENS: Final = DAY + timedelta(hours=8, minutes=59)
"""The first look, before anything is said: what comes after it is live."""
ENDS: Final = DAY + timedelta(hours=19)


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
        "channels": {
            "practice": {
                "kind": "practice",
                "start": f"{DAY:%Y-%m-%d}T09:00:00Z",
                "answers": "desk",
            }
        },
        "deadlines": [
            {"when": {"intent": ["problem", "question"]}, "first_reply": "1h", "warn": ["80%"]}
        ],
        "notifiers": {"jo": {"kind": "demo-phone"}, "mika": {"kind": "demo-phone"}},
        "alerts": [
            {"when": {"intent": "problem"}, "on": ["new", "warned"], "to": ["jo"]},
            {"on": ["missed", "unsent"], "to": ["mika"]},
        ],
    }
    return load(config, registry, environ={})


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the day at which something happened."""

    at: datetime
    echoes: int
    """How many words of ours were heard that were known to have left."""


async def play(desk: Desk, clock: DayClock) -> AsyncIterator[Moment]:
    """Let the desk work at every moment at which something happens; yield each, when it is done."""
    story, todo = brightwater(), {deed.moment: deed for deed in deeds()}
    opens = datetime.combine(DAY, story.begins, UTC)
    heard = {at + ECHO for at, deed in todo.items() if deed.speaks}
    planned = {opens + story.after(line) for line in story.lines} | todo.keys() | heard | {ENDS}
    moment: datetime | None = clock.now()
    while moment is not None:
        await clock.leap(moment)
        if moment in todo:
            await todo[moment].do(desk)
        ran = await desk.run(once=True)
        if not _works(ran):
            raise CarelineError("the demo's own desk does not work: the log above says why")
        yield Moment(moment, sum(summary.known for summary in ran.heard.values()))
        later = planned | await desk.read(_next_times)
        moment = min((at for at in later if moment < at <= ENDS), default=None)


def _works(ran: Ran) -> bool:
    """Whether nothing waits for a person: a line that was cut is the desk's own to mend."""
    return not ran.failing and not any(one.state.stopped for one in ran.health)


def _next_times(conn: Connection) -> set[datetime]:
    """Return when a promise is to be warned of, or missed, and when something is tried again."""
    stage = conn.scalar(select(func.min(deadlines.c.next_at)))
    tried = conn.scalar(select(func.min(outbox.c.next_at)).where(outbox.c.state.in_(WAITING)))
    return {from_micros(at) for at in (stage, tried) if at is not None}
