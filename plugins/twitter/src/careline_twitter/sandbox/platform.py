"""All of the stand-in's state in one place: what endpoints, streams and stories share."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Final
from urllib.parse import urlsplit

from careline.plugin import Clock
from careline_twitter.sandbox.activity import Subscription
from careline_twitter.sandbox.app import App
from careline_twitter.sandbox.auth import Credentials
from careline_twitter.sandbox.billing import Bill
from careline_twitter.sandbox.clock import PlatformClock
from careline_twitter.sandbox.consent import Consent
from careline_twitter.sandbox.courier import Courier, Hook
from careline_twitter.sandbox.faults import Script
from careline_twitter.sandbox.filtered import Filter
from careline_twitter.sandbox.includes import Beside
from careline_twitter.sandbox.limits import Limits
from careline_twitter.sandbox.problems import Vocabulary
from careline_twitter.sandbox.records import Direct, Post, User
from careline_twitter.sandbox.rules import Rule
from careline_twitter.sandbox.spoiling import Spoiler
from careline_twitter.sandbox.streams import Streams
from careline_twitter.sandbox.telling import Teller
from careline_twitter.sandbox.tokens import Tokens
from careline_twitter.sandbox.wire import Asked
from careline_twitter.sandbox.world import World

_REMEMBERED: Final = 10_000
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that a client did. `about`: the post, the recipient or the person it is about."""

    what: str
    text: str
    about: str
    id: str
    at: datetime
    deep_link: str = ""

    @property
    def done(self) -> tuple[str, str, str]:
        """Return what was done, without what tells one time from another."""
        return self.what, self.text, self.about


class Platform:
    """X, as far as it is stood in for."""

    us: User

    def __init__(self, clock: Clock, random: Random) -> None:
        """Start with nobody there, and nothing said."""
        self.random = random
        self.world = World(PlatformClock(clock), random)
        self.vocabulary: Vocabulary = "tweet"
        """In which words it speaks where a request does not tell."""
        self.balance: Decimal | None = None
        """Dollars that were paid: when they are spent, requests are refused. None: no end."""
        self.bills_includes = True
        """Whether what stands beside the data is billed: X does not say."""
        self.origin = ""
        self.hosts: dict[str, str] = {}
        self.app = App()
        self.credentials = Credentials(self.app)
        self.limits, self.bill, self.script = Limits(), Bill(), Script()
        self.spoiler = Spoiler(self.script, random)
        self.streams = Streams(self.world, self.script)
        self.rules: dict[str, Rule] = {}
        self.webhooks: dict[str, Hook] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.courier = Courier(self)
        self.consent, self.tokens = Consent(self), Tokens(self)
        self.requests: deque[Asked] = deque(maxlen=_REMEMBERED)
        self.sent: list[Sent] = []
        self.teller = Teller(self)
        self.world.listeners += [Filter(self).hear, self.teller.hear]

    def secret(self, kind: str) -> str:
        """Return a new token."""
        return f"{kind}-" + "".join(self.random.choices(_ALPHABET, k=40))

    def reach(self, url: str) -> str:
        """Return where on this machine an address is really served."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        return self.hosts.get(origin, origin) + url[len(origin) :]

    def charge(self, charges: list[tuple[str, str]]) -> None:
        """Bill what a request has cost."""
        for kind, object in charges:
            self.bill.add(self.world.now(), kind, object)

    def bill_post(self, post: Post, beside: Beside) -> None:
        """Bill a post that went down a stream."""
        self.charge([("post.read", post.id), *beside.charges(all=self.bills_includes)])

    def did(
        self,
        what: str,
        *,
        post: Post | None = None,
        direct: Direct | None = None,
        to: User | None = None,
        deep_link: str = "",
    ) -> None:
        """Keep what a client has done."""
        text, about, id = "", "", ""
        if post is not None and what in ("post", "edit"):
            of = next(iter(post.references.values()), None)
            text, about, id = post.typed, of.id if of else "", post.id
        elif post is not None:
            about = id = post.id
        elif direct is not None:
            text, about, id = direct.typed, direct.to.id, direct.id
        elif to is not None:
            about = id = to.id
        self.sent.append(Sent(what, text, about, id, self.world.now(), deep_link))
