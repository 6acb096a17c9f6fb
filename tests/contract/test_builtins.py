"""The built-in plugins pass the suites, as a stranger's plugin would."""

import gzip
import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from careline.builtin.archive.channel import ArchiveChannel
from careline.builtin.cues.classifier import Cues
from careline.builtin.practice.channel import PracticeChannel
from careline.testing import ChannelSuite, ClassifierSuite
from careline.testing.clock import START

FIELDS = {"id": "id", "author": "who", "parent": "to", "posted_at": "at", "text": "text"}


def rows(start: int, count: int) -> Iterable[dict[str, Any]]:
    for number in range(start, start + count):
        at = (START - timedelta(days=30) + timedelta(minutes=number)).isoformat()
        to = f"{number - 1}" if number % 3 else None
        who = "us" if number % 3 == 1 else f"c{number // 3}"
        yield {"id": f"{number}", "who": who, "to": to, "at": at, "text": f"Word {number}."}


class TestCues(ClassifierSuite):
    classifier = Cues


class TestPracticeWhenTheDayIsOver(ChannelSuite):
    channel = PracticeChannel
    config = {"start": (START - timedelta(days=1)).isoformat()}  # noqa: RUF012
    bad_configs = ({"start": "2026-01-05T09:00:00"}, {"start": "at dawn"})


class TestPracticeInTheMorning(ChannelSuite):
    channel = PracticeChannel
    config = {"start": (START - timedelta(hours=1)).isoformat()}  # noqa: RUF012


class TestArchiveOfOneFile(ChannelSuite):
    channel = ArchiveChannel
    bad_configs = ({}, {"path": "x"}, {"path": "", "fields": FIELDS}, {"path": "x", "fields": {}})

    @pytest.fixture(autouse=True)
    def archive(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(0, 2500))
        ours = {"field": "who", "equals": "us"}
        self.config = {"path": str(path), "fields": FIELDS, "ours": ours}


class TestArchiveOfAFolder(ChannelSuite):
    channel = ArchiveChannel

    @pytest.fixture(autouse=True)
    def archive(self, tmp_path: Path) -> None:
        for name, start in (("a.jsonl", 0), ("b.jsonl", 50)):
            lines = [json.dumps(row) for row in rows(start, 50)]
            lines.insert(7, '{"id": "half a r')
            (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.config = {"path": str(tmp_path), "fields": FIELDS}
