"""What a channel that works wants a person to know: told once a day."""

import pytest

from careline.plugin import AlertReason

CONCERN = {"on": "concern"}
DAY = 24 * 60
SPENT = ("80% of the month's budget is spent", "It lasts until the 20th.")


def worry(story, *said, account="acme-x"):
    """Have a channel be concerned from now on."""
    channel = story.desk.accounts[account].channel
    channel.__class__ = type("Worried", (type(channel),), {"concerns": said})


def fail(story, error, account="acme-x"):
    """Have a channel fail to say whether it is concerned."""

    def concerns(self):
        raise error

    worry(story, account=account)
    type(story.desk.accounts[account].channel).concerns = property(concerns)


async def test_a_concern_is_told_once_a_day_while_it_lasts(opened):
    story = await opened(CONCERN)
    worry(story, *SPENT)
    for minutes in (1, 2, 600):
        await story.passes(story.at(minutes))
    [alert] = story.told()
    assert alert.reason is AlertReason.CONCERN
    assert (alert.title, alert.body) == (f"acme-x: {SPENT[0]}", "\n".join(SPENT))
    assert (alert.brand, alert.account, alert.conversation_id) == ("acme", "acme-x", None)
    [(about, data)] = await story.events("alerted")
    assert (about, data["reason"]) == ("acme-x", "concern")
    await story.passes(story.at(DAY))
    assert len(story.told()) == 1
    worry(story)
    await story.passes(story.at(2 * DAY))
    assert story.told() == []


async def test_it_is_not_told_again_because_the_process_was_started_again(opened):
    story = await opened(CONCERN)
    for minutes in range(1, 4):
        worry(story, *SPENT)
        await story.passes(story.at(minutes))
        await story.open()
    assert len(story.told()) == 1
    worry(story, *SPENT)
    await story.passes(story.at(DAY))
    assert len(story.told()) == 1


async def test_rules_on_concerns_look_at_brand_and_channel(opened):
    brands = {"acme": {"name": "Acme"}, "zenith": {"name": "Zenith"}}
    channels = {
        "acme-x": {"kind": "x", "brand": "acme"},
        "acme-help": {"kind": "x", "brand": "acme"},
        "zenith-x": {"kind": "x", "brand": "zenith"},
    }
    story = await opened(
        {**CONCERN, "when": {"channel": "acme-help"}},
        {**CONCERN, "when": {"brand": "zenith"}, "to": "boss"},
        brands=brands,
        channels=channels,
    )
    for name in channels:
        worry(story, *SPENT, account=name)
    await story.passes(story.at(1))
    assert [alert.account for alert in story.told()] == ["acme-help"]
    assert [alert.account for alert in story.told("boss")] == ["zenith-x"]


async def test_where_no_rule_names_concerns_nobody_is_told(opened):
    story = await opened({})
    worry(story, *SPENT)
    await story.passes(story.at(1))
    assert (story.told(), await story.kept()) == ([], 0)


@pytest.fixture
async def lenient(closed):
    """Return a desk of two accounts that contains what is wrong, as an operator's does."""
    closed.strict = False
    channels = {"acme-x": {"kind": "x"}, "acme-help": {"kind": "x"}}
    await closed.open(channels=channels, alerts=[{**CONCERN, "to": "care"}])
    await closed.passes(closed.start)
    return closed


async def test_a_channel_that_fails_to_say_it_silences_no_other_and_is_logged_once(lenient, caplog):
    fail(lenient, RuntimeError("a bug in this channel"))
    worry(lenient, *SPENT, account="acme-help")
    for minutes in (1, 2):
        await lenient.passes(lenient.at(minutes))
    assert [alert.account for alert in lenient.told()] == ["acme-help"]
    assert caplog.text.count("concerns cannot be told") == 1
    assert "a bug in this channel" in caplog.text
    worry(lenient, *SPENT)
    await lenient.passes(lenient.at(3))
    assert [alert.account for alert in lenient.told()] == ["acme-x"]


@pytest.mark.parametrize("said", ["one text", ("",), (7,), None])
async def test_what_is_no_concern_is_a_bug_of_the_plugin(lenient, caplog, said):
    worry(lenient)
    type(lenient.desk.accounts["acme-x"].channel).concerns = said
    await lenient.passes(lenient.at(1))
    assert lenient.told() == []
    assert "concerns cannot be told" in caplog.text
