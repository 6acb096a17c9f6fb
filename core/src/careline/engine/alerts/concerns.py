"""Concerns: what channels that work want a person to know. One that fails to say it is silent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from careline.contract.context import Log
from careline.engine.account import Account


@dataclass(slots=True)
class Concerns:
    """Asks all channels; a plugin that fails costs no other its word, and one line of the log."""

    accounts: Mapping[str, Account]
    log: Log
    strict: bool = False
    """Raises plugins' bugs, for tests."""
    _failing: set[str] = field(default_factory=set)

    def __call__(self) -> Mapping[str, Sequence[str]]:
        """Return the concerns by account."""
        return {name: self._of(name, account) for name, account in self.accounts.items()}

    def _of(self, name: str, account: Account) -> Sequence[str]:
        try:
            said = _checked(account.channel.concerns)
        except Exception as error:
            if name not in self._failing:
                self.log.error("concerns cannot be told", account=name, exc_info=error)
            self._failing.add(name)
            if self.strict:
                raise
            return ()
        self._failing.discard(name)
        return said


def _checked(said: Iterable[object]) -> Sequence[str]:
    """Return what a plugin gave, if it is something that it may give."""
    given = () if isinstance(said, str) else tuple(said)
    found = tuple(one for one in given if isinstance(one, str) and one.strip())
    if isinstance(said, str) or len(found) < len(given):
        raise TypeError(f"concerns are sentences, in a tuple, not {said!r:.100}")
    return found
