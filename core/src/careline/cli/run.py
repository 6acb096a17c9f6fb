"""`careline run`: hears the channels and watches the promises, until it is told to stop."""

import gc
import logging
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import anyio
import click
from anyio.abc import TaskGroup, TaskStatus

from careline.cli.main import OK, TRY_LATER, UNAVAILABLE
from careline.cli.options import Chosen, config_options, json_option
from careline.cli.output import emit_json, one_line, table
from careline.config import Settings
from careline.desk import Desk, Ran
from careline.engine.health import AccountHealth, Health
from careline.engine.intake import Summary
from careline.logs import Redactor, configure, secrets_of

if TYPE_CHECKING:
    from careline.cli.serving import Server

_LOG: Final = logging.getLogger("careline.run")
COUNTS: Final = ("new", "known", "revised", "removed", "observed", "malformed", "before_since")
_SWEEPS: Final = (50_000, 20, 50)
"""Measured on 79,000 messages: a quarter less work; the longest pause 0.2 s, not 0.7 s."""


@click.command()
@config_options
@click.option("--once", is_flag=True, help="Stop when all channels have caught up; say what came.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is of use to find a fault.")
@click.option("--log-json", is_flag=True, help="Log one JSON record a line, on standard error.")
@json_option
@click.pass_context
def run(
    ctx: click.Context, chosen: Chosen, once: bool, verbose: bool, log_json: bool, as_json: bool
) -> None:
    """Hear the channels and watch the promises, until Ctrl-C or SIGTERM.

    Ends with 0. With --once: 0 if all is well, 75 if something is to be tried again (run it
    again), 69 if an account needs a person.
    """
    if as_json and not once:
        raise click.UsageError("--json goes with --once: else there is no summary to write.")
    configure(verbose=verbose, json=log_json, redactor=_redactor(chosen.settings))
    ran = anyio.run(_until_told, chosen, once)
    if once:
        ctx.exit(_told(ran, as_json) if ran else _stopped())


def _redactor(settings: Settings) -> Redactor:
    redactor = Redactor()
    redactor.hide("configuration", secrets_of(settings))
    return redactor


async def _until_told(chosen: Chosen, once: bool) -> Ran | None:
    """Work until all is done, or a signal comes; then return None."""
    outcome: Ran | Exception | None = None
    async with anyio.create_task_group() as tasks:
        told: anyio.Event = await tasks.start(_listen)
        try:
            outcome = await _work(chosen, once, tasks, told)
        except Exception as error:
            outcome = error
        tasks.cancel_scope.cancel()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def _listen(*, task_status: TaskStatus[anyio.Event]) -> None:
    """Tell of the first signal. A second one ends the process at once."""
    told = anyio.Event()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started(told)
        number = await anext(aiter(signals))
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt would wait for every thread
    _LOG.info("stopping: %s", signal.Signals(number).name)
    told.set()


async def _work(chosen: Chosen, once: bool, tasks: TaskGroup, told: anyio.Event) -> Ran:
    async with Desk(chosen.settings, registry=chosen.registry) as desk:
        server = None if once else _served(desk, tasks)
        tasks.start_soon(_wind_down, desk, once, server, told, tasks.cancel_scope)
        if not desk.accounts:
            _LOG.warning("nothing to hear: no channel is configured and enabled (careline check)")
        elif not once:
            _LOG.info("hearing %s", ", ".join(desk.accounts))
        with _few_sweeps():
            return await desk.run(once=once)


def _served(desk: Desk, tasks: TaskGroup) -> "Server | None":
    """Serve webhooks where the configuration says so."""
    web, names = desk.settings.web, [n for one in desk.endpoints.values() for n in one.configs]
    if web is None:
        if names:
            _LOG.warning("webhooks of %s are not served: [web] is missing", ", ".join(names))
        return None
    from careline.cli.serving import Server, listening

    server = Server(desk, listening(web))
    tasks.start_soon(server.answer)
    for what in server.serves:
        _LOG.info("serving %s", what)
    return server


async def _wind_down(
    desk: Desk,
    once: bool,
    server: "Server | None",
    told: anyio.Event,
    scope: anyio.CancelScope,
) -> None:
    """Once told to stop: take nothing more in, send what is due, and end."""
    await told.wait()
    if not once:
        if server is not None:
            await server.stop()
        await desk.drain()
    scope.cancel()


@contextmanager
def _few_sweeps() -> Iterator[None]:
    """Have the garbage collector look seldom, and never at what is there already."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SWEEPS)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _stopped() -> int:
    _LOG.warning("stopped before all was heard: what came is kept, run it again for the rest")
    return TRY_LATER


def _told(ran: Ran, as_json: bool) -> int:
    """Write the summary; return the exit code."""
    if as_json:
        emit_json(_machine(ran))
    else:
        rows = ((one.account, one.state, *counts.values()) for one, counts in _accounts(ran))
        headings = [name.replace("_", " ").upper() for name in COUNTS]
        headings[COUNTS.index("malformed")] = "SET ASIDE"
        if ran.health:
            table(("CHANNEL", "STATE", *headings), rows, ("bold",))
        for line in _needs(ran):
            click.echo(one_line(line))
    if any(one.state.stopped for one in ran.health):
        return UNAVAILABLE
    return OK if ran.fine else TRY_LATER


def _accounts(ran: Ran) -> Iterator[tuple[AccountHealth, dict[str, int]]]:
    for one in ran.health:
        heard = ran.heard.get(one.account, Summary())
        yield one, {name: getattr(heard, name) for name in COUNTS}


def _machine(ran: Ran) -> dict[str, Any]:
    accounts = [
        {
            "account": one.account,
            "state": one.state,
            "reason": one.reason,
            "next_try": one.next_try,
            **counts,
        }
        for one, counts in _accounts(ran)
    ]
    return {
        "schema_version": 1,
        "accounts": accounts,
        "failing": sorted(ran.failing),
        "needs_person": [one.account for one in ran.health if one.state.stopped],
    }


def _needs(ran: Ran) -> Iterable[str]:
    """Say what is not well, one line each."""
    for one in ran.health:
        if one.state.stopped:
            yield f"{one.account} needs a person: {one.reason}"
        elif one.state is not Health.OK:
            yield f"{one.account} failed and is to be tried again: {one.reason}"
    for key in sorted(ran.failing):
        yield f"{key} failed and is to be tried again: the log says why"
    aside = sum(one.malformed for one in ran.heard.values())
    if aside:
        yield f"{aside} could not be understood and were set aside: careline rejected"
