"""The export: one plain record for each message, all of them, in flat memory."""

import json
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import Connection

from careline.ids import conversation_id, message_id
from careline.plugin import Removed
from careline.store import export
from careline.store.bulk import put
from careline.store.export import export_rows
from careline.store.tables import bodies, messages


def exported(world: Any, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.read(lambda conn: list(export_rows(conn, **options)))
    return rows


def test_a_record_is_exactly_this(world: Any) -> None:
    world.hear(world.said("1", "It is broken", world.at(minutes=0), "pat"))
    (record,) = exported(world)
    thread = record.pop("thread_id")
    assert thread.startswith("t")
    first = message_id("acme", "x", "1")
    assert json.loads(json.dumps(record)) == {
        "message_id": first,
        "external_id": "1",
        "account": "acme-x",
        "conversation_id": conversation_id(first),
        "author": "u-pat",
        "direction": "in",
        "visibility": "public",
        "kind": "mention",
        "posted_at": "2026-03-02T09:00:00Z",
        "text": "It is broken",
        "labels": {
            "intent": {
                "values": {"problem": 0.75, "chatter": 0.1},
                "primary": "problem",
                "score": 0.75,
                "by": "tags",
            },
            "needs_reply": {"values": {"yes": 0.5}, "primary": "yes", "score": 0.5, "by": "tags"},
            "topic": {"values": {"anvils": 0.9}, "primary": "anvils", "score": 0.9, "by": "tags"},
        },
    }


def test_every_message_comes_once_whatever_the_chunk(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 3)
    world.hear(*(world.said(f"{n}", "hi", world.at(minutes=n), f"c{n}") for n in range(10)))
    world.hear(world.answer("a", "1", world.at(minutes=20)))
    records = exported(world)
    assert sorted(r["external_id"] for r in records) == sorted([*map(str, range(10)), "a"])
    ours = next(r for r in records if r["external_id"] == "a")
    theirs = next(r for r in records if r["external_id"] == "1")
    assert (ours["direction"], ours["labels"]) == ("out", {})
    assert ours["conversation_id"] == theirs["conversation_id"]
    assert ours["thread_id"] == theirs["thread_id"]


def test_one_brand_alone_can_be_exported(world: Any) -> None:
    world.hear(world.said("1", "hi", world.at(minutes=0)))
    world.hear(world.said("1", "hi", world.at(minutes=0)), brand="zeta", account="zeta-x")
    assert [r["account"] for r in exported(world, brand="zeta")] == ["zeta-x"]


def test_purged_words_are_not_exported(world: Any) -> None:
    world.hear(world.said("1", "my secret", world.at(minutes=0)))
    world.hear(Removed("1", world.at(minutes=1), "author", purge=True), at=world.at(minutes=2))
    (record,) = exported(world)
    assert "secret" not in json.dumps(record)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_memory_stays_flat(world: Any) -> None:
    """Ten thousand messages of a kilobyte are ten megabytes: no more than a chunk is held."""
    world.hear(world.said("1", "hi", world.at(minutes=0)))
    world.write(lambda conn: _copy(conn, 10_000))
    tracemalloc.start()
    count = world.read(lambda conn: sum(1 for _ in export_rows(conn)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_001
    assert most < 6_000_000


def _copy(conn: Connection, times: int) -> None:
    row = conn.execute(messages.select()).one()
    names = tuple(row._fields)
    copies = [tuple(_with_id(row, number)) for number in range(times)]
    put(conn, messages, names, copies)
    columns = ("owner", "revised_at", "text", "hash")
    put(conn, bodies, columns, [(f"m{n}", 0, f"{n:1000}", "h") for n in range(times)])


def _with_id(row: Any, number: int) -> list[Any]:
    values = row._asdict() | {"id": f"m{number}", "external_id": f"e{number}"}
    return list(values.values())
