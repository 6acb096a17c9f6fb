"""What customers expected and what firms did, as surveys said: shown beside our own figures."""

from typing import Final

from careline.models import Model

SOURCE: Final = "US surveys, as told by an article on social customer care"
YEARS: Final = "2010-2013"


class Expectation(Model):
    """One figure of a survey: with its source and years, for it says nothing of today."""

    about: str
    """expected: what customers want; answered, never_answered: what firms did."""
    tier: str | None
    """30m, 1h or 24h."""
    share: float
    text: str
    requirement: str
    source: str = SOURCE
    years: str = YEARS


def _said(requirement: str, about: str, tier: str | None, share: float, text: str) -> Expectation:
    return Expectation(about=about, tier=tier, share=share, text=text, requirement=requirement)


EXPECTED: Final = (
    _said("S4", "expected", "30m", 0.32, "customers who expect an answer within 30 minutes"),
    _said("S4", "expected", "1h", 0.42, "customers who expect an answer within an hour"),
    _said("S4", "expected", "24h", 0.67, "customers who expect an answer within a day"),
    _said("S5", "answered", "30m", 0.0, "firms that answer within 30 minutes"),
    _said("S5", "answered", "1h", 0.09, "firms that answer within an hour"),
    _said("S6", "never_answered", None, 0.7, "complaints that get no answer"),
)
