"""What an operator writes about an account on X: credentials, transport, limits of spending."""

from collections.abc import Iterator
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from careline.plugin import PluginConfig
from careline_twitter.archive.config import UserId
from careline_twitter.prices import PRICES

Dollars = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]
Objects = Annotated[int, Field(ge=0)]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address is written like https://api.x.com")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ValueError("tokens go over https only: http is for a sandbox on this machine")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an address holds no password, no ? and no #")
    return value.rstrip("/")


def _known(prices: dict[str, Decimal]) -> dict[str, Decimal]:
    for kind in prices:
        if kind not in PRICES:
            raise ValueError(f'there is no price for "{kind}"; those are for: {", ".join(PRICES)}')
    return prices


def _given(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("it is empty: is the variable or the file that it comes from set?")
    return value


Address = Annotated[str, AfterValidator(_address)]
Prices = Annotated[dict[str, Dollars], AfterValidator(_known)]
Secret = Annotated[SecretStr, AfterValidator(_given)]


class Budget(PluginConfig):
    """What may be spent on X before everything stops: by day and by month, in UTC."""

    day: Dollars | None = Field(None, description="dollars in a day")
    month: Dollars | None = Field(None, description="dollars in a month")
    day_objects: Objects | None = Field(None, description="objects read and things done in a day")
    month_objects: Objects | None = Field(None, description="the same in a month")


class TwitterConfig(PluginConfig):
    """One account on X. It takes a bearer to read, and tokens of the account to do the rest."""

    user_id: UserId | None = Field(None, description="our user id; left out: X is asked once")
    handle: str | None = Field(
        None, pattern=r"^@?\w{1,15}$", description="our handle; left out: X is asked once"
    )
    bearer: Secret | None = Field(
        None, description="the app's own token: reads what is public, opens the stream"
    )
    client_id: str | None = Field(
        None,
        min_length=1,
        description="OAuth 2.0: of the app; `careline channel login` does the rest",
    )
    client_secret: Secret | None = Field(
        None, description="OAuth 2.0: of a confidential app (web app or bot)"
    )
    consumer_key: Secret | None = Field(None, description="OAuth 1.0a: the app's API key")
    consumer_secret: Secret | None = Field(
        None, description="OAuth 1.0a: the app's API secret, which also signs webhooks"
    )
    access_token: Secret | None = Field(None, description="OAuth 1.0a: the account's token")
    access_secret: Secret | None = Field(None, description="OAuth 1.0a: the secret of that token")
    transport: Literal["poll", "stream", "webhook"] = Field(
        "poll", description="how news come; whichever it is, polling finds what it missed"
    )
    vocabulary: Literal["tweet", "post"] = Field(
        "tweet", description="in which words X is asked: tweet.fields, or post.fields of 2026"
    )
    exclude: tuple[str, ...] = Field(
        (), description="terms whose posts are left out of the search; `from:NAME` leaves out NAME"
    )
    search: bool = Field(True, description="look for the brand's names and terms without a tag too")
    dms: bool = Field(True, description="hear direct messages, where there is an account's token")
    split: bool = Field(
        False, description="send a public text that is too long as a chain of up to 10 posts"
    )
    tier: Literal["self-serve", "enterprise"] = Field(
        "self-serve", description="the access level of the app"
    )
    budget: Budget = Field(
        Budget.model_validate({}), description="where spending stops; left out: nowhere"
    )
    prices: Prices = Field(
        default_factory=dict, description="dollars for one of a kind, where X charges you others"
    )
    base_url: Address = Field("https://api.x.com", description="where X's API is")
    authorize_url: Address = Field(
        "https://x.com/i/oauth2/authorize", description="where an account agrees to a login"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Refuse what cannot work together."""
        for problem in self._problems():
            raise ValueError(problem)
        return self

    @property
    def signs(self) -> bool:
        """Whether requests are signed by OAuth 1.0a."""
        return self.access_token is not None

    @property
    def needs_login(self) -> bool:
        """Whether tokens come from `careline channel login`."""
        return self.client_id is not None

    @property
    def speaks(self) -> bool:
        """Whether we can act as the account, rather than read what is public."""
        return self.signs or self.needs_login

    @property
    def hears_dms(self) -> bool:
        """Whether direct messages are heard."""
        return self.dms and self.speaks

    def price(self, kind: str) -> Decimal:
        """Return what one of a kind costs."""
        return self.prices.get(kind, PRICES[kind])

    def _problems(self) -> Iterator[str]:
        if not (self.bearer or self.speaks):
            yield (
                "it has no credential: give `client_id`, then run `careline channel login`; or the"
                " four of OAuth 1.0a; or, to read only, `bearer` with `user_id`"
            )
        yield from self._of_oauth1()
        if self.client_secret and not self.client_id:
            yield "`client_secret` belongs to a `client_id`: give that too"
        if not self.speaks and not self.user_id:
            yield "a `bearer` alone cannot tell who we are: give `user_id` too"
        if self.dms and "dms" in self.model_fields_set and not self.speaks:
            yield "`dms` takes tokens of the account: give `client_id`, or set it to false"
        yield from self._of_transport()
        day, month = self.budget.day, self.budget.month
        if day is not None and month is not None and day > month:
            yield "`budget.day` is above `budget.month`: raise the one, or lower the other"

    def _of_oauth1(self) -> Iterator[str]:
        names = ("consumer_key", "consumer_secret", "access_token", "access_secret")
        missing = [name for name in names if getattr(self, name) is None]
        if (self.access_token or self.access_secret) and missing:
            yield f"OAuth 1.0a takes four keys: give {' and '.join(f'`{one}`' for one in missing)}"
        if self.access_token and self.client_id:
            yield "`client_id` and `access_token` are two logins: leave one of them out"

    def _of_transport(self) -> Iterator[str]:
        if self.transport == "stream" and not self.bearer:
            yield 'the stream takes the app\'s own token: give `bearer`, or say transport = "poll"'
        if self.transport == "webhook" and not self.consumer_secret:
            yield "webhooks are signed with the app's API secret: give `consumer_secret`"
        if self.transport == "webhook" and not (self.bearer or self.signs):
            yield "webhooks are set up with the app's own token: give `bearer`"
