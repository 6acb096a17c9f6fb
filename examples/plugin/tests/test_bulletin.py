"""The bulletin channel passes the suite, and says what each refusal of the board means."""

import json
from typing import Any

import pytest
from careline.plugin import (
    AuthFailed,
    Direction,
    Malformed,
    Rejected,
    Removed,
    Revised,
    Seen,
    Transient,
)
from careline.testing import ChannelSuite, MemoryContext

from careline_bulletin.channel import BulletinChannel
from careline_bulletin.mapping import item

TOKEN = "a-made-up-token"


class TestBulletin(ChannelSuite):
    channel = BulletinChannel
    bad_configs = ({}, {"url": "board.example", "token": TOKEN}, {"url": "http://b", "every": 0})

    @pytest.fixture(autouse=True)
    def at_the_board(self, board: Any) -> None:
        self.config = {"url": board.url, "token": TOKEN}


def channel(board: Any, token: str = TOKEN) -> BulletinChannel:
    return BulletinChannel(BulletinChannel.Config(url=board.url, token=token), MemoryContext())


async def poll(one: BulletinChannel, cursor: Any = None) -> Any:
    return await one.poll(one.sources[0], cursor)


async def test_notes_come_a_page_at_a_time_and_each_once(board: Any) -> None:
    one, cursor, items, more = channel(board), None, [], True
    while more:
        batch = await poll(one, cursor)
        items += batch.items
        cursor, more = batch.cursor, batch.more
    kinds = [type(one) for one in items]
    assert kinds == [Seen, Seen, Seen, Malformed, Revised, Removed]
    question, answer = items[0].message, items[1].message
    assert (question.direction, question.author.name) == (Direction.IN, "Kim")
    assert (answer.direction, answer.parent) == (Direction.OUT, "n1")
    assert (items[4].of, items[4].message.text) == ("n3", "The lift broke again.")
    assert (items[5].external_id, items[5].by) == ("n1", "author")
    assert (await poll(one, cursor)).items == ()


async def test_a_wrong_token_is_a_dead_credential(board: Any) -> None:
    with pytest.raises(AuthFailed, match="refuses the token"):
        await poll(channel(board, "another-made-up-token"))


async def test_haste_is_told_to_wait_as_long_as_the_board_says(board: Any) -> None:
    board.busy = 1
    with pytest.raises(Transient) as refused:
        await poll(channel(board))
    assert refused.value.retry_after == 30


async def test_a_board_that_is_gone_is_final(board: Any) -> None:
    config = BulletinChannel.Config(url=f"{board.url}/elsewhere", token=TOKEN)
    with pytest.raises(Rejected):
        await poll(BulletinChannel(config, MemoryContext()))


@pytest.mark.parametrize("entry", [{}, [], None, 7, {"entry": 9, "note": "n9"}, {"at": 5}])
def test_what_is_no_entry_is_set_aside_as_it_came(entry: Any) -> None:
    found = item(entry)
    assert isinstance(found, Malformed)
    assert json.loads(found.raw) == entry
    assert found.why
