"""What staff are told of accounts that need a person, and of answers that did not leave."""

import pytest

from careline.plugin import AlertReason, AuthFailed, Refusal, Rejected, Source, Transient

HEALTH = {"on": "health"}
REVOKED = "the token was revoked"
HOUR = 60


@pytest.fixture
async def ill(opened):
    """Return a desk whose account loses its credential when it is asked next."""
    story = await opened(HEALTH)
    story.errors["acme-x"] = [AuthFailed(REVOKED)]
    return story


async def heal(story, account="acme-x"):
    """Have a person act."""
    story.desk.supervisor.reset(account)
    story.desk.hearing.begin(once=True)


async def test_an_account_that_needs_a_person_is_told_of_once(ill):
    await ill.runs()
    await ill.runs(ill.at(HOUR))
    [alert] = ill.told()
    assert alert.reason is AlertReason.HEALTH
    assert (alert.title, alert.body) == ("acme-x needs a person", REVOKED)
    assert (alert.brand, alert.account, alert.conversation_id) == ("acme", "acme-x", None)
    [(about, data)] = await ill.events("alerted")
    assert (about, data["reason"]) == ("acme-x", "health")


async def test_it_is_told_of_again_only_after_it_was_well_in_between(ill):
    await ill.runs()
    await heal(ill)
    ill.errors["acme-x"] = [AuthFailed("refused again")]
    await ill.runs(ill.at(1))
    assert len(ill.told()) == 1
    await heal(ill)
    await ill.passes(ill.at(2))
    assert await ill.closed() == ["the account works again"]
    ill.errors["acme-x"] = [AuthFailed("refused once more")]
    await ill.runs(ill.at(3))
    [alert] = ill.told()
    assert alert.body == "refused once more"


async def test_it_is_not_told_of_again_because_the_process_was_started_again(ill):
    for minutes in range(5):
        ill.errors["acme-x"] = [AuthFailed(REVOKED)]
        await ill.open()
        await ill.runs(ill.at(minutes))
    assert len(ill.told()) == 1


async def test_one_source_that_works_does_not_end_another_ones_trouble(closed):
    channels = {"acme-x": {"kind": "x"}}
    for minutes in range(3):
        await closed.open(channels=channels, alerts=[{**HEALTH, "to": "care"}])
        account = closed.desk.accounts["acme-x"]
        account.sources = {"mentions": Source("mentions"), "messages": Source("messages")}
        poll = account.channel.poll

        async def poll_two(source, cursor, poll=poll):
            if source.name == "messages":
                raise AuthFailed(REVOKED)
            return await poll(source, cursor)

        account.channel.poll = poll_two
        await closed.runs(closed.at(minutes))
    assert len(closed.told()) == 1


async def test_an_account_that_is_disabled_is_told_of(opened):
    story = await opened(HEALTH)
    story.errors["acme-x"] = [Rejected(Refusal.NOT_PERMITTED, "the app was suspended")]
    await story.runs(story.at(1))
    assert [alert.body for alert in story.told()] == ["the app was suspended"]


async def test_an_account_that_is_to_be_tried_again_is_no_news(opened):
    story = await opened(HEALTH)
    story.errors["acme-x"] = [Transient("slow down")]
    await story.runs(story.at(1))
    assert (story.told(), await story.kept()) == ([], 0)


async def test_rules_on_health_look_at_brand_and_channel(opened):
    channels = {"acme-x": {"kind": "x"}, "acme-help": {"kind": "x"}}
    rule = {**HEALTH, "when": {"channel": "acme-help"}}
    story = await opened(rule, {**HEALTH, "to": "boss"}, channels=channels)
    for name in channels:
        story.errors[name] = [AuthFailed(REVOKED)]
    await story.runs(story.at(1))
    assert [alert.account for alert in story.told()] == ["acme-help"]
    assert [alert.account for alert in story.told("boss")] == ["acme-x"]


async def test_a_notifier_that_is_down_is_told_of_by_another(opened):
    story = await opened({"on": "new"}, {**HEALTH, "to": ["care", "boss"]})
    story.fails(AuthFailed(REVOKED))
    story.plan(story.said("1"))
    await story.runs()
    [alert] = story.told("boss")
    assert (alert.title, alert.body) == ("notifier care needs a person", REVOKED)
    assert [row.payload["alert"] for row in await story.rows()] != [alert.id]
    assert len(await story.rows()) == 1


async def test_news_of_an_account_that_works_again_is_withdrawn(ill):
    ill.fails(Transient("the line is busy"))
    await ill.runs()
    await heal(ill)
    ill.fails(Transient("the line is busy"))
    await ill.runs(ill.at(9))
    await ill.runs(ill.at(30))
    assert ill.told() == []
    assert await ill.states() == [("withdrawn", "the account works again")]


async def test_news_of_an_account_is_not_lost_if_it_cannot_be_kept_at_first(ill):
    await ill.desk.store.write(
        lambda conn: conn.exec_driver_sql("ALTER TABLE alerts RENAME TO gone")
    )
    ran = await ill.runs()
    assert "health" in ran.failing
    assert ill.told() == []
    await ill.desk.store.write(
        lambda conn: conn.exec_driver_sql("ALTER TABLE gone RENAME TO alerts")
    )
    await ill.runs(ill.at(5))
    assert len(ill.told()) == 1


@pytest.fixture
async def answered(opened):
    """Return a desk on which Ann has answered a customer, and the platform refuses it."""
    story = await opened({"on": "unsent"})
    await story.hears(story.said("1"))
    story.platform.faults.append(("before", Rejected(Refusal.WINDOW_CLOSED, "too late, it says")))
    await story.desk.reply(story.id("1"), "We look into it.", actor="ann")
    return story


async def test_an_answer_that_did_not_leave_is_told_of_with_its_reason(answered):
    await answered.passes(answered.at(1))
    [alert] = answered.told()
    assert alert.reason is AlertReason.UNSENT
    assert alert.title == "Kim @kim on acme-x: our answer was not sent"
    assert alert.body == "too late, it says\nIt is broken"
    assert alert.conversation_id == answered.id("1")


async def test_a_post_that_did_not_leave_is_told_of_too(opened):
    story = await opened({"on": "unsent"})
    story.platform.faults.append(("before", Rejected(Refusal.DUPLICATE, "said already")))
    await story.desk.post("acme-x", "We are back.", actor="ann")
    await story.passes(story.at(1))
    [alert] = story.told()
    assert (alert.title, alert.body) == ("acme-x: our post was not sent", "said already")


async def test_one_of_unknown_outcome_that_nobody_can_ask_about_is_told_of(opened):
    story = await opened({"on": "unsent"})
    await story.hears(story.said("1"))
    story.platform.unknowable = True
    story.platform.faults.append(("after", Transient("it hung up")))
    await story.desk.reply(story.id("1"), "We look into it.", actor="ann")
    for minutes in (1, 10):
        await story.runs(story.at(minutes))
    [alert] = story.told()
    assert "nobody knows whether it was done" in alert.body


async def test_it_is_told_of_once_and_again_where_another_try_fails(answered):
    await answered.passes(answered.at(1))
    await answered.passes(answered.at(2))
    assert len(answered.told()) == 1
    row = (await answered.desk.outbox())[-1]
    answered.platform.faults.append(("before", Rejected(Refusal.GONE, "it is gone")))
    await answered.desk.retry(row.id, actor="ann")
    await answered.passes(answered.at(3))
    assert [alert.body.splitlines()[0] for alert in answered.told()] == ["it is gone"]


async def test_one_that_was_sent_after_all_is_told_of_to_nobody(answered):
    answered.fails(*[Transient("the line is busy")] * 2)
    await answered.runs(answered.at(1))
    row = (await answered.desk.outbox())[-1]
    await answered.desk.retry(row.id, actor="ann")
    await answered.runs(answered.at(10))
    await answered.runs(answered.at(30))
    assert answered.told() == []
    assert await answered.states() == [("withdrawn", "somebody looked after it")]
