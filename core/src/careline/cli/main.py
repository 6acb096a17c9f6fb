"""The group of all commands: finds them by name, and turns errors to short text and exit codes."""

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import Any, TypeAlias

import click

from careline import __version__
from careline.cli.output import show_safe

OK, PROBLEMS, UNAVAILABLE, BUG, TRY_LATER, BAD_CONFIG, INTERRUPTED = 0, 1, 69, 70, 75, 78, 130
_CODES: Mapping[str, int] = MappingProxyType(
    {
        "ConfigError": BAD_CONFIG,
        "PluginError": BAD_CONFIG,
        "StoreBusy": TRY_LATER,
        "StoreError": UNAVAILABLE,
        "CannotListen": UNAVAILABLE,
        "Transient": TRY_LATER,
    }
)
"""Exit codes by the name of an error's class or of a base of it; any other error of ours is 1."""

Lazy: TypeAlias = tuple[str, str]

# name: (module:command, help). A command's module is imported only when it is called.
COMMANDS: Mapping[str, Lazy] = MappingProxyType(
    {
        # -- to set up
        "init": ("careline.cli.config:init", "Write a first careline.toml."),
        "check": ("careline.cli.config:check", "Check the configuration and say what it does."),
        "explain": ("careline.cli.config:explain", "Say what a key of the configuration means."),
        "schema": ("careline.cli.config:schema", "Print the JSON Schema of the configuration."),
        "channel": ("careline.cli.channel:channel", "Log in to a platform, test an account."),
        "plugins": ("careline.cli.plugins:plugins", "List plugins: what loaded, what not, why."),
        # -- to work
        "demo": ("careline.cli.demo:demo", "Play a made-up day, offline, in under a minute."),
        "run": ("careline.cli.run:run", "Hear the channels and watch the promises."),
        "conversations": ("careline.cli.conversations:conversations", "List what there is to do."),
        "show": ("careline.cli.conversations:show", "Show one conversation whole."),
        "note": ("careline.cli.verbs:note", "Keep an internal note."),
        "assign": ("careline.cli.verbs:assign", "Give a conversation to an agent."),
        "snooze": ("careline.cli.verbs:snooze", "Keep it out of the inbox for a while."),
        "resolve": ("careline.cli.verbs:resolve", "Say that a case is solved."),
        "ignore": ("careline.cli.verbs:ignore", "Say that a case needs no answer, and why."),
        "link": ("careline.cli.verbs:link", "Say that two customers are one person."),
        "unlink": ("careline.cli.verbs:unlink", "Take a link back."),
        # -- to speak
        "reply": ("careline.cli.answers:reply", "Answer a customer where they spoke."),
        "direct": ("careline.cli.answers:direct", "Send a customer a private message."),
        "take-private": (
            "careline.cli.answers:take_private",
            "Answer in public, and go on in private.",
        ),
        "promise": ("careline.cli.answers:promise", "Tell a customer by when they hear from us."),
        "post": ("careline.cli.answers:post", "Say something to everybody."),
        "hide": ("careline.cli.answers:hide", "Hide a customer's message under ours."),
        "delete": ("careline.cli.answers:delete", "Delete a message of ours."),
        "follow": ("careline.cli.answers:follow", "Follow a customer."),
        "done": ("careline.cli.answers:done", "Record an answer given by hand, elsewhere."),
        "undo": ("careline.cli.outbox:undo", "Take back what has not left yet."),
        "outbox": ("careline.cli.outbox:outbox", "List what is to leave us, and what could not."),
        # -- to look back and after
        "report": ("careline.cli.report:report", "Say how fast customers were answered."),
        "export": ("careline.cli.report:export", "Write every message, or all of one person."),
        "rejected": ("careline.cli.conversations:rejected", "List what was set aside, and why."),
        "erase": ("careline.cli.erase:erase", "Erase a person or a message: counts stay."),
        "db": ("careline.cli.db:db", "Look after the database."),
    }
)


class Commands(click.Group):
    """A group whose commands are modules of their own, imported when called."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy] = COMMANDS, **kwargs: Any) -> None:
        """`lazy`: module and help of each command, by name."""
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self.lazy:
            return None
        module, _, name = self.lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of this name."""
        name = args[0]
        if name not in self.lazy and not name.startswith("-"):
            near = get_close_matches(name, self.lazy, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; end with the code of what went wrong."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            return ctx.exit(INTERRUPTED)
        except Exception as error:
            if os.environ.get("CARELINE_DEBUG") == "1":
                raise
            return ctx.exit(_tell(error))


def _tell(error: Exception) -> int:
    """Say on stderr what went wrong; return the exit code."""
    from careline.errors import CarelineError

    if not isinstance(error, CarelineError):
        text = f"careline failed by a fault of its own: {type(error).__name__}: {error}"
        click.echo(show_safe(f"{text}\nCARELINE_DEBUG=1 shows where."), err=True)
        return BUG
    click.echo(show_safe(str(error)), err=True)
    names = (cls.__name__ for cls in type(error).__mro__)
    return next((_CODES[name] for name in names if name in _CODES), PROBLEMS)


@click.command(
    cls=Commands,
    name="careline",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Each command has its own --help.",
)
@click.version_option(__version__, prog_name="careline")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Hear customers on every channel, promise an answer by a time, and keep it."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Run the command line: the entry point of the `careline` program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter shows its number
            stream.reconfigure(errors="backslashreplace")
    cli.main(prog_name="careline")
