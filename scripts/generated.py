"""The generated parts of the docs: each public function returns Markdown, made from the code."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast, get_type_hints

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

sys.path.insert(0, str(Path(__file__).resolve().parent))

from shapes import Row, table
from shapes import contract as contract
from shapes import model as model
from unsaid import COLUMNS, KEYS, TYPES

import careline
from careline import hookspecs
from careline.cli.main import cli
from careline.config.policy import DEFAULT_DEADLINES
from careline.config.settings import BROUGHT, NAMED, RULES, SINGLE
from careline.config.shapes import fields as keys_of
from careline.config.shapes import models
from careline.config.wording import default_text, type_text
from careline.engine import priority as ranking
from careline.engine.deadlines import describe
from careline.errors import CarelineError
from careline.plugin import Capability, Refusal
from careline.registry import Registry
from careline.store.tables import metadata

SHARED = {"_file", "_overrides", "as_json"}
"""Options of most commands: told once."""


# -- the command line


def commands() -> str:
    """Return every command with its arguments and options."""
    return "\n\n".join(_commands(cli, "careline", click.Context(cli, info_name="careline")))


def _commands(group: click.Group, name: str, ctx: click.Context) -> Iterator[str]:
    for each in group.list_commands(ctx):
        command = cast("click.Command", group.get_command(ctx, each))
        inner = click.Context(command, info_name=each, parent=ctx)
        yield _command(command, f"{name} {each}", inner)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{name} {each}", inner)


def _command(command: click.Command, name: str, ctx: click.Context) -> str:
    usage = " ".join([name, *command.collect_usage_pieces(ctx)])
    parts = [f"## {name}", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```"]
    own = [one for one in command.params if one.name not in SHARED]
    said = filter(None, (one.get_help_record(ctx) for one in own))
    rows = [(f"`{flag}`", text) for flag, text in said if text]
    if shared := [f"`{max(one.opts)}`" for one in command.params if one.name in SHARED]:
        parts[-1] += f"\n\nTakes {', '.join(shared)}, too."
    return "\n\n".join([*parts, *([table(("option", "meaning"), rows)] if rows else [])])


def exits() -> str:
    """Return the exit codes, by the name that the code has for each."""
    named = vars(import_module("careline.cli.main"))
    codes = {name: named[name] for name in KEYS["exits"] if name in named} | {"usage": 2}
    rows = sorted((code, KEYS["exits"][name]) for name, code in codes.items())
    return table(("code", "means"), [(str(code), text) for code, text in rows])


# -- the configuration

_HEAD = ("key", "meaning", "value", "default")


def section(name: str) -> str:
    """Return the keys of a section of the file."""
    found = {**SINGLE, **NAMED, **RULES, **BROUGHT}[name]
    title = f"[[{name}]]" if name in RULES else f"[{name}]" if name in SINGLE else f"[{name}.NAME]"
    return "\n\n".join(_tables(title, found, name))


def kinds(group: str) -> str:
    """Return the keys of each kind that careline itself brings."""
    ours = [one for one in Registry.load().all(group) if one.plugin.dist == "careline"]
    return "\n\n".join(part for one in ours for part in _kind(group, one.kind, one.cls))


def _kind(group: str, kind: str, cls: type[Any]) -> Iterator[str]:
    yield f'### kind = "{kind}"'
    yield inspect.cleandoc(cls.__doc__ or "")
    if keys_of(cls.Config):
        yield from _tables(f"[{group}.NAME]", cls.Config, kind)
    else:
        yield "It has no keys of its own."


def _tables(title: str, model: type[BaseModel], name: str, level: int = 3) -> Iterator[str]:
    known = keys_of(model)
    if title[0] != "[" or level > 3:
        yield f"{'#' * level} `{title}`"
    yield table(_HEAD, [_key(name, key, info) for key, info in known.items()])
    for key, info in known.items():
        for inner in models(info.annotation):
            place = f"{key} = {{...}}" if title.startswith("[[") else f"{title[:-1]}.{key}]"
            yield from _tables(place, inner, f"{name}.{key}", level + 1)


def _key(name: str, key: str, info: FieldInfo) -> Row:
    said = info.description or KEYS.get(name, {}).get(key, "")
    value = KEYS.get(f"{name}:value", {}).get(key) or type_text(info.annotation)
    for written, shown in TYPES.items():
        value = value.replace(written, shown)
    default = default_text(info)
    return f"`{key}`", said, value, "required" if info.is_required() else _plain(default)


def _plain(default: str) -> str:
    return "" if default == "nothing" else f"`{default}`"


def defaults() -> str:
    """Return the deadlines that hold where the operator promises nothing else."""
    rows = [_default(rule, number) for number, rule in enumerate(DEFAULT_DEADLINES)]
    return table(("messages", "promised", "warnings at"), rows)


def _default(rule: Any, number: int) -> Row:
    who = describe(rule, number).partition(": ")[2]
    spans = {kind: getattr(rule, kind) for kind in ("acknowledge", "first_reply", "resolve")}
    told = [f"`{k}` within {s.total_seconds() / 3600:g} h" for k, s in spans.items() if s]
    warnings = ", ".join(f"{share:.0%}" for share in rule.warn) if told else ""
    return who, ", ".join(told) or "nothing", warnings


# -- the contract


def hooks() -> str:
    """Return the hooks, as their docstrings tell."""
    return "\n\n".join([inspect.cleandoc(hookspecs.__doc__ or ""), *map(_hook, _specs())])


def _specs() -> list[Callable[..., Any]]:
    found = vars(hookspecs).values()
    return [one for one in found if hasattr(one, f"{hookspecs.PROJECT}_spec")]


def _hook(spec: Callable[..., Any]) -> str:
    returned = re.sub(r"\w+(\.\w+)+\.", "", str(get_type_hints(spec)["return"]))
    returned = returned.replace("[typing.Any]", "").replace("[Any]", "")
    return f"## {spec.__name__}\n\n{inspect.getdoc(spec)}\n\n```text\n{returned}\n```"


def capabilities() -> str:
    """Return what a channel may declare, and the method that each asks for."""
    rows = [(f"`{one.name}`", KEYS["capabilities"][one.value]) for one in Capability]
    return table(("`Capability.`", "then the core may call"), rows)


def refusals() -> str:
    """Return the typed reasons of a refusal."""
    rows = [(f"`{one.name}`", one.says) for one in Refusal]
    return table(("`Refusal.`", "says"), rows)


def errors() -> str:
    """Return the tree of errors, as the module draws it, with those that other modules add."""
    drawn = (import_module("careline.errors").__doc__ or "").partition("::\n")[2]
    root, *lines = textwrap.dedent(drawn).strip().splitlines()
    import_module("careline.desk")
    ours = [one for one in CarelineError.__subclasses__() if _is_public(one)]
    added = [_error(one) for one in ours if one.__name__ not in drawn]
    return "\n".join(["```text", root, *added, *lines, "```"])


def _is_public(cls: type[CarelineError]) -> bool:
    """Whether an error is the library's, and not the command line's own."""
    return cls.__module__.startswith("careline.") and ".cli." not in cls.__module__


def _error(cls: type[CarelineError]) -> str:
    """Return the line of an error that stands beside what raises it."""
    name = f"{cls.__module__.removeprefix('careline.')}.{cls.__name__}"
    said = (cls.__doc__ or "").partition("\n")[0].rstrip(".")
    return f"├── {name:<22} {said[:1].lower()}{said[1:]}"


def priority() -> str:
    """Return the parts of the inbox's order, as the module tells them."""
    lines = (ranking.__doc__ or "").splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


# -- the store


def tables(*names: str) -> str:
    """Return the columns of some tables; a key's are bold, `?` marks those that may be null."""
    return table(("table", "columns", "indexes"), map(_drawn, names))


def _drawn(name: str) -> Row:
    drawn = metadata.tables[name]
    columns = [
        f"**{one.name}**" if one.primary_key else f"{one.name}{'?' if one.nullable else ''}"
        for one in drawn.columns
    ]
    indexes = [
        f"({', '.join(column.name for column in index.columns)})"
        for index in sorted(drawn.indexes, key=lambda index: str(index.name))
    ]
    return f"`{name}`: {COLUMNS[name]}", ", ".join(columns), " ".join(indexes)


# -- the code


def modules(package: str) -> str:
    """Return the modules of a package of careline (or the `top`), with the first line of each."""
    folder = Path(careline.__file__).parent / ("" if package == "top" else package)
    found = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    rows = {str(path.relative_to(folder)).replace("/__init__.py", "/"): path for path in found}
    return table(("module", ""), [(f"`{name}`", _first(rows[name])) for name in sorted(rows)])


def _first(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0]
