"""What becomes of each item of a batch, and what a message is kept as."""

import json
from dataclasses import asdict
from datetime import timedelta

import pytest

from careline.engine.intake import ingest, load_cursor
from careline.plugin import (
    Batch,
    Delivered,
    Kind,
    Malformed,
    Observed,
    Removed,
    Revised,
    Seen,
)


def counts(summary):
    return {name: n for name, n in asdict(summary).items() if n}


def everything(say):
    """Return items of every sort, some of them twice."""
    since = say.at(-60)
    return [
        say.said("1"), say.said("1"), say.said("2", by="lee"),
        say.said("0", posted_at=since - timedelta(days=1)),
        Revised(say.said("1", "Why?"), "1", say.at(5)),
        Revised(say.said("1", "Why?"), "1", say.at(5)),
        Revised(say.said("8", "edited before we heard of it"), "7", say.at(5)),
        Revised(say.said("6", posted_at=since - timedelta(days=1)), "5", say.at(5)),
        Removed("2", say.at(6)), Removed("2", say.at(6)), Removed("99", say.at(6)),
        Observed("1", say.at(7), likes=3), Observed("1", say.at(6), likes=2),
        Delivered("1", say.at(8), "read"), Delivered("1", say.at(8), "sent"),
        Malformed(b"{", "no JSON", "page 1"), Malformed(b"{", "no JSON", "page 1"),
    ]  # fmt: skip


def test_each_item_is_in_exactly_one_count(ears, say):
    to = ears.to(since=int(say.at(-60).timestamp() * 1_000_000))
    heard = ears.hear(*everything(say), to=to)
    assert counts(heard) == {
        "new": 3, "known": 6 - 1, "revised": 1, "removed": 2, "observed": 1, "delivered": 1,
        "malformed": 2, "before_since": 2,
    }  # fmt: skip
    assert sum(counts(heard).values()) == len(everything(say))


def test_a_second_time_nothing_is_new(ears, say):
    to = ears.to(since=int(say.at(-60).timestamp() * 1_000_000))
    ears.hear(*everything(say), to=to)
    again = ears.hear(*everything(say), to=to)
    assert counts(again) == {"known": 13, "malformed": 2, "before_since": 2}


def test_a_poll_that_brings_nothing_new_leaves_no_line_in_the_log(ears, say):
    ears.hear(say.said("1"))
    ears.hear(say.said("1"))
    ears.hear()
    [data] = [
        json.loads(data) for (data,) in ears.all("SELECT data FROM events WHERE verb = 'heard'")
    ]
    assert (data["source"], data["new"]) == ("posts", 1)


def test_the_cursor_is_kept_with_its_batch(ears, say):
    assert load_cursor(ears.conn, "acme-x", "posts") is None
    for cursor in ({"page": 1}, {"page": 2}):
        batch = Batch((Seen(say.said("1")),), cursor=cursor)
        ingest(ears.conn, ears.to(), "posts", batch, ears.now, ears.policy)
    assert load_cursor(ears.conn, "acme-x", "posts") == {"page": 2}
    assert load_cursor(ears.conn, "acme-x", "mentions") is None


def test_what_is_malformed_is_set_aside_once_and_counted_each_time(ears):
    bad = Malformed(b'{"text": "\xff\x00', "no JSON", "threads.jsonl:12")
    for hours in range(3):
        ears.hear(bad, now=ears.now + timedelta(hours=hours))
    ears.hear(Malformed(b'{"text": "\xff\x00', "no JSON", "threads.jsonl:13"))
    rows = ears.all("SELECT place, why, times, last_at - at FROM rejected ORDER BY place")
    assert rows == [
        ("threads.jsonl:12", "no JSON", 3, 2 * 3600 * 1_000_000),
        ("threads.jsonl:13", "no JSON", 1, 0),
    ]
    assert bytes(ears.all("SELECT raw FROM rejected")[0][0]) == b'{"text": "\xff\x00'


def test_what_was_said_before_since_leaves_no_trace(ears, say):
    to = ears.to(since=int(say.at(0).timestamp() * 1_000_000))
    ears.hear(say.said("1", minutes=-1, by="lee"), say.said("2", minutes=0), to=to)
    assert ears.all("SELECT external_id FROM messages") == [("2",)]
    assert ears.all('SELECT "user" FROM identities') == [("u-kim",)]


def test_an_edit_of_what_is_kept_is_taken_however_old_the_message_is(ears, say):
    ears.hear(say.said("1", minutes=-1))
    to = ears.to(since=int(say.at(0).timestamp() * 1_000_000))
    assert ears.hear(Revised(say.said("1", "Why?", -1), "1", say.at(5)), to=to).revised == 1


def roles(ears):
    rows = ears.all("SELECT external_id, role, conversation IS NULL FROM messages ORDER BY 1")
    return {id: (role, bool(none)) for id, role, none in rows}


def test_kinds_that_open_no_case_are_kept_beside_them(ears, say):
    comment, post = say.said("1", kind=Kind.COMMENT), say.said("2", by="lee", kind=Kind.POST)
    direct = say.direct("3", by="max")
    ears.hear(comment, post, direct, to=ears.to(opens=frozenset({"mention", "reply"})))
    assert roles(ears) == dict.fromkeys("123", ("context", True))
    assert ears.all("SELECT * FROM states") == []
    assert ears.all("SELECT * FROM readings") == []


def test_ours_is_never_kept_out_by_its_kind(ears, say):
    answer = say.ours("2", "1", 5, kind=Kind.POST)
    ears.hear(say.said("1"), answer)
    assert roles(ears)["2"] == ("ours", False)


def test_context_in_one_look_and_a_case_in_another_is_a_case(ears, say):
    for items in ([Seen(say.said("1"), context=True)], [say.said("1")]):
        ears.hear(*items)
    assert roles(ears)["1"] == ("customer", False)
    assert ears.one("SELECT intent FROM messages") == "problem"
    ears.hear(Seen(say.said("1"), context=True))
    assert roles(ears)["1"] == ("customer", False)


def test_a_reply_to_context_is_a_case(ears, say):
    ears.hear(Seen(say.said("1"), context=True), say.said("2", by="lee", parent="1"))
    assert roles(ears) == {"1": ("context", True), "2": ("customer", False)}


def test_who_is_unknown_is_somebody_else_each_time(ears, say):
    ears.hear(*(say.said(id, by=None, root="page") for id in "12"))
    assert sorted(ears.all('SELECT "user" FROM identities')) == [("anon:1",), ("anon:2",)]
    assert len(ears.all("SELECT * FROM conversations")) == 2


@pytest.mark.parametrize("accounts", [("acme-x", "acme-y"), ("acme-y", "acme-x")])
def test_what_two_accounts_see_is_one_message_with_a_sighting(ears, say, accounts):
    for account in (*accounts, *accounts):
        ears.hear(say.said("1"), to=ears.to(account))
    assert ears.all("SELECT account FROM messages") == [("acme-x",)]
    assert ears.all("SELECT account FROM sightings") == [("acme-y",)]
    assert ears.all("SELECT account, channel FROM conversations") == [("acme-x", "x")]


def test_two_brands_never_mix(ears, say):
    heard = [ears.hear(say.said("1"), to=ears.to(brand=brand)).new for brand in ("acme", "other")]
    ears.hear(say.direct("2"), to=ears.to(brand="other"))
    assert heard == [1, 1]
    assert sorted(ears.all("SELECT brand, first FROM conversations")) == [
        ("acme", ears.id("1")), ("other", ears.id("1", "other")),
    ]  # fmt: skip
    assert ears.one("SELECT count(*) FROM messages") == 3


def clocks(ears):
    rows = ears.all("SELECT clock_at, fact_at, posted_at FROM messages")
    return [
        tuple((at - int(ears.start.timestamp() * 1e6)) // 60_000_000 for at in row) for row in rows
    ]


def test_where_only_the_day_is_known_the_clock_starts_when_it_is_seen(ears, say):
    review = say.said("1", precision="day", kind=Kind.REVIEW)
    ears.hear(review, now=say.at(600))
    ears.hear(review, now=say.at(700))
    assert clocks(ears) == [(600, 0, 0)]
    assert ears.one("SELECT due_at FROM states") == int(say.at(615).timestamp() * 1e6)


def test_a_post_from_the_future_starts_when_it_is_seen(ears, say):
    ears.hear(say.said("1", minutes=9999), now=say.at(10))
    ears.hear(say.said("1", minutes=9999), now=say.at(20))
    assert clocks(ears) == [(10, 10, 9999)]


def test_only_what_comes_after_the_first_catch_up_is_live(ears, say):
    ears.hear(say.said("1"), now=say.at(1), more=True)
    ears.hear(say.said("2", by="lee", minutes=1), now=say.at(2), more=False)
    ears.hear(say.said("3", by="max", minutes=3), say.said("4", by="zoe"), now=say.at(4))
    ears.hear(say.said("5", by="eve", minutes=5), now=say.at(5, days=1))
    ears.hear(say.said("6", by="eva", minutes=5), now=say.at(6, days=1))
    live = dict(ears.all("SELECT external_id, live FROM messages"))
    assert [id for id, is_live in sorted(live.items()) if is_live] == ["3", "5"]
    speaks = ears.all("SELECT DISTINCT anchor FROM deadlines WHERE next_at IS NOT NULL")
    assert sorted(speaks) == [(ears.id("3"),), (ears.id("5"),)]
