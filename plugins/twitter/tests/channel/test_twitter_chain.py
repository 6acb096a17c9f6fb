"""Long public answers: a numbered chain where the operator asks for it, resumed where it broke."""

import re

import pytest

from careline.plugin import Post, Refusal, Rejected, Transient

from .test_twitter_speaking import answer, facts

pytestmark = pytest.mark.anyio
LONG = " ".join(f"word{n}" for n in range(90))


async def test_a_long_answer_goes_out_as_a_numbered_chain_that_was_announced(x, hand):
    acme, post = await hand(split=True), x.post("kim", "@acme it broke")
    before, told = x.spend.total, acme.channel.check(facts(x, post), answer(x, post, LONG))
    assert told.allowed
    assert acme.channel.length(LONG) <= told.max_length
    receipt = await acme.channel.perform(answer(x, post, LONG))
    n = len(receipt.ids)
    assert told.note == f"It goes out as a chain of {n} posts."
    assert told.cost == f"{x.spend.total - before:.3f} USD"
    assert receipt.ids == tuple(one.id for one in x.sent)
    assert [one.about for one in x.sent] == [post.id, *receipt.ids[:-1]]
    said = [re.sub(r" \(\d/\d\)$", "", one.text) for one in x.sent]
    assert " ".join(said) == LONG
    assert all(one.text.endswith(f" ({at}/{n})") for at, one in enumerate(x.sent, 1))


async def test_a_chain_that_would_be_too_long_is_refused_before_the_network(x, hand):
    acme, post = await hand(split=True), x.post("kim", "@acme it broke")
    asked = len(x.requests)
    for text in ("x" * 2721, " ".join(["y" * 200] * 12)):
        told = acme.channel.check(facts(x, post), answer(x, post, text))
        assert (told.reason, told.max_length) == (Refusal.TOO_LONG, 2720)
        with pytest.raises(Rejected) as refused:
            await acme.channel.perform(answer(x, post, text))
        assert refused.value.reason is Refusal.TOO_LONG
    assert len(x.requests) == asked
    assert acme.channel.check(facts(x, post), answer(x, post, "x" * 2720)).allowed


@pytest.mark.parametrize("how", ["429", "500", "cut-before", "cut-after", "not-json"])
async def test_a_chain_that_broke_in_the_middle_goes_on_where_it_broke(x, hand, clock, how):
    acme, long = await hand(split=True), Post(id="p", actor="ann", text=LONG)
    since = clock.now()
    x.fail(how, on="POST /2/tweets", times=1, after=1)
    with pytest.raises(Transient) as broken:
        await acme.channel.perform(long)
    x.fail(None)
    clock.advance(1000)
    again = await hand(split=True)  # as after a restart
    if broken.value.sent is not False:
        assert await again.channel.find(long, since) is None
    receipt = await again.channel.perform(long)
    assert receipt.ids == tuple(one.id for one in x.sent)
    assert not x.twice
    assert (await again.channel.find(long, since)).ids == receipt.ids
    rows = await again.channel.usage()
    assert {r.kind: r.count for r in rows if "create" in r.kind} == {"post.create": len(x.sent)}
    assert {c.kind for c in x.platform.bill.charges if "create" in c.kind} == {"post.create"}


async def test_what_is_refused_in_the_middle_says_how_much_is_out(x, hand):
    acme, long = await hand(split=True), Post(id="p", actor="ann", text=LONG)
    x.fail("403-policy", on="POST /2/tweets", times=1, after=1)
    with pytest.raises(Rejected, match="1 of 3 posts are out"):
        await acme.channel.perform(long)
