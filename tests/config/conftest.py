"""Plugins as strangers would write them, for the tests of configuration."""

from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from careline.plugin import (
    Capability,
    Channel,
    Classifier,
    Listener,
    Notifier,
    PluginConfig,
    hookimpl,
)
from careline.registry import Registry


def _shouting(value: SecretStr) -> SecretStr:
    if value.get_secret_value().startswith("bad"):
        raise ValueError(f"{value.get_secret_value()!r} is no token")
    return value


class Limits(PluginConfig):
    per_hour: int = Field(60, description="How many calls an hour.")
    key: SecretStr | None = None


class BirdConfig(PluginConfig):
    token: Annotated[SecretStr, AfterValidator(_shouting)] = Field(
        description="The app's token. It never expires."
    )
    backup: tuple[SecretStr, ...] = ()
    region: Literal["eu", "us"] = Field("eu", description="Where it is asked.")
    folder: Path | None = None
    title: str = ""
    tags: Annotated[
        tuple[str, ...], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)
    ] = ()
    columns: dict[str, str] = Field(default_factory=dict)
    every: timedelta = timedelta(minutes=1)
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _titled(self) -> "BirdConfig":
        if self.title == "boom":
            raise TypeError("a bug")
        if self.title == self.token.get_secret_value():
            raise ValueError(f"the title {self.title} is the token")
        return self


class Bird(Channel[BirdConfig]):
    kind = "bird"
    title = "Bird"
    Config = BirdConfig
    capabilities = frozenset({Capability.POLL, Capability.ANSWER})


class PracticeConfig(PluginConfig):
    over: bool = False


class Practice(Channel[PracticeConfig]):
    kind = "practice"
    title = "Practice"
    Config = PracticeConfig
    capabilities = frozenset({Capability.POLL})


class Cues(Classifier[PluginConfig]):
    kind = "cues"
    title = "Cues"
    Config = PluginConfig

    def classify(self, items: Any) -> Any:
        return ()


class PagerConfig(PluginConfig):
    to: tuple[str, ...]


class Pager(Notifier[PagerConfig]):
    kind = "pager"
    title = "Pager"
    Config = PagerConfig

    async def notify(self, alert: Any) -> Any:
        raise NotImplementedError


class Crm(Listener[PluginConfig]):
    kind = "crm"
    title = "CRM"
    Config = PluginConfig

    async def hear(self, events: Any) -> None:
        return None


def module() -> ModuleType:
    found = ModuleType("birdhouse")
    for group, classes in {
        "channels": [Bird, Practice],
        "classifiers": [Cues],
        "notifiers": [Pager],
        "listeners": [Crm],
    }.items():
        hook = hookimpl(lambda classes=classes: classes, specname=f"careline_{group}")
        setattr(found, f"our_{group}", hook)
    return found


@pytest.fixture
def plugins() -> ModuleType:
    return module()


@pytest.fixture
def registry(plugins: ModuleType) -> Registry:
    """Ours alone: what is installed beside the tests does not count."""
    installed = [point.dist.name for point in entry_points(group="careline") if point.dist]
    return Registry.load(disabled=installed, extra=[plugins])
