"""What a desk sees of a message that the `cues` classifier has read."""

import pickle

import pytest

from careline.builtin.cues import plugin
from careline.builtin.cues.classifier import Cues, CuesConfig
from careline.plugin import Facet, Intent, Reading, Turn, Utterance
from careline.testing import MemoryContext

CUES = Cues(CuesConfig(), MemoryContext())


def read(text: str, **known: object) -> Reading:
    item = Utterance(text, **{"kind": "mention", "channel": "practice", **known})  # type: ignore[arg-type]
    (reading,) = CUES.classify([item])
    return reading


def primary(text: str, facet: str, **known: object) -> str:
    return read(text, **known).facets[facet].primary


def proofs(text: str, facet: Facet) -> list[tuple[str, str]]:
    return [(proof.cue, text[proof.start : proof.end]) for proof in facet.evidence]


def test_the_plugin_brings_it() -> None:
    assert [one.kind for one in plugin.careline_classifiers()] == ["cues"]


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("problem", "@acme the hinge broke on the first day"),
        ("problem", "My heater won't turn on"),
        ("problem", "Six weeks and still nothing from you"),
        ("problem", "you charged me twice for one ticket"),
        ("problem", "Is this a joke? The lid is broken and nobody answers"),
        ("problem", "that was the worst breakfast of my life"),
        ("question", "How many bags may I take on board"),
        ("question", "@acme @robin where do I find the manual?"),
        ("question", "Does the blue one come in large?"),
        ("request", "Please move my visit to Tuesday"),
        ("request", "could you call me back, I need help with the form"),
        ("suggestion", "You should open on Sundays too"),
        ("suggestion", "would be nice if the map had a dark mode"),
        ("praise", "Your driver was wonderful, thank you so much"),
        ("praise", "❤️ this place"),
        ("information", "I already tried that, it says code 12"),
        ("chatter", "good morning from the harbour"),
        ("chatter", "we walked by the lake"),
        ("spam", "GIVEAWAY! Retweet to enter and win a free phone, link in bio"),
        ("spam", "Earn money from home with bitcoin, click here"),
    ],
)
def test_intent(intent: str, text: str) -> None:
    assert primary(text, "intent") == intent


@pytest.mark.parametrize(
    ("language", "intent", "text"),
    [
        ("nl", "problem", "Sinds gisteren werkt mijn modem niet meer"),
        ("nl", "question", "Hoe lang duurt een verhuizing van de lijn?"),
        ("nl", "request", "Kunnen jullie mij vandaag bellen aub"),
        ("nl", "praise", "Heel tevreden over de winkel, bedankt"),
        ("fr", "problem", "Ma télé ne fonctionne plus depuis lundi"),
        ("fr", "problem", "ma tele marche pas"),
        ("fr", "question", "Est-il possible de garder mon ancien numéro ?"),
        ("fr", "suggestion", "Ce serait bien d'avoir un mode sombre"),
        ("fr", "praise", "Un grand merci à l'équipe, c'était parfait"),
        ("de", "problem", "Mein Anschluss funktioniert leider nicht"),
        ("de", "request", "Könnt ihr mir bitte die Rechnung schicken"),
        ("de", "praise", "Vielen Dank, tolle Beratung"),
        ("es", "problem", "No me funciona el mando desde ayer"),
        ("es", "question", "¿Cuándo llega el técnico?"),
        ("es", "praise", "Muchas gracias, excelente trato"),
    ],
)
def test_intent_in_other_languages(language: str, intent: str, text: str) -> None:
    assert primary(text, "intent", language=language) == intent


@pytest.mark.parametrize(
    ("sentiment", "text"),
    [
        ("negative", "I am so disappointed in you"),
        ("negative", "this was not good"),
        ("negative", "I have never been happy with it"),
        ("negative", "it doesn't help"),
        ("negative", "thanks for nothing"),
        ("negative", "the bus left without me 😡"),
        ("negative", "great, another delay, the app crashed as well"),
        ("neutral", "I sent the form on Friday"),
        ("neutral", "@acme which floor is it?"),
        ("positive", "I love the new colours"),
        ("positive", "on my way to you :)"),
        ("positive", "no issues at all, works great"),
        ("positive", "No, it was good"),
    ],
)
def test_sentiment(sentiment: str, text: str) -> None:
    assert primary(text, "sentiment") == sentiment


@pytest.mark.parametrize(
    ("urgency", "text"),
    [
        ("high", "Urgent: my card was stolen"),
        ("high", "we are stranded at the station"),
        ("high", "please answer asap"),
        ("high", "dringend hulp nodig"),
        ("normal", "whenever you find the time, please send me the form"),
        ("normal", "lovely weather"),
    ],
)
def test_urgency(urgency: str, text: str) -> None:
    assert primary(text, "urgency") == urgency


@pytest.mark.parametrize(
    ("needs_reply", "text"),
    [
        ("yes", "the door is broken"),
        ("yes", "when do you close?"),
        ("yes", "please send me the form"),
        ("yes", "you should sell umbrellas"),
        ("no", "best cake in town, thanks"),
        ("no", "good night everyone"),
        ("no", "claim your prize now, click here"),
        ("no", "all good, it works now"),
    ],
)
def test_needs_reply(needs_reply: str, text: str) -> None:
    assert primary(text, "needs_reply", addressed=True) == needs_reply


def test_words_without_a_cue_wait_for_an_answer_only_where_they_are_said_to_us() -> None:
    ours = (Turn(ours=True, text="Which town is it?"),)
    theirs = (Turn(ours=False, text="Which town is it?"),)
    assert primary("Leuven", "needs_reply", earlier=ours) == "yes"
    assert primary("Leuven", "needs_reply", addressed=True) == "yes"
    assert primary("Leuven", "needs_reply", kind="direct") == "yes"
    assert primary("Leuven", "needs_reply", earlier=theirs) == "no"
    assert primary("Leuven", "needs_reply") == "no"


@pytest.mark.parametrize(
    ("text", "intent", "needs_reply"),
    [("thanks!", "praise", "no"), ("still nothing", "problem", "yes"), ("lol", "chatter", "no")],
)
def test_short_answers_to_us(text: str, intent: str, needs_reply: str) -> None:
    reading = read(text, earlier=(Turn(ours=True, text="Try turning it off and on."),))
    assert reading.facets["intent"].primary == intent
    assert reading.facets["needs_reply"].primary == needs_reply


@pytest.mark.parametrize(
    ("stars", "intent", "sentiment"),
    [
        (1.0, "problem", "negative"),
        (2.0, "problem", "negative"),
        (3.0, "information", "negative"),
        (4.0, "praise", "positive"),
        (5.0, "praise", "positive"),
    ],
)
def test_stars_speak_where_words_do_not(stars: float, intent: str, sentiment: str) -> None:
    reading = read("We stayed for two nights.", kind="review", stars=stars)
    assert reading.facets["intent"].primary == intent
    assert reading.facets["sentiment"].primary == sentiment


def test_stars_outweigh_a_polite_word() -> None:
    assert primary("Great, just great", "sentiment", kind="review", stars=1.0) == "negative"


def test_mentions_and_links_are_no_words() -> None:
    assert primary("@broken @love https://example.org/thanks/crashed", "intent") == "chatter"


def test_each_label_names_its_cue_and_where_it_stands() -> None:
    text = "@acme İstanbul’da: my lamp doesn’t work, thanks"
    facets = read(text).facets
    assert ("failure", "doesn’t work") in proofs(text, facets["intent"])
    assert ("failure", "doesn’t work") in proofs(text, facets["sentiment"])
    assert ("failure", "doesn’t work") in proofs(text, facets["needs_reply"])


def test_the_absence_of_cues_gives_no_evidence_and_little_certainty() -> None:
    for facet in read("we walked by the lake").facets.values():
        assert facet.evidence == ()
        assert facet.values[facet.primary] <= 0.2


def test_more_cues_give_more_certainty() -> None:
    one = read("it is slow").facets["intent"].values["problem"]
    two = read("it is slow and you charged me twice").facets["intent"].values["problem"]
    assert one < two < 1


def test_intents_are_those_of_the_model() -> None:
    texts = ("broken?", "please help", "thanks", "you should", "dm sent", "lol", "giveaway")
    found = {value for text in texts for value in read(text).facets["intent"].values}
    assert found <= set(Intent)
    assert len(found) >= 7


def test_facets_are_plain_and_can_be_sent_elsewhere() -> None:
    reading = read("Why is it broken? Write to robin@example.org")
    assert type(reading.facets) is dict
    assert pickle.loads(pickle.dumps(reading)) == reading
