"""What an operator writes about the practice day: when it begins."""

from pydantic import AwareDatetime, Field

from careline.plugin import PluginConfig


class PracticeConfig(PluginConfig):
    """When the day begins; each of its words then comes at its own time."""

    start: AwareDatetime | None = Field(
        None, description="when the day begins; left out: as `over` says"
    )
    over: bool = Field(
        False, description="whether the day is over at the first look; else it begins with it"
    )
