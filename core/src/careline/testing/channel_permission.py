"""The checks of what a channel says before anybody types: may it be done, how long, until when."""

from dataclasses import replace
from typing import Any

import pytest

from careline.plugin import (
    Answer,
    AnyAction,
    Capability,
    Channel,
    Permission,
    Refusal,
    ThreadFacts,
    Visibility,
)
from careline.testing.guards import no_hang, no_io, no_real_clock
from careline.testing.samples import ACTIONS, facts_of
from careline.testing.speaking import SpeakingSuite

_CONTRADICTIONS = (Refusal.READ_ONLY, Refusal.UNSUPPORTED)
_ON_MESSAGES = (Capability.ANSWER, Capability.PRIVATE_REPLY)
_ENDS = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f")  # and as they are wide
_LONG = "x" * 1_000_000


class PermissionChecks(SpeakingSuite):
    """What `check` and `length` say of stored facts."""

    def test_check_is_pure(self) -> None:
        """`check` gives a `Permission`, twice the same, from stored facts alone."""
        threads = [facts_of(visibility, self.now) for visibility in Visibility]
        for what, action in {**ACTIONS, **self.actions}.items():
            for facts in (*threads, self.facts(action)):
                first, again = self._asked_twice(facts, action)
                assert isinstance(first, Permission), f"check gives {first!r:.100}"
                assert first == again, f"check gives {first} and then {again}"
                declared = what in self.plugin.capabilities
                assert declared or not first.allowed, f"check allows {what.value}, not declared"
                assert first.allowed or first.reason, f"check refuses {what.value} without a reason"

    def _asked_twice(self, facts: ThreadFacts, action: AnyAction) -> tuple[object, object]:
        channel = self._channel()
        with no_hang(self.patience, "check"), no_io(self.folder), no_real_clock(self.package):
            return channel.check(facts, action), channel.check(facts, action)

    def test_what_is_declared_is_allowed_or_explained(self) -> None:
        """In its sample thread an action is allowed, or refused with a reason and one sentence."""
        for what, permission in self._permissions().items():
            if not permission.allowed:
                odd = permission.reason in _CONTRADICTIONS
                assert not odd, f"{what.value} is declared, but check says {permission.reason}"
                _check_sentence(what, permission.note)
            elif permission.note:
                _check_sentence(what, permission.note)

    def test_lengths_are_positive(self) -> None:
        """`max_length` is above zero, or None where the platform takes any length."""
        for what, permission in self._permissions().items():
            longest = permission.max_length
            assert longest is None or longest > 0, f"{what.value}: max_length is {longest}"

    def test_a_window_closes_later(self) -> None:
        """`until` of what is allowed has a zone, and is yet to come."""
        for what, permission in self._permissions().items():
            until = permission.until
            if permission.allowed and until is not None:
                assert until.utcoffset() is not None, f"{what.value}: until, {until}, has no zone"
                assert until > self.now, f"{what.value} is allowed until {until}: that is over"

    def test_too_long_is_known_before_it_is_sent(self) -> None:
        """Text that is too long is refused by `check`, or `length` is above `max_length`."""
        channel, bounded = self._channel(), self._bounded()
        for what, longest in bounded.items():
            said: Any = self.actions[what]
            action = replace(said, text=_LONG)
            told = channel.check(self.facts(action), action).reason is Refusal.TOO_LONG
            long = channel.length(_LONG)
            assert told or long > longest, (
                f"{what.value}: a million letters pass check, and are {long} long of {longest}"
            )
        if not bounded:
            pytest.skip("check names no max_length: any text may be sent")

    def test_what_was_removed_is_not_answered(self) -> None:
        """An answer to a public message that was removed is not allowed."""
        actions = self.declared()
        asked = [actions[what] for what in _ON_MESSAGES if what in actions]
        public = [one for one in asked if self.facts(one).visibility is Visibility.PUBLIC]
        for action in public:
            facts = self.facts(action)
            gone = tuple(replace(word, removed=True) for word in facts.words)
            permission = self._channel().check(replace(facts, words=gone), action)
            assert not permission.allowed, f"check allows {action!r:.200} to a removed message"
        if not public:
            pytest.skip("it answers nothing in public")

    def test_public_and_private_stay_apart(self) -> None:
        """An answer of another visibility than its thread's is not allowed."""
        answer = self.declared().get(Capability.ANSWER)
        if not isinstance(answer, Answer):
            pytest.skip("it declares no answer")
        facts, (other,) = self.facts(answer), set(Visibility) - {answer.visibility}
        for thread, action in (
            (replace(facts, visibility=other), answer),
            (facts, replace(answer, visibility=other)),
        ):
            said = f"an answer that is {action.visibility.value}"
            permission = self._channel().check(thread, action)
            assert not permission.allowed, f"check allows {said}: {thread.visibility.value} thread"

    def _channel(self) -> Channel[Any]:
        return self.make_channel(self.make_context())

    def _permissions(self) -> dict[Capability, Permission]:
        """Return what `check` says of each declared action in its sample thread."""
        channel, actions = self._channel(), self.declared()
        if not actions:
            pytest.skip("it declares nothing that could be done")
        return {what: channel.check(self.facts(one), one) for what, one in actions.items()}

    def _bounded(self) -> dict[Capability, int]:
        """Return the `max_length` of each action with a text that has one."""
        said = {what: one.max_length for what, one in self._permissions().items() if one.allowed}
        bounds = {what: longest for what, longest in said.items() if longest is not None}
        has_text = {what for what, action in self.actions.items() if hasattr(action, "text")}
        return {what: n for what, n in bounds.items() if what in has_text and n < len(_LONG)}


def _check_sentence(what: Capability, note: str) -> None:
    """Check a text that is shown beside the box in which somebody types."""
    whole = note.isprintable() and note == note.strip() and note.endswith(_ENDS)
    assert whole, f"{what.value}: the note {note!r} is no sentence: it is shown to who types"
