"""Channels that misbehave in what they do: each breaks one rule of `perform` or `find`."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from careline.plugin import JSON, AnyAction, Receipt, Rejected, Transient, Unsupported
from careline.testing.hostile.speaking import Speaks


class RaisesInPerform(Speaks):
    """Each action raises what is no error of the contract."""

    fails = "test_performing_works"

    async def act(self, action: AnyAction) -> Receipt:
        """Raise."""
        raise RuntimeError("a bug in this plugin")


class GivesNoReceipt(Speaks):
    """It hands on what the platform said."""

    fails = "test_receipts_are_whole"

    async def act(self, action: AnyAction) -> Any:
        """Return it bare."""
        return await self.ask("POST", "/acts", {"key": self.key(action)})


class NamesNothing(Speaks):
    """Its receipt does not say what now exists."""

    fails = "test_receipts_are_whole"

    def receipt(self, said: Any) -> Receipt:
        """Leave out the id."""
        return Receipt((), self.context.clock.now())


class SentTomorrow(Speaks):
    """Its receipt is of tomorrow."""

    fails = "test_receipts_tell_a_possible_time"

    def receipt(self, said: Any) -> Receipt:
        """Take the time from a clock that is fast."""
        return Receipt((said["id"],), self.context.clock.now() + timedelta(days=1))


class SentSometime(Speaks):
    """Its receipt is of some local time."""

    fails = "test_receipts_tell_a_possible_time"

    def receipt(self, said: Any) -> Receipt:
        """Lose the zone."""
        return Receipt((said["id"],), self.context.clock.now().replace(tzinfo=None))


class SaysTwice(Speaks):
    """It does everything twice, to be sure."""

    fails = "test_it_is_done_once"

    async def act(self, action: AnyAction) -> Receipt:
        """Do it again."""
        await super().act(action)
        return await super().act(action)


class NewKeys(Speaks):
    """It adds something new to its key each time: the platform cannot know a retry."""

    fails = "test_a_retry_is_known_by_its_key"

    async def act(self, action: AnyAction) -> Receipt:
        """Draw the key's end."""
        key = f"{self.key(action)}-{self.context.new_id()}"
        return self.receipt(await self.ask("POST", "/acts", {"key": key}))


class ReadsClockToAct(Speaks):
    """It asks the machine for the time."""

    fails = "test_performing_takes_the_contexts_time"

    async def act(self, action: AnyAction) -> Receipt:
        """Read a clock that is not the context's."""
        datetime.now(UTC)  # noqa: TID251 -- the very thing that is forbidden
        return await super().act(action)


class OwnClient(Speaks):
    """It makes an HTTP client of its own."""

    fails = "test_performing_takes_the_contexts_http"

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Ask round the context."""
        token = self.config.token.get_secret_value()
        headers = {"authorization": f"Bearer {token}"}
        try:
            async with httpx.AsyncClient(timeout=0.2) as http:  # noqa: TID251 -- forbidden, indeed
                url = self.config.url + path
                response = await http.request(method, url, json=said, headers=headers)
        except httpx.TransportError as error:
            raise Transient("the platform is silent") from error
        self.refuse(response)
        return self.read(response)


class SecretInUrl(Speaks):
    """The token is in the URL, for every log on the way."""

    fails = "test_no_secret_is_in_a_url"

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Ask too openly."""
        return await super().ask(method, f"{path}?t={self.config.token.get_secret_value()}", said)


class SecretInRefusal(Speaks):
    """Its error for what was refused quotes the token."""

    fails = "test_secrets_stay_secret"

    def refuse(self, response: httpx.Response) -> None:
        """Say too much."""
        try:
            super().refuse(response)
        except Rejected as error:
            said = f"{error}, to {self.config.token.get_secret_value()}"
            raise Rejected(error.reason, said) from error


class LeaksOnCancelledAct(Speaks):
    """A cancelled action leaves its socket open."""

    fails = "test_a_cancelled_action_leaves_nothing_open"

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Close the socket, but not when cancelled."""
        self._socket = socket.socket()
        try:
            answer = await super().ask(method, path, said)
        except Exception:
            self._socket.close()
            raise
        self._socket.close()
        return answer


class Forgetful(Speaks):
    """It never finds what it did."""

    fails = "test_what_was_done_is_found"

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look, and forget."""
        await super().find(action, since)
        return None


class FindsNoKind(Speaks):
    """It declares that it finds, and then finds no action of any kind."""

    fails = "test_what_was_done_is_found"

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Refuse."""
        raise Unsupported(type(action).__name__)


class Imagines(Speaks):
    """It finds what was never done."""

    fails = "test_what_was_not_done_is_not_found"

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Be sure of oneself."""
        return await super().find(action, since) or self.receipt({"id": "made-up"})


class DoesInFind(Speaks):
    """To be sure that something is there, it does it again."""

    fails = "test_looking_does_nothing"

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look, and then do more."""
        found = await super().find(action, since)
        if found:
            await self.ask("POST", "/acts", {"key": self.key(action)})
        return found


class TrustsSilence(Speaks):
    """A platform that cannot be asked has, it says, done nothing."""

    fails = "test_a_look_that_fails_is_no_answer"

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Take a failure for an answer."""
        try:
            return await super().find(action, since)
        except Transient:
            return None
