"""`careline channel`: log in to a platform, see what an account may do, and what it has used up."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import click

from careline.cli.comeback import Comeback
from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, one_line, table
from careline.config.problems import nearest
from careline.contract.channel import Capability, Channel, Finding, Usage
from careline.desk import Desk
from careline.errors import AuthFailed, Rejected, Transient

T = TypeVar("T")
_MINUTES: Final = 10


@click.group()
def channel() -> None:
    """Log in to a platform, test an account, and see what it has used up."""


def _named(command: Callable[..., T]) -> Callable[..., T]:
    return config_options(click.argument("name")(command))


@channel.command()
@_named
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where you come back to. [default: any]",
)
def login(chosen: Chosen, name: str, port: int) -> None:
    """Let channel NAME in: opens a page of the platform, and waits for you to come back."""
    _run(chosen, name, partial(_login, port=port))


async def _login(made: Channel[Any], port: int) -> None:
    _need(made, Capability.LOGIN, "needs no login: it has its credential from the configuration")
    with Comeback(port) as comeback:
        url = await made.begin_login(comeback.address)
        click.echo("Open this address, and let careline in:\n")
        click.echo(f"  {one_line(url)}\n")
        click.echo(f"Waiting at {comeback.address} for {_MINUTES} minutes.", err=True)
        query = await comeback.wait(60 * _MINUTES)
    await made.finish_login(query)
    click.echo("Logged in. See what it may do: careline channel test")


@channel.command()
@_named
@json_option
@click.pass_context
def test(ctx: click.Context, chosen: Chosen, name: str, as_json: bool) -> None:
    """Say who channel NAME is on its platform, what it may do, and what is left of its limits."""
    findings: Sequence[Finding]
    try:
        findings = _run(chosen, name, _examined)
    except (AuthFailed, Rejected, Transient) as error:
        findings = (Finding("connection", str(error), fine=False),)
    if as_json:
        rows = [{"name": one.name, "said": one.said, "fine": one.fine} for one in findings]
        emit_json({"schema_version": 1, "channel": name, "findings": rows})
    else:
        for one in findings:
            mark = "" if one.fine else "  <- this does not work as it is"
            click.echo(one_line(f"{one.name}: {one.said}{mark}"))
    ctx.exit(0 if all(one.fine for one in findings) else 1)


async def _examined(made: Channel[Any]) -> Sequence[Finding]:
    try:
        await made.open()
        us = made.identity
        who = f"{us.handle or us.name or us.id} ({us.id})" if us else "the platform did not say"
        return (Finding("account", who), *await made.examine())
    finally:
        await made.close()


@channel.command()
@_named
@json_option
def usage(chosen: Chosen, name: str, as_json: bool) -> None:
    """Say what channel NAME has used up, by day and month, and what that costs."""
    rows = _run(chosen, name, _used)
    if as_json:
        names = ("period", "kind", "count", "currency")
        kept = [{n: getattr(row, n) for n in names} | {"cost": str(row.cost)} for row in rows]
        emit_json({"schema_version": 1, "channel": name, "usage": kept})
    elif rows:
        cells = ((r.period, r.kind, r.count, f"{r.cost:f} {r.currency}") for r in rows)
        table(("PERIOD", "WHAT", "COUNT", "COST"), cells)
    else:
        click.echo("Nothing was used yet.")


async def _used(made: Channel[Any]) -> Sequence[Usage]:
    _need(made, Capability.USAGE, "does not count what it uses")
    return await made.usage()


def _need(made: Channel[Any], capability: Capability, otherwise: str) -> None:
    if capability not in made.capabilities:
        raise click.ClickException(f"{made.title} {otherwise}.")


def _run(chosen: Chosen, name: str, act: Callable[[Channel[Any]], Awaitable[T]]) -> T:
    """Do something with a channel of the configuration, on a desk that does not run."""

    async def main() -> T:
        async with Desk(chosen.settings, registry=chosen.registry) as desk:
            if name not in desk.accounts:
                hint = nearest(name, desk.accounts)
                raise click.UsageError(one_line(f"No channel {name!r} is enabled. {hint}".rstrip()))
            try:
                return await act(desk.accounts[name].channel)
            except Exception as error:  # what a plugin or its platform says may hold a secret
                error.args = (desk.receiving.hide(str(error)),)
                raise

    return anyio.run(main)
