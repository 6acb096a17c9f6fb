"""Every way in which archives write a time."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline.builtin.archive.times import parse_time

moments = st.integers(150 * 10**12, 7 * 10**15).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(
    moments,
    offsets,
    st.text("0123456789", max_size=9),
    st.sampled_from("T "),
    st.sampled_from(["{:+03d}:{:02d}", "{:+03d}{:02d}", " {:+03d}:{:02d}", " {:+03d}{:02d}"]),
)
def test_iso_8601_with_any_fraction_and_offset(moment, zone, fraction, between, written):
    moment = moment.replace(microsecond=0)
    minutes = int(zone.utcoffset(None).total_seconds()) // 60
    sign, minutes = (-1 if minutes < 0 else 1), abs(minutes)
    offset = written.format(minutes // 60, minutes % 60)
    if sign < 0:
        offset = offset.replace("+", "-")
    local = moment.astimezone(zone).strftime(f"%Y-%m-%d{between}%H:%M:%S")
    text = f"{local}{'.' if fraction else ''}{fraction}{offset}"
    expected = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    assert parse_time(text) == (expected, "second")


@given(moments, st.sampled_from(["Z", "z", " Z", " UTC", " GMT", "+00:00", " +0000"]))
def test_every_name_of_utc(moment, zone):
    text = f"{moment:%Y-%m-%dT%H:%M:%S.%f}{zone}"
    assert parse_time(text) == (moment, "second")


@given(moments.map(lambda m: m.replace(microsecond=0)))
def test_epoch_seconds_as_number_and_as_text(moment):
    seconds = int(moment.timestamp())
    assert parse_time(seconds) == parse_time(str(seconds)) == (moment, "second")
    assert parse_time(float(seconds)) == parse_time(f"{seconds}.0") == (moment, "second")


@given(moments.map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000)))
def test_epoch_milliseconds(moment):
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = since // timedelta(milliseconds=1)
    assert parse_time(milliseconds) == parse_time(str(milliseconds)) == (moment, "second")


@given(moments.map(lambda m: m.replace(microsecond=0)), offsets)
def test_rfc_2822(moment, zone):
    assert parse_time(format_datetime(moment.astimezone(zone))) == (moment, "second")


def test_the_order_that_twitter_wrote():
    expected = datetime(2017, 10, 31, 22, 10, 47, tzinfo=UTC)
    assert parse_time("Tue Oct 31 22:10:47 +0000 2017") == (expected, "second")


@pytest.mark.parametrize("text", ["2024-07-05", "20240705", " 2024-07-05 "])
def test_a_bare_day_begins_in_the_zone_and_says_so(text):
    zone = ZoneInfo("America/Chicago")
    assert parse_time(text, zone) == (datetime(2024, 7, 5, 5, tzinfo=UTC), "day")


def test_a_time_without_zone_is_in_the_one_given():
    berlin = ZoneInfo("Europe/Berlin")
    assert parse_time("2024-07-05 12:00", berlin)[0] == datetime(2024, 7, 5, 10, tzinfo=UTC)
    assert parse_time("2024-07-05 12:00Z", berlin)[0] == datetime(2024, 7, 5, 12, tzinfo=UTC)


def test_an_explicit_format_holds_for_every_value():
    zone = ZoneInfo("Europe/Berlin")
    got = parse_time("05.07.2024 12:30", zone, "%d.%m.%Y %H:%M")
    assert got == (datetime(2024, 7, 5, 10, 30, tzinfo=UTC), "second")
    assert parse_time("20240705121500", UTC, "%Y%m%d%H%M%S")[0].minute == 15
    assert parse_time("05.07.2024", UTC, "%d.%m.%Y") == (datetime(2024, 7, 5, tzinfo=UTC), "day")
    with pytest.raises(ValueError, match='"2024-07-05" is no time'):
        parse_time("2024-07-05", UTC, "%d.%m.%Y")


@pytest.mark.parametrize(
    "value",
    ["soon", "", " ", "2017", "5", 0, -1, 2017, 1e300, float("nan"), float("inf"), True, None, [],
     {}, "2024-13-01", "2024-02-30T10:00", "20171031221047", "0001-01-01T00:00+14:00",
     "9999-12-31T23:59-14:00", "1" * 5000, "\x00", "２０２４"],
)  # fmt: skip
def test_what_is_no_time_is_refused_and_shown(value):
    with pytest.raises(ValueError, match="is no time"):
        parse_time(value)


@given(st.text() | st.integers() | st.floats() | st.binary() | st.lists(st.integers()))
def test_any_value_is_a_time_or_a_value_error(value):
    try:
        moment, precision = parse_time(value)
    except ValueError:
        return
    assert moment.utcoffset() == timedelta(0)
    assert precision in ("second", "day")
