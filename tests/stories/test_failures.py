"""What goes wrong with one account stays with it, is shown, and costs no message."""

import logging

import pytest

from careline.config import ConfigError
from careline.plugin import AuthFailed, Malformed, Transient
from careline.registry import Registry
from careline.store.rejected import rejected_views
from careline.testing import hostile

LATER = 24 * 60


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'careline.db'}"


@pytest.fixture
async def beside(closed):
    """Return a function that opens a desk with `acme-x` and a `bad` account of some kind."""

    async def opened(kind):
        closed.strict, closed.extra = False, [hostile]
        await closed.open(channels={"acme-x": {"kind": "x"}, "bad": {"kind": kind}})
        closed.desk.hearing.asking.patience = 0.2
        return closed

    return opened


def health(ran):
    return {one.account: (one.state.value, one.reason) for one in ran.health}


@pytest.mark.parametrize("name", sorted(set(hostile.HOSTILE_PLUGINS) - {"none"}))
async def test_a_broken_plugin_is_shown_and_stops_no_other(closed, tmp_path, monkeypatch, name):
    dist = hostile.install_hostile(tmp_path, name)
    monkeypatch.syspath_prepend(tmp_path)
    await closed.open()
    await closed.hears(closed.said("1"))
    assert len(await closed.inbox()) == 1
    [shown] = [plugin for plugin in closed.desk.registry.plugins if plugin.dist == dist]
    assert shown.error or shown.problems


async def test_a_kind_that_no_plugin_brings_is_a_problem_of_the_configuration(closed):
    with pytest.raises(ConfigError, match="carrier-pigeon"):
        await closed.open(channels={"acme-x": {"kind": "x"}, "bad": {"kind": "carrier-pigeon"}})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("hostile-raises-in-poll", "a bug in this plugin"),
        ("hostile-hangs", "did not answer within"),
        ("hostile-gives-list", "returns a Batch, not list"),
        ("hostile-foreign-items", "holds items, not dict"),
        ("hostile-odd-cursor", "JSON"),
        ("hostile-ever-more", "its cursor does not move"),
    ],
)
async def test_an_account_that_misbehaves_is_down_and_the_other_goes_on(beside, kind, reason):
    story = await beside(kind)
    story.plan(story.said("1"))
    ran = await story.runs()
    assert [row.id for row in await story.inbox(channel="acme-x")] == [story.id("1")]
    states = health(ran)
    assert states["acme-x"] == ("ok", "")
    assert states["bad"][0] == "retrying"
    assert reason in states["bad"][1]
    assert ran.fine is False
    await story.runs(story.at(LATER))
    assert await story.fired() == []  # what was there at first is old news
    story.plan(story.said("2", minutes=LATER + 1, by="lee"))
    await story.runs(story.at(LATER + 120))
    assert await story.fired() == ["first_reply missed"]


async def test_no_account_however_odd_keeps_another_from_its_customers(closed):
    closed.strict, closed.extra = False, [hostile]
    known = Registry.load(extra=[hostile]).kinds("channels")
    kinds = {kind for kind in known if kind.startswith("hostile-")}
    kinds -= {"hostile-blocks"}  # what blocks the event loop cannot be cut off
    kinds -= {"hostile-leaks-on-close", "hostile-leaks-on-cancel"}  # nor a leak be mended
    assert len(kinds) > 30
    odd = {kind: {"kind": kind} for kind in sorted(kinds)}
    await closed.open(channels={**odd, "acme-x": {"kind": "x"}})
    closed.desk.hearing.asking.patience = 0.2
    closed.plan(closed.said("1"))
    ran = await closed.runs()
    states = health(ran)
    assert states["acme-x"] == states["hostile-none"] == ("ok", "")
    assert sum(state == "retrying" for state, _ in states.values()) >= 5
    heard = await closed.inbox(channel="acme-x")
    assert [row.id for row in heard] == [closed.id("1")]
    assert len(await closed.inbox(channel="hostile-none")) == 2


async def test_a_dead_credential_stops_its_account_and_says_so(beside, caplog):
    story = await beside("x")
    story.errors["bad"] = [AuthFailed("the token was revoked")]
    story.plan(story.said("1"))
    with caplog.at_level(logging.INFO):
        ran = await story.runs()
    assert health(ran) == {
        "acme-x": ("ok", ""),
        "bad": ("needs_attention", "the token was revoked"),
    }
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
        "account needs a person account=bad reason='the token was revoked'"
    ]
    asked = story.asked["bad"]
    await story.runs(story.at(LATER))
    assert (story.asked["bad"], story.asked["acme-x"] > asked) == (asked, True)


async def test_a_platform_that_asks_for_patience_gets_it_and_nothing_is_lost(beside, caplog):
    story = await beside("x")
    story.errors["bad"] = [Transient("slow down", retry_after=600)]
    story.plan(story.said("1"), on="bad")
    with caplog.at_level(logging.INFO):
        ran = await story.runs()
        assert health(ran)["bad"] == ("retrying", "slow down")
        await story.runs(story.at(9))
        assert (story.asked["bad"], await story.inbox()) == (1, ())
        ran = await story.runs(story.at(11))
    assert (ran.fine, len(await story.inbox())) == (True, 1)
    said = [r.getMessage() for r in caplog.records if "account is" in r.getMessage()]
    assert said == [
        "account is down account=bad reason='slow down'",
        "account is back account=bad failures=1",
    ]


async def test_what_cannot_be_understood_is_set_aside_once_and_counted(story):
    bad = Malformed(b'{"id": 7', "it ends in the middle", "page 3")
    ran = await story.hears(story.said("1"), bad, story.said("2", by="lee"))
    again = await story.hears(bad)
    assert (ran.heard["acme-x"].malformed, again.heard["acme-x"].malformed) == (1, 1)
    assert len(await story.inbox()) == 2
    rows, total = await story.read(rejected_views)
    assert total == 1
    assert (rows[0].why, rows[0].place, rows[0].times) == ("it ends in the middle", "page 3", 2)
    assert (rows[0].account, rows[0].raw) == ("acme-x", '{"id": 7')


async def test_a_classifier_that_raises_abstains_and_no_message_waits_for_it(closed, caplog):
    class Raises(hostile.HostileClassifier):
        kind = "raises"

        def classify(self, items):
            raise RuntimeError("a bug in this classifier")

    closed.strict, closed.extra = False, [closed.Plugin(classifiers=[Raises])]
    await closed.open(classifiers={"bad": {"kind": "raises"}, "tags": {"kind": "tags"}})
    await closed.hears(closed.said("1"))
    [row] = await closed.inbox()
    assert row.intent == "problem"
    assert "classifier failed: it abstains" in caplog.text


async def test_a_channel_that_cannot_be_made_stops_no_other(closed):
    class Unmade(hostile.HostileChannel):
        kind = "unmade"

        def __init__(self, config, context):
            raise RuntimeError("a bug in the constructor")

    closed.strict, closed.extra = False, [closed.Plugin([Unmade])]
    await closed.open(channels={"acme-x": {"kind": "x"}, "bad": {"kind": "unmade"}})
    closed.plan(closed.said("1"))
    ran = await closed.runs()
    assert len(await closed.inbox()) == 1
    assert "a bug in the constructor" in health(ran)["bad"][1]
