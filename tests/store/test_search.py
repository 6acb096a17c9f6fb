"""A search takes what a person types and finds all that is committed, on both engines alike."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from careline.errors import NotFound
from careline.store.bulk import put, set_where
from careline.store.search import find, forget, index, index_pending, scrub, search
from careline.store.store import Store
from careline.store.tables import bodies, messages

SECOND = 1_000_000
ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = {
    "m1": "The anvil fell on my foot",
    "m2": "the ANVIL is lovely; foot pain is gone",
    "m3": "Où est mon café glacé? Merci d'avance",
    "m4": "order #4711 hasn't arrived, see example.com/foot/path",
    "m5": "Посылка не пришла",
    "m6": "छोटा निहाई टूट गया",
    "m7": "great\N{GRINNING FACE}service… really",
}


def say(
    texts: Mapping[str, str | None], *, brand: str = "acme", at: int = 0, titles: str | None = None
) -> Callable[[Connection], None]:
    """Write messages, one a second in the order given, and note them for the index."""
    required = {c.name: c.type.python_type() for c in messages.columns if not c.nullable}
    rows = [
        tuple((required | {"id": one, "brand": brand, "posted_at": (at + n) * SECOND}).values())
        for n, one in enumerate(texts)
    ]
    words = [(one, 0, text, titles, "h") for one, text in texts.items()]

    def unit(conn: Connection) -> None:
        put(conn, messages, tuple(required), rows)
        put(conn, bodies, ("owner", "revised_at", "text", "title", "hash"), words)
        index(conn, list(texts))

    return unit


def found(store: Store, query: str, **options: Any) -> list[str]:
    while store.write_now(index_pending):
        pass
    return store.read_now(lambda conn: find(conn, query, **options))


@pytest.fixture
def said(store: Store) -> Store:
    store.write_now(say(TEXTS))
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("anvil", ["m2", "m1"]),
        ("Anvil foot", ["m2", "m1"]),
        ("anvil -lovely", ["m1"]),
        ('"my foot"', ["m1"]),
        ('"foot my"', []),
        ('anvil -"my foot"', ["m2"]),
        ('"my foot', ["m1"]),
        ("anv*", ["m2", "m1"]),
        ('"the anv*"', []),
        ("anv", []),
        ("CAFE glace", ["m3"]),
        ("café", ["m3"]),
        ("cafe\u0301", ["m3"]),
        ("hasn't", ["m4"]),
        ("#4711", ["m4"]),
        ("foot", ["m4", "m2", "m1"]),
        ("example.com/foot", ["m4"]),
        ("ПОСЫЛКА", ["m5"]),
        ("निहाई", ["m6"]),
        ("service", ["m7"]),
        ("great service", ["m7"]),
        ("anvil ???", ["m2", "m1"]),
        ("AND", []),
        ("anvil OR lovely", []),
        ("words:anvil", []),
        ("-anvil", []),
        ("", []),
        ("*", []),
        ('"', []),
        ("\x00\ud800", []),
        ("my\x00foot", ["m1"]),
    ],
)
def test_a_query_reads_as_a_person_means_it(said: Store, query: str, expected: list[str]) -> None:
    assert found(said, query) == expected


@settings(ANY, max_examples=200)
@given(st.text() | st.text(alphabet="ab\"'*-+^():{}&|!<>\\ \x00\u0301", max_size=40))
@example('NEAR("a" b, 5)')
@example("'a' & !b:*")
@example(" ".join(f"-x{n} y{n}*" for n in range(5000)))
@example("anvil \u0301 \N{ARABIC FATHATAN ISOLATED FORM}* \u0301x")
@example("\N{SUPERSCRIPT TWO} \N{FEMININE ORDINAL INDICATOR}* -\N{ARABIC-INDIC DIGIT ONE}")
def test_no_text_is_a_syntax_error(store: Store, query: str) -> None:
    assert found(store, query) == []


@settings(ANY, max_examples=60)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
@example(text="\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100)
@example(text="'it\\'s' : * & | ! <->")
def test_any_text_can_be_indexed_revised_and_forgotten(store: Store, text: str) -> None:
    store.write_now(say({"m": f"{text} anvil"}))
    assert found(store, "anvil") == ["m"]
    store.write_now(lambda conn: forget(conn, ["m"]))
    assert found(store, "anvil") == []


def test_the_newest_posted_come_first_a_page_at_a_time(store: Store) -> None:
    late, early = ({f"{p}{n:02}": "anvil" for n in range(30)} for p in ("late", "early"))
    store.write_now(say(late, at=1000))
    store.write_now(say(early, at=10))
    expected = [*sorted(late, reverse=True), *sorted(early, reverse=True)]
    assert found(store, "anvil", limit=100) == expected
    pages, last = list[str](), None
    while page := found(store, "anvil", limit=7, before=last):
        pages += page
        last = page[-1]
    assert pages == expected


def test_many_of_one_second_fill_pages_without_gap_or_repetition(store: Store) -> None:
    for number in range(3):
        store.write_now(say({f"m{number}{n}": "anvil" for n in "abcde"}, at=-1))
    pages, last = list[str](), None
    while page := found(store, "anvil", limit=4, before=last):
        pages += page
        last = page[-1]
    assert sorted(pages) == sorted(f"m{number}{n}" for number in range(3) for n in "abcde")


def test_a_page_cannot_follow_a_message_that_is_gone(said: Store) -> None:
    with pytest.raises(NotFound, match="search again"):
        found(said, "anvil", before="m999")


def test_one_brand_does_not_see_the_other(store: Store) -> None:
    store.write_now(say({"a1": "anvil", "a2": "anvil"}))
    store.write_now(say({"b1": "anvil"}, brand="bolt", at=5))
    assert found(store, "anvil") == ["b1", "a2", "a1"]
    assert found(store, "anvil", brand="acme") == ["a2", "a1"]
    assert found(store, "anvil", brand="acme", before="a2") == ["a1"]
    assert found(store, "anvil", brand="none") == []


def test_a_title_is_searched_with_its_text(store: Store) -> None:
    store.write_now(say({"m": "It broke."}, titles="Anvil, large"))
    assert found(store, "anvil broke") == ["m"]


def test_an_edit_is_found_by_its_new_words_only(store: Store) -> None:
    store.write_now(say({"m": "the anvil is lovely", "n": "anvil"}))
    assert found(store, "lovely") == ["m"]

    def revise(conn: Connection) -> None:
        put(conn, bodies, ("owner", "revised_at", "text", "hash"), [("m", 7, "it broke", "h")])
        set_where(conn, messages, ("revised_at",), ("id",), [(7, "m")])
        index(conn, ["m"])

    store.write_now(revise)
    assert found(store, "broke") == ["m"]
    assert found(store, "anvil") == ["n"]


def erase(conn: Connection) -> None:
    set_where(conn, bodies, ("text", "title"), ("owner",), [(None, None, "m")])


@pytest.mark.parametrize("first", ["forget", "erase"])
def test_what_is_forgotten_is_found_no_more_and_its_words_are_gone(
    store: Store, first: str
) -> None:
    store.write_now(say({"m": "zanzibar anvil", "n": "anvil"}))
    assert found(store, "zanzibar") == ["m"]
    steps = [lambda conn: forget(conn, ["m", "unknown"]), erase]

    def both(conn: Connection) -> None:
        for step in steps if first == "forget" else reversed(steps):
            step(conn)

    store.write_now(both)
    assert found(store, "zanz*") == []
    assert found(store, "anvil") == ["n"]
    begin = True
    while store.write_now(partial(scrub, begin=begin)):
        begin = False
    assert not store.read_now(_zanzibar)


def _zanzibar(conn: Connection) -> list[Any]:
    """Return rows of the index that hold the word in any form."""
    if conn.dialect.name == "postgresql":
        return list(conn.exec_driver_sql("SELECT 1 FROM search_rows WHERE words::text ~ 'zanzi'"))
    parts = ("data WHERE instr(block, CAST('zanzibar' AS BLOB))", "content WHERE c0 LIKE '%zanz%'")
    return [
        row for part in parts for row in conn.exec_driver_sql(f"SELECT 1 FROM search_words_{part}")
    ]


def test_what_was_erased_before_its_words_were_indexed_never_is(store: Store) -> None:
    store.write_now(say({"m": "zanzibar", "n": "anvil"}))
    store.write_now(erase)
    assert found(store, "zanzibar") == []
    assert found(store, "anvil") == ["n"]


def test_a_megabyte_is_found_by_its_first_hundred_thousand_characters(store: Store) -> None:
    distinct = " ".join(
        chr(0x4E00 + n % 20_000) + chr(0x4E00 + n // 7 % 20_000) for n in range(300_000)
    )
    store.write_now(say({"m": "anvil " + "x" * 1_000_000 + " foot", "n": "anvil " + distinct}))
    assert found(store, "anvil") == ["n", "m"]
    assert found(store, "foot") == []
    assert found(store, "anvil " + "x" * 1_000_000) == ["m"]


def test_a_time_out_of_this_world_is_found_too(store: Store) -> None:
    store.write_now(say({"past": "anvil"}, at=-10_000_000_000))
    store.write_now(say({"future": "anvil"}, at=200_000_000_000))
    assert found(store, "anvil") == ["future", "past"]


def test_indexing_goes_in_slices_and_ends(store: Store) -> None:
    for batch in range(5):
        store.write_now(say({f"m{batch}{n}": "anvil" for n in range(10)}))
    handled = [store.write_now(lambda conn: index_pending(conn, 15)) for _ in range(4)]
    assert handled == [20, 20, 10, 0]


async def test_a_search_finds_all_that_is_committed(store: Store) -> None:
    for batch in range(30):
        await store.write(say({f"m{batch}-{n}": "anvil" for n in range(100)}))
        found = await search(store, "anvil", limit=5000, brand="acme")
        assert len(found) == (batch + 1) * 100


def test_indexers_and_edits_at_once_end_with_the_last_words(store: Store) -> None:
    store.write_now(say({f"m{n}": "first" for n in range(20)}))

    def work(turn: int) -> None:
        if turn % 2:
            store.write_now(lambda conn: index_pending(conn, 5))
        else:
            store.write_now(say({f"m{turn % 20}": "second"}, at=turn % 20))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(120)))
    now = store.read_now(lambda conn: conn.execute(bodies.select()).all())
    assert len(now) == 20
    assert sorted(found(store, "second")) == sorted(
        row.owner for row in now if row.text == "second"
    )
    assert len(found(store, "second")) == 10
    assert len(found(store, "first")) == 10
