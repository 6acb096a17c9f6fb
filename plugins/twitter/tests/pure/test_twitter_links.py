"""Links are found where X finds them, and nothing makes the search slow."""

import time

import pytest

from careline_twitter.links import links, top_level


def found(text: str) -> list[str]:
    return [text[link.start : link.end] for link in links(text)]


@pytest.mark.parametrize("suite", ["urls", "tco_urls_with_params"])
def test_every_case_of_twitter_text_gives_its_links(spec, suite):
    cases = spec("twitter-text/extract.yml")["tests"][suite]
    assert cases
    for case in cases:
        assert found(case["text"]) == case["expected"], case["description"]


@pytest.mark.parametrize("suite", ["urls_with_indices", "urls_with_directional_markers"])
def test_every_case_of_twitter_text_gives_their_places(spec, suite):
    cases = spec("twitter-text/extract.yml")["tests"][suite]
    assert cases
    for case in cases:
        text = case["text"]
        got = [{"url": text[a:b], "indices": [a, b]} for a, b in links(text)]
        assert got == case["expected"], case["description"]


def test_every_top_level_domain_of_twitter_text_is_known(spec):
    for suite in spec("twitter-text/tlds.yml")["tests"].values():
        for case in suite:
            assert found(case["text"]) == case["expected"], case["description"]


def test_a_domain_without_a_protocol_is_a_link_as_a_whole(spec):
    for case in spec("twitter-text/validate.yml")["tests"]["urls_without_protocol"]:
        assert found(case["text"]) == [case["text"]], case["description"]


def test_our_list_of_domains_is_that_of_twitter_text(spec):
    known = spec("twitter-text/tld_lib.yml")
    country, generic = top_level()
    assert set(country) == set(map(str, known["country"]))
    assert set(generic) == set(map(str, known["generic"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no link", []),
        ("at acme.com, or https://acme.com/a_(b).", ["acme.com", "https://acme.com/a_(b)"]),
        ("@acme.com #acme.com ann@acme.com", []),
        ("見てacme.comを見て", ["acme.com"]),
        ("http://あ.みんな/path", ["http://あ.みんな/path"]),
        ("https://t.co/abc.d", ["https://t.co/abc"]),
        (f"https://t.co/{'a' * 41}", []),
        (f"{'a' * 64}.com", []),
        (f"http://{'あ' * 70}.com", []),
        (f"http://a.com/{'x' * 4096}", []),
    ],
)
def test_what_is_a_link(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "字" * 10_000,
        "字" * 10_000 + ".x",
        "字" * 10_000 + "https://",
        "a-" * 5_000,
        "字-" * 5_000,
        "a." * 1_500,
        "http://a.com/" + "(" * 10_000,
        "http://a.com/" + "(a" * 5_000,
        "http://a.com/" + ".!" * 5_000,
        "http://a.com?" + "!" * 10_000,
        "@字" * 5_000,
    ],
    ids=lambda text: text[:16],
)
def test_no_text_takes_long(text):
    before = time.process_time()
    links(text + ".")
    assert time.process_time() - before < 2
