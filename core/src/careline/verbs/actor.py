"""Who may do what: every verb names its actor, and one function decides."""

from random import Random
from typing import Final

from careline.config import Settings
from careline.contract.context import Clock
from careline.engine.outbox.outgoing import AUTOMATION
from careline.errors import CarelineError, NotFound
from careline.store.store import Store

SYSTEM: Final = "system"
SPEAKING: Final = frozenset(
    ("reply", "direct", "take-private", "promise", "post", "hide", "delete", "follow", "done")
)
"""Verbs by which an account of ours speaks, or acts on its platform."""


class NotAllowed(CarelineError):
    """This actor may not do this."""


def allowed(settings: Settings, actor: str, verb: str, object: str) -> bool:
    """Tell whether `actor` may do `verb` to `object`: the one place that decides it.

    The object of a verb that speaks is the account that it speaks as; an agent who has `accounts`
    speaks as those alone.
    """
    if actor in (AUTOMATION, SYSTEM):
        return True
    agent = settings.agents.get(actor)
    if agent is None:
        return False
    return verb not in SPEAKING or not agent.accounts or object in agent.accounts


class Verbs:
    """What all verbs stand on. `Desk` has them, and opens what these attributes hold."""

    settings: Settings
    store: Store
    clock: Clock
    random: Random

    def _allow(self, actor: str, verb: str, object: str) -> None:
        if allowed(self.settings, actor, verb, object):
            return
        if actor in self.settings.agents:
            accounts = ", ".join(self.settings.agents[actor].accounts)
            raise NotAllowed(
                f"{actor!r} may not {verb} as {object}: they speak as {accounts} alone, as"
                f" [agents.{actor}] says"
            )
        names = ", ".join(sorted(self.settings.agents)) or "none is configured"
        raise NotAllowed(f"{actor!r} may not {verb}: name an agent ({names})")

    def _agent(self, name: str) -> None:
        if name not in self.settings.agents:
            names = ", ".join(sorted(self.settings.agents)) or "none"
            raise NotFound(f"there is no agent {name!r}: configured are {names}")

    def only_agent(self) -> str | None:
        """Return who acts where nobody is named: the only agent there is."""
        names = list(self.settings.agents)
        return names[0] if len(names) == 1 else None
