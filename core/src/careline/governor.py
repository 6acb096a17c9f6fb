"""The rate governor: asks nothing of a platform that said its limit is used up."""

from email.utils import parsedate_to_datetime

import httpx

from careline.contract.context import Clock

_LONGEST = 86_400.0  # no header may silence an account for more than a day
_EPOCH = 1_000_000_000.0  # a reset above this is a date in epoch seconds, below it a span


class Held(httpx.TransportError):
    """The request was not sent: the platform said that its limit is used up."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"its rate limit is used up for another {retry_after:.0f} s")
        self.retry_after = retry_after


class Governor:
    """Remembers which limits a platform declared used up, for each host, method and path."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at: dict[tuple[str, str, str], float] = {}

    def admit(self, request: httpx.Request) -> None:
        """Raise `Held` while the limit of this request is used up."""
        left = self._free_at.get(_limit(request), 0.0) - self._clock.monotonic()
        if left > 0:
            raise Held(left)

    def learn(self, request: httpx.Request, response: httpx.Response) -> None:
        """Read the platform's own headers."""
        wait = _wait(response, self._clock.now().timestamp())
        if wait is not None:
            now = self._clock.monotonic()
            self._free_at = {key: at for key, at in self._free_at.items() if at > now}
            self._free_at[_limit(request)] = now + min(max(0.0, wait), _LONGEST)


def _limit(request: httpx.Request) -> tuple[str, str, str]:
    """Name the limit of a request: segments with a digit in them are taken for ids."""
    parts = request.url.path.split("/")
    path = "/".join("*" if any(map(str.isdigit, part)) else part for part in parts)
    return request.url.netloc.decode("ascii"), request.method, path


def _wait(response: httpx.Response, now: float) -> float | None:
    """Return the seconds for which more requests are pointless; None: they are not."""
    headers, refused = response.headers, response.status_code in (429, 503)
    if refused and (told := _span(headers.get("retry-after", ""), now)) is not None:
        return told
    limits = {n.removesuffix("-remaining"): v for n, v in headers.items() if "limit" in n}
    used_up = [name for name, left in limits.items() if _is_zero(left)]
    if not used_up and response.status_code == 429:
        resetting = (name.removesuffix("-reset") for name in limits if name.endswith("-reset"))
        used_up = [name for name in resetting if not _is_more(limits.get(name, ""))]
    resets = [_span(headers.get(f"{name}-reset", ""), now) for name in used_up]
    return max((reset for reset in resets if reset is not None), default=None)


def _is_zero(value: str) -> bool:
    return value.strip() == "0"


def _is_more(value: str) -> bool:
    """Tell whether requests remain: a 429 is then about something else, as a connection."""
    return value.strip().isdecimal()


def _span(value: str, now: float) -> float | None:
    """Read seconds, epoch seconds or an HTTP date as seconds from `now`."""
    try:
        number = float(value)
    except ValueError:
        try:
            return parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return number - now if number > _EPOCH else number
