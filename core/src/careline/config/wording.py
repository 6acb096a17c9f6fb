"""Types and values of a configuration in words; what is secret is never among them."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from careline.config.references import WAYS, WRITE
from careline.config.shapes import child, is_path, is_secret, members

_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "whole number"),
    (float, "number"),
    (str, "text"),
    (timedelta, "span of time, like 30m, 1h, 1h30m or 2d"),
    (datetime, "day or time"),
    (date, "day"),
    (BaseModel, "table"),
)
_PASSWORD = re.compile(r"(?<=://)([^/:@\s]*):\S*@")


def type_text(annotation: Any) -> str:
    """Return what is written for a value of this type: `list of text`."""
    if is_secret(annotation):
        return f"secret: {WRITE}"
    if is_path(annotation):
        return "path, relative to the file"
    return " or ".join(dict.fromkeys(_one(member) for member in members(annotation)))


def _one(member: Any) -> str:
    origin, args = get_origin(member), get_args(member)
    if origin is Literal:
        return f"one of {', '.join(map(str, args))}"
    if not isinstance(kind := origin or member, type):
        return "anything"
    if issubclass(kind, Enum):
        return f"one of {', '.join(str(one.value) for one in kind)}"
    if issubclass(kind, Mapping):
        return f"table of {type_text(args[1])}" if args else "table"
    if issubclass(kind, Sequence | set | frozenset) and not issubclass(kind, str):
        return f"list of {type_text(args[0])}" if args else "list"
    return next((text for base, text in _NAMES if issubclass(kind, base)), kind.__name__)


def default_text(info: FieldInfo) -> str:
    """Return the default of a key."""
    if info.is_required():
        return "none: it must be given"
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is None or default == () or isinstance(default, BaseModel):
        return "nothing"
    return value_text(default, info.annotation)


def value_text(value: Any, annotation: Any) -> str:
    """Return a value as it is written in the file; secrets and passwords are masked."""
    reference = isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in WAYS
    if is_secret(annotation) and not reference:
        return "(hidden)"
    if isinstance(value, Mapping):
        inner = (f"{k} = {value_text(v, child(annotation, k))}" for k, v in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list | tuple | set | frozenset):
        parts = (value_text(part, child(annotation, i)) for i, part in enumerate(value))
        return f"[{', '.join(parts)}]"
    if isinstance(value, timedelta):
        return f'"{value.total_seconds():g}s"'
    if isinstance(value, date):
        return str(value)
    text = str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, bool | int | float) and not isinstance(value, Enum):
        return text.lower()
    return json.dumps(_PASSWORD.sub(r"\1:***@", text), ensure_ascii=False)


def first_sentence(text: str) -> str:
    """Return the first sentence of a description, on one line."""
    return re.split(r"(?<=[.:;])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(".:;")
