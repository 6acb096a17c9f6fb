"""The developer's app: its keys, its access level, and the tokens that were granted to it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from careline_twitter.sandbox.records import User

ACCESS_LIFE: Final = timedelta(hours=2)
CODE_LIFE: Final = timedelta(seconds=30)
SCOPES: Final = (
    "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "dm.read", "dm.write",
    "follows.read", "follows.write", "media.write", "like.read", "offline.access",
)  # fmt: skip
How = Literal["app", "oauth1", "oauth2"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: the app alone, or somebody through it."""

    how: How
    user: User | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """By which rate limits tell them apart."""
        return self.user.id if self.user else "app"


@dataclass(slots=True, eq=False)
class Grant:
    """What somebody granted to the app: its tokens change, each refresh token is used once."""

    user: User
    scopes: frozenset[str]
    access: str = ""
    refresh: str = ""
    expires_at: datetime | None = None
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Code:
    """An authorization code: of one use, and of a short life."""

    user: User
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    method: str
    made_at: datetime


@dataclass(slots=True, eq=False)
class App:
    """One app, enrolled as the operator's would be."""

    id: str = "29931001"
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 -- it opens nothing but this sandbox
    consumer_key: str = "sandbox-consumer"
    consumer_secret: str = "sandbox-consumer-secret"  # noqa: S105
    bearer: str = "sandbox-bearer"
    confidential: bool = True
    """Whether it can keep a secret: else its client id alone names it."""
    level: Literal["self-serve", "enterprise"] = "self-serve"
    enrolled: bool = True
    callbacks: set[str] = field(default_factory=set)
    """Where a login may lead back to, besides this machine."""
    oauth1: dict[str, tuple[str, User]] = field(default_factory=dict)
    """The secret and the person of each token of the old kind."""
    grants: list[Grant] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)

    def grant_of(self, access: str, now: datetime) -> Grant | None:
        """Return the grant that an access token stands for, while it lives."""
        for grant in self.grants:
            alive = not grant.revoked and grant.expires_at is not None and now < grant.expires_at
            if alive and grant.access == access:
                return grant
        return None

    def leads_back(self, redirect_uri: str) -> bool:
        """Tell whether a login may lead back there."""
        here = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        return redirect_uri in self.callbacks or redirect_uri.startswith(here)
