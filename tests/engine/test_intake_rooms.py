"""Private threads: whose they are, in whatever order their words come."""

from itertools import permutations

import pytest

from careline.plugin import Author, Kind, Visibility

PRIVATE = {"visibility": Visibility.PRIVATE, "kind": Kind.DIRECT}


def threads(ears):
    """Return each customer's cases, as the platform's ids in order."""
    rows = ears.all(
        'SELECT i."user", m.external_id FROM messages m JOIN threads t ON t.id = m.thread'
        " JOIN identities i ON i.id = t.customer WHERE m.conversation IS NOT NULL ORDER BY 1, 2"
    )
    found = {}
    for user, external_id in rows:
        found[user] = found.get(user, "") + external_id
    return found


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_who_spoke_first_has_the_room(ears, say, order):
    told = [
        say.direct("2", minutes=1), say.direct("3", minutes=5, by="lee", root="dm-kim"),
        say.ours("4", minutes=9, root="dm-kim", **PRIVATE),
    ]  # fmt: skip
    for n in order:
        ears.hear(told[n])
    assert threads(ears) == {"u-kim": "234"}
    assert ears.one("SELECT status FROM states") == "waiting_customer"


def test_our_word_alone_in_a_room_is_nobodys_until_they_answer(ears, say):
    ears.hear(say.ours("1", root="dm-kim", **PRIVATE))
    assert threads(ears) == {}
    ears.hear(say.direct("2", minutes=5))
    assert threads(ears) == {"u-kim": "12"}


def test_our_word_to_somebody_is_theirs(ears, say):
    ears.hear(say.ours("1", root="dm-kim", to=Author(id="u-kim"), **PRIVATE))
    assert threads(ears) == {"u-kim": "1"}


def test_private_answers_under_one_post_reach_one_customer_each(ears, say):
    comments = [say.said(id, by=by, parent="9") for id, by in (("1", "kim"), ("2", "lee"))]
    answers = [say.ours(f"{id}1", id, 5, **PRIVATE) for id in "12"]
    ears.hear(say.ours("9"), *comments, *answers)
    ears.hear(say.said("12", "thanks", 9, parent="11", **PRIVATE))
    assert threads(ears) == {"u-kim": "11112", "u-lee": "221"}
    mixed = "SELECT thread FROM messages GROUP BY thread HAVING count(DISTINCT visibility) > 1"
    assert ears.all(mixed) == []


def test_a_private_word_that_moves_makes_a_private_thread(ears, say):
    ears.hear(say.said("3", parent="2", **PRIVATE))
    ears.hear(say.said("2", by="lee", parent="1"))
    ears.hear(say.said("1", minutes=-5))
    joined = "messages m JOIN threads t ON t.id = m.thread"
    wrong = f"SELECT 1 FROM {joined} WHERE t.visibility <> m.visibility"
    assert ears.all(wrong) == []


def test_a_room_that_the_answer_in_public_opened_goes_on_that_case(ears, say):
    ears.hear(say.said("1"), say.ours("2", "1", 5))
    room = ears.hear(say.direct("3", minutes=9, by="psid-7", root="dm")).new
    assert (room, threads(ears)) == (1, {"u-kim": "12", "u-psid-7": "3"})
    opened = ears.one("SELECT thread FROM messages WHERE external_id = '3'")
    ears.act("opened", "1", 5, opened)
    assert len(ears.all("SELECT * FROM conversations")) == 1
    ears.hear(say.direct("4", "thanks", 12, by="psid-7", root="dm"))
    assert ears.one("SELECT DISTINCT conversation FROM messages") == "c" + ears.id("1")[1:]
