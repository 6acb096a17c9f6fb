"""`careline plugins`: what loaded, what not, and why."""

from typing import Any

import click

from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, one_line, table
from careline.registry import PluginInfo, Registry


@click.command()
@config_options
@json_option
def plugins(chosen: Chosen, as_json: bool) -> None:
    """List plugins: what loaded, what not, and why."""
    registry = chosen.registry
    if as_json:
        emit_json(_machine(registry))
        return
    rows = [_row(info) for info in registry.plugins]
    table(("PLUGIN", "FROM", "STATE", "BRINGS"), rows, ("bold", "", "", "cyan"))
    for line in _troubles(registry):
        click.echo(one_line(line))


def _row(info: PluginInfo) -> tuple[str, str, str, str]:
    origin = f"{info.dist} {info.version or ''}" if info.dist else info.module
    brings = "; ".join(f"{group}: {', '.join(kinds)}" for group, kinds in info.provides.items())
    return info.name, origin, info.state, brings


def _troubles(registry: Registry) -> list[str]:
    """Return one line for each thing that is wrong."""
    lines = []
    for info in registry.plugins:
        lines += [f"{info.label}: {text}" for text in (info.error, *info.problems) if text]
    for (group, kind), found in registry.claimed_twice().items():
        lines.append(f"{group} {kind!r} is brought by {' and by '.join(x.label for x in found)}")
    return lines


def _machine(registry: Registry) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "plugins": [
            {
                "name": info.name,
                "distribution": info.dist,
                "version": info.version,
                "module": info.module,
                "state": info.state,
                "error": info.error,
                "problems": info.problems,
                "provides": info.provides,
            }
            for info in registry.plugins
        ],
        "claimed_twice": [
            {"group": group, "kind": kind, "plugins": [one.label for one in found]}
            for (group, kind), found in registry.claimed_twice().items()
        ],
    }
