"""Whose case a message belongs to: the order in which a forest of messages is placed is nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careline.engine.placement import Chained, place_all

IDS = [f"m{n}" for n in range(10)]
OURS = "us"


def said(id, author="ann", parent=None, **fields):
    known = {
        "brand": "acme", "network": "x", "external_id": id[1:], "recipient": None,
        "ours": author == OURS, "private": False, "context": False, "addressed": False,
        "quoted": None, "root": None, "said_at": int(id[1:]),
    }  # fmt: skip
    return Chained(id=id, author=author, parent=parent, **(known | fields))


@st.composite
def forests(draw):
    """Any messages at all: rings of parents, their own parents, parents that are not here."""
    anyone = st.none() | st.sampled_from([*IDS, "m98", "m99"])
    return {
        id: said(
            id, draw(st.sampled_from(["ann", "bob", "cas", OURS, OURS])), draw(anyone),
            quoted=draw(anyone), root=draw(st.none() | st.sampled_from(["r1", "r2"])),
            private=draw(st.booleans()), context=draw(st.integers(0, 4)) == 0,
            addressed=draw(st.booleans()), said_at=draw(st.integers(0, 5)),
            recipient=draw(st.none() | st.sampled_from(["ann", "bob"])),
        )
        for id in draw(st.sets(st.sampled_from(IDS), min_size=1))
    }  # fmt: skip


def ours_of(forest):
    return {id for id, message in forest.items() if message.ours}


@given(forests(), st.randoms())
def test_any_order_of_any_forest_is_placed_alike(forest, random):
    order = list(forest.items())
    random.shuffle(order)
    ours = ours_of(forest)
    assert place_all(dict(order), {}, ours) == place_all(forest, {}, ours)


@given(forests(), st.randoms())
def test_batch_by_batch_is_as_all_at_once_where_parents_come_first(forest, random):
    ours = ours_of(forest)
    drawn = {id: random.randrange(3) for id in forest}
    after = {id: max(drawn[one] for one in ancestry(forest, id)) for id in forest}
    known = {}
    for number in range(3):
        batch = {id: message for id, message in forest.items() if after[id] == number}
        known |= place_all(batch, known, ours)
    assert known == place_all(forest, {}, ours)


def ancestry(forest, id):
    """Return a message and all above it, as far as they are here."""
    seen = {}
    while id in forest and id not in seen:
        seen[id] = None
        id = forest[id].parent
    return seen


@given(forests())
def test_what_holds_of_every_placement(forest):
    placed = place_all(forest, {}, ours_of(forest))
    assert placed.keys() == forest.keys()
    rooms = {}
    for id, where in placed.items():
        message = forest[id]
        assert rooms.setdefault(where.thread, where.private) == where.private, "never mixed"
        assert (where.role in ("customer", "onlooker")) <= (not where.ours)
        assert (where.role == "context") == (where.customer is None) or where.private
        if where.role == "onlooker":
            assert where.author != where.customer
        if where.role == "customer":
            assert where.author == where.customer
        assert where.fact_at >= message.said_at
    for id, message in forest.items():
        ring = id in ancestry(forest, message.parent)
        if message.parent in placed and not ring and not message.private:
            above = placed[message.parent]
            assert (placed[id].fact_at, placed[id].depth) > (above.fact_at, above.depth)


def placed(*messages):
    forest = {message.id: message for message in messages}
    return place_all(forest, {}, ours_of(forest))


def test_a_third_party_looks_on_and_the_answer_to_them_is_not_the_customers():
    found = placed(
        said("m1"), said("m2", OURS, "m1"), said("m3", "bob", "m1"), said("m4", OURS, "m3"),
        said("m5", "ann", "m3"),
    )  # fmt: skip
    assert [found[id].role for id in sorted(found)] == [
        "customer", "ours", "onlooker", "ours", "customer",
    ]  # fmt: skip
    assert {where.thread for where in found.values()} == {found["m1"].thread}
    assert (found["m2"].answers, found["m4"].answers) == ("ann", "bob")


@pytest.mark.parametrize("fields", [{"addressed": True}, {"quoted": "m2"}])
def test_who_speaks_to_us_owns_a_thread(fields):
    found = placed(said("m1"), said("m2", OURS, "m1"), said("m3", "bob", "m1", **fields))
    assert (found["m3"].role, found["m3"].customer) == ("customer", "bob")
    assert found["m3"].thread != found["m1"].thread


def test_a_reply_to_us_owns_a_thread_and_the_customers_own_stays_one():
    found = placed(
        said("m1"), said("m2", OURS, "m1"), said("m3", "bob", "m2"), said("m4", "ann", "m2")
    )
    assert found["m3"].customer == "bob"
    assert found["m4"].thread == found["m1"].thread != found["m3"].thread


def test_our_broadcast_is_nobodys_and_each_who_comments_has_a_thread():
    found = placed(said("m1", OURS), said("m2", "ann", "m1"), said("m3", "bob", "m1"))
    assert (found["m1"].role, found["m1"].customer) == ("context", None)
    assert found["m2"].thread != found["m3"].thread
    assert {where.place for where in found.values()} == {"1"}


def test_two_customers_answered_in_private_under_one_post_never_share_a_thread():
    found = placed(
        said("m1", OURS), said("m2", "ann", "m1"), said("m3", "bob", "m1"),
        said("m4", OURS, "m2", private=True), said("m5", OURS, "m3", private=True),
        said("m6", "bob", "m5", private=True),
    )  # fmt: skip
    assert (found["m4"].answers, found["m5"].answers) == ("ann", "bob")
    assert found["m4"].thread != found["m5"].thread == found["m6"].thread
    assert found["m4"].thread != found["m2"].thread


def test_what_is_said_in_public_on_a_private_word_stays_public():
    found = placed(
        said("m1", private=True, root="dm"), said("m2", OURS, "m1"), said("m3", "bob", "m1")
    )
    assert len({where.thread for where in found.values()}) == 3
    assert (found["m2"].role, found["m2"].answers) == ("ours", "ann")
    assert found["m3"].role == "customer"


def test_a_private_room_is_one_thread():
    room = {"private": True, "root": "dm"}
    found = placed(
        said("m1", **room), said("m2", OURS, recipient="ann", **room), said("m3", "ann", **room)
    )
    assert len({where.thread for where in found.values()}) == 1
    assert [where.customer for where in found.values()] == ["ann"] * 3


def test_a_private_kind_that_opens_no_case_is_context():
    room = {"private": True, "root": "dm"}
    found = placed(said("m1", context=True, **room), said("m2", **room))
    assert (found["m1"].role, found["m1"].customer) == ("context", None)
    assert found["m1"].thread != found["m2"].thread


def test_a_ring_of_parents_is_cut_at_its_least_id():
    found = placed(said("m3", parent="m2"), said("m2", parent="m4"), said("m4", parent="m3"))
    assert [found[id].depth for id in ("m2", "m3", "m4")] == [0, 1, 2]


def test_a_child_is_never_before_its_parent_whatever_the_clocks_say():
    chain = [said("m1", said_at=100), *(said(f"m{n}", parent=f"m{n - 1}") for n in range(2, 6))]
    found = placed(*chain)
    for one, two in pairwise(sorted(found)):
        assert (found[one].fact_at, found[one].depth) < (found[two].fact_at, found[two].depth)
