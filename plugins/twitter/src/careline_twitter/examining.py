"""What a person who sets an account up is told: who we are on X, what we may do, what is left."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from careline.plugin import AuthFailed, Finding, Rejected, Transient
from careline_twitter.api import Api
from careline_twitter.auth import scopes_of
from careline_twitter.auth.endpoint import login_again
from careline_twitter.config import TwitterConfig
from careline_twitter.payload import optional_id, table, tally, words


@dataclass(frozen=True, slots=True)
class Examiner:
    """Asks X with each credential that the configuration names."""

    api: Api
    config: TwitterConfig
    account: str

    async def findings(self) -> list[Finding]:
        """Return all that there is to know: what fails hides nothing else."""
        found = []
        if self.config.speaks:
            found.append(await _asked("login", self._login))
        if self.config.needs_login:
            found.append(await _asked("scopes", self._scopes))
        if self.config.bearer:
            found.append(await _asked("bearer", self._bearer))
        return [*found, *self._left(), *await self._budget()]

    async def _login(self) -> Finding:
        """Ask whose tokens we hold: they may be another's than the configuration says."""
        me = table((await self.api.me()).get("data"))
        id, way = optional_id(me.get("id")), "OAuth 1.0a" if self.config.signs else "OAuth 2.0"
        said = f"{way}, as @{words(me.get('username'))} ({id})"
        if self.config.user_id in (None, id):
            return Finding("login", said)
        out = login_again(self.account) if self.config.needs_login else "give the keys of the other"
        return Finding(
            "login", f"{said}, but `user_id` is {self.config.user_id}: {out}", fine=False
        )

    async def _scopes(self) -> Finding:
        """Compare what the account agreed to with what a login asks for."""
        held = await self.api.scopes()
        if held is None:
            return Finding("scopes", "X did not say which")
        missing = [one for one in scopes_of(self.config) if one not in held]
        said = " ".join(sorted(held))
        if not missing:
            return Finding("scopes", said)
        out = f"{' and '.join(missing)} missing: {login_again(self.account)}"
        return Finding("scopes", f"{said}; {out}", fine=False)

    async def _bearer(self) -> Finding:
        """Ask what X counted of the app, which takes the app's token and costs nothing."""
        told = table((await self.api.usage()).get("data"))
        used, cap = tally(told.get("project_usage")), tally(told.get("project_cap"))
        known = used is not None and cap is not None
        counted = f": X counts {used} of {cap} posts read this month" if known else ""
        return Finding("bearer", f"the app's own token is taken{counted}")

    def _left(self) -> Iterator[Finding]:
        """Say what is left of each endpoint that was asked, the questions of now among them."""
        for endpoint, limits in sorted(self.api.left().items()):
            for one in limits:
                said = f"{one.remaining} of {one.limit} until {one.resets_at:%Y-%m-%d %H:%M} UTC"
                yield Finding(f"{one.name} of {endpoint}", said, one.remaining > 0)

    async def _budget(self) -> list[Finding]:
        standing = await self.api.ledger.standing()
        if not standing:
            return [Finding("budget", "none: give `budget` where spending is to stop")]
        more = "; raise it, or wait for the next day or month"
        return [
            Finding("budget", said if left else f"{said}{more}", left)
            for said, left in standing.items()
        ]


async def _asked(name: str, ask: Callable[[], Awaitable[Finding]]) -> Finding:
    """Ask; an error is what was found, and says the way out."""
    try:
        return await ask()
    except (AuthFailed, Rejected, Transient) as error:
        return Finding(name, str(error), fine=False)
