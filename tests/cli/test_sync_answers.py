"""Plain code speaks: each verb of the way out, blocking."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Event

import pytest
from sqlalchemy import Connection

from careline.config import load
from careline.errors import Answered, Refused
from careline.plugin import Refusal
from careline.registry import Registry
from careline.store import lanes
from careline.store.outbox import State
from careline.store.store import Store
from careline.store.times import to_micros
from careline.sync import SyncDesk

from .booth import Booth

LATER = datetime(2100, 3, 1, 16, tzinfo=UTC)


@pytest.fixture(params=["asyncio", "trio"])
def sync(booth: Booth, request: pytest.FixtureRequest) -> Iterator[SyncDesk]:
    with SyncDesk(booth.folder / "careline.toml", backend=request.param) as opened:
        yield opened


def test_plain_code_speaks_where_the_customer_spoke(sync: SyncDesk, booth: Booth) -> None:
    case = booth.case("kim")
    assert sync.reply(case, "Hello.", actor="ann", dry_run=True).id is None
    sync.reply(case, "Hello.", actor="ann")
    sync.promise(case, LATER, "By {by}.", actor="ann")
    sync.direct(case, "What is your order?", actor="ann")
    sync.follow(case, actor="ann")
    sync.post("booth", "We are back.", actor="bob")
    sync.hide(booth.message("kim"), actor="ann")
    assert sync.run_once().fine
    assert sorted(booth.done()) == [
        ("Answer", "By 2100-03-01 17:00 CET. ^AN"),
        ("Answer", "Hello. ^AN"),
        ("Direct", "What is your order? ^AN"),
        ("Follow", ""),
        ("Hide", ""),
        ("Post", "We are back."),
    ]


def test_plain_code_takes_a_case_private_and_deletes_what_it_said(
    sync: SyncDesk, booth: Booth
) -> None:
    one, two = sync.take_private(booth.case("kim"), "We write.", "Your order?", actor="ann")
    assert (one.visibility, two.visibility) == ("public", "private")
    sync.run_once()
    ours = next(m.id for m in sync.conversation(booth.case("kim")).messages if m.sent_by)
    sync.delete(ours, actor="bob")
    sync.run_once()
    kinds = [kind for kind, _ in booth.done()]
    assert (kinds[0], kinds[2]) == ("Answer", "Delete")


def test_plain_code_undoes_retries_and_skips(sync: SyncDesk, booth: Booth) -> None:
    id = sync.reply(booth.case("kim"), "Hello.", actor="ann").id or ""
    assert [row.id for row in sync.outbox([State.QUEUED])] == [id]
    assert sync.undo(id, actor="bob") == (id,)
    id = sync.reply(booth.case("kim"), "Hello.", actor="bob").id or ""
    assert sync.skip(id, actor="ann") == id
    with pytest.raises(Refused, match="has not failed: it is skipped"):
        sync.retry(id, actor="ann")
    assert {row.state for row in sync.outbox()} == {"undone", "skipped"}
    sync.run_once()
    assert booth.done() == []


def test_plain_code_has_what_failed_tried_again(sync: SyncDesk, booth: Booth) -> None:
    id = sync.reply(booth.case("kim"), "Hello.", actor="ann").id or ""
    booth.runs("--set", "channels.booth.fails=for good")
    assert [row.state for row in sync.outbox()] == ["dead"]
    assert sync.retry(id, actor="bob") == id
    assert sync.run_once().fine
    assert booth.done() == [("Answer", "Hello. ^AN")]


def test_plain_code_sees_who_was_faster_and_keeps_its_draft(sync: SyncDesk, booth: Booth) -> None:
    case = booth.case("kim")
    sync.done(case, "I called.", actor="ann")
    with pytest.raises(Answered) as told:
        sync.reply(case, "Hello.", actor="bob")
    assert (told.value.reason, told.value.by, told.value.said) == (
        Refusal.ANSWERED,
        "ann",
        "I called.",
    )
    (draft,) = told.value.drafts
    assert sync.draft(draft[:12]).text == "Hello. ^BO"
    sync.send_draft(draft, actor="bob", also=True)
    assert sync.conversation(case).drafts == ()
    sync.run_once()
    assert booth.done() == [("Answer", "Hello. ^BO")]


def test_a_draft_that_nobody_wants_is_dropped(sync: SyncDesk, booth: Booth) -> None:
    case = booth.case("kim")
    sync.reply(case, "Hello.", actor="ann")
    with pytest.raises(Answered) as told:
        sync.take_private(case, "We write.", "Your order?", actor="bob")
    for draft in told.value.drafts:
        assert sync.drop_draft(draft, actor="bob") == draft
    assert sync.conversation(case).drafts == ()


def test_what_leaves_at_this_very_moment_is_not_undone(url: str, booth: Booth) -> None:
    registry = Registry.load()
    settings = load(booth.folder / "careline.toml", registry, overrides=[f"store.url={url}"])
    taken, release = Event(), Event()

    def send(conn: Connection) -> None:
        lanes.take(conn, "send:booth", to_micros(datetime.now(UTC)), holder=7)
        taken.set()
        assert release.wait(30)

    with (
        SyncDesk(settings, registry=registry) as desk,
        closing(Store(url)) as other,
        ThreadPoolExecutor() as pool,
    ):
        id = desk.post("booth", "We are back.", actor="ann").id or ""
        sending = pool.submit(other.write_now, send)
        assert taken.wait(30)
        undone = pool.submit(desk.undo, id, actor="ann")
        with pytest.raises(TimeoutError):
            undone.result(0.2)  # it waits until that is committed
        release.set()
        sending.result(30)
        with pytest.raises(Refused, match="it is being sent at this moment"):
            undone.result(30)
