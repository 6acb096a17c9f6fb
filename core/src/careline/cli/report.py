"""`careline report` and `export`: how fast customers were answered, and every message as data."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from careline.cli.erase import write_person
from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import counted, emit_json, in_terminal, one_line, table
from careline.cli.reading import check_names, now, opened, shown, zones
from careline.cli.target import written
from careline.config.policy import parse_duration
from careline.engine.priority import span
from careline.store.export import export_rows
from careline.store.figures import Figures
from careline.store.report import Report
from careline.store.report import report as made_of

_WHEN = "A day, a time, or a span before now: 2026-03-01, 7d."


@click.command()
@config_options
@click.option("--since", metavar="WHEN", help=f"{_WHEN} [default: the first conversation]")
@click.option("--until", metavar="WHEN", help="Likewise; a day is included. [default: now]")
@click.option("--brand", help="The brand's name in the configuration.")
@json_option
def report(
    chosen: Chosen, since: str | None, until: str | None, brand: str | None, as_json: bool
) -> None:
    """Say how many were answered, how fast, and how well promises were kept."""
    at, places = now(), zones(chosen)
    zone = _zone(places, brand)
    start = None if since is None else _moment(since, "--since", at, zone)
    end = None if until is None else _moment(until, "--until", at, zone, ends=True)
    if start is not None and start > (end or at):
        raise click.BadParameter("begins after the period ends", param_hint="--since")
    with opened(chosen) as store:
        check_names(chosen, store, brands=("--brand", brand))
        done = store.read_now(
            lambda conn: made_of(conn, start, end, now=at, brand=brand, zones=places)
        )
    if as_json:
        emit_json(done.model_dump(mode="json"))
    else:
        _show(done, zone)


def _zone(places: Mapping[str, str], brand: str | None) -> str:
    """Return the zone that the period's days are of: the brand's, or the one that all share."""
    names = {zone for name, zone in places.items() if brand in (None, name)}
    return names.pop() if len(names) == 1 else "UTC"


def _moment(text: str, option: str, at: datetime, zone: str, *, ends: bool = False) -> datetime:
    """Read a day (in `zone`; whole, if it `ends` a period), a time, or a span before `at`."""
    try:
        if text[-1:] in "smhd":
            return at - _span(text)
        if len(text) == len("2026-03-01"):
            day = date.fromisoformat(text) + timedelta(days=int(ends))
            return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = f"{text!r} is neither a day (2026-03-01), nor a time, nor a span (7d, 12h)"
        raise click.BadParameter(hint, param_hint=option) from None


def _span(text: str) -> timedelta:
    found: timedelta = parse_duration(text)
    return found


_COLUMNS = (
    "BRAND", "CHANNEL", "INTENT", "CASES", "ANSWERED", "NEVER", "UNSETTLED",
    "30 MIN", "1 H", "24 H", "MEDIAN", "P90", "MESSAGES",
)  # fmt: skip
_NAMES = 3  # columns that say whose figures they are
_STYLES = ("", "bold", "cyan")


def _show(done: Report, zone: str) -> None:
    click.echo(f"{shown(done.period.since, zone)} to {shown(done.period.until, zone)}, {zone}")
    if not (done.total.conversations or done.total.volume.messages):
        click.echo("No customer wrote in this time.")
        return
    rows = [(r.brand, r.account, r.intent, *_figures(r)) for r in done.rows]
    names = [place for place in range(_NAMES) if place not in _alike(rows)] or [_NAMES - 1]
    names += range(_NAMES, len(_COLUMNS))
    total = ("TOTAL", *[""] * (len(names) - len(_COLUMNS) + _NAMES - 1), *_figures(done.total))
    table(
        [_COLUMNS[place] for place in names],
        [*([row[place] for place in names] for row in rows), total],
        [_STYLES[place] for place in names if place < _NAMES],
        spare=("UNSETTLED", "MESSAGES", "P90"),
    )
    click.echo()
    for sentence in (_answered(done), _expected(done), _came(done)):
        click.echo(one_line(sentence))


def _alike(rows: Sequence[Sequence[object]]) -> list[int]:
    """Return the columns that a terminal is spared: a brand or an account that all rows share."""
    both = range(_NAMES - 1) if in_terminal() else ()
    return [place for place in both if len({row[place] for row in rows}) == 1]


def _figures(row: Figures) -> Iterator[object]:
    yield from (row.conversations, row.answered, row.never_answered, row.without_disposition)
    yield from (_percent(share) for share in row.within.values())
    yield _seconds(row.first_response_s.median)
    yield _seconds(row.first_response_s.p90)
    yield row.volume.messages


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else span(round(seconds * 1_000_000))


def _answered(done: Report) -> str:
    total, public = done.total, done.total.public
    if not total.conversations:
        return "No conversation began in this time."
    within = [_percent(share) for share in total.within.values()]
    return (
        f"People answered {total.answered} of {counted(total.conversations, 'conversation')}:"
        f" {within[0]} within 30 minutes, {within[1]} within an hour, {within[2]} within a day of"
        f" being posted; in public {public.answered} of {public.conversations}."
    )


def _expected(done: Report) -> str:
    said = {(one.about, one.tier): _percent(one.share) for one in done.expected}
    source = done.expected[0]
    return (
        f"US surveys ({source.years}): {said['expected', '30m']} of customers expected an answer"
        f" within 30 minutes, {said['expected', '1h']} within an hour, {said['expected', '24h']}"
        f" within a day; {said['answered', '1h']} of firms answered within an hour;"
        f" {said['never_answered', None]} of complaints got no answer."
    )


def _came(done: Report) -> str:
    volume, promises = done.total.volume, done.total.deadlines.values()
    change = "" if volume.change is None else f" ({volume.change:+.0%} on the period before)"
    kept, missed = sum(one["kept"] for one in promises), sum(one["missed"] for one in promises)
    lag = done.ingest_lag_s.median
    heard = "" if lag is None else f"; live ones reached us after {_seconds(lag)} (median)"
    swept = done.found_by_sweep
    found = "" if swept is None else f", {swept} of them only by looking again"
    return (
        f"Customers wrote {counted(volume.messages, 'message')}{change}{heard}{found};"
        f" of the promises {kept} {'was' if kept == 1 else 'were'} kept and {missed} missed."
    )


@click.command()
@config_options
@click.option("--jsonl", is_flag=True, help="One JSON record a line, one line a message.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--brand", help="The brand's name in the configuration.")
@click.option("--person", metavar="WHO", help="All that is kept of one person instead, as JSON.")
def export(
    chosen: Chosen, jsonl: bool, output: Path | None, brand: str | None, person: str | None
) -> None:
    """Write every message with its labels, to stdout or to FILE.

    WHO is the ID of a conversation, NETWORK:USER or NETWORK:@HANDLE.
    """
    if jsonl == (person is not None) or (person is not None and brand is not None):
        raise click.UsageError("Say --jsonl, for all messages; or --person WHO, and no --brand.")
    if person is not None:
        write_person(chosen, person, output)
        return
    with opened(chosen) as store:
        check_names(chosen, store, brands=("--brand", brand))
        count = store.read_now(_writing(output, brand))
    if output is not None:
        click.echo(f"Wrote {counted(count, 'message')} to {one_line(str(output))}.", err=True)


def _writing(output: Path | None, brand: str | None) -> Callable[[Connection], int]:
    def unit(conn: Connection) -> int:
        with written(output) as file:
            return sum(_write(file, record) for record in export_rows(conn, brand=brand))

    return unit


def _write(file: TextIO, record: Mapping[str, Any]) -> int:
    """Write a line in ASCII: JSON that is as safe in a terminal as in a pipe. Return 1."""
    file.write(json.dumps(record) + "\n")
    return 1
