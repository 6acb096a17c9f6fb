"""Personal data in a customer's words is seen, and what merely looks like it is not."""

import pytest

from careline.builtin.cues.classifier import Cues, CuesConfig
from careline.plugin import Facet, Utterance
from careline.testing import MemoryContext

CUES = Cues(CuesConfig(), MemoryContext())


def pii(text: str) -> Facet | None:
    (reading,) = CUES.classify([Utterance(text, "mention", "practice")])
    return reading.facets.get("pii")


@pytest.mark.parametrize(
    ("value", "found", "text"),
    [
        ("email", "ann.lee+shop@mail.example.org", "write to ann.lee+shop@mail.example.org."),
        ("phone", "+1 555 010 0199", "ring me on +1 555 010 0199 after six"),
        ("phone", "(555) 010-0199", "my number: (555) 010-0199"),
        ("phone", "0470 00 00 12", "bel me op 0470 00 00 12"),
        ("card", "4111 1111 1111 1111", "card 4111 1111 1111 1111 was refused"),
        ("card", "4111111111111111", "card:4111111111111111"),
        ("iban", "BE68 5390 0754 7034", "pay it to BE68 5390 0754 7034 please"),
        ("iban", "NL91ABNA0417164300", "op NL91ABNA0417164300, graag"),
        ("order_number", "A-1234567", "order number: A-1234567 never came"),
        ("order_number", "7654321", "mijn klantnummer is 7654321"),
        ("address", "12 Old Mill Road", "I live at 12 Old Mill Road"),
        ("address", "Kerkstraat 7", "levering in de Kerkstraat 7, Gent"),
        ("address", "rue du Moulin 3", "j'habite rue du Moulin 3 à Namur"),
        ("address", "Gartenstraße 14", "bitte an Gartenstraße 14"),
    ],
)
def test_found(value: str, found: str, text: str) -> None:
    facet = pii(text)
    assert facet is not None
    assert facet.primary == value
    assert found in [text[proof.start : proof.end] for proof in facet.evidence]


@pytest.mark.parametrize(
    "text",
    [
        "no numbers here, @acme",
        "we met on 2024-10-12 at 12:30 in room 3421",
        "card 4111 1111 1111 1112",  # a digit off: the checksum fails
        "BE68 5390 0754 7035 it says",
        "flight 3421 was 2 hours late",
        "it took 5 Minutes down the road",
        "that cost me 1,250,000.00 in the end",
        "a@b",
        "https://example.org/20391847561",
        "",
    ],
)
def test_not_mistaken(text: str) -> None:
    assert pii(text) is None


def test_the_most_sensitive_is_primary() -> None:
    facet = pii("robin@example.org, +1 555 010 0199, 4111 1111 1111 1111, order 9912345")
    assert facet is not None
    assert facet.primary == "card"
    assert set(facet.values) == {"card", "phone", "email", "order_number"}
