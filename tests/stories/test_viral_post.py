"""A post with 50,000 commenters: each comment costs what it costs under a post with 50.

The cost is what SQLite itself counts, steps of its machine, so that no clock is needed.
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from careline.plugin import Kind, Removed, Revised

STEPS = 100
COMMENT = {"kind": Kind.COMMENT, "addressed": False, "root": "9"}


class Effort:
    """What a database was asked to do."""

    def __init__(self):
        self.statements = self.steps = 0

    def step(self):
        self.steps += STEPS


@contextmanager
def effort(story):
    spent, engine, raws = Effort(), story.desk.store.engine, []

    def statement(*_):
        spent.statements += 1

    def connection(raw, *_):
        raws.append(raw)
        raw.set_progress_handler(spent.step, STEPS)

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "checkout", connection)
    yield spent
    event.remove(engine, "before_cursor_execute", statement)
    event.remove(engine, "checkout", connection)
    for raw in raws:
        raw.set_progress_handler(None, 0)


def comments(story, start, count):
    return [
        story.said(f"{n}", "It is broken", 1, f"c{n}", parent="9", **COMMENT)
        for n in range(start, start + count)
    ]


def batches(story, start):
    """Yield 50 comments, and what follows upon comments."""
    reply = {**COMMENT, "kind": Kind.REPLY}
    n = range(start, start + 50)
    yield "comments", comments(story, start, 50)
    yield "answers", [story.ours(f"8{i}", f"{i}", 2, root="9") for i in n]
    yield "words after", [story.said(f"7{i}", "?", 3, f"c{i}", parent=f"8{i}", **reply) for i in n]
    yield "onlookers", [story.said(f"6{i}", "?", 3, f"o{i}", parent=f"{i}", **reply) for i in n]
    yield "seen again", comments(story, start, 50)
    edited = [story.said(f"{i}", "?", 1, f"c{i}", parent="9", **COMMENT) for i in n]
    yield "edits", [Revised(one, one.external_id, story.at(4)) for one in edited]
    yield "deletions", [Removed(f"{i}", story.at(4)) for i in n]
    orphans = [story.said(f"5{i}", "?", 4, f"o{i}", parent=f"4{i}", **reply) for i in n]
    yield "orphans", orphans
    yield "their parents", [story.said(f"4{i}", "?", 4, f"p{i}", parent="9", **COMMENT) for i in n]


async def costs(story, start):
    found = {}
    for name, batch in batches(story, start):
        with effort(story) as spent:
            await story.hears(*batch, at=story.at(5))
        found[name] = spent
    return found


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'careline.db'}"


@pytest.fixture(params=["asyncio"])  # what is counted does not depend on the event loop
def anyio_backend(request):
    return request.param


async def test_a_comment_costs_the_same_under_a_post_with_50000_of_them(story):
    await story.hears(story.ours("9", None, 0, text="New anvils!"))
    few = await costs(story, 1_000_000)
    await story.hears(*comments(story, 2_000_000, 50_000))
    many = await costs(story, 3_000_000)
    assert {n: one.statements for n, one in many.items()} == {
        n: one.statements for n, one in few.items()
    }
    assert (await story.report()).total.conversations == 50_000 + 2 * 100
    times = {n: one.steps / few[n].steps for n, one in many.items()}
    assert {n: dear for n, dear in times.items() if dear > 1.2} == {}
