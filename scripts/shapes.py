"""Shapes of models and of JSON as Markdown tables, with the words that stand in the code."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from enum import Enum
from importlib import import_module
from itertools import pairwise
from typing import Any, get_args, get_type_hints

from unsaid import MEANINGS

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def model(place: str) -> str:
    """Return the fields of `module:Class`, and of every model within it, once each."""
    module, _, name = place.partition(":")
    return "\n\n".join(_shape(getattr(import_module(module), name), set()))


def contract(*places: str) -> str:
    """Return what plugins make, each `module:Class`: its fields, or the values of an enum."""
    found = [getattr(import_module(place[0]), place[2]) for place in map(_parted, places)]
    return "\n\n".join(_told(cls) for cls in found)


def _parted(place: str) -> tuple[str, str, str]:
    return place.partition(":")


def _told(cls: type) -> str:
    told = f"**{cls.__name__}**: {inspect.cleandoc(cls.__doc__ or '').partition(chr(10))[0]}"
    said = _meant(cls) | _said(cls)
    if issubclass(cls, Enum):
        rows = [(f"`{one.name}`", said[str(one.value)]) for one in cls]
        return f"{told}\n\n{table((f'`{cls.__name__}.`', 'says'), rows)}"
    hints, defaults = get_type_hints(cls), _defaults(cls)
    values = [
        (f"`{name}`", _python(hints[name]), defaults.get(name, "required"), _phrase(said[name]))
        for name in _names(cls)
    ]
    return f"{told}\n\n{table(('field', 'type', 'default', 'meaning'), values)}"


def _meant(cls: type) -> dict[str, str]:
    """Return what `MEANINGS` has to say of a class and its bases."""
    known = [MEANINGS.get(base.__name__, {}) for base in reversed(cls.__mro__)]
    return {name: text for one in known for name, text in one.items()}


def _phrase(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")


def _python(hint: Any) -> str:
    return _type(hint).replace("null", "None").replace("list of", "tuple of")


def _defaults(cls: type) -> dict[str, str]:
    """Return the default of each field that has one."""
    made: dict[str, Any] = dict(getattr(cls, "_field_defaults", {}))
    for name, info in getattr(cls, "model_fields", {}).items():
        made |= {} if info.is_required() else {name: info.default}
    for name, field in getattr(cls, "__dataclass_fields__", {}).items():
        made |= {} if field.default is MISSING else {name: field.default}
    return {n: f"`{v.value if isinstance(v, Enum) else v!r}`" for n, v in made.items()}


def _shape(cls: type, seen: set[type]) -> Iterator[str]:
    seen.add(cls)
    said, names = _said(cls), _names(cls)
    hints = get_type_hints(cls)
    yield f"**{cls.__name__}**: {inspect.cleandoc(cls.__doc__ or '')}"
    rows = [(f"`{name}`", _type(hints[name]), said.get(name, "")) for name in names]
    yield table(("field", "type", ""), rows)
    for name in names:
        for inner in _models_in(hints[name]):
            if inner not in seen:
                yield from _shape(inner, seen)


def _names(cls: type) -> list[str]:
    """Return the fields of a model, a dataclass or a named tuple; none of any other class."""
    model = {**getattr(cls, "model_fields", {}), **getattr(cls, "__dataclass_fields__", {})}
    return list(model) or list(getattr(cls, "_fields", ()))


def _models_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and _names(hint):
        yield hint
    for inner in get_args(hint):
        yield from _models_in(inner)


def _said(cls: type) -> dict[str, str]:
    """Return the text under each field, of the class and its bases."""
    found: dict[str, str] = {}
    for base in reversed([one for one in cls.__mro__ if one.__module__.startswith("careline")]):
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0].body  # type: ignore[attr-defined]
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                found[field.target.id] = inspect.cleandoc(text.value.value)  # type: ignore[attr-defined, union-attr]
    return found


_JSON = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "anything"}
_MANY = 12
"""An enum with more members is told by its name."""
_TIMES = {"datetime": "time", "AwareDatetime": "time with a zone", "date": "day"}
_JSON |= {types.NoneType: "null", bytes: "bytes"}


def _type(hint: Any) -> str:
    """Return a type in JSON's words."""
    if hint in _JSON:
        return _JSON[hint]
    if isinstance(hint, type) and _names(hint):
        return hint.__name__
    if isinstance(hint, type) and issubclass(hint, Enum):
        if len(hint) > _MANY:
            return hint.__name__
        return " / ".join(str(one.value) for one in hint)
    origin, args = getattr(hint, "__origin__", None), get_args(hint)
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"object of {_type(args[1])}"
    if args and str(hint).startswith("typing.Literal"):
        return " / ".join(map(str, args))
    if args:
        return " or ".join(_type(one) for one in args)
    return _TIMES.get(getattr(hint, "__name__", ""), str(hint))
