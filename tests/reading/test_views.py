"""One conversation whole: what was said, promised, done and noted, and who said which label."""

from typing import Any

import pytest
from sqlalchemy import Connection, update

from careline.engine.reading import ConversationView, conversation
from careline.errors import NotFound
from careline.ids import identity_id, message_id
from careline.models import Attachment
from careline.plugin import Removed, Revised
from careline.store.bulk import put
from careline.store.tables import bodies, messages, notes, person_links, redirects
from careline.store.times import to_micros


def show(world: Any, id: str, minutes: float = 60) -> ConversationView:
    now = world.at(minutes=minutes)
    seen: ConversationView = world.read(lambda conn: conversation(conn, id, now))
    return seen


@pytest.fixture
def case(world: Any) -> Any:
    """Pat complains, an onlooker chimes in, we answer too late, Pat writes again."""
    world.hear(
        world.said(
            "1",
            "My anvil is broken",
            world.at(minutes=0),
            "pat",
            attachments=(Attachment(url="https://example.com/a.jpg", type="image/jpeg"),),
        ),
        world.said("2", "mine too", world.at(minutes=5), "olly", parent="1", addressed=False),
        world.answer("3", "1", world.at(minutes=90)),
        world.said("4", "Still broken, now!", world.at(minutes=100), "pat", parent="3"),
    )
    return world


def test_messages_come_in_order_with_who_said_them_and_where(case: Any) -> None:
    seen = show(case, case.id("1"))
    assert [(m.author.name, m.role, m.direction, m.text) for m in seen.messages] == [
        ("Pat", "customer", "in", "My anvil is broken"),
        ("Olly", "onlooker", "in", "mine too"),
        ("Acme", "ours", "out", "We look into it. ^AN"),
        ("Pat", "customer", "in", "Still broken, now!"),
    ]
    assert {m.visibility for m in seen.messages} == {"public"}
    assert {m.thread for m in seen.messages} == {span.thread for span in seen.spans}
    assert seen.messages[0].attachments[0]["url"] == "https://example.com/a.jpg"
    assert seen.messages[2].sent_by == "elsewhere"


def test_it_says_where_it_stands_and_why(case: Any) -> None:
    seen = show(case, case.id("1"), minutes=110)
    assert (seen.customer.handle, seen.status, seen.intent) == ("@pat", "open", "problem")
    assert (seen.unanswered, seen.urgent, seen.overdue) == (1, True, False)
    assert seen.answered_at == seen.public_answered_at == case.at(minutes=90)
    assert seen.waiting_since == case.at(minutes=100)
    assert [part.part for part in seen.why] == ["deadline", "problem", "urgent"]
    assert seen.score == -50 + 30 + 30


def test_labels_name_the_words_that_gave_them(case: Any) -> None:
    first = show(case, case.id("1")).messages[0]
    label = first.labels["intent"]
    assert (label.primary, label.score, label.by) == ("problem", 0.75, "tags")
    cue = label.evidence[0]
    assert (first.text or "")[cue.start : cue.end] == cue.cue == "broken"
    assert first.labels["needs_reply"].primary == "yes"
    assert first.labels["topic"].primary == "anvils"


def test_a_persons_word_stands_above_the_classifier(case: Any) -> None:
    first = message_id("acme", "x", "1")
    values = {"intent": "request", "labelled_by": "agent:ann"}
    case.write(lambda conn: conn.execute(update(messages).filter_by(id=first).values(**values)))
    labels = show(case, case.id("1")).messages[0].labels
    assert (labels["intent"].primary, labels["intent"].by) == ("request", "agent:ann")
    assert labels["intent"].values == {"request": 1.0}
    assert labels["needs_reply"].by == "tags"


def test_promises_say_what_became_of_them(case: Any) -> None:
    early = show(case, case.id("1"), minutes=110).deadlines
    assert [(d.kind, d.outcome) for d in early] == [("first_reply", "late"), ("next_reply", "open")]
    assert early[0].due_at == case.at(minutes=60)
    assert early[0].met_at == case.at(minutes=90)
    assert "problem" in early[0].why
    late = show(case, case.id("1"), minutes=161).deadlines
    assert [d.outcome for d in late] == ["late", "missed"]


def test_what_staff_did_and_noted_is_there(case: Any) -> None:
    case.act("assign", "1", case.at(minutes=95), agent="ann")
    case.act("resolve", "1", case.at(minutes=120))
    first = message_id("acme", "x", "1")

    def note(conn: Connection) -> None:
        at = to_micros(case.at(minutes=96))
        columns = ("id", "conversation", "message", "actor", "at")
        put(conn, notes, columns, [("n1", case.id("1"), first, "agent:ann", at)])
        put(conn, bodies, ("owner", "revised_at", "text", "hash"), [("n1", 0, "VIP", "h")])

    case.write(note)
    seen = show(case, case.id("1"), minutes=130)
    assert [(act.kind, act.actor, act.value) for act in seen.acts] == [
        ("assign", "agent:ann", {"agent": "ann"}),
        ("resolve", "agent:ann", {}),
    ]
    noted = [(n.text, n.actor, n.at) for n in seen.notes]
    assert noted == [("VIP", "agent:ann", case.at(minutes=96))]
    assert seen.status == "resolved"
    assert seen.deadlines[1].outcome == "void"


def test_an_edit_shows_the_current_words_and_that_there_were_others(case: Any) -> None:
    edited = case.said("1", "My anvil is lovely", case.at(minutes=0), "pat")
    case.hear(Revised(edited, "1", case.at(minutes=101)), at=case.at(minutes=101))
    first = show(case, case.id("1")).messages[0]
    assert (first.text, first.revisions) == ("My anvil is lovely", 1)
    assert first.labels["intent"].primary == "praise"


def test_a_removed_message_is_marked_and_a_purged_one_has_no_words(case: Any) -> None:
    case.hear(
        Removed("2", case.at(minutes=101), "author"),
        Removed("4", case.at(minutes=102), "author", purge=True),
        at=case.at(minutes=103),
    )
    seen = {m.external_id: m for m in show(case, case.id("1")).messages}
    assert seen["2"].removed_at == case.at(minutes=101)
    assert (seen["2"].text, seen["2"].erased) == ("mine too", False)
    assert (seen["4"].text or "", seen["4"].erased) == ("", True)
    assert "removed" in [act.kind for act in show(case, case.id("1")).acts]


def test_the_same_customers_other_conversations_are_related(case: Any) -> None:
    case.hear(case.said("9", "lovely shop", case.at(minutes=110), "pat"))
    case.hear(case.said("8", "lovely shop", case.at(minutes=111), "quinn"))
    related = show(case, case.id("1")).related
    assert [(one.id, one.intent, one.through) for one in related] == [
        (case.id("9"), "praise", "customer")
    ]


def test_the_same_person_on_another_network_is_related_until_unlinked(case: Any) -> None:
    elsewhere = case.said("5", "Hello?", case.at(minutes=110), "patty")
    case.hear(elsewhere, network="facebook", account="acme-fb")
    both = [identity_id("x", "", "u-pat"), identity_id("facebook", "", "u-patty")]

    def link(conn: Connection, undone: int | None) -> None:
        columns = ("id", "person", "identity", "undone_at")
        put(conn, person_links, columns, [(f"l{n}", "p1", i, undone) for n, i in enumerate(both)])

    case.write(lambda conn: link(conn, None))
    related = show(case, case.id("1")).related
    assert [(one.id, one.account, one.through) for one in related] == [
        (case.id("5", network="facebook"), "acme-fb", "person")
    ]
    case.write(lambda conn: link(conn, to_micros(case.at(minutes=120))))
    assert show(case, case.id("1")).related == ()


def test_the_beginning_of_an_id_is_enough(case: Any) -> None:
    whole = case.id("1")
    assert show(case, whole[:5]).id == whole
    assert show(case, f" {whole[:9].upper()} ").id == whole


def test_a_mistyped_id_names_the_nearest(case: Any) -> None:
    whole = case.id("1")
    with pytest.raises(NotFound, match=f"nearest is {whole}"):
        show(case, whole[:8] + "9999")
    with pytest.raises(NotFound, match="at least 5"):
        show(case, whole[:4])


def test_an_ambiguous_beginning_names_all(case: Any) -> None:
    others = [("cabcdeffff", case.id("1")), ("cabcdegggg", "cabcdegggg")]
    case.write(lambda conn: put(conn, redirects, ("old", "new"), others))
    with pytest.raises(NotFound, match="several"):
        show(case, "cabcde")
    assert show(case, "cabcdef").id == case.id("1")


def test_an_old_id_leads_to_what_it_became(world: Any) -> None:
    """A reply that arrives first starts a case; its parent, once here, is the true beginning."""
    world.hear(world.said("2", "Anyone?", world.at(minutes=5), "pat", parent="1", addressed=False))
    old = world.id("2")
    assert show(world, old).messages[0].external_id == "2"
    world.hear(world.said("1", "It is broken", world.at(minutes=0), "pat"), at=world.at(minutes=9))
    seen = show(world, old)
    assert seen.id == world.id("1")
    assert [m.external_id for m in seen.messages] == ["1", "2"]
