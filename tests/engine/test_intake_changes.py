"""Edits, deletions, purges, counts and deliveries: what a batch says of what is already here."""

import json
from datetime import timedelta

import pytest

from careline.ids import thread_id
from careline.plugin import Author, Delivered, Observed, Removed, Revised, Seen


def case(ears, id):
    return "c" + ears.id(id)[1:]


def cases(ears):
    """Return each case as the platform's ids of its messages."""
    found = {}
    rows = ears.all("SELECT conversation, external_id FROM messages ORDER BY fact_at, depth, id")
    for conversation, external_id in rows:
        found[conversation] = found.get(conversation, "") + external_id
    known = {row[0] for row in ears.all("SELECT conversation FROM states")}
    assert known == {row[0] for row in ears.all("SELECT id FROM conversations")}
    assert known == found.keys() - {None}
    return sorted(said for conversation, said in found.items() if conversation)


def texts(ears, id="1"):
    select = "SELECT text FROM bodies WHERE owner = :id ORDER BY revised_at"
    return [text for (text,) in ears.all(select, id=ears.id(id))]


# -- edits


def test_an_edits_id_means_the_message_from_then_on(ears, say):
    ears.hear(say.said("1"), Revised(say.said("2", "Why?"), "1", say.at(5)))
    ears.hear(say.ours("3", "2", 10))
    ears.hear(say.said("2", "Why?"), say.said("4", "thanks", 12, parent="3"))
    assert cases(ears) == ["134"]
    assert ears.one("SELECT intent FROM messages WHERE external_id = '1'") == "question"
    ears.hear(Revised(say.said("5", "Now it is broken"), "2", say.at(20)))  # an edit of the edit
    assert ears.hear(Removed("5", say.at(21), "author")).removed == 1
    assert texts(ears) == ["It is broken", "Why?", "Now it is broken"]
    assert ears.one("SELECT removed_at IS NOT NULL FROM messages WHERE external_id = '1'")


def test_what_was_taken_for_another_message_turns_out_to_be_an_edit(ears, say):
    ears.hear(say.said("1", root="9"), say.said("2", "Why?", 5), say.ours("3", "2", 10))
    ears.hear(say.said("4", "thanks", 20, "lee", quoted="3"), Observed("2", say.at(6), likes=7))
    ears.hear(Removed("2", say.at(30)))
    assert cases(ears) == ["1", "23", "4"]
    ears.hear(Revised(say.said("2", "Why?", 5), "1", say.at(5)))
    assert cases(ears) == ["13", "4"]
    assert ears.one("SELECT new FROM redirects WHERE old = :old", old=case(ears, "2")) == case(
        ears, "1"
    )
    assert ears.one("SELECT message FROM observations") == ears.id("1")
    assert ears.one("SELECT removed_at IS NOT NULL FROM messages WHERE external_id = '1'")
    gone = ears.id("2")
    for table, column in (
        ("bodies", "owner"), ("readings", "message"), ("acts", "message"), ("deadlines", "anchor"),
        ("tombstones", "object"),
    ):  # fmt: skip
        assert ears.all(f"SELECT 1 FROM {table} WHERE {column} = :id", id=gone) == []


def test_an_edit_known_before_its_message_is_that_message(ears, say):
    ears.hear(Revised(say.said("2", "Why?", by=None), "1", say.at(5)))
    assert ears.all("SELECT external_id, id FROM messages") == [("1", ears.id("1"))]
    assert ears.hear(say.said("1", by="kim", parent="7")).known == 1
    assert texts(ears) == ["It is broken", "Why?"]
    assert ears.one("SELECT parent FROM messages") == ears.id("7")
    assert (
        ears.one('SELECT i."user" FROM messages m JOIN identities i ON i.id = m.author') == "u-kim"
    )


def test_edits_of_edits_in_one_batch_are_one_message(ears, say):
    third = Revised(say.said("3", "thanks"), "2", say.at(9))
    second = Revised(say.said("2", "Why?"), "1", say.at(5))
    ears.hear(third, second)
    assert ears.all("SELECT external_id, intent FROM messages") == [("1", "praise")]
    ring = Revised(say.said("1", "so"), "3", say.at(1))
    ears.hear(ring)
    assert ears.all("SELECT external_id, intent FROM messages") == [("1", "praise")]


def test_an_edit_is_judged_anew_and_so_is_what_hangs_on_it(ears, say):
    ears.hear(say.said("1", "thanks"), say.ours("2", "1", 5), say.said("3", "Why?", 6, parent="2"))
    ears.hear(Revised(say.said("1", "It is broken"), "1", say.at(7)))
    assert ears.one("SELECT intent FROM states") == "problem"
    why = "SELECT sentiment FROM messages WHERE external_id = '3'"
    assert ears.one(why) == "cu"


# -- better rows


def test_the_first_root_in_order_holds_and_one_that_is_known_before_none(ears, say):
    for root in ("r2", None, "r1", "r3"):
        ears.hear(say.said("1", root=root), say.said("2", parent="1", minutes=1))
    assert set(ears.all("SELECT root, place FROM messages WHERE external_id = '1'")) == {
        ("r1", "r1")
    }
    assert cases(ears) == ["12"]
    place = thread_id(
        "acme", "x", "r1", ears.one("SELECT author FROM messages WHERE external_id = '1'")
    )
    assert set(ears.all("SELECT thread FROM messages")) == {(place,)}


def test_of_two_texts_one_holds_and_its_labels_whichever_came_first(make_ears, say):
    words = [say.said("1", "It is broken"), say.said("1", "thanks")]
    found = set()
    for order in (words, words[::-1]):
        ears = make_ears()
        for word in order:
            ears.hear(word)
        found.add(ears.one("SELECT b.text, s.intent FROM bodies b, states s"))
    assert len(found) == 1
    assert found <= {("It is broken", "problem"), ("thanks", "praise")}


# -- deletions


def test_the_earliest_word_of_a_deletion_holds(ears, say):
    ears.hear(say.said("1"), Removed("1", say.at(9), "unknown"))
    ears.hear(Removed("1", say.at(5), "author"), Removed("1", say.at(7), "us"))
    at = int(say.at(5).timestamp() * 1e6)
    assert ears.one("SELECT removed_at FROM messages") == at
    assert ears.one("SELECT at, actor FROM acts") == (at, "author")
    assert ears.one("SELECT void FROM deadlines WHERE kind = 'first_reply'") is not None


@pytest.mark.parametrize("before", [True, False])
def test_purged_words_are_gone_for_good(ears, say, before):
    purge = Removed("1", say.at(9), purge=True)
    edit = Revised(say.said("1", "secret edit"), "1", say.at(3))
    for items in ([purge], [say.said("1", "secret", title="Secret")])[:: 1 if before else -1]:
        ears.hear(*items)
    for _ in range(2):
        ears.hear(edit, say.said("1", "another secret"), Removed("1", say.at(10)))
    assert set(texts(ears)) == {None}
    assert ears.all("SELECT 1 FROM bodies WHERE title IS NOT NULL OR erased_at IS NULL") == []
    assert cases(ears) == ["1"]


def test_a_deletion_may_become_a_purge(ears, say):
    ears.hear(say.said("1"), Removed("1", say.at(5)))
    assert texts(ears) == ["It is broken"]
    ears.hear(Removed("1", say.at(9), purge=True))
    assert texts(ears) == [None]
    assert ears.one("SELECT removed_at FROM messages") == int(say.at(5).timestamp() * 1e6)


# -- counts around messages, and deliveries


def test_the_last_observation_wins_whenever_it_comes(ears, say):
    ears.hear(say.said("1"))
    for minutes, likes in ((5, 50), (3, 30), (9, 90), (7, 70)):
        ears.hear(Observed("1", say.at(minutes), likes=likes, reach=likes * 100))
    assert ears.one("SELECT likes, reach, grew FROM observations") == (90, 9000, 1.8)
    assert ears.one("SELECT reach FROM states") == 9000


def test_reach_stays_with_a_case_that_is_parted_anew(ears, say):
    ears.hear(say.said("2", minutes=5, author=Author(id="u-kim", followers=5000)))
    assert ears.one("SELECT reach FROM states") == 5000
    ears.hear(say.said("1", parent="0"), say.said("2", minutes=5, parent="1"))
    assert cases(ears) == ["12"]
    assert ears.one("SELECT conversation, reach FROM states") == (case(ears, "1"), 5000)


def test_deliveries_move_forward_only(ears, say):
    ears.hear(say.said("1"), say.ours("2", "1", 5))
    moved = [ears.hear(Delivered("2", say.at(6), state)).delivered for state in (
        "delivered", "sent", "delivered", "read", "sent",
    )]  # fmt: skip
    assert moved == [1, 0, 0, 1, 0]
    assert ears.one("SELECT state FROM deliveries") == "read"


# -- which case


def test_an_earlier_message_changes_a_cases_id_and_the_old_one_leads_there(ears, say):
    ears.hear(say.said("2", minutes=5, root="9"))
    ears.hear(say.said("1", root="9"))
    assert cases(ears) == ["12"]
    assert ears.all("SELECT old, new FROM redirects") == [(case(ears, "2"), case(ears, "1"))]
    ears.hear(say.said("0", minutes=-5, root="9"))
    assert sorted(ears.all("SELECT old, new FROM redirects")) == sorted(
        (case(ears, old), case(ears, "0")) for old in "12"
    )


def test_an_id_that_lives_again_leads_nowhere_else(ears, say):
    ears.hear(say.said("2", minutes=5, root="9"))
    ears.hear(say.said("1", root="9"))
    ears.act("split", "2", 10)
    assert cases(ears) == ["1", "2"]
    assert ears.all("SELECT old FROM redirects") == []


def test_a_late_parent_takes_its_descendants_to_its_own_case(ears, say):
    ears.hear(say.said("3", parent="2", by="lee"), say.ours("4", "3", 9))
    assert cases(ears) == ["34"]
    ears.hear(say.said("2", parent="1", by="lee", minutes=-5))
    assert cases(ears) == ["234"]
    ears.hear(say.said("1", minutes=-9))
    assert cases(ears) == ["1234"]
    assert ears.all("SELECT role FROM messages ORDER BY external_id") == [
        ("customer",), ("onlooker",), ("onlooker",), ("ours",),
    ]  # fmt: skip
    assert ears.all("SELECT * FROM deadlines WHERE anchor <> :one", one=ears.id("1")) == []


def test_what_turns_out_to_answer_nobody_leaves_its_case(ears, say):
    ears.hear(say.said("1"), say.ours("2", "1", 5))
    assert ears.one("SELECT status FROM states") == "waiting_customer"
    ears.hear(say.ours("2", "0", 5))  # by another look it answers what we never saw: the lesser id
    assert cases(ears) == ["1"]
    assert ears.one("SELECT status FROM states") == "new"


def test_a_quote_is_ours_only_once_we_know_that_we_were_quoted(ears, say):
    ears.hear(say.said("1"), say.said("3", parent="1", by="lee", quoted="2", minutes=9))
    assert cases(ears) == ["13"]
    ears.hear(say.ours("2", "1", 5))
    assert cases(ears) == ["12", "3"]


def test_effects_of_a_promise_that_the_facts_no_longer_make_say_so(ears, say):
    ears.hear(say.said("2", minutes=5, root="9"))
    ears.conn.exec_driver_sql(
        "INSERT INTO effects (anchor, kind, stage, at)"
        f" VALUES ('{ears.id('2')}', 'first_reply', 'missed', 1)"
    )
    ears.hear(say.said("1", root="9"))
    assert ears.one("SELECT why FROM effects") == "the facts behind it changed"
    assert ears.all("SELECT DISTINCT anchor FROM deadlines") == [(ears.id("1"),)]


def test_messages_posted_a_year_apart_in_one_room_are_cases_of_their_own(ears, say):
    ears.hear(say.direct("1"))
    ears.act("resolve", "1", 60)
    ears.hear(say.direct("2", posted_at=say.at(0) + timedelta(days=60)))
    assert cases(ears) == ["1", "2"]
    spans = ears.all("SELECT conversation, to_position IS NULL FROM spans ORDER BY from_position")
    assert spans == [(case(ears, "1"), False), (case(ears, "2"), True)]
    ears.hear(say.direct("3", posted_at=say.at(0) + timedelta(days=2)))  # it had come back by then
    assert cases(ears) == ["132"]


def test_a_state_says_all_that_its_facts_do(ears, say):
    """Stepping writes what folding writes, down to the text of the state."""
    for items in (
        [say.said("1"), say.said("2", "Why?", 3, parent="1")],
        [say.ours("3", "2", 5), say.said("4", "thanks", 9, parent="3")],
        [Seen(say.said("5", "so", 10, "lee", parent="4"))],
    ):
        ears.hear(*items)
    stepped = ears.all("SELECT * FROM states"), ears.all("SELECT * FROM deadlines ORDER BY 1, 2")
    assert json.loads(stepped[0][0][-1])
    ears.refold({customer for (customer,) in ears.all("SELECT customer FROM conversations")})
    assert stepped == (
        ears.all("SELECT * FROM states"), ears.all("SELECT * FROM deadlines ORDER BY 1, 2"),
    )  # fmt: skip
