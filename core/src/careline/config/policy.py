"""What an operator promises: deadlines, business hours, and rules for labels."""

import re
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from careline.models import AlertReason, DeadlineKind, Intent, Kind, Visibility

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_LONGEST = timedelta(days=366)
_KEPT = timedelta(days=36_525)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: Any) -> Any:
    """Read `30m`, `1h`, `1h30m`, `2d`; anything else is returned for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    parts = _DURATION.findall(value.replace(" ", ""))
    if not parts or "".join(n + u for n, u in parts) != value.replace(" ", ""):
        raise ValueError("a span of time is written like 30m, 1h, 1h30m or 2d")
    try:
        return sum((timedelta(**{_UNITS[u]: float(n)}) for n, u in parts), timedelta())
    except OverflowError:
        raise ValueError("a span of time so long goes beyond all time") from None


def _bounded(value: timedelta, longest: timedelta = _LONGEST) -> timedelta:
    if value <= timedelta():
        raise ValueError("a span of time must be longer than nothing")
    if value > longest:
        raise ValueError(f"a span of time is {longest.days} days at the most")
    return value


def _years(value: timedelta) -> timedelta:
    return _bounded(value, _KEPT)


def _share(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{value!r} is no share: write 50%") from None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "use a name like Europe/Berlin"
        raise ValueError(f"no time zone is named {value!r}: {hint}") from error
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | bool) else value


Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_bounded)]
Age = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_years)]
"""How long something is kept: years, maybe."""
Share = Annotated[float, BeforeValidator(_share), Field(gt=0, lt=1)]
Zone = Annotated[str, AfterValidator(_zone)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Sentiment = Literal["negative", "neutral", "positive"]
Urgency = Literal["high", "normal", "low"]


class Policy(BaseModel):
    """Base of the operator's policies: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _spans(value: Any) -> Any:
    """Read `["09:00-12:00", "13:00-17:30"]`."""
    if not isinstance(value, list | tuple):
        raise ValueError('hours are written like ["09:00-12:00", "13:00-17:30"]')
    return tuple(sorted(_span(span) for span in value))


def _span(value: Any) -> tuple[time, time]:
    begin, end = _ends(value)
    opens, closes = _clock(begin), _clock(end)
    if opens >= closes:
        raise ValueError(f"{value!r}: {begin.strip()} is not before {end.strip()}")
    return opens, closes


def _ends(value: Any) -> tuple[str, str]:
    """Return both ends of `"09:00-17:00"`, or of a pair as `model_dump` writes it."""
    if isinstance(value, str):
        begin, _, end = value.partition("-")
        return begin, end
    pair = isinstance(value, list | tuple) and len(value) == 2
    if not pair or not all(isinstance(part, str | time) for part in value):
        raise ValueError(f"{value!r} is no span of a day: write 09:00-17:00")
    return str(value[0]), str(value[1])


def _clock(text: str) -> time:
    text = text.strip()
    try:
        clock = time.max if text == "24:00" else time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day: write 09:00-17:00") from None
    if clock.tzinfo is not None:
        raise ValueError(f"{text!r} names a zone: hours are in the brand's")
    return clock


DaySpans = Annotated[tuple[tuple[time, time], ...], BeforeValidator(_spans)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(Policy):
    """When a brand answers: several spans a day, in its time zone, but for holidays."""

    days: dict[Day, DaySpans] = Field(default_factory=dict)
    holidays: tuple[date, ...] = ()


class When(Policy):
    """Which messages a rule is for: every key given must match, a list by any of its values."""

    brand: Names = ()
    """The brand's name in the configuration."""
    channel: Names = ()
    """The account's name in the configuration."""
    kind: Annotated[tuple[Kind, ...], BeforeValidator(_listed)] = ()
    """What sort of message: `direct`, `review`."""
    visibility: Annotated[tuple[Visibility, ...], BeforeValidator(_listed)] = ()
    """`public` or `private`."""
    intent: Annotated[tuple[Intent, ...], BeforeValidator(_listed)] = ()
    """What the customer wants: `problem`, `question`."""
    sentiment: Annotated[tuple[Sentiment, ...], BeforeValidator(_listed)] = ()
    """How it sounds: `negative`, `neutral`, `positive`."""
    urgency: Annotated[tuple[Urgency, ...], BeforeValidator(_listed)] = ()
    """How pressing it is: `high`, `normal`, `low`."""
    needs_reply: bool | None = None
    """Whether it needs an answer."""


class DeadlineRule(Policy):
    """What is promised to the messages that `when` names. The first rule that matches holds."""

    when: When = When()
    """Which messages; left out: all."""
    acknowledge: Duration | None = None
    """By when the customer knows that we have it: a person's word or a machine's."""
    first_reply: Duration | None = None
    """By when a person answers the first time."""
    next_reply: Duration | None = None
    """By when a person answers again. Left out: as `first_reply`."""
    resolve: Duration | None = None
    """By when the case is solved; the time we wait for the customer does not count."""
    warn: tuple[Share, ...] = (0.5, 0.8)
    """At which shares of the time somebody is warned: `["50%", "80%"]`."""
    hours: Literal["always", "business"] = "always"
    """`business`: only the brand's hours count, but never beyond 24 h for a reply."""

    def span(self, kind: DeadlineKind) -> timedelta | None:
        """Return how long a deadline of `kind` runs; None: this rule promises none."""
        if kind is DeadlineKind.NEXT_REPLY:
            return self.next_reply or self.first_reply
        found: timedelta | None = getattr(self, kind.value, None)
        return found


class AlertRule(Policy):
    """Who is told of what. The first rule that matches holds."""

    when: When = When()
    """Which messages; left out: all. Of an account's health: `brand` and `channel` alone."""
    on: Annotated[tuple[AlertReason, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        AlertReason.NEW,
        AlertReason.WARNED,
        AlertReason.MISSED,
        AlertReason.UNSENT,
    )
    """At what: `new`, `warned`, `missed`, `unsent`; of accounts `health`, `concern`, `summary`."""
    to: Annotated[Names, Field(min_length=1)]
    """The notifiers that bring it: their names in the configuration."""

    @model_validator(mode="after")
    def _of_accounts(self) -> Self:
        """An account has no messages' properties."""
        given = self.when.model_fields_set - {"brand", "channel"}
        of_accounts = [one.value for one in self.on if one in _OF_ACCOUNTS]
        if given and of_accounts:
            raise ValueError(
                f"`on` has {of_accounts[0]}, which is about an account: `when` may then name"
                f" `brand` and `channel`, not {', '.join(sorted(given))}; write a rule of its own"
            )
        return self


_OF_ACCOUNTS = frozenset({AlertReason.HEALTH, AlertReason.CONCERN, AlertReason.SUMMARY})


class LabelRule(Policy):
    """An operator's own word about messages: it stands above what classifiers say."""

    when: When = When()
    """Which messages, as they were labelled so far; left out: all."""
    words: Names = ()
    """Any of these in the text, without regard to case."""
    intent: Intent | None = None
    """What the customer then wants."""
    sentiment: Sentiment | None = None
    """How it then sounds."""
    urgency: Urgency | None = None
    """How pressing it then is."""
    needs_reply: bool | None = None
    """Whether it then needs an answer."""


DEFAULT_DEADLINES: tuple[DeadlineRule, ...] = tuple(
    DeadlineRule.model_validate(rule)
    for rule in (
        {"when": {"intent": "problem"}, "first_reply": "1h"},
        {"when": {"intent": "question"}, "first_reply": "1h"},
        {"when": {"intent": "spam"}},
        {"when": {"needs_reply": True}, "first_reply": "24h"},
        {"when": {"intent": "praise"}, "acknowledge": "24h", "warn": ["80%"]},
    )
)
"""What holds where the operator promises nothing else (S4, S24-S26; praise: S65)."""
