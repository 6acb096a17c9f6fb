"""Channels that misread how a platform fails: each breaks one rule."""

import httpx

from careline.plugin import JSON, AuthFailed, Refusal, Rejected, Transient
from careline.testing.hostile.speaking import Speaks


class BusyAt401(Speaks):
    """It takes a dead credential for a passing trouble."""

    fails = "test_401_is_a_dead_credential"

    def refuse(self, response: httpx.Response) -> None:
        """Try on for ever."""
        if response.status_code == 401:
            raise Transient("the platform answers 401")
        super().refuse(response)


class BlamesTheItem(Speaks):
    """Every 403 is the item's fault, also where the token lacks a scope."""

    fails = "test_403_of_the_token_is_a_dead_credential"

    def refuse(self, response: httpx.Response) -> None:
        """Refuse one item after the other."""
        if response.status_code == 403:
            raise Rejected(Refusal.NOT_PERMITTED, "the platform answers 403")
        super().refuse(response)


class BlamesTheToken(Speaks):
    """Every 403 stops the account, also where one customer takes no messages."""

    fails = "test_403_of_the_item_is_its_refusal"

    def refuse(self, response: httpx.Response) -> None:
        """Stop at the first."""
        if response.status_code == 403:
            raise AuthFailed("the platform answers 403")
        super().refuse(response)


class TriesTheGone(Speaks):
    """It tries again what is gone."""

    fails = "test_what_is_gone_is_gone"

    def refuse(self, response: httpx.Response) -> None:
        """Hope for its return."""
        if response.status_code == 410:
            raise Transient("the platform answers 410")
        super().refuse(response)


class GoneForNoReason(Speaks):
    """It refuses what is gone without saying that it is."""

    fails = "test_what_is_gone_is_gone"

    def refuse(self, response: httpx.Response) -> None:
        """Shrug."""
        if response.status_code == 404 and response.request.method == "POST":
            raise Rejected(Refusal.UNKNOWN, "the platform answers 404")
        super().refuse(response)


class ForgetsHowLong(Speaks):
    """It does not hand on how long to wait."""

    fails = "test_haste_waits_as_long_as_it_is_told"

    def refuse(self, response: httpx.Response) -> None:
        """Wait for anything at all."""
        if response.status_code == 429:
            raise Transient("the platform answers 429", sent=False)
        super().refuse(response)


class UnsureOfHaste(Speaks):
    """It does not say that what was too much was not done."""

    fails = "test_haste_waits_as_long_as_it_is_told"

    def refuse(self, response: httpx.Response) -> None:
        """Leave it open."""
        if response.status_code == 429:
            raise Transient("the platform answers 429", retry_after=7)
        super().refuse(response)


class SureOfFailures(Speaks):
    """It is sure that a 500 did nothing: so it is done again."""

    fails = "test_a_failure_of_the_platform_is_an_unknown_outcome"

    def refuse(self, response: httpx.Response) -> None:
        """Claim to know."""
        if response.status_code == 500:
            raise Transient("the platform answers 500", sent=False)
        super().refuse(response)


class SureOfCuts(Speaks):
    """It is sure that nothing was done when the line was cut."""

    fails = "test_a_cut_line_is_an_unknown_outcome"

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Claim to know."""
        try:
            return await super().ask(method, path, said)
        except Transient as error:
            if isinstance(error.__cause__, httpx.RemoteProtocolError):
                raise Transient(str(error), sent=False) from error
            raise


class WaitsForEver(Speaks):
    """It asks a silent platform again and again."""

    fails = "test_a_silent_platform_is_left"

    async def ask(self, method: str, path: str, said: JSON = None) -> JSON:
        """Never give up."""
        while True:
            try:
                return await super().ask(method, path, said)
            except Transient as error:
                if not isinstance(error.__cause__, httpx.ReadTimeout):
                    raise


class TrustsJson(Speaks):
    """It takes every answer for JSON."""

    fails = "test_an_answer_that_is_no_json_is_no_bug"

    def read(self, response: httpx.Response) -> JSON:
        """Trust."""
        return response.json()
