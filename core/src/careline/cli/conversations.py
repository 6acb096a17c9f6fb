"""`careline conversations`, `show` and `rejected`: what there is to answer, and what was said."""

from collections.abc import Sequence
from datetime import datetime

import click

from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, in_terminal, table
from careline.cli.page import due_in_words, page_of
from careline.cli.reading import Span, check_names, now, opened, shown, zones
from careline.engine.reading import InboxRow, conversation, inbox
from careline.models import Intent, Status
from careline.store.inbox import Due, InboxQuery
from careline.store.lookup import telling
from careline.store.rejected import rejected_views
from careline.store.search import index_pending
from careline.store.store import Store

_STATES = click.Choice([status.value for status in Status])
_INTENTS = click.Choice([intent.value for intent in Intent])


@click.command()
@config_options
@click.option("--state", "states", type=_STATES, multiple=True, help="[default: new and open]")
@click.option("--channel", help="The account's name in the configuration.")
@click.option("--brand", help="The brand's name in the configuration.")
@click.option("--intent", type=_INTENTS)
@click.option(
    "--due",
    type=Span("overdue", "today"),
    metavar="WHEN",
    help="overdue, today, or within a span: 30m, 2h.",
)
@click.option("--assignee", metavar="AGENT")
@click.option("--search", metavar="WORDS", help="In what was said; any state, unless --state.")
@click.option("--snoozed", is_flag=True, help="Show those that are snoozed, too.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", metavar="NEXT", help="Go on where the last page ended.")
@json_option
def conversations(
    chosen: Chosen,
    states: tuple[str, ...],
    channel: str | None,
    brand: str | None,
    intent: str | None,
    due: Due | None,
    assignee: str | None,
    search: str | None,
    snoozed: bool,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List conversations, what is due first at the top, and say why."""
    query = InboxQuery(
        states=tuple(map(Status, states)),
        channel=channel,
        brand=brand,
        intent=intent,
        due=due,
        assignee=assignee,
        search=search,
        include_snoozed=snoozed,
        limit=limit,
        after=after,
        zones=zones(chosen),
    )
    with opened(chosen) as store:
        check_names(
            chosen,
            store,
            channels=("--channel", channel),
            brands=("--brand", brand),
            agents=("--assignee", assignee),
        )
        _list(store, query, as_json)


def _list(store: Store, query: InboxQuery, as_json: bool) -> None:
    at = now()
    if query.search is not None:
        while store.write_now(index_pending):
            pass
    try:
        page = store.read_now(lambda conn: inbox(conn, query, at))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--after") from None
    if as_json:
        shape = page.model_dump(mode="json")
        emit_json({"schema_version": 1, "conversations": shape["rows"], "next": shape["next"]})
        return
    if page.rows:
        _table(store, page.rows, at)
    else:
        narrowed = query != InboxQuery(limit=query.limit, zones=query.zones)
        click.echo("No conversation is like that." if narrowed else "Nothing waits.", err=True)
    if page.next:
        click.echo(f"There are more: --after {page.next}", err=True)


_COLUMNS = (
    "ID", "DUE", "STATE", "INTENT", "CHANNEL", "CUSTOMER", "UNANSWERED", "AGENT", "SAID", "WHY",
)  # fmt: skip
_STYLES = ("bold", "yellow", "", "cyan", "", "", "", "", "", "dim")


_SPARE = ("WHY", "CHANNEL", "AGENT", "UNANSWERED", "STATE")


def _table(store: Store, rows: Sequence[InboxRow], at: datetime) -> None:
    """Write the page; in a terminal as much of each id as tells it from all others."""
    ids = [row.id for row in rows]
    size = store.read_now(lambda conn: telling(conn, ids)) if in_terminal() else None
    alike = ("CHANNEL", "AGENT", "STATE")
    cells = [_row(row, at, size) for row in rows]
    same = [name for name in alike if len({row[_COLUMNS.index(name)] for row in cells}) == 1]
    spare = list(dict.fromkeys([_SPARE[0], *same, *_SPARE[1:]]))
    table(_COLUMNS, cells, _STYLES, gives="SAID", spare=spare)


def _row(row: InboxRow, at: datetime, size: int | None) -> tuple[object, ...]:
    why = ", ".join(f"{part.part} {part.minutes:+}" for part in row.why[1:])  # DUE is the first
    return (
        row.id[:size], due_in_words(row, at), row.status.value, row.intent, row.account,
        _customer(row), row.unanswered or None, row.assignee, row.snippet, why,
    )  # fmt: skip


def _customer(row: InboxRow) -> str:
    who = row.customer
    return who.handle or who.name or who.user or ""


@click.command()
@config_options
@click.argument("id")
@json_option
def show(chosen: Chosen, id: str, as_json: bool) -> None:
    """Show a conversation whole: ID, or the beginning of it (5 characters or more)."""
    at = now()
    with opened(chosen) as store:
        view = store.read_now(lambda conn: conversation(conn, id, at))
    if as_json:
        emit_json({"schema_version": 1, **view.model_dump(mode="json")})
        return
    for line in page_of(view, at, zones(chosen).get(view.brand, "UTC")):
        click.echo(line)


@click.command()
@config_options
@click.option("--channel", help="The account's name in the configuration.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
def rejected(chosen: Chosen, channel: str | None, limit: int, as_json: bool) -> None:
    """List what could not be understood and was set aside, with the reason."""
    with opened(chosen) as store:
        check_names(chosen, store, channels=("--channel", channel))
        found, total = store.read_now(lambda c: rejected_views(c, account=channel, limit=limit))
    if as_json:
        rows = [one.model_dump(mode="json") for one in found]
        emit_json({"schema_version": 1, "rejected": rows, "total": total})
        return
    if found:
        rows_ = [(shown(r.last_at, "UTC"), r.account, r.place, r.times, r.why) for r in found]
        table(("LAST (UTC)", "CHANNEL", "PLACE", "TIMES", "WHY"), rows_)
    more = f", the latest {len(found)} of them above" if total > len(found) else ""
    click.echo(f"{total} set aside{more}.", err=True)
