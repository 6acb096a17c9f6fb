"""The suite that a classifier's author subclasses."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from careline.contract.classifier import FACETS
from careline.plugin import Classifier, DeferredClassifier, Facet, Reading, Turn, Utterance
from careline.testing.guards import Breach, Hung, in_time, no_hang, no_io, no_network, no_real_clock
from careline.testing.suite import PluginSuite, Unproven

HOSTILE_TEXTS: tuple[str, ...] = (
    "",
    " \n\t ",
    "\x00\x01\x1b[31m",
    "half a pair \ud800 and the other half \udfff",
    "\u202eright to left\u202c \u2066isolated\u2069 \ufeff\u200b\u200d",
    "\U0001f621\U0001f621\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b algo",
    "why? " * 200_000,
    "a" * 1_000_000,
    "@acme " * 500,
    "\uff48\uff45\uff4c\uff50 \ufdfa \u0130\u0131\u017f\u1e9e",
    "<script>'; DROP TABLE messages; --</script> {0} %s ${env}",
)
"""Texts that break careless code: controls, lone surrogates, bidi marks, a megabyte, emoji."""

_TEXTS = (
    "@acme my anvil arrived cracked and nobody answers my mails. Third time I ask!",
    "Does the small anvil ship to Norway?",
    "Could you please change the address on my order?",
    "You folks are wonderful, thank you \U0001f389",
    "It would be great if the lid came in green.",
    "Good morning everyone",
    "Gana 500 euros al dia, haz clic aqui http://win.example/now",
    "still waiting...",
    "Call me on +1 555 010 0199 or write to robin@example.org",
    "\u3042\u308a\u304c\u3068\u3046\u3054\u3056\u3044\u307e\u3059",
)


class ClassifierSuite(PluginSuite):
    """All checks of a classifier, inline or deferred.

    Subclass it in a test module, and name the class and a sample configuration:

        class TestMine(ClassifierSuite):
            classifier = MyClassifier
    """

    classifier: type[Classifier[Any]] | type[DeferredClassifier[Any]]
    samples: Sequence[Utterance] = (
        *(Utterance(text, kind="mention", channel="practice", language="en") for text in _TEXTS),
        Utterance("One star.", "review", "practice", stars=1.0, addressed=True, has_media=True),
        Utterance("no", "direct", "practice", earlier=(Turn(ours=True, text="Did it help?"),)),
    )
    """What it is asked about, beside the hostile texts."""

    @property
    def plugin(self) -> Any:
        """The classifier under test."""
        return self.classifier

    async def _classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        context = self.make_context()
        with no_hang(2 * self.patience, "classify"):
            given = self.make(context).classify(items)
        if inspect.isawaitable(given):
            given = await in_time(given, self.patience, "classify")
        readings: Sequence[Reading] = given
        return readings

    async def readings(self, check: str = "") -> Sequence[tuple[Utterance, Reading]]:
        """Return a reading of each sample, or leave it to another check to say why not."""
        self._skip_what_hangs(check)
        try:
            return await self._read()
        except Unproven as error:
            self._skip_or_fail(error, check)

    async def _read(self) -> Sequence[tuple[Utterance, Reading]]:
        try:
            with no_network():
                found = await self._classify(self.samples)
        except Breach as error:
            raise Unproven("test_only_the_context_is_used", str(error)) from error
        except Exception as error:
            raise Unproven("test_samples_are_read", f"classify raised {error!r}") from error
        _check_readings(found, len(self.samples))
        return list(zip(self.samples, found, strict=True))

    async def _facets(self) -> Iterator[tuple[Utterance, str, Facet]]:
        read = await self.readings()
        return ((item, name, f) for item, reading in read for name, f in reading.facets.items())

    def test_mode_is_as_declared(self) -> None:
        """Inline is a plain function, deferred an async one; readings name their version."""
        deferred = inspect.iscoroutinefunction(self.classifier.classify)
        assert self.classifier.mode == ("deferred" if deferred else "inline"), (
            f"mode is {self.classifier.mode!r}, but classify is {'' if deferred else 'not '}async"
        )
        base = DeferredClassifier if deferred else Classifier
        assert issubclass(self.classifier, base), f"it is no {base.__name__}"
        assert self.classifier.version.strip(), "the version is empty"

    async def test_samples_are_read(self) -> None:
        """The samples are classified without an error, in time."""
        await self.readings("test_samples_are_read")

    async def test_one_reading_for_each_item(self) -> None:
        """As many readings come back as items went in."""
        await self.readings("test_one_reading_for_each_item")

    async def test_nothing_in_nothing_out(self) -> None:
        """No items give no readings."""
        assert len(await self._classify(())) == 0

    async def test_it_is_repeatable(self) -> None:
        """The same items give the same readings, from another object too."""
        assert await self.readings() == await self.readings(), "the second time it says otherwise"

    async def test_a_batch_equals_its_singles(self) -> None:
        """An item's reading does not depend on its neighbours."""
        read = await self.readings()
        if read != await self.readings():
            pytest.skip("test_it_is_repeatable says why")
        for item, reading in read:
            (alone,) = await self._classify((item,))
            assert alone == reading, f"{item.text!r}: {alone} alone, {reading} in the batch"

    async def test_facets_are_known(self) -> None:
        """Only facets of the contract are read."""
        for item, name, _ in await self._facets():
            assert name in FACETS, f"{item.text!r}: {name!r} is none of {', '.join(FACETS)}"

    async def test_the_primary_is_a_value(self) -> None:
        """The primary value is among the values."""
        for item, name, facet in await self._facets():
            assert facet.primary in facet.values, f"{item.text!r}: {name} {facet.primary!r}"

    async def test_scores_are_shares(self) -> None:
        """Each score is from 0 to 1."""
        for item, name, facet in await self._facets():
            for value, score in facet.values.items():
                assert 0 <= score <= 1, f"{item.text!r}: {name} {value!r} scores {score}"

    async def test_evidence_lies_in_the_text(self) -> None:
        """Evidence is a span of the text, for a value of its facet."""
        for item, name, facet in await self._facets():
            for found in facet.evidence:
                inside = 0 <= found.start < found.end <= len(item.text)
                assert inside, f"{item.text!r}: {name} {found} is outside"
                assert found.value in facet.values, f"{item.text!r}: {name} {found} is no value"

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=[f"{t[:12]!a}" for t in HOSTILE_TEXTS])
    async def test_no_text_breaks_it(self, text: str) -> None:
        """It reads any text at all, in time."""
        try:
            found = await self._classify((Utterance(text, "mention", "practice"),))
        except Hung:
            raise
        except Exception as error:
            raise AssertionError(f"{text[:40]!r} ({len(text)} characters): {error!r}") from error
        assert len(found) == 1, f"{text[:40]!r}: {len(found)} readings"

    async def test_only_the_context_is_used(self) -> None:
        """No clock and no network but the context's; inline, no I/O at all."""
        inline = self.classifier.mode == "inline"
        await self.readings("test_only_the_context_is_used")  # a first call may load what it needs
        with no_io(self.folder) if inline else no_network(), no_real_clock(self.package):
            await self._classify(self.samples)


def _check_readings(found: object, wanted: int) -> None:
    check = "test_one_reading_for_each_item"
    if not isinstance(found, Sequence):
        raise Unproven(check, f"classify gives {found!r:.100}, not a sequence")
    if len(found) != wanted:
        raise Unproven(check, f"{len(found)} readings for {wanted} items")
    odd = [one for one in found if not isinstance(one, Reading)]
    if odd:
        raise Unproven(check, f"{odd[0]!r:.100} is no Reading")
