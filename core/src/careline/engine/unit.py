"""The unit of work that an intake is: what its parts share."""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from careline.engine.arrivals import Arrivals, Intake
from careline.engine.deadlines import Rules
from careline.engine.facts import Micros
from careline.engine.labelling import Labeller
from careline.engine.rulesets import StoredRules


@dataclass(frozen=True, slots=True)
class Policy:
    """By what a batch is judged: classifiers, the rule book in force, and all kept ones."""

    labeller: Labeller
    rules: Rules
    rule_sets: StoredRules
    deferred: tuple[str, ...] = ()
    """Classifiers that read what is stored, later."""


@dataclass(slots=True)
class Unit:
    """One intake at work."""

    conn: Connection
    to: Intake
    source: str
    found_by: str
    now: Micros
    policy: Policy
    found: Arrivals
    stale: set[str] = field(default_factory=set)
    """Customers whose facts must be parted and folded again."""
    changed: set[str] = field(default_factory=set)
    """Stored messages whose own facts changed, so that their chains must be placed anew."""
    reread: set[str] = field(default_factory=set)
    """Stored messages to be classified again."""
    reworded: set[str] = field(default_factory=set)
    """Stored messages whose words changed: what hangs below them is classified again too."""
    private: set[str] = field(default_factory=set)
    """Private threads that lost a message: whose they are must be found anew."""
    gone: dict[str, str | None] = field(default_factory=dict)
    """Messages that are no facts of any case any more, with the conversation each was in."""
    became: dict[str, str] = field(default_factory=dict)
    """Those of them that turned out to be another message, and which."""
