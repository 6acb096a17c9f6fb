"""Whatever is written, the `cues` classifier reads it: quickly, the same way, in bounds."""

from hypothesis import given
from hypothesis import strategies as st

from careline.builtin.cues.classifier import Cues, CuesConfig
from careline.builtin.cues.scan import LIMIT
from careline.plugin import Reading, Turn, Utterance
from careline.testing import ClassifierSuite, MemoryContext

CUES = Cues(CuesConfig(), MemoryContext())

_WORDS = [
    "not",
    "works",
    "niet",
    "werkt",
    "broken",
    "how",
    "can you",
    "?",
    "!",
    "@acme",
    "🙏",
    ":)",
    "İ",
]
_NUMBERS = [
    "4111 1111 1111 1111",
    "BE68 5390 0754 7034",
    "+1 555 010 0199",
    "a@b.org",
    "Kerkstraat 7",
]
_pieces = st.one_of(
    st.sampled_from(_WORDS + _NUMBERS), st.text(alphabet=st.characters(), max_size=12)
)
texts = st.one_of(
    st.text(alphabet=st.characters()),  # lone surrogates, NUL and bidi marks among them
    st.lists(_pieces, max_size=30).map(" ".join),
    st.lists(_pieces, max_size=30).map("".join),
)
items = st.builds(
    Utterance,
    text=texts,
    kind=st.sampled_from(["mention", "direct", "review"]),
    channel=st.just("practice"),
    stars=st.none() | st.floats(1, 5),
    addressed=st.booleans(),
    earlier=st.lists(st.builds(Turn, ours=st.booleans(), text=texts), max_size=3).map(tuple),
)


def read(text: str) -> Reading:
    (reading,) = CUES.classify([Utterance(text, "mention", "practice")])
    return reading


class TestCues(ClassifierSuite):
    classifier = Cues


@given(items)
def test_every_reading_is_sound(item: Utterance) -> None:
    (reading,) = CUES.classify([item])
    assert {"intent", "sentiment", "urgency", "needs_reply"} <= set(reading.facets)
    for name, facet in reading.facets.items():
        assert all(0 <= score <= 1 for score in facet.values.values())
        if name != "pii":  # there the most sensitive is primary
            assert facet.values[facet.primary] == max(facet.values.values())
        assert facet.primary in facet.values
        for proof in facet.evidence:
            assert proof.value in facet.values
            assert 0 <= proof.start < proof.end <= len(item.text)
            assert item.text[proof.start : proof.end].strip() == item.text[proof.start : proof.end]


@given(st.lists(items, max_size=5))
def test_a_batch_says_what_its_items_say_alone(batch: list[Utterance]) -> None:
    alone = [CUES.classify([item])[0] for item in batch]
    assert CUES.classify(batch) == alone
    assert Cues(CuesConfig(), MemoryContext()).classify(batch) == alone


@given(texts, texts)
def test_only_the_beginning_of_a_long_text_costs_time(start: str, rest: str) -> None:
    beginning = (start + "\n" + "lorem " * LIMIT)[:LIMIT]
    assert read(beginning + rest) == read(beginning)


def test_a_cue_behind_the_limit_is_not_read() -> None:
    assert read("la " * LIMIT + "broken").facets["intent"].primary == "chatter"
    assert read("broken " + "la " * LIMIT).facets["intent"].primary == "problem"
