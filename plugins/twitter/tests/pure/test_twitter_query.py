"""Queries are right by X's documented syntax, short enough, and ask for each term once."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from careline.plugin import Brand
from careline_twitter.query import RULE, SEARCH, Search, queries, search_of

TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<or>OR)(?=[\s(]) |
      (?P<not>-?)(?:
        (?P<phrase>"[^"\\]+") | (?P<operator>from|lang|is):(?P<value>[\w-]+) |
        (?P<entity>[@\#]\w+) | (?P<word>[^\W_]+)
      )(?=[\s)]|$)
    )""",
    re.VERBOSE,
)
Read = list[tuple[str, str]]


def tokens(query: str) -> Read:
    """Part a query by X's documented syntax; what is not in it fails."""
    read, at = [], 0
    while at < len(query):
        match = TOKEN.match(query, at)
        assert match, f"not X's syntax from here on: {query[at:]!r}"
        kind = match.lastgroup if match.lastgroup != "value" else "operator"
        text = match[0].strip()
        assert not (match["word"] and match["word"].lower() in ("or", "and", "not")), text
        read.append((("not " if match["not"] else "") + str(kind), text))
        at = match.end()
    return read


def check(query: str) -> tuple[list[str], list[str]]:
    """Judge a query; return the terms that are asked for, and what is left out."""
    asked, without, depth, group = [], [], 0, []
    read = tokens(query)
    for at, (kind, text) in enumerate(read):
        before = read[at - 1][0] if at else "start"
        if kind == "open":
            assert depth == 0, "a group within a group"
            depth, group = 1, []
        elif kind == "close":
            assert depth == 1, "a group ends that never began"
            assert len(group) > 1, "a group of one"
            depth = 0
        elif kind == "or":
            assert depth == 1, "OR outside of a group binds to what stands beside it"
            assert before not in ("open", "or", "start"), "OR without a left side"
        else:
            assert not (depth and kind.startswith("not ")), "a negation within OR"
            assert not depth or before in ("open", "or"), "terms that stand side by side in a group"
            if depth:
                group.append(text)
            if kind.startswith("not "):
                without.append(text[1:])
            elif kind != "operator":
                asked.append(text)
    assert depth == 0, "a group without an end"
    assert asked, "nothing that may stand alone: X refuses it"
    return asked, without


def unquoted(term: str) -> str:
    return term.strip('"')


def written(terms: list[str]) -> list[str]:
    """Return terms as a query asks for them: spaces in one, each once without heed of case."""
    seen = dict.fromkeys(" ".join(term.split()).lower() for term in terms)
    return sorted(seen)


BRAND = Brand(
    id="acme", name="Acme", handles=("@acme", "@AcmeHelp"), terms=("acme anvil", "acmeco", "#acme"),
    languages=("en", "de-AT", "he"),
)  # fmt: skip


def test_a_brands_terms_are_searched_where_they_do_not_tag_it():
    assert queries(search_of(BRAND, without=("wile e coyote", "from:parody"))) == (
        '("acme anvil" OR acmeco OR #acme) -is:retweet (lang:en OR lang:de OR lang:iw)'
        ' -from:acme -from:AcmeHelp -@acme -@AcmeHelp -"wile e coyote" -from:parody',
    )


def test_its_handles_are_searched_too_where_there_is_no_mentions_timeline():
    assert queries(search_of(BRAND, ours=("2244994945",), tagged=True), RULE) == (
        '("acme anvil" OR acmeco OR #acme OR @acme OR @AcmeHelp) -is:retweet'
        " (lang:en OR lang:de OR lang:iw) -from:2244994945 -from:acme -from:AcmeHelp",
    )


def test_one_term_needs_no_group():
    assert queries(Search(("acme",))) == ("acme -is:retweet",)


def test_without_a_term_nothing_is_asked():
    assert queries(Search((), languages=("en",))) == ()


def test_a_term_is_asked_for_once_whatever_its_case():
    assert queries(Search(("Acme", "acme", " acme  ", "ACME anvil", "acme Anvil"))) == (
        '(Acme OR "ACME anvil") -is:retweet',
    )


@pytest.mark.parametrize(
    ("term", "written"),
    [
        ("OR", '"OR"'),
        ("not", '"not"'),
        ("-acme", '"-acme"'),
        ("from:acme", '"from:acme"'),
        ("(acme)", '"(acme)"'),
        ("acme's", '"acme\'s"'),
        ("coca-cola", '"coca-cola"'),
        ("acme_co", '"acme_co"'),
        ("$ACME", '"$ACME"'),
        ("#", None),
        ("#1", '"#1"'),
        ("#acme-co", '"#acme-co"'),
        ("@acme.com", '"@acme.com"'),
        ("❤️", '"❤️"'),
        ("😷 acme", '"😷 acme"'),
        ("アクメ", "アクメ"),
        ("#アクメ", "#アクメ"),
        ("acme\n\tanvil", '"acme anvil"'),
    ],
)
def test_hostile_terms_are_quoted_or_refused(term, written):
    if written is None:
        with pytest.raises(ValueError, match="nothing to search for"):
            queries(Search((term,)))
    else:
        assert queries(Search((term,))) == (f"{written} -is:retweet",)


@pytest.mark.parametrize(
    ("search", "why"),
    [
        (Search(('the "best" anvil',)), 'the "best" anvil.*cannot search for'),
        (Search(("a\\b",)), "cannot search for"),
        (Search(("",)), "nothing to search for"),
        (Search(("!?",)), "nothing to search for"),
        (Search(("a\x00b",)), "cannot be sent"),
        (Search(("x" * 600,)), "does not fit into a query of 512 characters"),
        (Search(("acme",), without=tuple(f"word{n} again" for n in range(40))), "does not fit"),
        (Search(("acme",), ours=("not a handle",)), "neither a handle nor a user id"),
        (Search(("acme",), without=('"',)), "cannot search for"),
        (Search(("acme",), languages=("tlh",)), '"tlh"'),
    ],
)
def test_what_cannot_be_asked_says_why(search, why):
    with pytest.raises(ValueError, match=why):
        queries(search)


def test_many_terms_are_parted_over_queries():
    terms = [f"acme product {number}" for number in range(100)]
    found = queries(Search(tuple(terms), languages=("en",), ours=("acme",)))
    assert len(found) > 3
    assert sorted(unquoted(term) for query in found for term in check(query)[0]) == sorted(terms)
    assert all("lang:en -from:acme" in query and "-is:retweet" in query for query in found)
    assert len(queries(Search(tuple(terms)), RULE)) < len(found)


HANDLES = st.from_regex(r"\A[A-Za-z0-9_]{1,15}\Z")
TERMS = st.text(max_size=80) | st.sampled_from(
    [
        "OR",
        "-a",
        "(",
        ")",
        "lang:en",
        'say "hi"',
        "@acme",
        "#tag",
        "$acme",
        "👍🏽",
        "x" * 600,
        "a OR b",
    ]
)


def may_be_asked(term: str) -> bool:
    try:
        queries(Search((term,)))
    except ValueError:
        return False
    return True


@given(TERMS)
def test_a_term_is_written_rightly_or_refused(term):
    assume(may_be_asked(term))
    (query,) = queries(Search((term,)))
    (asked,), without = check(query)
    assert unquoted(asked) == " ".join(term.split())
    assert without == ["is:retweet"]


@given(
    terms=st.lists(TERMS.filter(may_be_asked), max_size=40),
    ours=st.lists(HANDLES, max_size=4),
    untagged=st.lists(HANDLES, max_size=2),
    without=st.lists(TERMS.filter(may_be_asked), max_size=3),
    languages=st.lists(st.sampled_from(["en", "de", "pt-BR", "zh_TW", "he", "id"]), max_size=4),
    limit=st.sampled_from([SEARCH, RULE, 4096]),
)
def test_every_term_is_covered_by_exactly_one_query_that_fits(
    terms, ours, untagged, without, languages, limit
):
    search = Search(tuple(terms), tuple(languages), tuple(ours), tuple(untagged), tuple(without))
    try:
        found = queries(search, limit)
    except ValueError as error:
        if "does not fit" not in str(error):
            raise
        return
    asked: list[str] = []
    for query in found:
        assert len(query.encode("utf-16-le")) // 2 <= limit
        these, left_out = check(query)
        asked += map(unquoted, these)
        expected = ["is:retweet", *(f"from:{one}" for one in ours)]
        expected += [*(f"@{one}" for one in untagged), *without]
        assert written(list(map(unquoted, left_out))) == written(expected)
    assert sorted(map(str.lower, asked)) == written(terms)
