"""From a row to a message. Pure: the same row gives the same message."""

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from careline.builtin.archive.config import ArchiveConfig, plain
from careline.builtin.archive.times import parse_time
from careline.plugin import Brand, Direction, Kind, Message

_LEADING = re.compile(r"\s*(?:@\w+(?:\s+|$))*")
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})
_REQUIRED = frozenset({"external_id", "posted_at", "text"})
_AUTHOR = {"author": "id", "author_name": "name", "author_handle": "handle"}
_RENAMED = {"id": "external_id", "thread": "root"}


class BadRow(Exception):
    """A row that is no message; its text says why, in plain words."""


def naming(handles: tuple[str, ...]) -> Callable[[str, bool], bool]:
    """Return a test: does a text name one of `handles`, its leading mentions aside in a reply?"""
    names = "|".join(re.escape(handle.lstrip("@")) for handle in handles if handle.strip("@"))
    if not names:
        return lambda text, reply: False
    search = re.compile(rf"(?<!\w)@(?:{names})(?!\w)", re.IGNORECASE).search

    def named(text: str, reply: bool) -> bool:
        if "@" not in text:
            return False
        lead = _LEADING.match(text) if reply else None
        return search(text, lead.end() if lead else 0) is not None

    return named


class Mapper:
    """Makes messages of rows, by an operator's field map."""

    def __init__(self, config: ArchiveConfig, brand: Brand) -> None:
        """Compile the field map once: a row then costs a few microseconds."""
        fields = config.fields.model_dump(exclude_none=True)
        self.columns = frozenset(fields.values()) | ({config.ours.field} if config.ours else set())
        """All that a header must name."""
        self.delimiter = config.delimiter
        self._pairs = tuple(
            (_RENAMED.get(field, field), column) for field, column in fields.items()
        )
        self._required = (config.fields.id, config.fields.posted_at, config.fields.text)
        self._author = tuple((field, name) for field, name in _AUTHOR.items() if field in fields)
        self._ours = config.ours
        self._time_format = config.time_format
        self._message_kind = config.message_kind
        self._visibility = config.visibility
        self._rated = config.fields.rating is not None
        self._zone: tzinfo = ZoneInfo(config.timezone)
        self._named = naming(brand.handles)

    def __call__(self, row: Mapping[str, Any]) -> Message:
        """Return the row's message, or raise `BadRow`."""
        try:
            return Message.model_validate(self._values(row))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])).replace("external_id", "id")
            raise BadRow(f"{place}: {first['msg']}") from None
        except (ValueError, TypeError) as error:
            raise BadRow(str(error)) from None

    def _values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, column in self._pairs:
            value = row.get(column)
            if value is not None and value != "":
                values[field] = str(value) if type(value) is int else value
        if not values.keys() >= _REQUIRED:
            self._refuse(values, row)
        self._say_when(values)
        self._say_who(values, row)
        self._say_what(values)
        return values

    def _refuse(self, values: dict[str, Any], row: Mapping[str, Any]) -> None:
        """Raise `BadRow`, but for a text that is there and empty."""
        for column in self._required:
            if column not in row:
                raise BadRow(f'no "{column}"')
        for field in ("external_id", "posted_at"):
            if field not in values:
                raise BadRow(f"{field.removeprefix('external_')}: empty")

    def _say_when(self, values: dict[str, Any]) -> None:
        try:
            moment, precision = parse_time(values["posted_at"], self._zone, self._time_format)
        except ValueError as error:
            raise BadRow(f"posted_at: {error}") from None
        values["posted_at"] = moment
        if precision == "day":
            values["precision"] = precision

    def _say_who(self, values: dict[str, Any], row: Mapping[str, Any]) -> None:
        author = {name: values.pop(field) for field, name in self._author if field in values}
        if id := author.get("id") or author.get("handle"):
            values["author"] = {**author, "id": id}
        if "to" in values:
            values["to"] = {"id": values["to"]}
        if self._ours and plain(row.get(self._ours.field)) in self._ours.equals:
            values["direction"] = Direction.OUT

    def _say_what(self, values: dict[str, Any]) -> None:
        values["kind"] = plain(values["kind"]) if "kind" in values else self._kind(values)
        given = values.get("visibility")
        values["visibility"] = plain(given) if given else self._visibility
        if "rating" in values:
            values["rating"] = _stars(values["rating"])
        if "addressed" in values:
            values["addressed"] = _yes(values["addressed"])
        elif "direction" not in values and isinstance(text := values.get("text"), str):
            values["addressed"] = self._named(text, "parent" in values)

    def _kind(self, values: dict[str, Any]) -> Kind:
        if self._message_kind:
            return self._message_kind
        if "rating" in values:
            return Kind.REVIEW
        if "parent" in values:
            return Kind.REPLY
        if self._rated:
            return Kind.REVIEW
        return Kind.POST if "direction" in values else Kind.MENTION


def _stars(value: Any) -> float:
    try:
        stars = float(value)
    except (ValueError, TypeError):
        stars = 0.0
    if not 1 <= stars <= 5:
        raise BadRow(f'rating: "{str(value)[:40]}" is not 1 to 5 stars')
    return stars


def _yes(value: Any) -> bool:
    word = plain(value)
    if word not in _TRUE | _FALSE:
        raise BadRow(f'addressed: "{word[:40]}" is neither true nor false')
    return word in _TRUE
