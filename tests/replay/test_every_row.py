"""Every row of real archives is stored as it was written, known already or set aside."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

from .desks import Replay, differing, need_data, on_small, open_desk, sizes
from .oracle import Row, moment, ours

need_data()


def _same(stored: dict[str, Any], row: Row) -> bool:
    said = (stored["text"], stored["author"], datetime.fromisoformat(stored["posted_at"]))
    direction = "out" if ours(row) else "in"
    return (*said, stored["direction"]) == (row["text"], row["author_id"], moment(row), direction)


def test_no_row_is_lost_and_none_comes_twice(replay: Replay) -> None:
    stored = Counter(record["external_id"] for record in replay.exported)
    twice = [id for id, times in stored.items() if times > 1]
    astray = stored.keys() ^ replay.rows.keys()
    assert not twice
    assert not astray


def test_each_row_is_counted_for_what_became_of_it(replay: Replay) -> None:
    rows, ids = len(replay.lines), len(replay.rows)
    assert {name: replay.heard[name] for name in ("new", "known", "malformed")} == {
        "new": ids,
        "known": rows - ids,
        "malformed": 0,
    }


def test_each_message_is_its_row(replay: Replay) -> None:
    """Of rows with the same id, the first in the order of `conv_id` holds."""
    records = {record["external_id"]: record for record in replay.exported}
    wrong = [id for id, row in replay.rows.items() if not _same(records[id], row)]
    assert not wrong


def test_only_messages_of_ours_can_be_in_no_conversation(replay: Replay) -> None:
    nobodys = [r["external_id"] for r in replay.exported if r["conversation_id"] is None]
    lost = [id for id in nobodys if not ours(replay.rows[id])]
    assert not lost


def test_a_second_run_adds_nothing(replay: Replay) -> None:
    before = sizes(replay.desk.database)
    again = replay.desk.run()
    assert (again["new"], again["known"]) == (0, 0)
    assert sizes(replay.desk.database) == before


@on_small
def test_the_same_rows_in_another_file_add_nothing(replay: Replay, tmp_path: Path) -> None:
    other = tmp_path / "again.jsonl.gz"
    copyfile(replay.path, other)
    desk = open_desk(tmp_path, other)
    copyfile(replay.desk.database, desk.database)
    again = desk.run()
    found = differing(desk.database, replay.desk.database)
    assert (again["new"], again["known"]) == (0, len(replay.lines))
    assert not found
