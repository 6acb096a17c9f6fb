"""`careline check`, `schema`, `explain` and `init`: the configuration itself."""

from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from careline.cli.main import BAD_CONFIG
from careline.cli.options import DEFAULT, Chosen, config_options, json_option
from careline.cli.output import emit_json, one_line, show_safe
from careline.config import AccountSettings, ConfigError, Settings, explained
from careline.config import explain as explain_key
from careline.config import schema as schema_of
from careline.contract.channel import Capability

_DOES = {
    Capability.POLL: "reads",
    Capability.STREAM: "streams",
    Capability.WEBHOOK: "takes webhooks",
    Capability.BACKFILL: "backfills",
    Capability.ANSWER: "answers",
    Capability.DIRECT: "writes direct messages",
    Capability.PRIVATE_REPLY: "replies in private",
    Capability.POST: "posts",
    Capability.HIDE: "hides",
    Capability.DELETE: "deletes",
    Capability.FOLLOW: "follows",
}


_NEXT = "Next: careline check, then careline run --once, then careline conversations."


@click.command()
@config_options
@json_option
@click.pass_context
def check(ctx: click.Context, chosen: Chosen, as_json: bool) -> None:
    """Check the configuration; say what each channel will do, or all that is wrong."""
    try:
        settings = chosen.settings
    except ConfigError as error:
        if not as_json:
            raise
        problems = [asdict(problem) for problem in error.problems]
        _emit(chosen, ok=False, channels=[], problems=problems)
        ctx.exit(BAD_CONFIG)
    channels = [_channel(chosen, name, one) for name, one in settings.channels.items()]
    if as_json:
        _emit(chosen, ok=True, channels=channels, problems=[])
        return
    click.echo(show_safe(f"{chosen.path} is fine."))
    for channel in channels:
        click.echo(one_line(_sentence(channel, settings)))
    if not channels:
        click.echo("It has no channel yet: nothing will be heard.")


def _emit(chosen: Chosen, **found: Any) -> None:
    emit_json({"schema_version": 1, "file": str(chosen.path), **found})


def _channel(chosen: Chosen, name: str, account: AccountSettings) -> dict[str, Any]:
    cls = chosen.registry.channel(account.kind)
    return {
        "name": name,
        "kind": account.kind,
        "title": cls.title,
        "brand": account.brand,
        "role": account.role,
        "enabled": account.enabled,
        "since": account.since,
        "opens": account.opens,
        "capabilities": [one for one in Capability if one in cls.capabilities],
    }


def _sentence(channel: dict[str, Any], settings: Settings) -> str:
    """Return in one line what a channel will do."""
    name = settings.brands[channel["brand"]].name
    brand = "" if name == channel["brand"] == "default" else f" of {name}"  # nobody named it
    does = ", ".join(_DOES[one] for one in channel["capabilities"] if one in _DOES)
    before = channel["since"]
    since = f"; nothing from before {before:%Y-%m-%d %H:%M} UTC" if before else ""
    opens = "any" if channel["opens"] is None else " or ".join(channel["opens"]) or "no"
    state = "" if channel["enabled"] else "disabled; would be: "
    return (
        f"  {channel['name']}: {state}{channel['title']}, {channel['role']} account{brand}: "
        f"{does or 'does nothing by itself'}{since}; "
        f"{opens} message of a customer opens a conversation"
    )


@click.command()
@config_options
@click.option("--json", is_flag=True, expose_value=False, help="As without it: it is JSON.")
def schema(chosen: Chosen) -> None:
    """Print the JSON Schema of the configuration, with the keys of all plugins."""
    emit_json(schema_of(chosen.registry))


@click.command()
@config_options
@click.argument("key")
@json_option
def explain(chosen: Chosen, key: str, as_json: bool) -> None:
    """Say what KEY means, what it is now and where that is set: channels.acme-x.token."""
    if as_json:
        found = explained(chosen.registry, key, chosen.document_if_any)
        emit_json({"schema_version": 1, **asdict(found)})
        return
    click.echo(show_safe(explain_key(chosen.registry, key, chosen.document_if_any)))


@click.command()
@click.argument("path", default=DEFAULT, type=click.Path(path_type=Path))
def init(path: Path) -> None:
    """Write a first configuration to PATH (careline.toml): it runs as it is."""
    path = path / DEFAULT if path.is_dir() else path
    text = files("careline.cli").joinpath("starter.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; nothing was changed.") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {show_safe(str(path))}. {_NEXT}", err=True)
