"""What a host's answer means: a receipt, or what the core is to make of it. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from careline.builtin.relay.mapping import Id
from careline.plugin import (
    Answer,
    AnyAction,
    AuthFailed,
    ChannelError,
    Direct,
    Post,
    PrivateReply,
    Receipt,
    Refusal,
    Rejected,
    Transient,
)

_SPEAKING: Final = (Answer, Direct, PrivateReply, Post)
_ABOUT_US: Final = (b"token", b"signature", b"secret", b"scope", b"credential")
"""Words of a 403 that does not mean the one action alone."""
_LONGEST: Final = 200


class _Done(BaseModel):
    """What a host says that it did; what else it says is its own business."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    ids: tuple[Id, ...] = ()
    opened: Id | None = None
    sent_at: AwareDatetime | None = None


class _Refused(BaseModel):
    """Why a host refuses."""

    reason: Refusal
    limit: int | None = None
    until: AwareDatetime | None = None


def outcome(
    action: AnyAction, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Receipt:
    """Return the receipt, or raise what became of the action instead."""
    done = _receipt(action, body, now) if status // 100 == 2 or status == 409 else None
    if done is None:
        raise _trouble(status, headers, body, now)
    return done


def _receipt(action: AnyAction, body: bytes, now: datetime) -> Receipt | None:
    speaks = isinstance(action, _SPEAKING)
    if not body and not speaks:
        return Receipt((), now)
    try:
        done = _Done.model_validate(_json(body))
    except ValidationError:
        return None
    if speaks and not done.ids:  # what now exists has to be known when it is heard
        return None
    return Receipt(done.ids, min(done.sent_at or now, now), done.opened)


def _trouble(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> ChannelError:
    said = f"it answers {status}{_said(body)}"
    wait = _seconds(headers.get("retry-after", ""), now)
    if status == 401 or (status == 403 and any(word in body.lower() for word in _ABOUT_US)):
        return AuthFailed(f"{said}: is the secret the same on both sides?")
    if status in (425, 429):
        return Transient(said, retry_after=wait, sent=False)
    if status in (301, 307, 308):
        return Transient(f"{said}: give `url` the address that it leads to", sent=False)
    refused = _refused(body)
    if status < 400 or status == 408 or status >= 500 or (status == 409 and not refused):
        return Transient(f"{said}: nobody knows whether it was done", retry_after=wait, sent=True)
    return _rejected(status, said, refused)


def _rejected(status: int, said: str, refused: _Refused | None) -> Rejected:
    if status in (404, 410):
        return Rejected(Refusal.GONE, said)
    if refused:
        return Rejected(refused.reason, said, until=refused.until, limit=refused.limit)
    return Rejected(Refusal.NOT_PERMITTED if status == 403 else Refusal.INVALID, said)


def _refused(body: bytes) -> _Refused | None:
    try:
        return _Refused.model_validate(_json(body))
    except ValidationError:
        return None


def _said(body: bytes) -> str:
    """Return the host's own words, where it sends some for people."""
    told = _json(body)
    words = told.get("message") if isinstance(told, dict) else None
    if not isinstance(words, str) or not words.strip():
        return ""
    return f" ({' '.join(words.split())[:_LONGEST]})"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _seconds(value: str, now: datetime) -> float | None:
    """Read `Retry-After`: seconds, or a date."""
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError):  # no date, or one without a zone
        return None
