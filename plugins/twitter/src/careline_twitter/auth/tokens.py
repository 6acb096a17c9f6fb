"""OAuth 2.0 tokens of the account: kept encrypted, renewed in time, shared by all workers.

A refresh token is of one use. Who wants to use it claims it in the record first, so that no other
worker does; the new pair is committed before anybody uses it.
"""

from collections.abc import Mapping
from typing import Any, Final

import anyio

from careline.plugin import AuthFailed, Context, State, Transient
from careline_twitter.auth.endpoint import TokenEndpoint, login_again
from careline_twitter.config import TwitterConfig

SCOPES: Final = (
    "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "dm.read", "dm.write",
    "media.write", "offline.access",
)  # fmt: skip
"""What a login asks for."""
_KEY: Final = "oauth2"
_EARLY: Final = 300.0
"""Seconds before its end at which a token is renewed."""
_CLAIMED: Final = 60.0
"""Seconds for which a claim holds: longer than a renewal may take."""
_PATIENCE: Final = 30.0
_LOOKS, _PAUSE = 20, 0.5
_LIFE: Final = 7200


class Tokens:
    """The pair of tokens that `careline channel login` was given."""

    def __init__(self, config: TwitterConfig, context: Context) -> None:
        """They lie in the state of `context`."""
        self._context, self._endpoint = context, TokenEndpoint(config, context)
        self._lock = anyio.Lock()

    @property
    def _state(self) -> State:
        return self._context.state(f"twitter:{self._context.account}")

    @property
    def _now(self) -> float:
        return self._context.clock.now().timestamp()

    async def headers(self, method: str, url: str, query: Mapping[str, str]) -> dict[str, str]:
        """Return a token that lives for some minutes more."""
        record, _ = await self._record()
        if record["expires_at"] - self._now < _EARLY and record.get("refresh"):
            record = await self._renewed(record["access"])
        return {"authorization": f"Bearer {record['access']}"}

    async def renew(self, refused: dict[str, str]) -> bool:
        """Get a new token for a refused one; another worker may have it already."""
        record, _ = await self._record()
        if refused["authorization"] == f"Bearer {record['access']}":
            if not record.get("refresh"):
                return False
            await self._renewed(record["access"], refused=True)
        return True

    async def scopes(self) -> frozenset[str] | None:
        """Return what the account agreed to."""
        record, _ = await self._record()
        said = record.get("scope")
        return frozenset(said.split()) if said else None

    async def keep(self, told: Mapping[str, Any]) -> None:
        """Keep the tokens of a new login, whatever was there."""
        while True:
            _, version = await self._state.get(_KEY)
            if await self._put(self._kept(told), version):
                return

    async def _record(self) -> tuple[dict[str, Any], int]:
        record, version = await self._state.get(_KEY)
        if record is None:
            raise AuthFailed(f"nobody has logged in yet: {login_again(self._context.account)}")
        return record, version

    async def _put(self, record: dict[str, Any], version: int) -> bool:
        return await self._state.put(_KEY, record, version=version, secret=True)

    async def _renewed(self, stale: str, *, refused: bool = False) -> dict[str, Any]:
        """Return a record whose access token is not `stale`, or `stale` while it still lives."""
        async with self._lock:
            for _ in range(_LOOKS):
                record, version = await self._record()
                if record["access"] != stale:
                    return record
                if self._now - record.get("claimed_at", 0.0) >= _CLAIMED:
                    claim = {**record, "claimed_at": self._now}
                    if await self._put(claim, version):
                        return await self._refresh(claim)
                elif not refused and record["expires_at"] > self._now:
                    return record
                await self._context.clock.sleep(_PAUSE)
        raise Transient("another worker renews the token", retry_after=5.0, sent=False)

    async def _refresh(self, claim: dict[str, Any]) -> dict[str, Any]:
        """Use the refresh token, once. Nothing breaks it off: the new one would be lost."""
        used = claim["refresh"]
        form = {"grant_type": "refresh_token", "refresh_token": used}
        with anyio.move_on_after(_PATIENCE, shield=True):
            try:
                told = await self._endpoint.trade(form)
            except (Transient, AuthFailed) as error:
                record = await self._replaced(used, {**claim, "claimed_at": 0.0})
                if record["refresh"] != used:  # a worker that was slower than its claim
                    return record
                raise _unsent(error) from error
            return await self._replaced(used, self._kept(told, claim))
        raise Transient("X gives no new token in time", sent=False)

    async def _replaced(self, used: str, fresh: dict[str, Any]) -> dict[str, Any]:
        """Commit what follows the use of a refresh token; return what holds."""
        while True:
            record, version = await self._record()
            if record.get("refresh") != used:
                return record
            if await self._put(fresh, version):
                return fresh

    def _kept(
        self, told: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        before = old or {}
        life = told.get("expires_in")
        return {
            "access": told["access_token"],
            "refresh": told.get("refresh_token") or before.get("refresh"),
            "expires_at": self._now + (life if isinstance(life, int) else _LIFE),
            "scope": told.get("scope") or before.get("scope") or "",
        }


def _unsent(error: Transient | AuthFailed) -> Transient | AuthFailed:
    """What the token was for was surely not done."""
    if isinstance(error, AuthFailed):
        return error
    return Transient(str(error), retry_after=error.retry_after, sent=False)
