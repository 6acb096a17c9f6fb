"""What an operator writes about the practice day: when it begins, and who answers."""

from typing import Literal

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
    answers: Literal["day", "desk"] = Field(
        "day",
        description="who answers: `day`, its own staff, in their own app; `desk`, you, and"
        " customers go on from what you said in time",
    )
