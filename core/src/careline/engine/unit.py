"""The unit of work that an intake is: what its parts share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from careline.engine.alerts.alerting import Alerting
from careline.engine.arrivals import Arrival, Arrivals, Intake
from careline.engine.deadlines import Rules
from careline.engine.facts import Micros
from careline.engine.fold import State
from careline.engine.labelling import Labeller
from careline.engine.rulesets import StoredRules


@dataclass(frozen=True, slots=True)
class Policy:
    """By what a batch is judged: classifiers, the rule book in force, and all kept ones.

    And who is told of what it brings.
    """

    labeller: Labeller
    rules: Rules
    rule_sets: StoredRules
    deferred: tuple[str, ...] = ()
    """Classifiers that read what is stored, later."""
    alerting: Alerting = field(default_factory=Alerting)


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
    settled: set[str] = field(default_factory=set)
    """Private threads of which it was found anew whose they are."""
    heard: dict[str, Arrival] = field(default_factory=dict)
    """Edits that hold now, of messages whose words are not kept: they are read now or never."""
    erased: bool = False
    """Whether any customer was ever erased."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is to be done once all of the batch is stored and folded."""
    states: dict[str, State] = field(default_factory=dict)
    """Where the conversations stand now that the batch touched."""
    lanes: set[str] = field(default_factory=set)
    """Lanes of the outbox to wake after the commit."""
