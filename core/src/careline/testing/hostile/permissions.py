"""Channels that misjudge what may be said: each breaks one rule of `check` or `length`."""

from dataclasses import replace
from datetime import timedelta

from careline.plugin import Answer, AnyAction, Permission, Refusal, ThreadFacts
from careline.testing.hostile.base import HostileChannel
from careline.testing.hostile.speaking import Speaks


class ReadOnlyAtHeart(Speaks):
    """It declares answers, and allows none."""

    fails = "test_what_is_declared_is_allowed_or_explained"

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Leave it as it was before it could speak."""
        return HostileChannel.check(self, thread, action)


class Mumbles(Speaks):
    """It refuses in words that nobody can read."""

    fails = "test_what_is_declared_is_allowed_or_explained"

    def against(self, thread: ThreadFacts, answer: Answer) -> Permission | None:
        """Refuse."""
        return Permission.no(Refusal.NOT_SUMMONED, "ERR_NOT_SUMMONED")


class NoRoom(Speaks):
    """It allows answers of no length."""

    fails = "test_lengths_are_positive"

    def allow(self, thread: ThreadFacts) -> Permission:
        """Allow nothing, in the end."""
        return replace(super().allow(thread), max_length=0)


class AlreadyOver(Speaks):
    """It allows until a time that is over."""

    fails = "test_a_window_closes_later"

    def allow(self, thread: ThreadFacts) -> Permission:
        """Allow too late."""
        return replace(super().allow(thread), until=thread.now - timedelta(minutes=1))


class CountsNothing(Speaks):
    """To it every text is short."""

    fails = "test_too_long_is_known_before_it_is_sent"

    def length(self, text: str) -> int:
        """Count nothing."""
        return 0


class AnswersTheRemoved(Speaks):
    """It answers what was taken back."""

    fails = "test_what_was_removed_is_not_answered"

    def against(self, thread: ThreadFacts, answer: Answer) -> Permission | None:
        """Look past what was removed."""
        words = tuple(replace(word, removed=False) for word in thread.words)
        return super().against(replace(thread, words=words), answer)


class TurnsPublic(Speaks):
    """It answers in public what was said in private."""

    fails = "test_public_and_private_stay_apart"

    def against(self, thread: ThreadFacts, answer: Answer) -> Permission | None:
        """Take no notice of who can read it."""
        return super().against(replace(thread, visibility=answer.visibility), answer)
