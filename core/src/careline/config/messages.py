"""pydantic's errors in an operator's words: the key as written, never the value."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from careline.config.problems import KeyPath, nearest
from careline.config.shapes import child, names

_SAID = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "string_type": "should be text",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "tuple_type": "should be a list, in [brackets]",
    "list_type": "should be a list, in [brackets]",
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
}


def reworded(
    error: ValidationError, model: Any, value: Any, more: tuple[str, ...] = ()
) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield key, message and hint of each error; one for each key.

    `more` are keys that the table may have beside those of the model.
    """
    seen = set()
    for detail in error.errors(include_url=False, include_input=False):
        path = _written(detail, value)
        if path not in seen:
            seen.add(path)
            message, hint = _said(detail, model, path, more)
            yield path, message, hint or _near(detail, value, path)


def _written(detail: ErrorDetails, value: Any) -> KeyPath:
    """Return the location as far as it stands in the file: pydantic adds names of its own."""
    path: list[str | int] = []
    for part in detail["loc"]:
        held = isinstance(value, Mapping) and part in value
        if held or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            value = value[part]
        elif not (detail["type"] == "missing" and part == detail["loc"][-1]):
            continue
        path.append(part)
    return tuple(path)


def _said(
    detail: ErrorDetails, model: Any, path: KeyPath, more: tuple[str, ...]
) -> tuple[str, str]:
    message = _SAID.get(detail["type"]) or _plain(detail["msg"])
    if detail["type"] != "extra_forbidden":
        return message, ""
    for part in path[:-1]:
        model = child(model, part)
    return message, nearest(str(path[-1]), (*names(model), *(more if len(path) == 1 else ())))


def _near(detail: ErrorDetails, value: Any, path: KeyPath) -> str:
    """Return the hint for a misspelt word, where only some words may stand."""
    if detail["type"] not in ("literal_error", "enum"):
        return ""
    for part in path:
        value = value[part]
    words = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected")))
    near = get_close_matches(str(value).lower(), words, 1)
    return nearest(near[0], near) if near else ""


def _plain(message: str) -> str:
    message = re.sub(r"^(Value error, |Assertion failed, |Input )", "", message)
    return message.rstrip(".") or "is refused"
