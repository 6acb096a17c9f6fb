"""The report: shares, percentiles and volumes that agree with a plain count by hand."""

import json
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline.store.figures import Times, seconds, spread
from careline.store.report import Report, report


def made(
    world: Any,
    since: datetime | None = None,
    until: datetime | None = None,
    hours: float = 100,
    **options: Any,
) -> Report:
    now = world.at(hours=hours)
    done: Report = world.read(lambda conn: report(conn, since, until, now=now, **options))
    return done


@pytest.fixture
def month(world: Any) -> Any:
    """Six customers: answered after 10 min, 45 min, 3 h and 30 h, ignored, and forgotten."""
    waits = (10, 45, 180, 1800)
    for n, minutes in enumerate(waits):
        asked = world.at(hours=n)
        text = "It is broken" if n % 2 else "How much?"
        world.hear(
            world.said(f"q{n}", text, asked, f"c{n}"),
            world.answer(f"a{n}", f"q{n}", asked + timedelta(minutes=minutes)),
        )
    world.hear(world.said("spam", "lovely watches", world.at(hours=5), "spammer"))
    world.act("ignore", "spam", world.at(hours=6), reason="spam")
    world.hear(world.said("lost", "broken", world.at(hours=7), "lou"))
    return world


def test_the_total_is_what_a_plain_count_gives(month: Any) -> None:
    total = made(month).total
    waits = [600, 2700, 10_800, 108_000]
    assert (total.conversations, total.answered, total.never_answered) == (6, 4, 2)
    assert total.without_disposition == 1
    assert total.within == pytest.approx({"30m": 1 / 6, "1h": 2 / 6, "24h": 3 / 6}, abs=1e-6)
    assert total.first_response_s.median == median(waits)
    assert total.first_response_s.p90 == quantiles(waits, n=10, method="inclusive")[8]


def test_rows_are_by_brand_account_and_intent_and_sum_to_the_total(month: Any) -> None:
    done = made(month)
    assert [(row.brand, row.account, row.channel, row.intent) for row in done.rows] == [
        ("acme", "acme-x", "twitter", "praise"),
        ("acme", "acme-x", "twitter", "problem"),
        ("acme", "acme-x", "twitter", "question"),
    ]
    assert [row.conversations for row in done.rows] == [1, 3, 2]
    assert done.rows[2].within == {"30m": 0.5, "1h": 0.5, "24h": 1.0}
    assert sum(row.answered for row in done.rows) == done.total.answered


def test_a_message_of_a_machine_is_no_answer(world: Any) -> None:
    world.hear(
        world.said("1", "broken", world.at(hours=0)),
        world.answer("2", "1", world.at(minutes=1), sent_by="automation"),
        world.answer("3", "1", world.at(minutes=40), sent_by="agent"),
    )
    assert made(world).total.first_response_s.median == 2400


def test_public_answers_are_counted_alone(world: Any) -> None:
    """One is answered in public, one in private, and one began in private."""
    world.hear(
        world.said("1", "broken", world.at(hours=0), "pat"),
        world.answer("2", "1", world.at(minutes=20)),
        world.direct("3", "broken?", world.at(hours=1), "dan"),
        world.direct(
            "4", "Hi", world.at(hours=1, minutes=5), "dan", direction="out", parent="3",
        ),
        world.said("5", "broken", world.at(hours=2), "fay"),
    )  # fmt: skip
    total = made(world).total
    assert (total.conversations, total.answered) == (3, 2)
    public = total.public
    assert (public.conversations, public.answered) == (2, 1)
    assert public.within == {"30m": 0.5, "1h": 0.5, "24h": 0.5}
    assert public.first_response_s.median == 1200


def test_only_conversations_that_began_in_the_period_count(month: Any) -> None:
    done = made(month, month.at(hours=1), month.at(hours=3))
    assert done.total.conversations == 2
    assert done.total.first_response_s.median == (2700 + 10_800) / 2
    assert (done.period.since, done.period.until) == (month.at(hours=1), month.at(hours=3))


def test_days_are_the_brands_and_compare_with_the_period_before(world: Any) -> None:
    """Nine in the morning in London is ten in the evening in Auckland."""
    world.hear(*(world.said(f"b{n}", "hi", world.at(hours=-20 - n), f"b{n}") for n in range(2)))
    world.hear(*(world.said(f"m{n}", "hi", world.at(hours=n), f"m{n}") for n in range(3)))
    world.hear(world.answer("a", "m0", world.at(hours=4)))
    period = (world.at(hours=-1), world.at(hours=23))
    volume = made(world, *period, zones={"acme": "Pacific/Auckland"}).total.volume
    assert [(day.day.isoformat(), day.messages) for day in volume.days] == [
        ("2026-03-02", 2),
        ("2026-03-03", 1),
    ]
    assert (volume.messages, volume.before, volume.change) == (3, 2, 0.5)
    elsewhere = made(world, *period).total.volume
    assert [day.messages for day in elsewhere.days] == [3]


def test_promises_are_kept_missed_open_or_void(month: Any) -> None:
    month.hear(month.said("late", "broken", month.at(hours=99.5), "lee"))
    promises = made(month).total.deadlines
    assert promises == {
        "first_reply": {"kept": 2, "missed": 3, "open": 1, "void": 0},
        "acknowledge": {"kept": 0, "missed": 0, "open": 0, "void": 1},
    }


def test_the_lag_of_live_messages_and_what_push_missed(world: Any) -> None:
    for n, (late, way) in enumerate([(2, "stream"), (4, "stream"), (60, "poll")]):
        asked = world.at(hours=n)
        world.hear(world.said(f"{n}", "hi", asked), at=asked, found_by="stream")
        message = world.said(f"m{n}", "hi", asked)
        world.hear(message, at=asked + timedelta(seconds=late), found_by=way)
    asked = world.at(hours=9)
    world.hear(world.said("p", "hi", asked, "pia"), account="acme-fb", network="facebook")
    world.hear(
        world.said("p2", "hi", asked, "pia"),
        at=asked + timedelta(seconds=9),
        account="acme-fb",
        network="facebook",
    )
    done = made(world)
    by_account = {one.account: one for one in done.ingest}
    assert by_account["acme-x"].found_by_sweep == 1
    assert by_account["acme-fb"].found_by_sweep is None, "nothing is pushed there"
    assert by_account["acme-fb"].ingest_lag_s.median == 9
    assert done.found_by_sweep == 1


def test_an_empty_desk_has_a_report_without_shares(world: Any) -> None:
    done = made(world)
    assert done.rows == ()
    assert done.total.conversations == 0
    assert done.total.within == {"30m": None, "1h": None, "24h": None}
    assert done.total.first_response_s.median is None
    assert done.total.volume.change is None


def test_another_brand_is_left_out(month: Any) -> None:
    for n in range(2):
        message = month.said(f"z{n}", "broken", month.at(hours=n), f"zed{n}")
        month.hear(message, brand="zeta", account="zeta-x")
    assert made(month).total.conversations == 8
    only = made(month, brand="zeta")
    assert [row.brand for row in only.rows] == ["zeta"]
    assert only.total.volume.messages == 2
    assert [one.account for one in only.ingest] == ["zeta-x"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_its_shape_is_frozen(month: Any) -> None:
    done = json.loads(made(month).model_dump_json())
    done["rows"] = done["rows"][1:2]  # in the first one nobody was answered: its times are null
    outcomes = {"kept": int, "missed": int, "open": int, "void": int}
    figures = {
        "conversations": int,
        "answered": int,
        "never_answered": int,
        "without_disposition": int,
        "within": {"30m": float, "1h": float, "24h": float},
        "first_response_s": {"median": float, "p90": float},
        "public": {
            "conversations": int,
            "answered": int,
            "within": {"30m": float, "1h": float, "24h": float},
            "first_response_s": {"median": float, "p90": float},
        },
        "volume": {
            "messages": int,
            "before": int,
            "change": type(None),
            "days": [{"day": str, "messages": int}],
        },
        "deadlines": {"first_reply": outcomes},
    }
    both = {"deadlines": {"acknowledge": outcomes, "first_reply": outcomes}}
    spread = {"median": float, "p90": float}
    assert shape(done) == {
        "schema_version": int,
        "period": {"since": str, "until": str},
        "rows": [{"brand": str, "account": str, "channel": str, "intent": str} | figures],
        "total": figures | both,
        "ingest_lag_s": spread,
        "found_by_sweep": type(None),
        "ingest": [
            {"account": str, "messages": int, "ingest_lag_s": spread, "found_by_sweep": type(None)}
        ],
        "expected": [
            {
                "about": str,
                "tier": str,
                "share": float,
                "text": str,
                "requirement": str,
                "source": str,
                "years": str,
            }
        ],
    }
    assert done["schema_version"] == 1
    assert {one["years"] for one in done["expected"]} == {"2010-2013"}


def shape(value: Any) -> Any:
    """Return the shape of JSON: names and types; of a list, that of its first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value)


SPANS = st.lists(st.integers(0, 10**6), min_size=2)


@given(SPANS)
def test_percentiles_agree_with_the_standard_library(spans: list[int]) -> None:
    times = Times()
    for span in spans:
        times.add(0, span * 1_000_000)
    found = spread(times.spans)
    assert found.median == pytest.approx(median(spans), abs=1e-3)
    assert found.p90 == pytest.approx(quantiles(spans, n=10, method="inclusive")[8], abs=1e-3)


def test_a_begun_second_counts_so_that_no_answer_is_in_time_that_was_not() -> None:
    assert seconds(0, 1_800_000_000) == 1800
    assert seconds(0, 1_800_000_001) == 1801
    assert seconds(5, 3) == 0
