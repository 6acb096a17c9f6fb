"""The fault script: how requests fail from now on, or so many times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from math import ceil
from typing import Final, Literal

from careline_twitter.sandbox.problems import (
    Refused,
    forbidden,
    legacy,
    not_enrolled,
    not_found,
    problem,
    too_many,
    too_many_connections,
    unauthorized,
)
from careline_twitter.sandbox.wire import Asked

How = Literal[
    # instead of an answer
    "401", "403-token", "403-policy", "404", "410", "429", "500", "503", "usage-capped",
    "suspended", "locked", "too-many-connections", "cut-before", "hang",
    # to the answer, after all was done
    "500-after", "cut-after", "cut-body", "not-json", "slow",
    # to a page
    "duplicates", "shuffled", "same-token", "empty-page", "nulls", "unknown", "errors",
    # to a stream that is open; `duplicates`, `shuffled` and `unknown` are for streams too
    "silent",
]  # fmt: skip
"""How X fails. `cut-after`, `500-after`: it does what it is asked, and then it fails."""
PAGE: Final = (
    "duplicates", "shuffled", "same-token", "empty-page", "nulls", "unknown", "errors",
)  # fmt: skip
BEFORE: Final = (
    "401", "403-token", "403-policy", "404", "410", "429", "500", "503", "usage-capped",
    "suspended", "locked", "too-many-connections", "cut-before", "hang",
)  # fmt: skip
WAIT: Final = 7.0
"""Seconds that a `429` asks to wait, unless the script says otherwise."""


@dataclass(slots=True)
class Fault:
    """One line of the script. `on`: a pattern of `METHOD /path`; empty: wherever it makes sense."""

    how: How
    on: str = ""
    times: int | None = None
    seconds: float = WAIT
    after: int = 0

    def meets(self, asked: Asked) -> bool:
        """Tell whether it is for this request. A line is cut where something is done."""
        if self.on:
            return fnmatchcase(str(asked), self.on)
        reads = asked.method in ("GET", "HEAD")
        return "/oauth2/" not in asked.path and not (reads and self.how in _CUT)

    def replaces(self, other: "Fault") -> bool:
        """Tell whether it takes the place of another that has no end either."""
        if self.times is not None or other.times is not None or self.on != other.on:
            return False
        return self.how == other.how or not (self.how in PAGE or other.how in PAGE)


_CUT: Final = ("cut-before", "cut-after")


class Script:
    """The faults that are still to come, in the order in which they were written."""

    def __init__(self) -> None:
        """Start without any."""
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a line; one without an end takes the place of another for the same requests."""
        self._faults = [one for one in self._faults if not fault.replaces(one)]
        self._faults.append(fault)

    def clear(self) -> None:
        """Do what is asked again."""
        self._faults.clear()

    def taken(self, asked: Asked, *kinds: str) -> Iterator[Fault]:
        """Yield the faults of these kinds for a request; each that is yielded has happened."""
        for fault in tuple(self._faults):
            if fault.how in kinds and fault.meets(asked):
                if fault.after:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                yield fault


def refusal(fault: Fault, now: datetime, app: str) -> Refused:
    """Return the refusal that a fault of that sort is."""
    match fault.how:
        case "401":
            return unauthorized()
        case "403-token":
            return not_enrolled(app)
        case "403-policy":
            return forbidden()
        case "404":
            return not_found("tweet", "id", "1")
        case "410":
            return problem(410, "Gone", "The resource is gone.")
        case "429":
            refused = too_many(ceil(now.timestamp() + fault.seconds))
            refused.headers |= {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "0"}
            return refused
        case "usage-capped":
            more = {"period": "Monthly", "scope": "Product", "account_id": app}
            said = "Usage cap exceeded: Monthly product cap"
            return problem(429, "UsageCapExceeded", said, "usage-capped", **more)
        case "suspended":
            return legacy(403, 64, "Your account is suspended and is not permitted to do this.")
        case "locked":
            return legacy(403, 326, "To protect our users, this account is temporarily locked.")
        case "too-many-connections":
            return too_many_connections()
        case _:
            title = "Service Unavailable" if fault.how == "503" else "Internal Server Error"
            return problem(int(fault.how[:3]), title, title)
