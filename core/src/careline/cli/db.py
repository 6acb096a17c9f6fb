"""`careline db`: which version the database has, how it gets to this one's, and its files."""

from contextlib import closing

import click

from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, show_safe
from careline.cli.reading import opened
from careline.store import migrations
from careline.store.store import Store
from careline.store.vacuum import vacuum


@click.group()
def db() -> None:
    """Look after the database."""


@db.command(short_help="Say which schema version the database has.")
@config_options
@json_option
def current(chosen: Chosen, as_json: bool) -> None:
    """Say which schema version the database has, and which this careline needs."""
    with closing(Store(chosen.settings.store.url)) as store:
        made = store.path is None or store.path.exists()  # to look must not make one
        found = store.read_now(migrations.version) if made else 0
    if as_json:
        emit_json({"schema_version": 1, "database": found, "latest": migrations.LATEST})
    else:
        click.echo(f"The database has schema version {found}; {_verdict(found)}")


def _verdict(found: int) -> str:
    if found == migrations.LATEST:
        return "that is this careline's."
    if found > migrations.LATEST:
        return f"this careline knows {migrations.LATEST} at the most: install a later one."
    return f"this careline needs {migrations.LATEST}: run `careline db upgrade`."


@db.command(short_help="Bring the database to this careline's version.")
@config_options
def upgrade(chosen: Chosen) -> None:
    """Bring the database to the schema version that this careline needs."""
    with closing(Store(chosen.settings.store.url)) as store:
        before, after = migrations.upgrade(store)
    moved = f"from schema version {before} to {after}" if after > before else f"at {after} already"
    click.echo(show_safe(f"The database is {moved}."), err=True)


@db.command("vacuum", short_help="Write the database anew, without what was erased.")
@config_options
def rewrite(chosen: Chosen) -> None:
    """Write the database anew, so that no byte of what was erased is left in its files.

    Nothing else can use it meanwhile. SQLite takes as much space again while it lasts; on
    PostgreSQL each table that held words is locked while it is rewritten.
    """
    with opened(chosen) as store:
        vacuum(store)
    click.echo("The database was written anew.", err=True)
