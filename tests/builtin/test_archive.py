"""Files that grow, change, come and go: every row is heard, none is heard for nothing."""

import csv
import gzip
import io
import json
import os
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careline.plugin import Malformed, Revised, Seen, Transient

TEXTS = [
    "plain",
    "two\nlines",
    'a "quoted" word',
    "comma, semicolon;",
    "",
    "ü\u2028\x85é\U0001f600",
]


def row(number, text=None):
    text = TEXTS[number % len(TEXTS)] if text is None else text
    return {"id": f"m{number}", "at": f"2024-01-01T{number % 24:02}:00:00Z", "text": text}


def as_jsonl(rows):
    return "".join(json.dumps(each) + "\n" for each in rows).encode()


def as_csv(rows, end="\r\n"):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["id", "at", "text"], lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


FORMATS = {
    "rows.jsonl": as_jsonl,
    "rows.csv": as_csv,
    "rows.jsonl.gz": lambda rows: gzip.compress(as_jsonl(rows)),
    "rows.csv.gz": lambda rows: gzip.compress(as_csv(rows)),
}


def ids(items):
    return [item.message.external_id for item in items if isinstance(item, Seen)]


def said(items):
    return [(m.external_id, m.text) for m in (item.message for item in items)]


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_says_the_same(tmp_path, archive, read, name):
    rows = [row(n) for n in range(25)]
    (tmp_path / name).write_bytes(FORMATS[name](rows))
    items, cursor = await read(archive(tmp_path / name, rows=7))
    assert said(items) == [(each["id"], each["text"]) for each in rows]
    assert await read(archive(tmp_path / name), json.loads(json.dumps(cursor))) == ([], cursor)


async def test_more_is_told_until_the_end(tmp_path, archive):
    (tmp_path / "a.jsonl").write_bytes(as_jsonl(row(n) for n in range(5)))
    channel = archive(tmp_path / "a.jsonl", rows=2)
    batches, cursor = [], None
    for _ in range(3):
        batches.append(await channel.poll(channel.sources[0], cursor))
        cursor = batches[-1].cursor
    assert [(len(batch.items), batch.more) for batch in batches] == [
        (2, True),
        (2, True),
        (1, False),
    ]


async def test_long_rows_fill_a_batch_by_their_bytes(tmp_path, archive, read):
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_jsonl(row(n, "x" * 2**20) for n in range(12)))
    channel = archive(path)
    batch = await channel.poll(channel.sources[0], None)
    assert len(batch.items) < 6
    assert batch.more
    items, _ = await read(channel, batch.cursor)
    assert len(batch.items) + len(items) == 12


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(FORMATS)),
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=12),
    rows=st.integers(1, 5),
    restarts=st.sets(st.integers(0, 12)),
    final=st.booleans(),
    backend=st.sampled_from(["asyncio", "trio"]),
)
def test_a_restart_anywhere_loses_nothing_and_repeats_nothing(
    archive, name, texts, rows, restarts, final, backend
):
    given_rows = [row(n, text) for n, text in enumerate(texts)]
    raw = FORMATS[name](given_rows)
    if not final and not name.endswith(".gz"):
        raw = raw.rstrip(b"\r\n")

    async def run(path):
        channel, cursor, items, more, turn = archive(path, rows=rows), None, [], True, 0
        while more:
            if turn in restarts:
                await channel.close()
                channel = archive(path, rows=rows)
            batch = await channel.poll(channel.sources[0], cursor)
            items, more, turn = items + list(batch.items), batch.more, turn + 1
            cursor = json.loads(json.dumps(batch.cursor))
        await channel.close()
        return items

    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(raw)
        items = anyio.run(run, path, backend=backend)
    assert ids(items) == [each["id"] for each in given_rows]
    assert [item.message.text for item in items] == [
        each["text"].replace("\x00", "\ufffd") for each in given_rows
    ]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["rows.jsonl", "rows.csv"]),
    count=st.integers(1, 8),
    cuts=st.sets(st.integers(0, 400)),
)
def test_a_file_that_grows_by_any_pieces_is_read_whole(archive, read, name, count, cuts):
    rows = [row(n) for n in range(count)]
    raw = FORMATS[name](rows)

    heard, cursor = {}, None
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        for cut in [*sorted(cut for cut in cuts if cut < len(raw)), len(raw)]:
            path.write_bytes(raw[:cut])
            items, cursor = anyio.run(read, archive(path, rows=3), cursor)
            for item in items:
                if isinstance(item, Malformed):  # cut between two lines of one quoted text
                    assert item.raw.endswith(b"\n")
                    continue
                if isinstance(item, Revised):
                    del heard[item.of]
                assert item.message.external_id not in heard, "the same row came twice"
                heard[item.message.external_id] = item.message.text
    assert heard == {each["id"]: each["text"] for each in rows}


async def test_a_cancelled_poll_is_made_good_by_the_next(tmp_path, archive, read):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(as_jsonl(row(n) for n in range(9))))
    channel = archive(path, rows=4)
    first = await channel.poll(channel.sources[0], None)
    await channel.poll(channel.sources[0], first.cursor)  # its result is lost
    items, _ = await read(channel, first.cursor)
    assert ids(first.items) + ids(items) == [f"m{n}" for n in range(9)]


async def test_a_gzip_that_grows_by_a_member_gives_the_new_rows(tmp_path, archive, read):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(as_csv([row(1)])))
    _, cursor = await read(archive(path))
    with path.open("ab") as file:
        file.write(gzip.compress(b"m2,2024-01-02,more\n"))
    items, _ = await read(archive(path), cursor)
    assert ids(items) == ["m2"]


@pytest.mark.parametrize("change", ["other", "shorter", "same size", "settings"])
async def test_a_file_that_is_another_one_is_read_from_its_start(tmp_path, archive, read, change):
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_jsonl([row(1), row(2)]))
    _, cursor = await read(archive(path))
    fresh = {
        "other": [row(4), row(5), row(6)],
        "shorter": [row(1)],
        "same size": [row(1), row(8)],
        "settings": [row(1), row(2)],
    }[change]
    path.write_bytes(as_jsonl(fresh))
    os.utime(path, ns=(10**18, 10**18))
    more = {"timezone": "Europe/Berlin"} if change == "settings" else {}
    items, _ = await read(archive(path, **more), cursor)
    assert ids(items) == [each["id"] for each in fresh]


async def test_a_folder_is_read_in_name_order_and_watched(tmp_path, archive, read):
    (tmp_path / "b.csv").write_bytes(as_csv([row(2)]))
    (tmp_path / "a.jsonl").write_bytes(as_jsonl([row(1)]))
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(as_jsonl([row(3)])))
    for ignored in (".hidden.csv", "d.csv.part", "e.tmp", "notes.md"):
        (tmp_path / ignored).write_text("no row at all")
    (tmp_path / "folder.csv").mkdir()
    items, cursor = await read(archive(tmp_path, rows=2))
    assert ids(items) == ["m1", "m2", "m3"]
    (tmp_path / "aa.jsonl").write_bytes(as_jsonl([row(4)]))
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(as_jsonl([row(5)]))
    items, cursor = await read(archive(tmp_path), cursor)
    assert ids(items) == ["m5", "m4"]
    (tmp_path / "b.csv").unlink()
    items, cursor = await read(archive(tmp_path), cursor)
    assert (items, sorted(cursor)) == ([], ["a.jsonl", "aa.jsonl", "c.jsonl.gz"])


async def test_many_small_files_share_a_batch(tmp_path, archive):
    for number in range(30):
        (tmp_path / f"{number:02}.jsonl").write_bytes(as_jsonl([row(number)]))
    channel = archive(tmp_path)
    batch = await channel.poll(channel.sources[0], None)
    assert (len(batch.items), batch.more) == (30, False)


async def test_an_unreadable_file_stops_no_other_and_is_told(tmp_path, archive, read):
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b.jsonl").write_bytes(as_jsonl([row(1)]))
    (tmp_path / "c.jsonl").write_bytes(b"")
    items, cursor = await read(archive(tmp_path))
    assert ids(items) == ["m1"]
    assert await read(archive(tmp_path), cursor) == ([], cursor)


@pytest.mark.parametrize("name", ["gone.jsonl", "gone/rows.csv"])
async def test_a_missing_path_is_told_and_tried_again(tmp_path, archive, read, name):
    channel = archive(tmp_path / name)
    with pytest.raises(Transient, match=f"cannot read .*{name}: No such file"):
        await read(channel)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(
        FORMATS[f"rows.{name[-3:]}" if "csv" in name else "rows.jsonl"]([row(1)])
    )
    assert ids((await read(channel))[0]) == ["m1"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_file_without_permission_is_told(tmp_path, archive, read):
    (tmp_path / "a.jsonl").write_bytes(as_jsonl([row(1)]))
    (tmp_path / "a.jsonl").chmod(0)
    with pytest.raises(Transient, match=r"cannot read .*a\.jsonl: Permission denied"):
        await read(archive(tmp_path))


async def test_a_file_whose_format_no_suffix_tells_needs_the_setting(tmp_path, archive, read):
    path = tmp_path / "export.txt"
    path.write_bytes(as_csv([row(1)]))
    with pytest.raises(Transient, match='set format = "csv" or "jsonl"'):
        await read(archive(path))
    assert ids((await read(archive(path, format="csv")))[0]) == ["m1"]


async def test_the_source_and_the_network_are_the_operators(tmp_path, archive):
    channel = archive(tmp_path, network="x", every=30)
    assert channel.network == "x"
    assert [(source.name, source.every) for source in channel.sources] == [("rows", 30)]
    assert archive(tmp_path).network == "archive"


async def test_a_million_rows_take_no_more_memory_than_a_thousand(tmp_path, archive):
    import tracemalloc

    path = tmp_path / "a.jsonl"
    path.write_bytes(as_jsonl(row(n) for n in range(20_000)))
    channel, cursor, peaks = archive(path), None, []
    tracemalloc.start()
    for _ in range(20):
        tracemalloc.reset_peak()
        batch = await channel.poll(channel.sources[0], cursor)
        cursor = batch.cursor
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    await channel.close()
    assert all(later < 1.5 * peaks[2] for _, later in pairwise(peaks[2:]))
