from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from careline.config import ConfigError
from careline.desk import NotAllowed
from careline.engine.reading import ConversationView, conversation, inbox
from careline.errors import NotFound
from careline.store.inbox import InboxQuery
from careline.sync import SyncDesk


@pytest.fixture(params=["asyncio", "trio"])
def sync(desk: Path, request: pytest.FixtureRequest) -> Iterator[SyncDesk]:
    with SyncDesk(desk / "careline.toml", backend=request.param) as opened:
        yield opened


def view(desk: SyncDesk, id: str) -> ConversationView:
    now = datetime.now(UTC)
    return desk.read(lambda conn: conversation(conn, id, now))


def first(desk: SyncDesk) -> str:
    now = datetime.now(UTC)
    page = desk.read(lambda conn: inbox(conn, InboxQuery(), now))
    return page.rows[0].id


def test_plain_code_hears_reads_and_acts(sync: SyncDesk) -> None:
    assert sync.run_once().heard["history"].new == 3
    id = first(sync)
    assert sync.full_id(id[:-2]) == id
    sync.note(id, "calls back", actor="ann")
    sync.assign(id, "ann", actor="ann")
    sync.snooze(id, datetime(2100, 1, 1, tzinfo=UTC), actor="ann")
    found = view(sync, id)
    assert (found.assignee, found.snoozed_until) == ("ann", datetime(2100, 1, 1, tzinfo=UTC))
    assert [note.text for note in found.notes] == ["calls back"]
    sync.ignore(id, "a test", actor="ann")
    assert view(sync, id).status == "ignored"
    assert sync.resolve(id, actor="ann") == id
    assert view(sync, id).status == "resolved"


def test_what_is_linked_can_be_unlinked(sync: SyncDesk) -> None:
    sync.run_once()
    made = sync.link("archive:mia", "archive:leo", "the same telephone", actor="ann")
    assert sync.unlink("archive:mia", "archive:leo", actor="ann") == made


def test_many_threads_may_call_it(sync: SyncDesk) -> None:
    sync.run_once()
    id = first(sync)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sync.note(id, f"note {n}", actor="ann"), range(40)))
    assert sorted(note.text or "" for note in view(sync, id).notes) == sorted(
        f"note {n}" for n in range(40)
    )


def test_errors_come_as_they_are(sync: SyncDesk, desk: Path) -> None:
    with pytest.raises(NotFound, match="there is no conversation c0110"):
        sync.resolve("c0110", actor="ann")
    with pytest.raises(NotAllowed, match=r"name an agent \(ann\)"):
        sync.resolve("c0110", actor="eve")
    with pytest.raises(ConfigError, match="no such file"), SyncDesk(desk / "other.toml"):
        pass


def test_it_hears_again_what_has_come_since(sync: SyncDesk, desk: Path) -> None:
    sync.run_once()
    row = '{"id": "9", "place": "z", "who": "kim", "at": "2026-01-06T09:00:00Z", "text": "Hi?"}\n'
    with (desk / "threads.jsonl").open("a", encoding="utf-8") as file:
        file.write(row)
    assert sync.run_once().heard["history"].new == 1
