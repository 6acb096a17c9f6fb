"""The commands that speak to customers: reply, direct, take-private, promise, post, and more."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

import click

from careline.cli.options import Chosen
from careline.cli.output import emit_json, one_line
from careline.cli.reading import shown
from careline.cli.verbs import acting, moment, verb
from careline.engine.answers.orders import Order

R = TypeVar("R")


def _speaking(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of every verb that speaks."""

    @verb
    @click.option("--dry-run", is_flag=True, help="Queue nothing; say what would be sent.")
    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        return command(*args, **kwargs)

    return wrapped


_also = click.option("--also", is_flag=True, help="Though a colleague answers the same word.")


@click.command()
@_speaking
@_also
@click.option("--draft", metavar="ID", help="Send a draft where it was to go, in place of TEXT.")
@click.argument("thread", required=False)
@click.argument("text", required=False)
def reply(
    chosen: Chosen, thread: str | None, text: str | None, draft: str | None, agent: str | None,
    also: bool, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Answer the customer of THREAD with TEXT, where they spoke, signed by who answers.

    THREAD is a thread's id, or its conversation's where that has one thread only.
    """
    if (thread is not None) if draft is not None else (thread is None or text is None):
        raise click.UsageError("Say where and what: THREAD and TEXT; or --draft ID alone.")
    with acting(chosen, agent) as (desk, actor):
        if draft is not None:
            order = desk.send_draft(draft, actor=actor, also=also, dry_run=dry_run)
        else:
            order = desk.reply(thread or "", text or "", actor=actor, also=also, dry_run=dry_run)
        _tell([order], as_json)


@click.command()
@_speaking
@_also
@click.argument("thread")
@click.argument("text")
def direct(
    chosen: Chosen, thread: str, text: str, agent: str | None, also: bool, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Send the customer of THREAD a private message."""
    with acting(chosen, agent) as (desk, actor):
        _tell([desk.direct(thread, text, actor=actor, also=also, dry_run=dry_run)], as_json)


@click.command("take-private")
@_speaking
@_also
@click.argument("thread")
@click.option("--public", required=True, metavar="TEXT", help="What all may read.")
@click.option("--private", required=True, metavar="TEXT", help="What the customer alone reads.")
def take_private(
    chosen: Chosen, thread: str, public: str, private: str, agent: str | None, also: bool,
    dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Answer THREAD in public, and go on in private: the second leaves once the first has."""
    with acting(chosen, agent) as (desk, actor):
        orders = desk.take_private(thread, public, private, actor=actor, also=also, dry_run=dry_run)
        _tell(list(orders), as_json)


@click.command()
@_speaking
@_also
@click.argument("thread")
@click.argument("text")
@click.option(
    "--by", "by", required=True, metavar="TIME", help="2026-03-01T17:00, in the brand's zone."
)
def promise(
    chosen: Chosen, thread: str, text: str, by: str, agent: str | None, also: bool,
    dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Tell the customer of THREAD by when they hear from us; that is then a promise.

    {by} in TEXT becomes the time.
    """
    at = moment(chosen, by, "--by")
    with acting(chosen, agent) as (desk, actor):
        order = desk.promise(thread, at, text, actor=actor, also=also, dry_run=dry_run)
        _tell([order], as_json)


@click.command()
@_speaking
@click.argument("channel")
@click.argument("text")
def post(
    chosen: Chosen, channel: str, text: str, agent: str | None, dry_run: bool, as_json: bool
) -> None:
    """Say TEXT to everybody, as CHANNEL."""
    with acting(chosen, agent) as (desk, actor):
        _tell([desk.post(channel, text, actor=actor, dry_run=dry_run)], as_json)


@click.command()
@_speaking
@click.argument("message")
@click.option("--show", is_flag=True, help="Show it again.")
def hide(
    chosen: Chosen, message: str, show: bool, agent: str | None, dry_run: bool, as_json: bool
) -> None:
    """Hide the customer's MESSAGE under ours."""
    with acting(chosen, agent) as (desk, actor):
        order = desk.hide(message, actor=actor, hidden=not show, dry_run=dry_run)
        _tell([order], as_json, "Shows again a message of" if show else None)


@click.command()
@_speaking
@click.argument("message")
def delete(chosen: Chosen, message: str, agent: str | None, dry_run: bool, as_json: bool) -> None:
    """Delete our MESSAGE on its platform."""
    with acting(chosen, agent) as (desk, actor):
        _tell([desk.delete(message, actor=actor, dry_run=dry_run)], as_json)


@click.command()
@_speaking
@click.argument("thread")
def follow(chosen: Chosen, thread: str, agent: str | None, dry_run: bool, as_json: bool) -> None:
    """Follow the customer of THREAD."""
    with acting(chosen, agent) as (desk, actor):
        _tell([desk.follow(thread, actor=actor, dry_run=dry_run)], as_json)


@click.command()
@verb
@click.argument("thread")
@click.argument("text")
def done(chosen: Chosen, thread: str, text: str, agent: str | None, as_json: bool) -> None:
    """Record that the customer of THREAD was answered by hand, elsewhere, with TEXT."""
    with acting(chosen, agent) as (desk, actor):
        id = desk.done(thread, text, actor=actor)
        if as_json:
            emit_json({"schema_version": 1, "id": id})
        else:
            click.echo(one_line(f"Recorded as {id}, by {actor}: it counts as an answer."))


def _tell(orders: list[Order], as_json: bool, does: str | None = None) -> None:
    if as_json:
        emit_json({"schema_version": 1, "orders": [one.model_dump(mode="json") for one in orders]})
        return
    for order in orders:
        for line in _lines(order, does or _DOES[order.kind]):
            click.echo(one_line(line))


_DOES = {
    "answer": "Answers", "direct": "Writes to", "private_reply": "Writes to", "post": "Tells",
    "hide": "Hides a message of", "delete": "Deletes our message to", "follow": "Follows",
}  # fmt: skip


def _lines(order: Order, does: str) -> Iterator[str]:
    whom = "everybody"
    if order.to is not None:
        whom = order.to.handle or order.to.name or order.to.user or "somebody"
    how = f" in {order.visibility}" if order.text is not None else ""
    yield f"{does} {whom}{how}, on {order.account} ({order.channel})"
    if order.text is not None:
        yield f"    {order.text}"
    if facts := "; ".join(_facts(order)):
        yield f"    {facts}"
    if order.id is None:
        yield "    Dry run: nothing was queued."
    else:
        yield f"    Queued as {order.id}: `careline run` sends it, `careline undo` takes it back."


def _facts(order: Order) -> Iterator[str]:
    if order.limit is not None:
        yield f"{order.length} of {order.limit} characters"
    if order.cost:
        yield f"costs {order.cost}"
    if order.until is not None:
        yield f"possible until {shown(order.until, 'UTC')} UTC"
    if order.note:
        yield order.note
