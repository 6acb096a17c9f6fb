"""A classifier that takes its time may read what is erased meanwhile: nothing of it is kept."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from careline.plugin import (
    DeferredClassifier,
    Evidence,
    Facet,
    PluginConfig,
    Reading,
    Utterance,
    hookimpl,
)

from .conftest import Place, holding


class Slow(DeferredClassifier[PluginConfig]):
    """Quotes all that it reads, and lets something happen before it says so."""

    kind: ClassVar[str] = "slow"
    title: ClassVar[str] = "Slow"
    Config: ClassVar[type[PluginConfig]] = PluginConfig
    meanwhile: ClassVar[list[Any]] = []
    asked: ClassVar[list[str]] = []

    async def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        self.asked.extend(item.text for item in items)
        while self.meanwhile:
            await self.meanwhile.pop()()
        quotes = [(Evidence("anvils", item.text, 0, 1),) for item in items]
        return [Reading({"topic": Facet("anvils", {"anvils": 1.0}, cue)}) for cue in quotes]


@pytest.fixture
async def place(place: Place) -> Place:
    place.plugins.append(
        type("Brings", (), {"careline_classifiers": hookimpl(lambda self: [Slow])})()
    )
    Slow.asked.clear()
    await place.open(classifiers={"slow": {"kind": "slow"}})
    return place


async def test_what_was_erased_while_it_was_read_leaves_no_reading(place):
    Slow.meanwhile.append(lambda: place.desk.erase("x:u4711k", actor="ann"))
    await place.hears(place.said("1", "It is broken, zanzibar", 1))
    assert Slow.asked == ["It is broken, zanzibar"]
    assert await place.all("SELECT 1 FROM readings") == []
    assert await place.all("SELECT 1 FROM unread") == []
    assert holding(await place.dump(), "zanzibar") == {}


async def test_what_is_erased_before_it_was_read_is_never_asked_for(place):
    await place.hears(place.said("1", "It is broken, zanzibar", 1))
    await place.desk.erase("x:u4711k", actor="ann")
    Slow.asked.clear()
    place.clock.advance_to(place.at(60))
    await place.hears(place.said("2", "It is broken, zanzibar", 0))
    assert Slow.asked == []
    assert await place.all("SELECT 1 FROM unread") == []
