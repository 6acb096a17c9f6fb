"""Signatures as the Standard Webhooks specification has them: HMAC-SHA256 of id, time and body."""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1,"
_STAMP: Final = re.compile(r"[0-9]{1,12}")
_TOLERANCE: Final = 300
"""Seconds by which a signature's time may differ from ours."""


class NotSigned(Exception):
    """A request is not signed as it should be; its text says why."""


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: base64 after `whsec_`, else the text itself."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError(f"what follows {_PREFIX} has to be base64") from error


def signature(key: bytes, id: str, stamp: str, body: bytes) -> bytes:
    """Return the bytes of a signature."""
    return hmac.digest(key, f"{id}.{stamp}.".encode("latin-1", "replace") + body, sha256)


def signed(key: bytes, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a request of ours."""
    stamp = str(int(at.timestamp()))
    made = b64encode(signature(key, id, stamp, body)).decode()
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": _VERSION + made}


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers of a request claim: whose key made its signatures is still to be asked."""

    id: str
    stamp: str
    signatures: tuple[bytes, ...]

    @classmethod
    def of(cls, headers: Mapping[str, str], now: datetime) -> "Claim":
        """Read the headers; raise `NotSigned` where they are incomplete, or too old or new."""
        id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        found = tuple(_signatures(headers.get("webhook-signature", "")))
        if not (id and found and _STAMP.fullmatch(stamp)):
            raise NotSigned("its webhook-id, webhook-timestamp or webhook-signature is missing")
        late = now.timestamp() - int(stamp)
        if abs(late) > _TOLERANCE:
            raise NotSigned(f"its time is {abs(late):.0f} s {'ago' if late > 0 else 'ahead'}")
        return cls(id, stamp, found)

    def is_by(self, key: bytes, body: bytes) -> bool:
        """Tell whether one of the signatures over `body` was made with `key`."""
        made = signature(key, self.id, self.stamp, body)
        return any(hmac.compare_digest(made, given) for given in self.signatures)


def _signatures(header: str) -> Iterator[bytes]:
    """Yield the signatures of our version; a key that is being changed signs beside the old one."""
    for part in header.split(" "):
        if part.startswith(_VERSION):
            try:
                yield b64decode(part.removeprefix(_VERSION), validate=True)
            except ValueError:
                continue
