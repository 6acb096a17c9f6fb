"""What an answer of X means: a JSON object, or what the core is to make of it. Pure.

It is decided by the status, then by the end of the problem's `type`, then by the older code, and
only where X has nothing better by its words.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from careline.plugin import AuthFailed, ChannelError, Refusal, Rejected, Transient
from careline_twitter import limits

_LONGEST: Final = 200
_CODES: Final[Mapping[int, Refusal]] = {
    64: Refusal.NEEDS_REAUTH,
    144: Refusal.GONE,
    150: Refusal.RECIPIENT_REFUSES,
    179: Refusal.DUPLICATE,
    186: Refusal.TOO_LONG,
    187: Refusal.DUPLICATE,
    226: Refusal.NOT_PERMITTED,
    326: Refusal.NEEDS_REAUTH,
    349: Refusal.RECIPIENT_REFUSES,
    385: Refusal.GONE,
    453: Refusal.NOT_PERMITTED,
}
_CREDENTIAL_CODES: Final = frozenset({32, 89, 99, 135, 215, 220, 261, 416})
_CREDENTIAL_TYPES: Final = (
    "unsupported-authentication", "client-forbidden", "oauth1-permissions", "invalid-credentials",
)  # fmt: skip
_TYPES: Final[Mapping[str, Refusal]] = {
    "resource-not-found": Refusal.GONE,
    "not-authorized-for-resource": Refusal.NOT_PERMITTED,
    "disallowed-resource": Refusal.NOT_PERMITTED,
    "usage-capped": Refusal.BUDGET_EXHAUSTED,
    "credits": Refusal.BUDGET_EXHAUSTED,
}
_WORDS: Final = (
    ("duplicate content", Refusal.DUPLICATE),
    ("otherwise engaged by the author", Refusal.NOT_SUMMONED),
    ("reply to this conversation is not allowed", Refusal.NOT_SUMMONED),
    ("deleted or not visible", Refusal.GONE),
    ("is too long", Refusal.TOO_LONG),
    ("permission to dm", Refusal.RECIPIENT_REFUSES),
    ("cannot send messages to", Refusal.RECIPIENT_REFUSES),
    ("is suspended", Refusal.NEEDS_REAUTH),
    ("is temporarily locked", Refusal.NEEDS_REAUTH),
)
_CREDENTIAL_WORDS: Final = ("scope", "oauth1 app permission", "access token")
_SPAN: Final = ("since_id", "until_id", "start_time", "pagination_token", "next_token")


class TooOld(Rejected):
    """X reaches no further back than seven days: begin again with a `start_time` within them."""


class Dropped(Transient):
    """A line of the stream that was open has ended, or fell silent."""


class Down(Transient):
    """X itself fails: 500 and above."""


class SlotTaken(Transient):
    """The stream is held by a connection that X believes to be open: free it, then try once."""


def read(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, writes: bool
) -> dict[str, Any]:
    """Return what was answered, or raise what it means. `writes`: doing it twice would show."""
    told = _object(body)
    if status // 100 == 2 and told is not None:
        if writes and "data" not in told and told.get("errors"):
            first = next(_errors(told), {})
            raise _refused(status, {**first, **told}, now, writes)
        return told
    raise _trouble(status, headers, told or {}, now, writes)


def unknown(said: str, *, writes: bool, wait: float | None = None) -> Transient:
    """Return what a broken answer means: a read did nothing, a write may have been done."""
    said = f"{said}: nobody knows whether it was done" if writes else said
    return Transient(said, retry_after=wait, sent=writes)


def problem(told: Mapping[str, Any]) -> ChannelError:
    """Return what a problem on a stream means."""
    kind, said = _kind(told), f"X ends the stream ({_said(told)})"
    if kind == "streaming-connection" and "TooManyConnections" in str(told):
        return SlotTaken(said, retry_after=limits.UNTOLD, sent=False)
    return Dropped(said, sent=False)


def _trouble(
    status: int, headers: Mapping[str, str], told: dict[str, Any], now: datetime, writes: bool
) -> ChannelError:
    said = f"X answers {status}{f' ({_said(told)})' if _said(told) else ''}"
    if status == 401:
        return AuthFailed(said)
    if status == 429 and _kind(told) not in _TYPES:
        many = _kind(told) == "streaming-connection"
        after = limits.wait(headers, now)
        return (SlotTaken if many else Transient)(said, retry_after=after, sent=False)
    if status == 402 or (403 <= status < 500 and status not in (408, 425)) or status == 400:
        return _refused(status, told, now, writes)
    if status in (301, 302, 307, 308):
        return Transient(f"{said}: give `base_url` the address that it leads to", sent=False)
    if status >= 500 and not writes:
        return Down(said, sent=False)
    return unknown(said, writes=writes)


def _refused(status: int, told: dict[str, Any], now: datetime, writes: bool) -> ChannelError:
    said = f"X refuses with {status} ({_said(told) or 'no reason given'})"
    if status == 403 and _about_credential(told, writes):
        return AuthFailed(said)
    if status == 400 and "must be" in _words(told) and any(one in _words(told) for one in _SPAN):
        return TooOld(Refusal.INVALID, said)
    reason = _reason(status, told)
    until = _month_end(now) if "Monthly" in str(told.get("period")) else None
    return Rejected(reason, said, until=until)


def _about_credential(told: dict[str, Any], writes: bool) -> bool:
    """Tell whether a 403 means more than the one thing that was asked for."""
    codes, words = set(_codes(told)), _words(told)
    if _kind(told) in _CREDENTIAL_TYPES or codes & _CREDENTIAL_CODES:
        return True
    if 453 in codes:  # the access level holds no such endpoint: reading would be for nothing
        return not writes
    bare = told.get("detail") == "Forbidden" and _kind(told) == "about:blank"
    return bare or any(one in words for one in _CREDENTIAL_WORDS)


def _reason(status: int, told: dict[str, Any]) -> Refusal:
    if (reason := _TYPES.get(_kind(told))) is not None:
        return reason
    if (code := next((code for code in _codes(told) if code in _CODES), None)) is not None:
        return _CODES[code]
    words = _words(told)
    if (reason := next((why for part, why in _WORDS if part in words), None)) is not None:
        return reason
    if status == 402:
        return Refusal.BUDGET_EXHAUSTED
    if status in (404, 410):
        return Refusal.GONE
    return Refusal.NOT_PERMITTED if status == 403 else Refusal.INVALID


def _kind(told: Mapping[str, Any]) -> str:
    return str(told.get("type") or "about:blank").rpartition("/")[2]


def _errors(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = told.get("errors")
    yield from (
        one for one in (errors if isinstance(errors, list) else []) if isinstance(one, dict)
    )


def _codes(told: Mapping[str, Any]) -> Iterator[int]:
    for one in (told, *_errors(told)):
        if isinstance(code := one.get("code"), int):
            yield code


def _texts(told: Mapping[str, Any]) -> Iterator[str]:
    for one in (told, *_errors(told)):
        for name in ("title", "detail", "message"):
            if isinstance(one.get(name), str):
                yield " ".join(one[name].split())


def _words(told: Mapping[str, Any]) -> str:
    return " ".join(_texts(told)).lower()


def _said(told: Mapping[str, Any]) -> str:
    """Return X's own words, on one line."""
    said = ". ".join(dict.fromkeys(text.rstrip(".") for text in _texts(told) if text))
    return "".join(filter(str.isprintable, said))[:_LONGEST]


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _month_end(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
