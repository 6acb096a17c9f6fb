"""`careline outbox` and `undo`: what is to leave us, what failed, and what a person decides."""

from collections.abc import Iterator
from typing import Any

import click

from careline.cli.options import Chosen
from careline.cli.output import emit_json, one_line, table
from careline.cli.reading import opened, shown, zones
from careline.cli.verbs import acting, verb
from careline.store.outbox import FAILED, WAITING, State
from careline.store.outbox_views import OutboxView, outbox_views

MOST = 200


@click.command()
@verb
@click.option("--dead", is_flag=True, help="Only what failed: dead, or parked for a person.")
@click.option("--all", "every", is_flag=True, help="What was sent, too.")
@click.option("--retry", metavar="ID", help="Try again what failed.")
@click.option("--skip", metavar="ID", help="Leave it out; what waits for it may go.")
def outbox(
    chosen: Chosen, dead: bool, every: bool, retry: str | None, skip: str | None,
    agent: str | None, as_json: bool,
) -> None:  # fmt: skip
    """List what is to leave us, and what could not; or decide about what could not.

    Of what is parked nobody knows whether it was done: look on the platform, then --retry it
    (it was not) or --skip it (it was).
    """
    if (dead and every) or (retry and skip):
        raise click.UsageError("Of --dead and --all, and of --retry and --skip, take one.")
    if retry or skip:
        with acting(chosen, agent) as (desk, actor):
            id = desk.retry(retry, actor=actor) if retry else desk.skip(skip or "", actor=actor)
        _done(id, "queued again" if retry else "skipped", as_json)
        return
    states = FAILED if dead else tuple(State) if every else (*WAITING, *FAILED)
    with opened(chosen) as store:
        rows = store.read_now(lambda conn: outbox_views(conn, states, MOST))
    if as_json:
        found = [row.model_dump(mode="json") for row in rows]
        emit_json({"schema_version": 1, "outbox": found})
    else:
        _show(rows, dead, zones(chosen))


def _done(id: str, how: str, as_json: bool) -> None:
    if as_json:
        emit_json({"schema_version": 1, "id": id, "done": how})
    else:
        click.echo(f"{id} is {how}.")


def _show(rows: list[OutboxView], dead: bool, places: Any) -> None:
    if not rows:
        click.echo("Nothing failed." if dead else "Nothing waits, and nothing failed.")
        return
    named = set(places.values())
    zone = named.pop() if len(named) == 1 else "UTC"
    headings = ("ID", "STATE", "KIND", "BY", "TO", "QUEUED", "TRIED", "WHY", "TEXT")
    table(headings, (tuple(_cells(row, zone)) for row in rows), ("bold",), spare=("TEXT",))


def _cells(row: OutboxView, zone: str) -> Iterator[object]:
    whom = row.to and (row.to.handle or row.to.name or row.to.user)
    yield row.id
    yield row.state
    yield row.kind.replace("_", " ")
    yield row.actor
    yield f"{whom} on {row.receiver}" if whom else row.receiver
    yield shown(row.at, zone)
    yield row.attempts
    yield ": ".join(filter(None, (row.reason, row.why)))
    yield row.text or ""


@click.command()
@verb
@click.argument("id")
def undo(chosen: Chosen, id: str, agent: str | None, as_json: bool) -> None:
    """Take back what has not left yet: ID of the outbox, and what was to follow it."""
    with acting(chosen, agent) as (desk, actor):
        ids = desk.undo(id, actor=actor)
    if as_json:
        emit_json({"schema_version": 1, "undone": list(ids)})
    else:
        click.echo(one_line(f"Undone: {', '.join(ids)}."))
