"""The archive of X passes the suite for channels."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from careline.testing import ChannelSuite
from careline_twitter.archive.channel import TwitterArchiveChannel

USERS = [{"id": "2", "username": "kim", "name": "Kim"}, {"id": "1", "username": "acme"}]
ASKED = {"id": "1990000000000000001", "author_id": "2", "created_at": "2025-12-01T10:00:00.000Z",
         "conversation_id": "1990000000000000001", "text": "@acme it broke", "lang": "en",
         "public_metrics": {"like_count": 1, "retweet_count": 0, "reply_count": 1}}  # fmt: skip
ANSWERED = {"id": "1990000000000000002", "author_id": "1", "created_at": "2025-12-01T10:20:00.000Z",
            "conversation_id": "1990000000000000001", "text": "On it!",
            "referenced_tweets": [{"type": "replied_to", "id": "1990000000000000001"}]}  # fmt: skip
QUOTED = {"id": "1990000000000000003", "author_id": "3", "created_at": "2025-12-01T11:00:00.000Z",
          "text": "look at this",
          "referenced_tweets": [{"type": "quoted", "id": "1990000000000000001"}],
          "author": {"id": "3", "username": "lou"}}  # fmt: skip
DIRECT = {"id": "1990000000000000004", "event_type": "MessageCreate", "sender_id": "2",
          "dm_conversation_id": "1-2", "text": "hi",
          "created_at": "2025-12-01T12:00:00.000Z"}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("saved")
    write(
        folder / "mentions.json",
        json.dumps({"data": [ASKED, ANSWERED], "includes": {"users": USERS}}, indent=1),
    )
    write(folder / "flat.jsonl", f"{json.dumps(QUOTED)}\nnot JSON\n")
    write(folder / "direct.jsonl.gz", json.dumps({"data": [DIRECT], "includes": {"users": USERS}}))
    TestTwitterArchive.config = {"path": str(folder), "user_ids": ["1"]}
    yield
    TestTwitterArchive.config = {}


def write(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    os.utime(path, (1_764_633_600, 1_764_633_600))


class TestTwitterArchive(ChannelSuite):
    channel = TwitterArchiveChannel
    bad_configs: Any = ({}, {"path": ""}, {"path": "a.jsonl", "user_ids": ["kim"]})
