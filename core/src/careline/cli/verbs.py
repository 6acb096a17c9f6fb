"""The verbs of staff: note, assign, snooze, resolve, ignore, link, unlink."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, one_line
from careline.cli.reading import now, opened, shown, zones
from careline.config import Settings
from careline.config.policy import parse_duration
from careline.engine.people import Link
from careline.engine.reading import ConversationView, conversation
from careline.sync import SyncDesk

R = TypeVar("R")


def verb(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options that every verb has."""

    @config_options
    @click.option("--as", "agent", metavar="AGENT", help="Who acts. [default: the only agent]")
    @json_option
    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        return command(*args, **kwargs)

    return wrapped


@click.command()
@verb
@click.argument("id")
@click.argument("text")
def note(chosen: Chosen, id: str, text: str, agent: str | None, as_json: bool) -> None:
    """Keep TEXT as an internal note on conversation ID. No customer ever sees it."""
    if not text.strip():
        raise click.UsageError("A note takes some text.")
    with acting(chosen, agent) as (desk, actor):
        kept = desk.note(id, text, actor=actor)
        _tell(desk, id, as_json, f"noted by {actor}", note=kept)


@click.command()
@verb
@click.argument("id")
@click.argument("to", metavar="[AGENT]", required=False)
@click.option("--nobody", is_flag=True, help="Take it from whoever has it.")
def assign(
    chosen: Chosen, id: str, to: str | None, nobody: bool, agent: str | None, as_json: bool
) -> None:
    """Give conversation ID to AGENT, or to nobody."""
    if nobody == (to is not None):
        raise click.UsageError("Say to whom: an AGENT, or --nobody.")
    with acting(chosen, agent) as (desk, actor):
        done = desk.assign(id, to, actor=actor)
        _tell(desk, done, as_json, f"assigned by {actor}" if to else f"with nobody, by {actor}")


@click.command()
@verb
@click.argument("id")
@click.option("--for", "span", metavar="SPAN", help="So long: 30m, 2h, 3d.")
@click.option("--until", metavar="TIME", help="Until then: 2026-03-01T09:00, in the brand's zone.")
def snooze(
    chosen: Chosen,
    id: str,
    span: str | None,
    until: str | None,
    agent: str | None,
    as_json: bool,
) -> None:
    """Keep conversation ID out of the inbox for a while, or until its customer writes again.

    No promise moves: its deadlines go on.
    """
    if (span is None) == (until is None):
        raise click.UsageError("Say how long: --for 2h, or --until 2026-03-01T09:00.")
    end = _later(span) if span is not None else moment(chosen, until or "", "--until")
    if end <= now():
        raise click.BadParameter("that is past already", param_hint="--for" if span else "--until")
    with acting(chosen, agent) as (desk, actor):
        done = desk.snooze(id, end, actor=actor)
        _tell(desk, done, as_json, f"snoozed by {actor}")


@click.command()
@verb
@click.argument("id")
def resolve(chosen: Chosen, id: str, agent: str | None, as_json: bool) -> None:
    """Say that the case of conversation ID is solved."""
    with acting(chosen, agent) as (desk, actor):
        done = desk.resolve(id, actor=actor)
        _tell(desk, done, as_json, f"by {actor}")


@click.command()
@verb
@click.argument("id")
@click.option("--reason", required=True, metavar="TEXT", help="Why it needs no answer.")
def ignore(chosen: Chosen, id: str, reason: str, agent: str | None, as_json: bool) -> None:
    """Say that conversation ID needs no answer, and why."""
    if not reason.strip():
        raise click.UsageError("--reason takes some text.")
    with acting(chosen, agent) as (desk, actor):
        done = desk.ignore(id, reason, actor=actor)
        _tell(desk, done, as_json, f"by {actor}")


@click.command()
@verb
@click.argument("one", metavar="A")
@click.argument("two", metavar="B")
@click.option("--evidence", required=True, metavar="TEXT", help="What tells that they are one.")
def link(
    chosen: Chosen, one: str, two: str, evidence: str, agent: str | None, as_json: bool
) -> None:
    """Say that the customers A and B are one person.

    Each is the ID of a conversation, or NETWORK:USER, or NETWORK:@HANDLE.
    """
    with acting(chosen, agent) as (desk, actor):
        done = desk.link(one, two, evidence, actor=actor)
        _linked(done, as_json, f"{one} and {two} are now one person")


@click.command()
@verb
@click.argument("one", metavar="A")
@click.argument("two", metavar="B")
def unlink(chosen: Chosen, one: str, two: str, agent: str | None, as_json: bool) -> None:
    """Take back that A and B are one person: B is somebody else."""
    with acting(chosen, agent) as (desk, actor):
        done = desk.unlink(one, two, actor=actor)
        _linked(done, as_json, f"{one} and {two} are two people again")


@contextmanager
def acting(chosen: Chosen, agent: str | None) -> Iterator[tuple[SyncDesk, str]]:
    """Open the desk on a database that is there, and say who acts."""
    actor = _actor(chosen.settings, agent)
    logging.getLogger("careline").addHandler(logging.NullHandler())  # errors say it in one line
    with opened(chosen):
        pass
    with SyncDesk(chosen.settings, registry=chosen.registry) as desk:
        yield desk, actor


def _actor(settings: Settings, named: str | None) -> str:
    agents = sorted(settings.agents)
    if named in agents:
        return str(named)
    if named is None and len(agents) == 1:
        return agents[0]
    if not agents:
        raise click.UsageError(
            'Nobody can act: no agent is configured. Add [agents.ann], name = "Ann".'
        )
    unknown = "" if named is None else f"There is no agent {one_line(named)!r}. "
    raise click.UsageError(f"{unknown}Say who acts: --as {' or --as '.join(agents)}.")


def _later(text: str) -> datetime:
    """Return when so long a span from now is over."""
    try:
        end: datetime = now() + parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint="--for") from None
    except OverflowError:
        raise click.BadParameter(f"{text!r} goes beyond all time", param_hint="--for") from None
    return end


def moment(chosen: Chosen, text: str, option: str) -> datetime:
    """Read a time; without a zone it is the brands', where they share one, else UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        hint = f"{text!r} is no time: write 2026-03-01T09:00, or 2026-03-01T09:00+01:00"
        raise click.BadParameter(hint, param_hint=option) from None
    if len(text) <= len("2026-03-01"):
        hint = f"{text!r} is a day: say at what time, like {text}T17:00"
        raise click.BadParameter(hint, param_hint=option)
    places = set(zones(chosen).values())
    zone = places.pop() if len(places) == 1 else "UTC"
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _tell(desk: SyncDesk, id: str, as_json: bool, how: str, **more: str) -> None:
    """Say what is so now, as it is stored."""
    at = now()
    view = desk.read(lambda conn: conversation(conn, id, at))
    if as_json:
        names = ("status", "reason", "assignee", "snoozed_until", "waiting_since", "due_at")
        found = view.model_dump(mode="json", include=set(names))
        emit_json({"schema_version": 1, "conversation": view.id, **found, **more})
        return
    zone = (
        desk.settings.brands[view.brand].timezone if view.brand in desk.settings.brands else "UTC"
    )
    status, because = view.status.value.replace("_", " "), ""
    if how.startswith("by "):  # the state is what was just done
        status, how, because = f"{status} {how}", "", f": {view.reason}" if view.reason else ""
    elif view.reason:
        status += f" ({view.reason})"
    said = ", ".join(filter(None, [status, *_standing(view, at, zone), how]))
    click.echo(one_line(f"{view.id}: {said}{because}"))


def _standing(view: ConversationView, at: datetime, zone: str) -> Iterator[str]:
    if view.assignee:
        yield f"with {view.assignee}"
    if view.snoozed_until and view.snoozed_until > at:
        yield f"out of the inbox until {shown(view.snoozed_until, zone)} {zone}"


def _linked(done: Link, as_json: bool, said: str) -> None:
    if as_json:
        emit_json({"schema_version": 1, **done._asdict()})
    else:
        click.echo(one_line(f"{said}."))
