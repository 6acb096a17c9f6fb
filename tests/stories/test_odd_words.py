"""Text, names, times and numbers as the world really sends them."""

from datetime import UTC, datetime

import pytest

from careline.models import Status
from careline.plugin import Author, Delivered, Malformed, Observed, Removed
from careline.store.rejected import rejected_views

BIDI = "\u202eIt is broken\u202c \u2066now\u2069"
ODD = {
    "NUL": ("It is\x00 broken", "It is\ufffd broken"),
    "lone surrogates": ("It is broken \ud83d and \udc00", "It is broken \ufffd and \ufffd"),
    "a pair of surrogates": ("It is broken \ud83d\udd25", "It is broken \U0001f525"),
    "bidi controls": (BIDI, BIDI),
    "every script": ("broken עברית العربية 日本語 ไทย ‍👩‍🔧", None),
    "nothing": ("", ""),
    "a percent and quotes": ("broken %s %(x)s ' \" ; -- \\", None),
}


@pytest.fixture
async def lenient(closed):
    """Return a desk that contains what is wrong, as an operator's does."""
    closed.strict = False
    await closed.open()
    return closed


@pytest.mark.parametrize("name", ODD)
async def test_whatever_is_written_is_kept_shown_and_stops_nothing(story, name):
    text, kept = ODD[name]
    author = Author(id=f"u {name}", name=text, handle=text)
    said = story.said("1", text, author=author, title=text, lang="en", permalink=text)
    await story.hears(said, story.said("2", by="lee"))
    [word] = (await story.case("1")).messages
    expected = text if kept is None else kept
    assert (word.text, word.title or "", word.author.name or "") == (expected,) * 3
    assert len(await story.inbox(states=(Status.NEW,))) == 2
    assert (await story.case("1")).model_dump_json()


async def test_a_megabyte_is_kept_whole_and_shown_by_its_beginning(story):
    text = "It is broken. " + "x" * 2**20
    await story.hears(story.said("1", text), story.said("2", by="lee"))
    [word] = (await story.case("1")).messages
    assert word.text == text
    row = next(row for row in await story.inbox() if row.id == story.id("1"))
    assert row.snippet.startswith("It is broken. xxx")
    assert len(row.snippet) == 140
    assert [row.id for row in await story.inbox(search="broken")] != []


@pytest.mark.parametrize(
    "item",
    [
        Malformed(b"\x00\xff{", "bad \x00 \ud800", "page \x00 \udc00"),
        Delivered("9", datetime(2026, 1, 5, tzinfo=UTC), "failed", "why \x00 \ud800"),
        Observed("1", datetime(2026, 1, 5, tzinfo=UTC), reach=10**30, likes=-(10**30)),
        Removed("\x00 \ud800", datetime(2026, 1, 5, tzinfo=UTC)),
    ],
    ids=lambda item: type(item).__name__,
)
async def test_an_item_with_odd_contents_stops_no_message(lenient, item):
    await lenient.hears(item, lenient.said("1"))
    await lenient.hears(lenient.said("2", by="lee"))
    assert len(await lenient.inbox()) == 2
    rows, _ = await lenient.read(rejected_views)
    assert all(row.why for row in rows)


async def test_what_cannot_be_kept_is_set_aside_with_its_reason_and_the_rest_is_kept(
    lenient, caplog
):
    star = lenient.said("1", author=Author(id="u-star", followers=10**30))
    ran = await lenient.hears(lenient.said("0", by="lee"), star, lenient.said("2", by="max"))
    assert {row.id for row in await lenient.inbox()} == {lenient.id("0"), lenient.id("2")}
    heard = ran.heard["acme-x"]
    assert (heard.new, heard.malformed) == (2, 1)
    [row], total = await lenient.read(rejected_views)
    assert (total, row.account, "u-star" in row.raw) == (1, "acme-x", True)
    assert "a batch could not be kept whole" in caplog.text
    await lenient.hears(lenient.said("3", by="kim"))
    assert len(await lenient.inbox()) == 3


@pytest.mark.parametrize("year", [1, 1600, 9999])
async def test_a_time_that_cannot_be_is_no_reason_to_stop(closed, year):
    """Some programs write the year 1 where they know no time."""
    hours = {"mon": ["09:00-17:00"]}
    brand = {"name": "Acme", "timezone": "America/New_York", "hours": hours}
    rule = {"first_reply": "1h", "hours": "business"}
    await closed.open(brands={"acme": brand}, deadlines=[rule])
    odd = closed.said("1", posted_at=datetime(year, 1, 1, tzinfo=UTC))
    await closed.hears(odd, closed.said("2", by="lee"), at=closed.at(1))
    assert {row.id for row in await closed.inbox()} == {closed.id("1"), closed.id("2")}
    assert (await closed.report()).total.conversations == 2
    assert (await closed.case("1")).messages[0].posted_at.year == year


@pytest.mark.parametrize("rating", [float("nan"), float("inf"), -5.0])
async def test_stars_that_cannot_be_are_no_reason_to_stop(story, rating):
    await story.hears(story.said("1", rating=rating), story.said("2", by="lee"))
    assert len(await story.inbox()) == 2
    assert (await story.case("1")).model_dump_json()
