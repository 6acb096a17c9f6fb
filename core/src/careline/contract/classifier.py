"""The base classes of classifiers: what a message is, and by which words."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Generic, Literal, NamedTuple

from careline.contract.channel import C, PluginConfig
from careline.contract.context import Context

FACETS = ("intent", "sentiment", "urgency", "needs_reply", "pii", "language", "topic")


class Turn(NamedTuple):
    """An earlier message of the same thread."""

    ours: bool
    text: str


class Utterance(NamedTuple):
    """What a classifier is shown of a message: enough to judge it, nothing to identify anyone."""

    text: str
    kind: str
    channel: str
    language: str = ""
    stars: float | None = None
    addressed: bool = False
    has_media: bool = False
    earlier: tuple[Turn, ...] = ()
    """Up to three earlier turns, oldest first."""


class Evidence(NamedTuple):
    """The words that gave a value: `text[start:end]`, and the cue's name."""

    value: str
    cue: str
    start: int
    end: int


class Facet(NamedTuple):
    """One facet's values with scores from 0 to 1, the primary one, and the evidence."""

    primary: str
    values: Mapping[str, float]
    evidence: tuple[Evidence, ...] = ()


class Reading(NamedTuple):
    """What one classifier says of one message. A facet left out is an abstention."""

    facets: Mapping[str, Facet] = MappingProxyType({})


class Classifier(ABC, Generic[C]):
    """An inline classifier: pure, sync, bounded. It runs before the message is stored."""

    kind: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[PluginConfig]]
    mode: ClassVar[Literal["inline", "deferred"]] = "inline"
    version: ClassVar[str] = "1"
    """Kept with each reading, so that readings of different versions can be told apart."""

    def __init__(self, config: C, context: Context) -> None:
        """Keep both. No I/O here, but for files that came with the plugin."""
        self.config = config
        self.context = context

    @abstractmethod
    def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Return one reading for each item, in order."""


class DeferredClassifier(ABC, Generic[C]):
    """A classifier that needs time or a network: called later; until then inline results hold."""

    kind: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[PluginConfig]]
    mode: ClassVar[Literal["inline", "deferred"]] = "deferred"
    version: ClassVar[str] = "1"

    def __init__(self, config: C, context: Context) -> None:
        """Keep both. No I/O here, but for files that came with the plugin."""
        self.config = config
        self.context = context

    @abstractmethod
    async def classify(self, items: Sequence[Utterance]) -> Sequence[Reading]:
        """Return one reading for each item, in order. May raise `Transient`."""
