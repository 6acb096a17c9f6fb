"""What goes wrong on the stand-in, how its time goes by, and what clients have done there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from careline_twitter.sandbox.app import ACCESS_LIFE, SCOPES, App, Grant, Who
from careline_twitter.sandbox.billing import Bill
from careline_twitter.sandbox.faults import WAIT, Fault, How
from careline_twitter.sandbox.platform import Platform, Sent
from careline_twitter.sandbox.problems import Vocabulary
from careline_twitter.sandbox.records import User
from careline_twitter.sandbox.wire import Asked


class Controls:
    """The hands behind the stand-in."""

    platform: Platform

    @property
    def app(self) -> App:
        """The developer's app: its keys, its access level, its tokens."""
        return self.platform.app

    @property
    def sent(self) -> Sequence[Sent]:
        """What clients have done, in order."""
        return self.platform.sent

    @property
    def done(self) -> list[Any]:
        """The same, without ids and times: the same thing done again is equal."""
        return [sent.done for sent in self.platform.sent]

    @property
    def twice(self) -> Mapping[Any, int]:
        """What was done more than once, and how often."""
        return {done: times for done, times in Counter(self.done).items() if times > 1}

    @property
    def spend(self) -> Bill:
        """What the app was billed."""
        return self.platform.bill

    @property
    def requests(self) -> Sequence[Asked]:
        """What was asked, in order: the latest 10,000."""
        return self.platform.requests

    def fail(
        self,
        how: How | None,
        *,
        on: str = "",
        times: int | None = None,
        seconds: float = WAIT,
        after: int = 0,
    ) -> None:
        """Fail so from now on, or so many `times`. None: do what is asked again.

        `on`: a pattern of `METHOD /path`, as in `GET */mentions`. `seconds`: how long a 429 asks
        to wait, how long `slow` takes. `after`: how many requests go well before.
        """
        if how is None:
            self.platform.script.clear()
        else:
            self.platform.script.add(Fault(how, on, times, seconds, after))

    def advance(self, seconds: float) -> None:
        """Let time pass here: windows reset, tokens expire. The clock that was handed in stays."""
        self.platform.world.clock.advance(seconds)

    def leave(self, left: int, endpoint: str, who: User | None = None) -> None:
        """Leave so many requests of the limit of an endpoint: `GET /2/users/{id}/mentions`."""
        person = Who("app") if who is None else Who("oauth2", who)
        self.platform.limits.leave(endpoint, person, left)

    def pay(self, dollars: Decimal | None) -> None:
        """Pay so much: when it is spent, requests are refused. None: it never is."""
        total = self.platform.bill.total
        self.platform.balance = None if dollars is None else total + dollars

    def speak(self, vocabulary: Vocabulary) -> None:
        """Speak in these words where a request does not tell."""
        self.platform.vocabulary = vocabulary

    def show_after(self, seconds: float) -> None:
        """Let timelines and search show new posts so much later."""
        self.platform.world.lag = seconds

    def grant(self, user: User, scopes: str = " ".join(SCOPES)) -> Grant:
        """Have somebody grant the app these scopes; return the tokens."""
        made = Grant(user, frozenset(scopes.split()), self.platform.secret("access"))
        made.expires_at = self.platform.world.now() + ACCESS_LIFE
        if "offline.access" in made.scopes:
            made.refresh = self.platform.secret("refresh")
        self.app.grants.append(made)
        return made

    def revoke(self, user: User) -> None:
        """Have somebody take back all that they granted."""
        for grant in self.app.grants:
            grant.revoked = grant.revoked or grant.user is user
        self.app.oauth1 = {
            token: held for token, held in self.app.oauth1.items() if held[1] is not user
        }

    def forgive(self, *, repeats: bool = True) -> None:
        """Take a signed request twice: tests that seed their randomness repeat their nonces."""
        self.platform.credentials.repeats = repeats

    def tell(self, event_type: str, payload: Any) -> None:
        """Bring an event of any kind to every webhook, and down the activity stream."""
        data = {"event_uuid": self.platform.world.new_id(), "filter": {}, "event_type": event_type}
        self.platform.teller.send({"data": data | {"payload": payload}}, *self.platform.webhooks)

    def decide(self, url: str, *, allow: bool = True, user: User | None = None) -> str:
        """Open the page of a login and decide, as a person would; return where it leads."""
        said = dict(parse_qsl(urlsplit(url).query))
        where = self.platform.consent.decide(said, allow=allow, user=user)
        if where is None:
            raise ValueError("the page says: something went wrong. A parameter is not right")
        return where

    def serve(self, public: str, here: str) -> None:
        """Say where on this machine the host of a webhook really is."""
        self.platform.hosts[public.rstrip("/")] = here.rstrip("/")

    async def delivered(self) -> None:
        """Wait until no event is on its way to a webhook."""
        await self.platform.courier.rest()

    def disconnect(self, kind: str = "UpstreamOperationalDisconnect") -> None:
        """End every stream, with an object that says why."""
        self.platform.streams.disconnect(kind)

    def cut(self) -> None:
        """Cut every stream, without a word."""
        self.platform.streams.cut()

    def linger(self, *, lingers: bool = True) -> None:
        """Keep the slot of a stream taken when its client hangs up, until it is cleared."""
        self.platform.streams.lingers = lingers
