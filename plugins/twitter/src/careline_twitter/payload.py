"""Reads what X sends without trusting its shape: what is missing or odd is nothing, or `Odd`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from careline.plugin import Malformed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SNOWFLAKE: Final = 29_700_859_247
"""Ids from here on, those since November 2010, hold the time at which they were given."""
_SNOWFLAKES_SINCE: Final = 1_288_834_974_657
_V1_TIME: Final = "%a %b %d %H:%M:%S %z %Y"
_KEPT: Final = 64 * 2**10


class Odd(Exception):
    """What came is not what X documents; the text says what is odd about it."""


def table(value: Any) -> dict[str, Any]:
    """Return an object; empty where there is none. One wrapped as `{"data": {...}}` is opened."""
    if not isinstance(value, dict):
        return {}
    inner = value.get("data")
    return inner if isinstance(inner, dict) and "id" not in value else value


def members(value: Any) -> list[Any]:
    """Return a list; empty where there is none."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; one object counts as a list of it."""
    found = [value] if isinstance(value, dict) else members(value)
    return [table(one) for one in found if isinstance(one, dict)]


def words(value: Any) -> str:
    """Return a text; empty where there is none."""
    return value if isinstance(value, str) else ""


def optional_id(value: Any) -> str | None:
    """Return an id as text, whether it came as text or as a number; None: there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value and value.isprintable() else None


def needed_id(found: Mapping[str, Any], name: str) -> str:
    """Return an id that must be there."""
    if (id := optional_id(found.get(name))) is None:
        raise Odd(f"it has no {name}")
    return id


def number_of(id: str) -> int:
    """Return a post's id as a number, by which its versions are ordered."""
    if not (id.isascii() and id.isdigit() and len(id) < 25):
        raise Odd(f'the id "{id[:30]}" is no number')
    return int(id)


def tally(value: Any) -> int | None:
    """Return a count; None where none is given."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    counts = isinstance(value, int) and not isinstance(value, bool)
    return value if counts and 0 <= value < 2**63 else None


def moment(value: Any) -> datetime | None:
    """Return a time as the API writes it, of v2 or of v1; None where none is given."""
    if value is None:
        return None
    try:
        return _read(str(value)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Odd(f'"{str(value)[:40]}" is no time') from None


def _read(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.strptime(text, _V1_TIME)  # noqa: DTZ007 -- it holds %z
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def from_milliseconds(value: Any) -> datetime | None:
    """Return a time of milliseconds since 1970; None where none is given."""
    if value is None:
        return None
    if (count := tally(value)) is None:
        raise Odd(f'"{str(value)[:40]}" is no time')
    return _since_epoch(count)


def born(id: str) -> datetime | None:
    """Return when X gave out an id, to the second, as created_at has it; None: it is an old one."""
    number = tally(id)
    if number is None or number < _FIRST_SNOWFLAKE:
        return None
    return _since_epoch((number >> 22) + _SNOWFLAKES_SINCE).replace(microsecond=0)


def _since_epoch(milliseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise Odd(f'"{milliseconds}" is no time') from None


def set_aside(value: Any, error: Exception, place: str) -> Malformed:
    """Return what could not be understood, and why; the same in any order of its keys."""
    raw = json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace")
    return Malformed(raw[:_KEPT], _why(error), place)


def _why(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = next(iter(error.errors(include_url=False, include_input=False)))
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def data_of(page: Mapping[str, Any]) -> list[Any]:
    """Return the data of a response: of a page its members, else the one that there is."""
    data = page.get("data")
    if isinstance(data, list):
        return data
    return [] if data is None else [data]
