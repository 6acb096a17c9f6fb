"""What an operator writes: TOML to settings, every problem at once."""

from careline.config.explain import explain, explained
from careline.config.loading import disabled, load
from careline.config.problems import ConfigError, Problem
from careline.config.schema import schema
from careline.config.settings import AccountSettings, PluginSettings, Settings
from careline.config.source import Document, read
from careline.config.tables import AgentSettings, BrandSettings

__all__ = [
    "AccountSettings",
    "AgentSettings",
    "BrandSettings",
    "ConfigError",
    "Document",
    "PluginSettings",
    "Problem",
    "Settings",
    "disabled",
    "explain",
    "explained",
    "load",
    "read",
    "schema",
]
