"""Bad rows and broken files: each is set aside with file, line and reason; the rest is heard."""

import json
import zlib

import pytest

from careline.builtin.archive import lines
from careline.plugin import Malformed, Revised, Seen

GOOD = b'{"id": "1", "at": "2024-01-01", "text": "fine"}\n'
HEADER = b"id,at,text\n"


def good(number):
    return GOOD.replace(b'"1"', b'"%d"' % number)


def ids(items):
    return [item.message.external_id for item in items if isinstance(item, Seen)]


def aside(items):
    return [(item.place, item.why) for item in items if isinstance(item, Malformed)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{broken", "not JSON: "),
        (b"[1, 2]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"id": "\xff"}', "not UTF-8 text"),
        (b'{"id": "2", "text": "no time"}', 'no "at"'),
        (b'{"id": "2", "at": "soon", "text": ""}', 'posted_at: "soon" is no time'),
        (b"[" * 100_000, "not JSON: "),
        (b'{"id": ' + b"9" * 5000 + b', "at": "2024-01-01", "text": ""}', ""),
    ],
)
async def test_a_bad_line_of_json_is_set_aside(tmp_path, archive, read, line, why):
    (tmp_path / "a.jsonl").write_bytes(good(1) + b"\n" + line + b"\n  \n" + good(3))
    items, _ = await read(archive(tmp_path / "a.jsonl"))
    assert ids(items) == ["1", "3"]
    [(place, said)] = aside(items)
    assert place == "a.jsonl:3"
    assert said.startswith(why)
    [item] = [item for item in items if isinstance(item, Malformed)]
    assert (line + b"\n").startswith(item.raw)
    assert len(item.raw) <= 64 * 1024


async def test_hostile_text_is_heard(tmp_path, archive, read):
    texts = ["nul \x00", "lone \ud800 surrogate", "bidi \u202e", "m" * 2**20, "NaN \u2028"]
    rows = [{"id": str(n), "at": "2024-01-01", "text": text} for n, text in enumerate(texts)]
    rows.append({"id": "nan", "at": 1700000000, "text": "", "other": float("nan")})
    raw = "".join(json.dumps(each) + "\n" for each in rows)
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + raw.encode())
    items, _ = await read(archive(tmp_path / "a.jsonl"))
    assert aside(items) == []
    assert [item.message.text for item in items] == [
        "nul \ufffd", "lone \ufffd surrogate", *texts[2:], ""
    ]  # fmt: skip


async def test_csv_takes_bom_nul_a_megabyte_and_newlines_in_quotes(tmp_path, archive, read):
    long = b"x" * 2**20
    raw = b'1,2024-01-01,"a\r\nb"\r\n2,2024-01-01,nul \x00\r\n\r\n3,2024-01-01,' + long + b"\r\n"
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbf"id" , at,text\r\n'.replace(b" ,", b",") + raw)
    items, _ = await read(archive(tmp_path / "a.csv"))
    assert [item.message.text for item in items] == ["a\r\nb", "nul \ufffd", long.decode()]


async def test_another_delimiter(tmp_path, archive, read):
    (tmp_path / "a.csv").write_bytes(b"id;at;text\n1;2024-01-01;a, b\n")
    items, _ = await read(archive(tmp_path / "a.csv", delimiter=";"))
    assert [item.message.text for item in items] == ["a, b"]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"2,2024-01-01\n", "2 columns where the header has 3"),
        (b"2,2024-01-01,a,b\n", "4 columns where the header has 3"),
        (b'2,2024-01-01,"a" b\n', "not CSV: "),
        (b"2,2024-01-01,\xff\n", "not UTF-8 text"),
        (b"2,soon,a\n", 'posted_at: "soon" is no time'),
        (b'2,2024-01-01,"never closed\n', "not CSV: "),
        (b'2,2024-01-01,"\xff\n', "not UTF-8 text"),
    ],
)
async def test_a_bad_record_of_csv_costs_its_own_line_only(tmp_path, archive, read, record, why):
    after = b"3,2024-01-01,c\n4,2024-01-01,d\n"
    (tmp_path / "a.csv").write_bytes(HEADER + b"1,2024-01-01,a\n" + record + after)
    items, _ = await read(archive(tmp_path / "a.csv", rows=1))
    assert ids(items) == ["1", "3", "4"]
    [(place, said)] = aside(items)
    assert place == "a.csv:3"
    assert said.startswith(why)


async def test_a_quote_left_open_in_a_file_without_a_last_newline(tmp_path, archive, read):
    raw = HEADER + b'1,2024-01-01,"never closed\n2,2024-01-01,b\n3,2024-01-01,c'
    (tmp_path / "a.csv").write_bytes(raw)
    items, _ = await read(archive(tmp_path / "a.csv"))
    assert ids(items) == ["2", "3"]
    assert [place for place, _ in aside(items)] == ["a.csv:2"]


async def test_a_quote_left_open_at_the_end_is_set_aside_and_heard_if_it_closes(
    tmp_path, archive, read
):
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER + b'1,2024-01-01,a\n2,2024-01-01,"b\n')
    items, cursor = await read(archive(path))
    assert (ids(items), [place for place, _ in aside(items)]) == (["1"], ["a.csv:3"])
    assert (await read(archive(path), cursor))[0] == []
    with path.open("ab") as file:
        file.write(b'b"\n3,2024-01-01,c\n')
    items, _ = await read(archive(path), cursor)
    assert (ids(items), items[0].message.text) == (["2", "3"], "b\nb")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"id,when,text\n", "the header must name at once; it has: ['id', 'when', 'text']"),
        (b"id,at,text,at\n", "the header must name at once"),
        (b"\xff\xfei\x00d\x00\n", "not UTF-8 text"),
    ],
)
async def test_a_header_of_no_use_sets_the_file_aside_once(tmp_path, archive, read, header, why):
    (tmp_path / "a.csv").write_bytes(header + b"1,2024-01-01,a\n")
    (tmp_path / "b.csv").write_bytes(HEADER + b"2,2024-01-01,b\n")
    items, cursor = await read(archive(tmp_path))
    assert ids(items) == ["2"]
    [(place, said)] = aside(items)
    assert place == "a.csv:1"
    assert said.startswith(why)
    assert (await read(archive(tmp_path), cursor))[0] == []


async def test_a_mended_field_map_reads_the_file_again(tmp_path, archive, read):
    (tmp_path / "a.csv").write_bytes(b"id,when,text\n1,2024-01-01,a\n")
    items, cursor = await read(archive(tmp_path))
    assert ids(items) == []
    items, _ = await read(archive(tmp_path, fields={"posted_at": "when"}), cursor)
    assert ids(items) == ["1"]


@pytest.mark.parametrize(
    ("name", "half", "rest", "line"),
    [
        ("a.jsonl", GOOD + b'{"id": "2", "at": "2024', b'-01-01", "text": "b"}\n', 2),
        ("a.csv", HEADER + b"1,2024-01-01,a\n2,20", b"24-01-01,b\n", 3),
        ("a.csv", HEADER + b'1,2024-01-01,a\n2,2024-01-01,"b\nb', b'b"\n', 3),
        ("a.csv", HEADER[:4], HEADER[4:] + b"1,2024-01-01,a\n2,2024-01-01,b\n", 1),
    ],
)
async def test_a_half_written_row_is_waited_for_and_told_once(
    tmp_path, archive, read, make_context, name, half, rest, line
):
    context = make_context()
    channel = archive(tmp_path / name, context=context)
    (tmp_path / name).write_bytes(half)
    items, cursor = await read(channel)
    assert aside(items) == []
    again, cursor = await read(channel, cursor)
    assert again == []
    [warning] = context.log.warnings
    assert warning["file"].endswith(name)
    assert warning["line"] == line
    with (tmp_path / name).open("ab") as file:
        file.write(rest)
    more, _ = await read(channel, cursor)
    assert ids(items + more) == ["1", "2"]
    assert aside(more) == []


async def test_a_last_row_of_csv_that_grows_is_revised(tmp_path, archive, read):
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER + b"1,2024-01-01,half a")
    items, cursor = await read(archive(path))
    assert [item.message.text for item in items] == ["half a"]
    path.write_bytes(HEADER + b"1,2024-01-01,half a word\n2,2024-01-01,b\n")
    [revised, seen], _ = await read(archive(path), cursor)
    assert isinstance(revised, Revised)
    assert (revised.of, revised.message.text) == ("1", "half a word")
    assert isinstance(seen, Seen)


async def test_a_last_row_that_only_gets_its_newline_is_not_told_again(tmp_path, archive, read):
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD.strip())
    items, cursor = await read(archive(path))
    assert ids(items) == ["1"]
    path.write_bytes(GOOD + good(2))
    items, cursor = await read(archive(path), cursor)
    assert [item.message.external_id for item in items] == ["2"]


def stored(raw):
    """Return gzip of `raw` without compression, so that a cut or a flip hits a known place."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(raw) + packer.flush()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda packed: packed[:-40], "ends in the middle"),
        (lambda packed: packed[:-5] + b"\x00" + packed[-4:], "corrupt from here on: CRC"),
        (lambda packed: packed + b"trailing", "corrupt from here on: Not a gzipped"),
    ],
)
async def test_a_broken_gzip_gives_what_it_holds_and_says_so_once(
    tmp_path, archive, read, harm, why
):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(harm(stored(GOOD + good(2) + good(3))))
    items, cursor = await read(archive(path, rows=1))
    assert ids(items)[:2] == ["1", "2"]
    [(place, said)] = aside(items)
    assert place == f"a.jsonl.gz:{len(ids(items)) + 1}"
    assert why in said
    assert (await read(archive(path), cursor))[0] == []


async def test_a_cut_gzip_that_arrives_whole_is_read_on(tmp_path, archive, read):
    path = tmp_path / "a.csv.gz"
    packed = stored(HEADER + b"1,2024-01-01,a\n2,2024-01-01,b\n")
    path.write_bytes(packed[:-12])
    items, cursor = await read(archive(path))
    path.write_bytes(packed)
    more, _ = await read(archive(path), cursor)
    assert ids(items + more) == ["1", "2"]
    assert len(aside(items + more)) == 1


async def test_a_file_that_is_no_gzip_is_set_aside(tmp_path, archive, read):
    (tmp_path / "a.jsonl.gz").write_bytes(GOOD)
    items, _ = await read(archive(tmp_path))
    [(place, said)] = aside(items)
    assert place == "a.jsonl.gz:1"
    assert "Not a gzipped file" in said


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
async def test_a_line_longer_than_memory_bears_is_passed_over(
    tmp_path, archive, read, monkeypatch, name
):
    monkeypatch.setattr(lines, "LONGEST", 2000)
    long = b"3" * 7001 + b"\n"
    rows = [GOOD, long, good(2)]
    if name == "a.csv":
        rows = [HEADER, b"1,2024-01-01,a\n", long, b"2,2024-01-01,b\n"]
    (tmp_path / name).write_bytes(b"".join(rows))
    items, _ = await read(archive(tmp_path / name, rows=1))
    assert ids(items) == ["1", "2"]
    [(place, said)] = aside(items)
    assert place == f"{name}:{rows.index(long) + 1}"
    assert "a line longer than" in said
