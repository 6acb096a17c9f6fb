"""One fact of the demo's day, as `--json` writes it: the shapes."""

from careline.models import Model
from careline.store.times import Stamp


class Promise(Model):
    """An answer that is due, or was: times in seconds since the customer's word."""

    kind: str
    due_at: Stamp
    promised_s: int
    answered_s: int | None = None
    outcome: str


class Cue(Model):
    """What told an intent: the name of the cue, and the customer's words that were it."""

    cue: str
    words: str


class Fact(Model):
    """One thing that happened."""

    at: Stamp
    what: str
    """post, word, answer, edit, removal, plan, cut, draft, warned, missed, alert, or a deed."""
    by: str
    """A handle, the name of an agent, or whose phone it is."""
    customer: str | None = None
    """Whose case it is."""
    conversation: str | None = None
    role: str | None = None
    """customer, onlooker, ours or context."""
    visibility: str | None = None
    text: str | None = None
    """What was said; of an alert its title, of a cut line what the platform's channel says."""
    automatic: bool = False
    intent: str | None = None
    cues: tuple[Cue, ...] = ()
    promise: Promise | None = None
    met: tuple[Promise, ...] = ()
    """The promises that this answer met."""
    waiting: int = 0
    """How many messages of this customer wait in this conversation."""
    also: tuple[str, ...] = ()
    """The customer's other conversations that wait."""
    agent: str | None = None
    """Who gave an answer by careline; who a case goes to."""
    until: Stamp | None = None
    attempts: int = 0
    """How often an answer by careline was tried."""
    looked_up: bool = False
    """Nobody knew whether it had left: the platform was asked."""
    then: int = 0
    """How many parts of its plan come after it."""
    reason: str | None = None
    """Why a phone rang: new, warned, missed."""
    count: int = 0
    """For how many customers a phone rang at once."""


class Sent(Model):
    """What left in all."""

    messages: int
    """To customers, by the outbox."""
    looked_up: int
    """Of which nobody knew for a while whether they had left."""
    again: int
    """Of which were sent once more, as they had not."""
    echoes: int
    """How many of them were heard on the platform, and known."""
    twice: int
    """Words of ours that stand twice in one thread."""
    drafts: int
    """Answers that came second, and were kept."""
    alerts: int
    """To staff."""
    rings: int
    """How often a phone rang for them."""
