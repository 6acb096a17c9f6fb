"""Reads the times that archives hold: ISO 8601, epoch seconds or milliseconds, RFC 2822."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeAlias

Precision: TypeAlias = Literal["second", "day"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\d+(\.\d*)?", re.ASCII)
_ZONE = re.compile(r"\s*(?:(UTC|GMT|Z)|([+-]\d\d:?\d\d))$", re.ASCII | re.IGNORECASE)
_HOUR = re.compile(r"%[HIcXT]")
_SECONDS = range(10**8, 10**11)  # 1973 to 5138: smaller numbers are years and days, not epochs
_MILLISECONDS = range(10**11, 10**13)  # 1973 to 2286; beyond lie times written without signs
_DAY, _COMPACT_DAY = len("2024-01-31"), len("20240131")


def parse_time(
    value: Any, zone: tzinfo = UTC, form: str | None = None
) -> tuple[datetime, Precision]:
    """Return the time in UTC, and `day` where `value` names no hour.

    Args:
        value: text, or a number: seconds or milliseconds since 1970.
        zone: what a time without a zone is in; a day begins there.
        form: a `strptime` format that holds for all values, instead of guessing.

    Raises:
        ValueError: it is no time, or not one between the years 1 and 9999 of UTC.
    """
    try:
        moment, precision = _read(value, form)
        if moment.tzinfo is UTC:
            return moment, precision
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC), precision
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError(f"{_shown(value)} is no time") from None


def _read(value: Any, form: str | None) -> tuple[datetime, Precision]:
    if form is not None:
        return datetime.strptime(str(value), form), _precision(form)  # noqa: DTZ007 -- set above
    if isinstance(value, str):
        return _read_text(value.strip())
    if isinstance(value, bool):
        raise TypeError
    return _from_epoch(value), "second"


def _read_text(text: str) -> tuple[datetime, Precision]:
    if _NUMBER.fullmatch(text) and len(text) != _COMPACT_DAY:  # or ISO 8601 would read 13 digits
        return _from_epoch(float(text) if "." in text else int(text)), "second"
    try:
        return datetime.fromisoformat(text), "day" if len(text) <= _DAY else "second"
    except ValueError:
        text = _ZONE.sub(_tidy, text)
    try:
        return datetime.fromisoformat(text), "second"
    except ValueError:
        return parsedate_to_datetime(text), "second"


def _from_epoch(value: float) -> datetime:
    if int(value) in _SECONDS:
        return _EPOCH + timedelta(seconds=value)
    if int(value) in _MILLISECONDS:
        return _EPOCH + timedelta(milliseconds=value)
    raise ValueError


def _tidy(zone: re.Match[str]) -> str:
    """Return a zone as ISO 8601 has it: exports write ` +0000`, ` UTC`, `z`."""
    return zone[2] or "+00:00"


def _precision(form: str) -> Precision:
    return "second" if _HOUR.search(form) else "day"


def _shown(value: Any) -> str:
    text = str(value)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
