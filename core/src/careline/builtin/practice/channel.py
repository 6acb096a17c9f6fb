"""The `practice` channel: what has been said so far of an invented day."""

from datetime import datetime, timedelta

from anyio.lowlevel import checkpoint

from careline.builtin.practice.config import PracticeConfig
from careline.builtin.practice.mapping import item
from careline.builtin.practice.story import brightwater
from careline.plugin import JSON, Author, Batch, Capability, Channel, Source

_LENGTH = timedelta(hours=10)  # until the shop has closed


class PracticeChannel(Channel[PracticeConfig]):
    """Plays the day of Brightwater Kettles, each line at its time, without a network.

    Its cursor holds when the day began and which line comes next.
    """

    kind = "practice"
    title = "Practice"
    Config = PracticeConfig
    capabilities = frozenset({Capability.POLL})

    @property
    def identity(self) -> Author:
        """The brand of the day."""
        return brightwater().author("")

    @property
    def sources(self) -> tuple[Source, ...]:
        """The day: one stream of public and private words."""
        return (Source("day", every=1.0, title="the day"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return what has been said since `cursor`, and when the next line comes."""
        await checkpoint()
        story, now = brightwater(), self.context.clock.now()
        start = datetime.fromisoformat(cursor["start"]) if cursor else self._start(now)
        done: int = cursor["next"] if cursor else 0
        due = [line for line in story.lines[done:] if start + story.after(line) <= now]
        items = tuple(item(story, line, start) for line in due)
        done += len(due)
        coming = story.lines[done : done + 1]
        return Batch(
            items,
            {"start": start.isoformat(), "next": done},
            again_at=start + story.after(coming[0]) if coming else None,
        )

    def _start(self, now: datetime) -> datetime:
        """Return when the day begins that is first looked at `now`."""
        return self.config.start or now - (_LENGTH if self.config.over else timedelta())
