"""Each section of the file by its own rule: fixed tables, named ones, a plugin's, rules."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from careline.config.checker import Checker
from careline.config.problems import KeyPath
from careline.config.settings import (
    BROUGHT,
    NAMED,
    RULES,
    SINGLE,
    AccountSettings,
    PluginSettings,
)
from careline.config.shapes import fields
from careline.config.tables import StoreSettings
from careline.contract.channel import PluginConfig
from careline.errors import PluginError

RESERVED = frozenset({"automation", "system"})
"""Who acts where no person does: no agent is called so."""


def single(checker: Checker, section: str) -> BaseModel | None:
    """Check a table that stands once."""
    value = checker.document.data.get(section, {})
    return checker.model(SINGLE[section], value, (section,))


def stored(checker: Checker, store: StoreSettings) -> StoreSettings:
    """Refuse a password in the file; make the place of an SQLite file absolute."""
    path: KeyPath = ("store", "url")
    written = checker.document.get(path)
    if isinstance(written, str) and urlsplit(written).password:
        hint = "There it may be whole: postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        checker.add(path, 'secrets never stand in the file: write {env = "CARELINE_STORE"}', hint)
    scheme, _, place = store.url.partition(":///")
    elsewhere = not place or place.startswith(("/", ":memory:", "file:"))
    if not scheme.startswith("sqlite") or elsewhere or checker.document.overridden(path):
        return store
    return store.model_copy(update={"url": f"{scheme}:///{checker.document.base / place}"})


def named(checker: Checker, section: str) -> dict[str, Any]:
    """Check the tables that the operator names."""
    tables = checker.tables(section)
    for name in sorted(RESERVED.intersection(tables if section == "agents" else ())):
        checker.add((section, name), "is reserved: so careline names itself", "Take another name.")
    made = tables.items()
    return {name: checker.model(NAMED[section], table, (section, name)) for name, table in made}


def rules(checker: Checker, section: str) -> tuple[Any, ...]:
    """Check an array of tables."""
    found = checker.document.data.get(section, [])
    if not isinstance(found, list):
        checker.add((section,), f"should be written [[{section}]]")
        return ()
    return tuple(checker.model(RULES[section], r, (section, i)) for i, r in enumerate(found))


def brought(checker: Checker, section: str, implied: dict[str, Any]) -> dict[str, Any]:
    """Check the tables that plugins stand behind; `implied` holds where the section is not."""
    tables = checker.tables(section) if section in checker.document.data else implied
    return {name: _plugin(checker, (section, name), table) for name, table in tables.items()}


def _plugin(checker: Checker, path: tuple[str, str], table: Mapping[str, Any]) -> Any:
    """Check the core's keys and, by the class that `kind` names, the plugin's own."""
    core = BROUGHT[path[0]]
    config_type = _config_type(checker, path, table)
    of_core = {"kind": ""} | {k: v for k, v in table.items() if k in core.model_fields}
    settings = checker.model(core, of_core, path)
    if config_type is None:
        return None
    own = fields(config_type)  # a plugin that declares `since` too is told it as well
    rest = {k: v for k, v in table.items() if k in own or k not in core.model_fields}
    config = checker.model(config_type, rest, path, tuple(core.model_fields))
    if settings is None or config is None:
        return None
    made = AccountSettings if path[0] == "channels" else PluginSettings
    return made.model_construct(**dict(settings), config=config)


def _config_type(
    checker: Checker, path: tuple[str, str], table: Mapping[str, Any]
) -> type[PluginConfig] | None:
    """Return the type of the plugin's own keys; None after noting why there is none."""
    kind = table.get("kind")
    if kind is None:
        known = ", ".join(checker.registry.kinds(path[0]))
        checker.add((*path, "kind"), "is missing", f"Known here: {known}." if known else "")
    elif isinstance(kind, str):
        try:
            config: type[PluginConfig] = checker.registry.get(path[0], kind).cls.Config
        except PluginError as error:
            checker.add((*path, "kind"), str(error))
        else:
            return config
    return None
