"""What a checked configuration is: frozen, complete, every secret masked."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from careline.config.policy import DEFAULT_DEADLINES, AlertRule, DeadlineRule, LabelRule
from careline.config.tables import (
    AccountTable,
    AgentSettings,
    BrandSettings,
    BrandTable,
    PluginsSettings,
    PluginTable,
    RetentionSettings,
    SecuritySettings,
    StoreSettings,
    WebSettings,
)
from careline.contract.channel import PluginConfig
from careline.models import Brand


class PluginSettings(PluginTable):
    """A classifier, notifier or listener."""

    config: PluginConfig
    """What the plugin itself is told."""


class AccountSettings(AccountTable):
    """A channel: one account on one platform."""

    brand: str
    config: PluginConfig
    """What the plugin itself is told."""


class Settings(BaseModel):
    """The whole configuration, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Path
    """The folder that relative paths start from."""
    store: StoreSettings
    security: SecuritySettings
    plugins: PluginsSettings
    retention: RetentionSettings = RetentionSettings()
    web: WebSettings | None = None
    """None: nothing is served."""
    brands: dict[str, BrandSettings]
    agents: dict[str, AgentSettings]
    channels: dict[str, AccountSettings]
    classifiers: dict[str, PluginSettings]
    notifiers: dict[str, PluginSettings]
    listeners: dict[str, PluginSettings]
    deadlines: tuple[DeadlineRule, ...] = DEFAULT_DEADLINES
    """The operator's own rules, then the defaults. The first that matches holds."""
    labels: tuple[LabelRule, ...] = ()
    alerts: tuple[AlertRule, ...] = ()

    def brand(self, name: str) -> Brand:
        """Return the brand that plugins of its accounts are shown."""
        return self.brands[name].as_brand(name)


SINGLE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "store": StoreSettings,
        "security": SecuritySettings,
        "plugins": PluginsSettings,
        "web": WebSettings,
        "retention": RetentionSettings,
    }
)
"""Tables that stand once."""
NAMED: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"brands": BrandTable, "agents": AgentSettings}
)
"""Tables that the operator names."""
RULES: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"deadlines": DeadlineRule, "labels": LabelRule, "alerts": AlertRule}
)
"""Arrays of tables."""
BROUGHT: Mapping[str, type[PluginTable]] = MappingProxyType(
    {
        "channels": AccountTable,
        "classifiers": PluginTable,
        "notifiers": PluginTable,
        "listeners": PluginTable,
    }
)
"""Tables that the operator names and a plugin stands behind: the core's keys of each."""
SECTIONS = (*SINGLE, *NAMED, *BROUGHT, *RULES)
"""All that may stand at the top of the file."""
