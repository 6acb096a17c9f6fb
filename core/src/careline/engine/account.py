"""One channel at work, as those who hear it know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from careline.contract.channel import Channel
from careline.contract.items import Source
from careline.engine.arrivals import Intake


@dataclass(slots=True)
class Account:
    """One channel at work."""

    name: str
    channel: Channel[Any]
    intake: Intake
    sources: Mapping[str, Source] = field(default_factory=dict)
    opened: bool = False
    opening: anyio.Lock = field(default_factory=anyio.Lock)
    """Its sources are asked side by side, but it is opened once."""

    @property
    def polls(self) -> list[str]:
        """Return the sources that have an end to catch up with."""
        return [source.name for source in self.sources.values() if source.mode == "poll"]
