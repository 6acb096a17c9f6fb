"""Business hours, against a count of minutes by the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careline.config.policy import Hours
from careline.engine.hours import working
from careline.store.times import from_micros as to_datetime
from careline.store.times import to_micros

MINUTE = 60_000_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGES = {  # the Sundays on which the clock skips an hour, and shows one twice
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
}
# no edge between 1 and 3 at night: what is meant by 2:30 on those Sundays, no clock can say
EDGES = [0, *range(3 * 60, 24 * 60 + 1, 15)]


def text(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def day_spans(draw):
    edges = sorted(draw(st.sets(st.sampled_from(EDGES), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{text(opens)}-{text(closes)}" for opens, closes in pairs]


def around(zone):
    days = [change + timedelta(days=n) for change in CHANGES[zone] for n in range(-8, 9)]
    return st.sampled_from(days)


@st.composite
def questions(draw):
    zone = draw(st.sampled_from(sorted(CHANGES)))
    days = draw(st.dictionaries(st.sampled_from(DAYS), day_spans(), min_size=1))
    hours = Hours(days=days, holidays=draw(st.lists(around(zone), max_size=3)))
    midnight = datetime.combine(draw(around(zone)), time(), UTC)
    start = midnight + timedelta(minutes=draw(st.integers(0, 24 * 60)))
    return start, draw(st.integers(1, 900)), hours, zone


def is_open(moment, hours, zone):
    local = moment.astimezone(ZoneInfo(zone))
    if local.date() in hours.holidays:
        return False
    now = local.time()
    spans = hours.days.get(DAYS[local.weekday()], ())
    return any(opens <= now and (now < closes or closes == time.max) for opens, closes in spans)


def counted(start, minutes, hours, zone):
    """Count open minutes one by one; return when so many are over, or None within five weeks."""
    for n in range(5 * 7 * 24 * 60):
        minutes -= is_open(start + timedelta(minutes=n), hours, zone)
        if minutes == 0:
            return start + timedelta(minutes=n + 1)
    return None


@settings(max_examples=60, deadline=None)
@given(questions())
def test_a_span_of_working_time_is_over_when_so_many_open_minutes_have_passed(question):
    start, minutes, hours, zone = question
    expected = counted(start, minutes, hours, zone)
    if expected is not None:
        found = working(to_micros(start), minutes * MINUTE, hours, zone)
        assert to_datetime(found) == expected


@given(questions(), st.integers(0, 900))
def test_more_work_is_never_done_earlier(question, more):
    start, minutes, hours, zone = question
    at = to_micros(start)
    sooner = working(at, minutes * MINUTE, hours, zone)
    assert at < sooner <= working(at, (minutes + more) * MINUTE, hours, zone)


def over(start, minutes, days, holidays=(), zone="Europe/Berlin"):
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    hours = None if days is None else Hours(days=days, holidays=holidays)
    found = working(to_micros(begin), minutes * MINUTE, hours, zone)
    return f"{to_datetime(found).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-03-02T10:00", 60, "2026-03-02 11:00"),
        ("2026-03-02T11:30", 60, "2026-03-02 13:30"),  # over lunch
        ("2026-03-02T08:00", 60, "2026-03-02 10:00"),  # before we open
        ("2026-03-02T17:00", 60, "2026-03-03 09:30"),  # into the next day
        ("2026-03-06T17:00", 60, "2026-03-09 09:30"),  # over the week-end
        ("2026-03-02T09:00", 180, "2026-03-02 12:00"),  # to the minute we close
    ],
)
def test_a_brand_with_a_lunch_break(start, minutes, end):
    days = {day: ["09:00-12:00", "13:00-17:30"] for day in DAYS[:5]}
    assert over(start, minutes, days) == end


def test_nobody_works_on_holidays():
    days = {day: ["09:00-17:00"] for day in DAYS}
    holidays = [date(2026, 12, 25), date(2026, 12, 26)]
    assert over("2026-12-24T16:30", 60, days, holidays) == "2026-12-27 09:30"


def test_a_day_until_midnight_goes_on_in_the_next():
    days = {day: ["00:00-24:00"] for day in DAYS}
    assert over("2026-03-02T23:30", 60, days) == "2026-03-03 00:30"


def test_without_hours_all_time_works():
    assert over("2026-03-02T23:30", 60, None) == "2026-03-03 00:30"
    assert over("2026-03-02T23:30", 60, {"mon": []}) == "2026-03-03 00:30"


def test_spans_that_overlap_count_once():
    days = {"mon": ["09:00-12:00", "11:00-13:00"]}
    assert over("2026-03-02T09:00", 4 * 60, days) == "2026-03-02 13:00"


def test_an_hour_that_the_clock_skips_counts_once():
    days = {"sun": ["01:00-02:30", "03:00-06:00"]}  # half past two is half past three that day
    assert over("2026-03-29T01:00", 2 * 60, days) == "2026-03-29 04:00"


def test_a_year_of_holidays_stops_no_clock_for_ever():
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(800)]
    days = {day: ["09:00-17:00"] for day in DAYS}
    assert over("2026-03-02T10:00", 60, days, year) == "2026-03-02 11:00"


@pytest.mark.parametrize("year", [1, 1600, 1969])
def test_a_time_from_before_all_clocks_of_ours(year):
    start = to_micros(datetime(year, 1, 1, tzinfo=UTC))
    hours = Hours(days={day: ["09:00-17:00"] for day in DAYS})
    assert working(start, MINUTE, hours, "America/Chicago") == start + MINUTE
