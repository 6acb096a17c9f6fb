"""Times: microseconds in the tables, aware datetimes for whoever reads."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(at: int) -> datetime:
    """Return the moment, in UTC, that is `at` microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=at)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970; `moment` is aware."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _read(value: Any) -> Any:
    return from_micros(value) if isinstance(value, int) else value


Stamp = Annotated[datetime, BeforeValidator(_read)]
"""A field of a model that takes a table's microseconds and holds a datetime in UTC."""
