"""The inbox: what is due first, page by page, from folded rows alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from careline.engine.reading import InboxRow, Page, inbox
from careline.models import Status
from careline.store.inbox import InboxQuery


def page(world: Any, minutes: float = 60, **query: Any) -> Page:
    now = world.at(minutes=minutes)
    shown: Page = world.read(lambda conn: inbox(conn, InboxQuery(**query), now))
    return shown


def names(page: Page) -> list[str | None]:
    return [row.customer.name for row in page.rows]


@pytest.fixture
def story(world: Any) -> Any:
    """Four customers write; one of them twice, one is answered, one praises."""
    world.hear(
        world.said("1", "How much is an anvil?", world.at(minutes=0), "quinn"),
        world.said("2", "It is broken", world.at(minutes=10), "pat"),
        world.said("3", "lovely anvils", world.at(minutes=15), "fay"),
        world.said("4", "Where are you?", world.at(minutes=20), "dan"),
        world.said("5", "It is still broken", world.at(minutes=25), "pat", parent="2"),
        world.answer("6", "4", world.at(minutes=30)),
    )
    return world


def test_problems_and_those_who_ask_again_come_first(story: Any) -> None:
    shown = page(story)
    assert names(shown) == ["Pat", "Quinn", "Fay"]
    assert shown.next is None
    pat = shown.rows[0]
    assert pat.snippet == "It is still broken"
    assert (pat.unanswered, pat.intent, pat.status) == (2, "problem", "new")
    assert pat.waiting_since == story.at(minutes=10)
    assert pat.due_at == story.at(minutes=70)
    assert not pat.overdue
    assert [(why.part, why.minutes) for why in pat.why] == [
        ("deadline", -10),
        ("problem", 30),
        ("repeat", 15),
    ]
    assert pat.score == sum(why.minutes for why in pat.why)


def test_the_rows_come_by_falling_score(story: Any) -> None:
    scores = [row.score for row in page(story, states=tuple(Status)).rows]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)


def test_pages_follow_one_another_without_gap_or_repeat(world: Any) -> None:
    world.hear(
        *(
            world.said(str(n), "broken" if n % 3 else "why?", world.at(minutes=n), f"c{n}")
            for n in range(1, 24)
        ),
        *(world.answer(f"a{n}", str(n), world.at(minutes=n + 1)) for n in range(1, 24, 4)),
        *(
            world.said(f"f{n}", "still broken", world.at(minutes=n + 2), f"c{n}", parent=f"a{n}")
            for n in range(1, 24, 8)
        ),
    )
    whole = page(world, limit=100).rows
    assert {row.status for row in whole} == {"new", "open"}
    paged: list[InboxRow] = []
    after = None
    while True:
        shown = page(world, limit=4, after=after)
        assert len(shown.rows) <= 4
        paged += shown.rows
        after = shown.next
        if after is None:
            break
    assert paged == list(whole)


NARROWED: list[tuple[dict[str, Any], list[str]]] = [
    ({"states": (Status.WAITING_CUSTOMER,)}, ["Dan"]),
    ({"intent": "praise"}, ["Fay"]),
    ({"channel": "acme-x"}, ["Pat", "Quinn", "Fay"]),
    ({"channel": "acme-y"}, []),
    ({"brand": "other"}, []),
    ({"due": "overdue"}, ["Quinn"]),
    ({"due": timedelta(minutes=20)}, ["Pat", "Quinn"]),
    ({"due": "today"}, ["Pat", "Quinn"]),
    ({"due": "today", "zones": {"acme": "Pacific/Auckland"}}, ["Pat", "Quinn"]),
    ({"due": "today", "zones": {"acme": "Pacific/Honolulu"}}, ["Pat", "Quinn", "Fay"]),
    ({"limit": 1}, ["Pat"]),
    ({"search": "broken"}, ["Pat"]),
    ({"search": "Where"}, ["Dan"]),
    ({"search": "Where", "states": (Status.NEW,)}, []),
]


def test_a_query_narrows_the_inbox(story: Any) -> None:
    story.index()
    found = [(query, names(page(story, minutes=61, **query))) for query, _ in NARROWED]
    assert found == NARROWED


def test_what_is_overdue_says_so(story: Any) -> None:
    quinn = page(story, minutes=61, due="overdue").rows[0]
    assert quinn.overdue
    assert quinn.why[0].text == "overdue by 1 min"


def test_a_snoozed_conversation_is_back_when_its_time_is_over(story: Any) -> None:
    until = int(story.at(hours=5).timestamp()) * 1_000_000
    story.act("snooze", "2", story.at(minutes=30), until=until)
    assert names(page(story)) == ["Quinn", "Fay"]
    assert "Pat" in names(page(story, include_snoozed=True))
    assert "Pat" in names(page(story, minutes=5 * 60))


def test_an_assigned_conversation_is_found_by_its_agent(story: Any) -> None:
    story.act("assign", "1", story.at(minutes=30), agent="ann")
    assert [row.assignee for row in page(story, assignee="ann").rows] == ["ann"]


def test_the_last_word_of_an_answered_customer_is_shown_too(story: Any) -> None:
    dan = page(story, states=(Status.WAITING_CUSTOMER,)).rows[0]
    assert dan.snippet == "Where are you?"
    assert dan.unanswered == 0


def test_a_snippet_is_one_short_line(world: Any) -> None:
    world.hear(world.said("1", "It is broken.\n\n" + "really " * 200_000, world.at(minutes=0)))
    snippet = page(world).rows[0].snippet
    assert snippet.startswith("It is broken. really")
    assert snippet.endswith("…")
    assert len(snippet) <= 140


def test_a_cursor_of_nobody_is_refused(world: Any) -> None:
    with pytest.raises(ValueError, match="next"):
        page(world, after="yesterday")


def watched(world: Any, unit: Callable[[Connection], object]) -> list[tuple[str, Any]]:
    """Return the statements that a unit runs, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append((statement, parameters))

    event.listen(world.store.engine, "before_cursor_execute", note)
    world.read(unit)
    event.remove(world.store.engine, "before_cursor_execute", note)
    return seen


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_page_reads_by_index_alone(story: Any) -> None:
    query = InboxQuery(limit=2, channel="acme-x", after=page(story, limit=1).next)
    statements = watched(story, lambda conn: inbox(conn, query, story.at(minutes=60)))
    assert len(statements) == 3, "one for each status, one for the snippets"
    for statement, parameters in statements:
        plan = story.read(
            lambda conn, s=statement, p=parameters: [
                row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p)
            ]
        )
        assert plan
        assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
        assert not [step for step in plan if "TEMP B-TREE" in step]
