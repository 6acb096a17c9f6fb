"""Business hours: when a span of working time that starts now is over."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from careline.config.policy import Hours
from careline.engine.facts import Micros

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = 400  # days: a year of holidays on end is an error of the configuration, not a promise


def to_micros(moment: datetime) -> Micros:
    """Return microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(at: Micros) -> datetime:
    """Return the time, in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def working(start: Micros, span: Micros, hours: Hours | None, zone: str) -> Micros:
    """Return when `span` of working time from `start` is over; without hours, all time works."""
    if hours is None or not any(hours.days.values()) or start < 0:
        return start + span  # some programs write the year 1 where they know no time
    left, now = span, start
    day = to_datetime(start).astimezone(ZoneInfo(zone)).date()
    for _ in range(_HORIZON):
        for opens, closes in _open_spans(day, hours, zone):
            begin = max(opens, now)
            if begin >= closes:
                continue
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
            now = closes  # spans may overlap (the clock skips an hour): no minute counts twice
        day += timedelta(days=1)
    return start + span


def _open_spans(day: date, hours: Hours, zone: str) -> list[tuple[Micros, Micros]]:
    if day in hours.holidays:
        return []
    spans = hours.days.get(_DAYS[day.weekday()], ())  # type: ignore[call-overload]
    return [(_local(day, opens, zone), _local(day, closes, zone)) for opens, closes in spans]


def _local(day: date, at: time, zone: str) -> Micros:
    if at == time.max:
        day, at = day + timedelta(days=1), time.min
    return to_micros(datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC))
