"""Whatever the order in which words come, how often, and who reads them when: one alert a wait."""

from collections.abc import Sequence
from random import Random

import anyio
import pytest
from sqlalchemy import select

from careline.engine.fold import load
from careline.plugin import DeferredClassifier, Facet, PluginConfig, Reading, Utterance
from careline.store.tables import alerts, states

NEW = {"on": "new"}
CUSTOMERS = 8


def words(story, random):
    """Return what is said in an hour: words of customers at one place each, and our answers."""
    said = []
    for n in range(CUSTOMERS):
        said.append(story.said(f"c{n}-0", minutes=1, by=f"c{n}"))
        for minute in range(2, 9):
            id = f"c{n}-{minute}"
            if random.random() < 0.4:
                said.append(story.ours(id, f"c{n}-0", minute))
            else:
                said.append(story.reply(id, f"c{n}-0", "broken", minute, f"c{n}"))
    return said


@pytest.mark.parametrize("seed", range(3))
async def test_of_each_who_waits_in_the_end_staff_were_told_once_since_they_began_to(opened, seed):
    story, random = await opened(NEW), Random(seed)
    said = words(story, random)
    shuffled = random.sample(said, len(said))
    while shuffled:
        some = random.randrange(1, 9)
        batch, shuffled = shuffled[:some], shuffled[some:]
        await story.hears(*batch, at=story.at(10))
        await story.hears(*random.sample(batch, len(batch)), at=story.at(10))
    await story.hears(*random.sample(said, len(said)), at=story.at(11))
    waiting, told = await story.read(_stand)
    assert {case for case, ids in waiting.items() if ids} != set()
    for case, ids in waiting.items():
        assert len(ids & told) == (1 if ids else 0), case
    assert len(story.pagers.tried) == len(set(story.pagers.tried))


def _stand(conn):
    found = conn.execute(select(states.c.conversation, states.c.state)).all()
    waiting = {case: {word.id for word in load(state).waiting} for case, state in found}
    return waiting, set(conn.scalars(select(alerts.c.message)))


class Slow(DeferredClassifier[PluginConfig]):
    """Understands what the others do not, later."""

    kind, title, Config = "slow", "Slow", PluginConfig

    async def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        problem = Reading({"intent": Facet("problem", {"problem": 1.0})})
        return [problem if "kaput" in item.text else Reading() for item in items]


async def test_a_word_that_only_a_deferred_classifier_understands_is_told_of_once(opened, closed):
    classifiers = {"tags": {"kind": "tags"}, "slow": {"kind": "slow"}}
    closed.extra.append(closed.Plugin(classifiers=[Slow]))
    story = await opened({"on": "new", "when": {"intent": "problem"}}, classifiers=classifiers)
    await story.hears(story.said("1", "Alles kaput"), story.said("2", "Hello", by="lee"))
    assert [alert.body for alert in story.told()] == ["Alles kaput"]
    await story.passes(story.at(5))
    assert await story.kept() == 1


async def test_two_desks_on_one_database_tell_of_each_once(opened, url):
    if url.startswith("sqlite"):
        pytest.skip("of a file there is one run at a time")
    story = await opened({"on": ["new", "missed"]})
    other = type(story)(url, alerts=story.config["alerts"])
    other.clock = story.clock
    await other.open()
    said = [story.said(f"{n}", by=f"c{n}") for n in range(30)]
    for minutes in (0, 60):
        for desk in (story, other):
            desk.plan(*said)
        story.clock.advance_to(story.at(minutes))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(story.runs)
            tasks.start_soon(other.runs)
    counts = [alert.count for desk in (story, other) for alert in desk.told()]
    await other.close()
    assert sum(counts) == await story.kept() == 60
