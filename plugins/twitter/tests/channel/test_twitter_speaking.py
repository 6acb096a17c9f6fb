"""Speaking: answers, messages, refusals that are remembered, and looks for what was done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from careline.plugin import (
    Answer,
    Author,
    Direct,
    Direction,
    Follow,
    Kind,
    Post,
    PrivateReply,
    Refusal,
    Rejected,
    ThreadFacts,
    Transient,
    Visibility,
    Word,
)
from careline.testing.clock import START
from careline_twitter.speaking import same_text

pytestmark = pytest.mark.anyio


def kim(x):
    return Author(id=x.user("kim").id, name="Kim", handle="kim")


def answer(x, to, text="On it!"):
    return Answer(
        id="a", actor="ann", place=to.id, visibility=Visibility.PUBLIC, customer=kim(x),
        in_reply_to=to.id, text=text,
    )  # fmt: skip


def facts(x, to, *, addressed=True, kind=Kind.MENTION, removed=False):
    word = Word(to.id, kind, Direction.IN, START - timedelta(hours=1), addressed, removed)
    return ThreadFacts(to.id, Visibility.PUBLIC, kim(x), (word,), START)


def direct(x, text="Which order?"):
    return Direct(id="d", actor="ann", customer=kim(x), text=text)


async def test_who_did_not_call_us_is_not_answered_and_check_says_so_before(x, hand):
    acme, post = await hand(), x.post("kim", "my acme anvil broke")
    permission = acme.channel.check(facts(x, post, addressed=False), answer(x, post))
    assert permission.reason is Refusal.NOT_SUMMONED
    with pytest.raises(Rejected) as refused:
        await acme.channel.perform(answer(x, post))
    assert refused.value.reason is Refusal.NOT_SUMMONED
    x.app.level = "enterprise"
    acme = await hand(tier="enterprise")
    assert acme.channel.check(facts(x, post, addressed=False), answer(x, post)).allowed
    assert await acme.channel.perform(answer(x, post))


async def test_check_tells_the_price_and_x_bills_it(x, hand):
    acme = await hand()
    for text in ("On it!", "See https://acme.com/help"):
        post, before = x.post("kim", f"@acme it broke {text}"), x.spend.total
        told = acme.channel.check(facts(x, post), answer(x, post, text))
        await acme.channel.perform(answer(x, post, text))
        assert told.cost == f"{x.spend.total - before:.3f} USD"


async def test_what_is_too_long_is_refused_before_the_network(x, hand):
    acme, post = await hand(), x.post("kim", "@acme it broke")
    exact, asked = "@kim " + "x" * 280, len(x.requests)
    told = acme.channel.check(facts(x, post), answer(x, post, exact))
    assert told.allowed
    assert acme.channel.length(exact) <= told.max_length
    for action in (answer(x, post, exact + "x"), direct(x, "x" * 10_001)):
        assert acme.channel.check(facts(x, post), action).reason is Refusal.TOO_LONG
        with pytest.raises(Rejected) as refused:
            await acme.channel.perform(action)
        assert refused.value.reason is Refusal.TOO_LONG
    assert len(x.requests) == asked
    assert await acme.channel.perform(answer(x, post, exact))


async def test_who_takes_no_messages_is_remembered_and_invited_in_public(x, hand, clock):
    acme, post = await hand(), x.post("kim", "@acme it broke")
    x.refuse_dms("kim")
    with pytest.raises(Rejected) as refused:
        await acme.channel.perform(direct(x))
    assert refused.value.reason is Refusal.RECIPIENT_REFUSES
    after = await hand()  # as after a restart
    told = after.channel.check(facts(x, post), direct(x))
    assert (told.reason, told.until) == (Refusal.RECIPIENT_REFUSES, START + timedelta(days=7))
    assert "link to write to us" in after.channel.check(facts(x, post), answer(x, post)).note
    await after.channel.perform(answer(x, post))
    assert x.sent[-1].deep_link.endswith(f"recipient_id={x.us.id}")
    clock.advance(8 * 86_400)
    later = replace(facts(x, post), now=clock.now())
    assert after.channel.check(later, direct(x)).allowed


async def test_what_can_never_be_done_is_refused_with_its_reason(x, hand):
    acme, post = await hand(), x.post("kim", "@acme it broke")
    check, thread = acme.channel.check, facts(x, post)
    assert check(facts(x, post, removed=True), answer(x, post)).reason is Refusal.GONE
    assert (
        check(thread, Follow(id="f", actor="ann", customer=kim(x))).reason is Refusal.NOT_PERMITTED
    )
    ties = PrivateReply(id="r", actor="ann", message=post.id, customer=kim(x), text="Hi")
    assert check(thread, ties).reason is Refusal.UNSUPPORTED
    reader = await hand(consumer_key=None, access_token=None, access_secret=None)
    assert reader.channel.check(thread, answer(x, post)).reason is Refusal.NEEDS_REAUTH
    assert "direct" not in {one.name for one in reader.channel.sources}


@pytest.mark.parametrize("what", ["answer", "post", "direct"])
async def test_an_unknown_outcome_is_looked_up_and_no_older_copy_is_claimed(x, hand, clock, what):
    acme, post = await hand(), x.post("kim", "@acme it broke")
    text = "See https://acme.com/a?b=1&c=2 <now> & then"
    action = {
        "answer": answer(x, post, text),
        "post": Post(id="p", actor="ann", text=text),
        "direct": direct(x, text),
    }[what]
    if what == "direct":
        x.dm("acme", text, to="kim")
    else:
        x.post("acme", text, reply_to=post if what == "answer" else None)
    clock.advance(60)
    since = clock.now()
    assert await acme.channel.find(action, since) is None
    if what != "direct":
        clock.advance(86_400)  # X takes the same words again
        since = clock.now()
    x.fail("cut-after", times=1)
    with pytest.raises(Transient) as unknown:
        await acme.channel.perform(action)
    assert unknown.value.sent is not False
    x.fail(None)
    found = await acme.channel.find(action, since)
    assert found.ids[0].endswith(x.sent[-1].id)
    assert await acme.channel.find(action, since) == found  # and it is counted once
    done = {one.kind: one.count for one in await acme.channel.usage() if len(one.period) == 10}
    [billed] = [one.kind for one in x.platform.bill.charges if "create" in one.kind]
    assert {kind: n for kind, n in done.items() if "create" in kind} == {billed: 1}
    assert len(x.sent) == 1


@pytest.mark.parametrize(
    ("sent", "seen", "same"),
    [
        ("On it! ^AN", "@kim On it! ^AN", True),
        ("a https://acme.com/x b", "a https://t.co/abc123 b", True),
        ("a & b <c>", "a &amp; b &lt;c&gt;", True),
        ("two  lines\n\nhere", "two lines here", True),
        ("On it!", "Not on it!", False),
        ("On it! ^AN", "On it!", False),
        ("@kim hello", "@robin hello", False),
    ],
)
def test_the_same_text_is_known_as_x_rewrites_it(sent, seen, same):
    assert same_text(sent, seen) is same
