"""What a person who sets an account up is told, and what is registered."""

import pytest

from careline.plugin import Rejected
from careline_twitter.plugin import careline_channels, careline_sandboxes

pytestmark = pytest.mark.anyio


async def found(acme):
    return {one.name: one for one in await acme.channel.examine()}


async def test_keys_of_another_account_are_found(x, hand):
    told = await found(await hand(user_id="4242"))
    assert not told["login"].fine
    assert "`user_id` is 4242: give the keys of the other" in told["login"].said


async def test_a_credential_that_fails_hides_no_other(x, hand):
    acme = await hand()
    x.fail("401", on="GET /2/users/me")
    told = await found(acme)
    assert not told["login"].fine
    assert told["bearer"].fine


async def test_a_limit_that_is_used_up_is_no_longer_fine(x, hand):
    acme = await hand()
    x.leave(1, "GET /2/users/me", x.us)
    told = await found(acme)
    assert not told["rate-limit of GET /2/users/me"].fine


async def test_a_budget_that_is_spent_is_a_concern_and_is_counted(x, hand):
    acme = await hand(budget={"day_objects": 1})
    assert acme.channel.concerns == ()
    told = await found(acme)
    assert told["login"].fine
    assert not told["budget"].fine
    [concern] = acme.channel.concerns
    assert concern == "1 of 1 objects of `budget.day_objects` are spent"
    [day, month] = await acme.channel.usage()
    assert (day.kind, day.count, day.currency) == ("user.read", 1, "USD")
    assert month.period == day.period[:7]


async def test_signed_accounts_need_no_login(hand):
    acme = await hand()
    with pytest.raises(Rejected, match="leave out the `access_token`"):
        await acme.channel.begin_login("http://127.0.0.1:1/callback")
    with pytest.raises(Rejected, match="give `client_id`"):
        await acme.channel.finish_login("code=1")


def test_the_stand_in_is_registered_for_its_channel():
    [stand_in] = careline_sandboxes()
    assert stand_in.kind in {one.kind for one in careline_channels()}
