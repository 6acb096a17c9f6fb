"""From what the operator wrote to settings, or to every problem at once."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from careline.config import sections
from careline.config.checker import Checker, Kinds
from careline.config.joins import check_names, join_brands
from careline.config.policy import DEFAULT_DEADLINES
from careline.config.problems import ConfigError, Problem, nearest
from careline.config.references import Resolver
from careline.config.settings import (
    BROUGHT,
    NAMED,
    RULES,
    SECTIONS,
    SINGLE,
    Settings,
)
from careline.config.source import Document, read
from careline.config.tables import BrandSettings

_CUES = {"cues": {"kind": "cues"}}


def load(
    source: str | Path | Mapping[str, Any] | Document,
    registry: Kinds,
    *,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings that a TOML file or a mapping states.

    Args:
        source: the file, what would stand in it, or what `read` made of it.
        registry: knows the plugins that its kinds ask for.
        overrides: `channels.history.path=threads.jsonl`; they win over all else.
        environ: for references and `CARELINE__...` keys; None: that of the process.

    Raises:
        ConfigError: with every problem found.
    """
    environ = os.environ if environ is None else environ
    if not isinstance(source, Document):
        source = read(source, overrides=overrides, environ=environ)
    checker = Checker(source, registry, Resolver(source, environ), list(source.problems))
    parts = _parts(checker)
    if checker.problems:
        raise ConfigError(sorted(checker.problems, key=_order))
    return Settings.model_construct(base=source.base, **parts)


def disabled(source: str | Path | Mapping[str, Any] | Document) -> tuple[str, ...]:
    """Return `[plugins] disabled` alone: it is needed before plugins are loaded."""
    document = source if isinstance(source, Document) else read(source)
    found = document.get(("plugins", "disabled"))
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def _parts(checker: Checker) -> dict[str, Any]:
    """Check every section; the result holds only if no problem was noted."""
    for name in checker.document.data:
        if name not in SECTIONS:
            checker.add((name,), "unknown key", nearest(name, SECTIONS))
    parts: dict[str, Any] = {name: sections.single(checker, name) for name in SINGLE}
    if "web" not in checker.document.data:
        parts["web"] = None
    parts["store"] = parts["store"] and sections.stored(checker, parts["store"])
    parts |= {name: sections.named(checker, name) for name in NAMED}
    brands = {name: brand and brand.checked() for name, brand in parts["brands"].items()}
    parts["brands"] = brands or {"default": BrandSettings(name="default")}
    implied = {} if "cues" in disabled(checker.document) else _CUES
    for name in BROUGHT:
        parts[name] = sections.brought(checker, name, implied if name == "classifiers" else {})
    parts |= {name: sections.rules(checker, name) for name in RULES}
    parts["channels"] = join_brands(checker, parts["channels"], parts["brands"])
    check_names(checker, parts)
    parts["deadlines"] = (*parts["deadlines"], *DEFAULT_DEADLINES)
    return parts


def _order(problem: Problem) -> tuple[str, int]:
    return problem.file or "", problem.line or 0
