"""Saved responses and twarc's files are heard as if they came live, whatever file they lie in."""

import gzip
import json
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from careline.plugin import Direction, Malformed, Observed, Revised, Seen, Transient
from careline.testing import MemoryContext
from careline_twitter.archive.channel import TwitterArchiveChannel
from careline_twitter.archive.config import TwitterArchiveConfig
from careline_twitter.archive.reading import LONGEST

KIM = {"id": "2", "username": "kim", "name": "Kim"}
ACME = {"id": "1", "username": "acme", "name": "Acme"}
MEDIA = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/a.jpg"}
TWARC = {
    "url": "https://api.x.com/2",
    "version": "2.14.0",
    "retrieved_at": "2026-01-03T00:00:00+00:00",
}


def post(number: int, **said: Any) -> dict[str, Any]:
    made = {"author_id": "2", "created_at": "2026-01-02T10:00:00.000Z", "text": f"@acme {number}"}
    return {"id": str(1_990_000_000_000_000_000 + number), **made, **said}


def page(*numbers: int) -> dict[str, Any]:
    return {
        "data": [post(number) for number in numbers],
        "includes": {"users": [KIM, ACME]},
        "meta": {"result_count": len(numbers)},
    }


def jsonl(*lines: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def channel(path: Path, **config: Any) -> TwitterArchiveChannel:
    made = TwitterArchiveConfig(path=path, **{"user_ids": ("1",), **config})
    found = TwitterArchiveChannel(made, MemoryContext())
    found.items_per_poll = 7
    return found


async def read(archive: TwitterArchiveChannel, cursor: Any = None) -> tuple[list[Any], Any]:
    """Poll to the end; return the items, and the cursor as it comes back from JSON."""
    items: list[Any] = []
    more = True
    while more:
        batch = await archive.poll(archive.sources[0], cursor)
        items += batch.items
        cursor, more = json.loads(json.dumps(batch.cursor)), batch.more
    await archive.close()
    return items, cursor


def numbers(items: list[Any]) -> list[int]:
    return [int(item.message.external_id[-3:]) for item in items if isinstance(item, Seen)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.jsonl.gz", "a.json.gz"])
async def test_pages_of_lines_are_heard_whatever_the_file_is_called(tmp_path, name):
    raw = jsonl(page(1, 2, 3), page(4, 5), page(6), {"meta": {"result_count": 0}}, page(7, 8, 9))
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    items, cursor = await read(channel(tmp_path / name))
    assert numbers(items) == list(range(1, 10))
    assert await read(channel(tmp_path / name), cursor) == ([], cursor)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
@pytest.mark.parametrize("document", [page(1, 2), [page(1), page(2)], [post(1), post(2)]])
async def test_a_response_over_several_lines_is_one_document(tmp_path, name, document):
    raw = b"\xef\xbb\xbf" + json.dumps(document, indent=2).encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    items, cursor = await read(channel(tmp_path / name))
    assert numbers(items) == [1, 2]
    assert await read(channel(tmp_path / name), cursor) == ([], cursor)


async def test_a_document_that_changes_is_read_again(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(page(1), indent=1))
    _, cursor = await read(channel(path))
    path.write_text(json.dumps(page(1, 2), indent=1))
    items, _ = await read(channel(path), cursor)
    assert numbers(items) == [1, 2]


def flattened(raw: dict[str, Any], **inner: Any) -> dict[str, Any]:
    """What `twarc2 flatten` makes of a post: what is around it stands within it."""
    return {**raw, "author": KIM, "__twarc": TWARC, **inner}


async def test_a_flattened_line_says_what_its_page_said(tmp_path):
    asked = post(1, author_id="1", text="Sale!")
    metrics = {"like_count": 3}
    raw = post(
        2,
        referenced_tweets=[{"type": "replied_to", "id": asked["id"]}],
        attachments={"media_keys": ["3_1"]},
        public_metrics=metrics,
    )
    whole = {"data": [raw], "includes": {"users": [KIM, ACME], "tweets": [asked], "media": [MEDIA]}}
    flat = flattened(
        raw,
        attachments={"media_keys": ["3_1"], "media": [MEDIA]},
        referenced_tweets=[{"type": "replied_to", **asked, "author": ACME}],
    )
    (tmp_path / "page.jsonl").write_bytes(jsonl({**whole, "__twarc": TWARC}))
    (tmp_path / "flat.jsonl").write_bytes(jsonl(flat))
    paged, _ = await read(channel(tmp_path / "page.jsonl"))
    assert (await read(channel(tmp_path / "flat.jsonl")))[0] == paged
    customer, observed, ours = paged
    assert customer.message.attachments[0].url == MEDIA["url"]
    assert observed == Observed(raw["id"], datetime(2026, 1, 3, tzinfo=UTC), 3)
    assert ours.message.direction is Direction.OUT
    assert (ours.message.author.name, customer.message.author.name) == ("Acme", "Kim")


async def test_counts_are_of_when_the_file_was_saved(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl({"data": [post(1, public_metrics={"like_count": 3})]}))
    os.utime(path, (1_767_400_000, 1_767_400_000))
    items, _ = await read(channel(path))
    assert items[1].at == datetime.fromtimestamp(1_767_400_000, UTC)


async def test_counts_are_never_of_the_future(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(jsonl({"data": [post(1, public_metrics={"like_count": 3})]}))
    archive = channel(tmp_path)
    os.utime(tmp_path / "a.jsonl", (4_000_000_000, 4_000_000_000))
    items, _ = await read(archive)
    assert items[1].at == archive.context.clock.now()


async def test_direct_messages_streams_and_webhooks_are_heard_too(tmp_path):
    direct = {"id": "50", "event_type": "MessageCreate", "text": "hi", "sender_id": "2",
              "dm_conversation_id": "1-2", "created_at": "2026-01-02T10:00:00Z"}  # fmt: skip
    pushed = {"event_uuid": "u", "event_type": "post.create", "payload": post(3)}
    removed = {"status": {"id": "44", "user_id": "2"}, "timestamp_ms": "1767700000000"}
    raw = jsonl(
        {"data": [direct], "includes": {"users": [KIM, ACME]}},
        direct | {"id": "51"},
        {"data": post(2), "matching_rules": [{"id": "7"}]},
        {"data": pushed},
        {"for_user_id": "1", "tweet_delete_events": [removed]},
        {"data": [{"payload": {}}]},
        {"title": "Unauthorized", "type": "about:blank", "status": 401},
    )
    (tmp_path / "a.jsonl").write_bytes(raw)
    items, _ = await read(channel(tmp_path / "a.jsonl"))
    [odd] = [item for item in items if isinstance(item, Malformed)]
    items.remove(odd)
    assert odd.why == "an event without an event_type"
    said = [getattr(item, "message", item).external_id for item in items]
    assert said == ["1:50", "1:51", post(2)["id"], post(3)["id"], "44"]


async def test_bad_lines_are_set_aside_with_file_and_line(tmp_path):
    lines = [
        jsonl(page(1)), b"\n", b"{half\n", b"7\n", b'{"user": "v1"}\n', b"\xff\xfe\n",
        jsonl({"data": [post(2), {"id": "x"}]}), b"[" * 50_000 + b"\n", jsonl(page(3)),
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    items, _ = await read(channel(tmp_path / "a.jsonl"))
    odd = [(item.place, item.why) for item in items if isinstance(item, Malformed)]
    assert [place for place, _ in odd] == [f"a.jsonl:{line}" for line in (3, 4, 5, 6, 7, 8)]
    assert numbers(items) == [1, 2, 3]
    assert odd[2][1] == "neither a response of API v2 nor a post"


async def test_a_line_that_is_too_long_is_set_aside_alone(tmp_path):
    raw = jsonl(page(1)) + b'"' + b"x" * (LONGEST + 5) + b'"\n' + jsonl(page(2))
    (tmp_path / "a.jsonl").write_bytes(raw)
    items, _ = await read(channel(tmp_path / "a.jsonl"))
    assert numbers(items) == [1, 2]
    [odd] = [item for item in items if isinstance(item, Malformed)]
    assert (odd.why, odd.place) == ("a line longer than 16 MB", "a.jsonl:2")
    assert len(odd.raw) == 64 * 2**10


async def test_a_gzip_file_that_is_cut_gives_what_there_is(tmp_path):
    raw = gzip.compress(jsonl(*(page(number) for number in range(1, 200))))
    (tmp_path / "a.jsonl.gz").write_bytes(raw[: len(raw) // 2])
    items, cursor = await read(channel(tmp_path / "a.jsonl.gz"))
    assert "ends in the middle" in items[-1].why
    assert numbers(items) == list(range(1, len(items)))
    (tmp_path / "a.jsonl.gz").write_bytes(raw)
    items, _ = await read(channel(tmp_path / "a.jsonl.gz"), cursor)
    assert numbers(items)[-1] == 199


async def test_a_folder_is_watched(tmp_path):
    (tmp_path / "b.jsonl").write_bytes(jsonl(page(9)))
    (tmp_path / "a.json").write_text(json.dumps(page(*range(1, 9)), indent=1))
    for name in (".hidden.jsonl", "c.jsonl.part", "d.txt", "e.jsonl.tmp"):
        (tmp_path / name).write_bytes(jsonl(page(99)))
    (tmp_path / "folder.jsonl").mkdir()
    items, cursor = await read(channel(tmp_path))
    assert numbers(items) == list(range(1, 10))
    (tmp_path / "c.jsonl").write_bytes(jsonl(page(10)))
    (tmp_path / "a.json").unlink()
    items, cursor = await read(channel(tmp_path), cursor)
    assert numbers(items) == [10]
    assert set(cursor) == {"b.jsonl", "c.jsonl"}


async def test_a_half_written_line_waits_for_its_rest(tmp_path):
    path, raw = tmp_path / "a.jsonl", jsonl(page(1), page(2))
    path.write_bytes(raw[:-9])
    archive = channel(path)
    items, cursor = await read(archive)
    assert numbers(items) == [1]
    assert "half-written" in archive.context.log.text
    path.write_bytes(raw)
    items, _ = await read(channel(path), cursor)
    assert numbers(items) == [2]


async def test_whom_we_are_set_anew_reads_all_again(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(jsonl(page(1)))
    _, cursor = await read(channel(tmp_path))
    items, _ = await read(channel(tmp_path, user_ids=("1", "2")), cursor)
    assert [item.message.direction for item in items] == [Direction.OUT]


async def test_handles_tell_what_is_ours_without_ids(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(jsonl(page(1)))
    items, _ = await read(channel(tmp_path, user_ids=(), handles=("@Kim",)))
    assert items[0].message.direction is Direction.OUT
    assert channel(tmp_path, user_ids=()).identity is None
    assert channel(tmp_path).identity.id == "1"


async def test_edits_over_two_lines_are_one_message(tmp_path):
    upto = [post(1)["id"], post(2)["id"]]
    first, second = post(1), post(2, edit_history_tweet_ids=upto)
    (tmp_path / "a.jsonl").write_bytes(jsonl({"data": [second]}, {"data": [first]}))
    items, _ = await read(channel(tmp_path))
    assert [type(item) for item in items] == [Revised, Seen]
    assert items[0].of == items[1].message.external_id


@pytest.mark.parametrize("name", ["missing", "notes.txt"])
async def test_what_cannot_be_read_says_why(tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(Transient, match=f"cannot read .*{name}"):
        await read(channel(tmp_path / name))


UNREADABLE = Path("/proc/self/mem")


@pytest.mark.skipif(not UNREADABLE.exists(), reason="no file that root, too, cannot read")
async def test_a_file_that_cannot_be_read_stops_no_other(tmp_path):
    (tmp_path / "a.jsonl").symlink_to(UNREADABLE)
    (tmp_path / "b.jsonl").write_bytes(jsonl(page(1)))
    items, cursor = await read(channel(tmp_path))
    assert numbers(items) == [1]
    with pytest.raises(Transient, match=r"cannot read .*a\.jsonl"):
        await read(channel(tmp_path), cursor)


async def test_a_gzip_file_that_is_none_is_set_aside(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(jsonl(page(1)))
    [odd], _ = await read(channel(tmp_path))
    assert "corrupt" in odd.why


@pytest.mark.parametrize("cursor", [None, 7, "x", [], {"a.jsonl": 7}, {"a.jsonl": {"size": "x"}}])
async def test_a_cursor_that_makes_no_sense_starts_anew(tmp_path, cursor):
    (tmp_path / "a.jsonl").write_bytes(jsonl(page(1)))
    items, _ = await read(channel(tmp_path), cursor)
    assert numbers(items) == [1]


def test_ids_may_be_written_as_numbers(tmp_path):
    config = TwitterArchiveConfig.model_validate({"path": tmp_path, "user_ids": [2244994945]})
    assert config.user_ids == ("2244994945",)
    for bad in ({"user_ids": ["@acme"]}, {"user_ids": [True]}, {"path": ""}, {"every": 0}):
        with pytest.raises(ValidationError):
            TwitterArchiveConfig.model_validate({"path": tmp_path, **bad})


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 5), max_size=12),
    name=st.sampled_from(["a.jsonl", "a.jsonl.gz", "a.json"]),
    restarts=st.sets(st.integers(0, 12)),
    final=st.booleans(),
    backend=st.sampled_from(["asyncio", "trio"]),
)
def test_a_restart_anywhere_loses_nothing_and_repeats_nothing(
    sizes, name, restarts, final, backend
):
    every = iter(range(1, 100))
    raw = jsonl(*(page(*(next(every) for _ in range(size))) for size in sizes))
    if not final and name != "a.jsonl.gz":
        raw = raw.rstrip(b"\n")

    async def run(path: Path) -> list[Any]:
        archive, cursor, items, more, turn = channel(path), None, [], True, 0
        while more:
            if turn in restarts:
                await archive.close()
                archive = channel(path)
            batch = await archive.poll(archive.sources[0], cursor)
            items, more, turn = [*items, *batch.items], batch.more, turn + 1
            cursor = json.loads(json.dumps(batch.cursor))
        await archive.close()
        return items

    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        items = anyio.run(run, path, backend=backend)
    assert numbers(items) == list(range(1, sum(sizes) + 1))
    assert len(items) == sum(sizes)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 6), cuts=st.sets(st.integers(0, 1500)))
def test_a_file_that_grows_by_any_pieces_is_read_whole(count, cuts):
    raw = jsonl(*(page(number) for number in range(1, count + 1)))

    async def run(path: Path) -> list[Any]:
        items: list[Any] = []
        cursor = None
        for cut in [*sorted(cut for cut in cuts if cut < len(raw)), len(raw)]:
            await anyio.Path(path).write_bytes(raw[:cut])
            found, cursor = await read(channel(path), cursor)
            items += found
        return items

    with TemporaryDirectory() as folder:
        items = anyio.run(run, Path(folder, "a.jsonl"))
    assert numbers(items) == list(range(1, count + 1))
    assert len(items) == count


async def test_memory_stays_flat(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        for number in range(0, 20_000, 100):
            file.write(jsonl(page(*range(number, number + 100))))
    archive = channel(path)
    archive.items_per_poll = 500
    cursor, more, count = None, True, 0
    tracemalloc.start()
    while more:
        batch = await archive.poll(archive.sources[0], cursor)
        cursor, more, count = batch.cursor, batch.more, count + len(batch.items)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await archive.close()
    assert count == 20_000
    assert path.stat().st_size > 2 * 2**20
    assert peak < 8 * 2**20
