"""Business hours: when a span of working time that starts now is over."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from careline.config.policy import Hours
from careline.engine.facts import Micros
from careline.store.times import from_micros, to_micros

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = 400  # days: a year of holidays on end is an error of the configuration, not a promise


def working(start: Micros, span: Micros, hours: Hours | None, zone: str) -> Micros:
    """Return when `span` of working time from `start` is over; without hours, all time works."""
    if hours is None or not any(hours.days.values()) or start < 0:
        return start + span  # some programs write the year 1 where they know no time
    left, now = span, start
    day = from_micros(start).astimezone(ZoneInfo(zone)).date()
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
    if left == span:  # it never opens: no promise waits for ever
        return start + span
    return _local(day, time.min, zone) + left  # later than all that the horizon holds


def _open_spans(day: date, hours: Hours, zone: str) -> list[tuple[Micros, Micros]]:
    if day in hours.holidays:
        return []
    spans = hours.days.get(_DAYS[day.weekday()], ())  # type: ignore[call-overload]
    return sorted((_local(day, opens, zone), _local(day, closes, zone)) for opens, closes in spans)


def _local(day: date, at: time, zone: str) -> Micros:
    if at == time.max:
        day, at = day + timedelta(days=1), time.min
    return to_micros(datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC))
