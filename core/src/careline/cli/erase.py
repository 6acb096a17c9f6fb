"""`careline erase`, and `export --person`: what is kept of a person goes, or is shown."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shlex import quote

import click

from careline.cli.options import Chosen
from careline.cli.output import counted, emit_json, one_line, show_safe
from careline.cli.reading import now, opened
from careline.cli.target import written
from careline.cli.verbs import acting, verb
from careline.engine.erasure.erasing import Erasure, Named
from careline.engine.erasure.person import person_data
from careline.errors import StoreError
from careline.store.store import Store
from careline.store.times import to_micros
from careline.store.vacuum import vacuum


@click.command()
@verb
@click.argument("what")
@click.option("--yes", is_flag=True, help="Do it. Without this, only what would go is said.")
def erase(chosen: Chosen, what: str, yes: bool, agent: str | None, as_json: bool) -> None:
    """Erase a person, or one message: words and names go, counts stay. Nothing brings them back.

    WHAT is a person: the ID of a conversation, NETWORK:USER or NETWORK:@HANDLE, with all that are
    linked as the same person. Or it is the ID of a message, which begins with m.
    """
    with acting(chosen, agent) as (desk, actor):
        done = desk.erase(what, actor=actor, dry_run=not yes)
    left = _vacuumed(chosen) if yes else None
    if as_json:
        shape = done.model_dump(mode="json")
        emit_json({"schema_version": 1, **shape, "vacuumed": yes and left is None})
        return
    for line in _told(done):
        click.echo(one_line(line))
    if not yes:
        again = f"careline erase {quote(what)} --yes"
        click.echo(one_line(f"Nothing was changed. To erase it: {again}"), err=True)
    elif left is not None:
        click.echo(show_safe(left), err=True)


def _vacuumed(chosen: Chosen) -> str | None:
    """Write the SQLite file anew; return what is left to do where that cannot be now."""
    with closing(Store(chosen.settings.store.url)) as store:
        if not store.is_sqlite:
            return (
                "PostgreSQL gives the space to other rows by and by:"
                " `careline db vacuum` writes the tables anew at once."
            )
        try:
            vacuum(store)
        except StoreError as error:
            return (
                f"Its bytes may still be in the database's files: {error}. Then:"
                " `careline db vacuum`."
            )
    return None


def _told(done: Erasure) -> Iterator[str]:
    yield from (_who(one) for one in done.identities)
    if not done.identities:
        yield f"message {done.object}"
    parts = list(_parts(done))
    if parts:
        yield f"{'Erased' if done.erased else 'This would go'}: {', '.join(parts)}."
    else:
        yield "Nothing of it is left."
    if done.leaving:
        yield f"{done.leaving} on the way to them at this moment: it would wait for that."


def _who(one: Named) -> str:
    names = " ".join(filter(None, (one.name, one.handle)))
    return f"{one.network}:{one.user or '(erased)'}" + (f"  {names}" if names else "")


def _parts(done: Erasure) -> Iterator[str]:
    for count, noun, rest in (
        (done.names, "name", ""),
        (done.messages, "message", " of theirs"),
        (done.answers, "message", " of ours to them"),
        (done.revisions, "older wording", ""),
        (done.search, "row", " of the search"),
        (done.notes, "note", ""),
        (done.drafts, "draft", ""),
        (done.actions, "row", " of the outbox"),
        (done.withdrawn, "row", " that then never leaves"),
        (done.rejected, "item", " set aside"),
    ):
        if count:
            yield counted(count, noun) + rest


def write_person(chosen: Chosen, who: str, output: Path | None) -> None:
    """Write all that is kept of one person as one JSON document."""
    at = to_micros(now())
    with opened(chosen) as store:
        found = store.read_now(lambda conn: person_data(conn, who, at))
    with written(output) as file:
        file.write(json.dumps(found.model_dump(mode="json"), indent=2) + "\n")
    if output is not None:
        click.echo(f"Wrote what is kept of them to {one_line(str(output))}.", err=True)
