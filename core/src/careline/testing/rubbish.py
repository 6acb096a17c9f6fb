"""Bodies of webhooks that mean nothing, and samples bent out of shape."""

import json
from collections.abc import Iterator
from typing import Any

RUBBISH = {
    "an empty body": b"",
    "no JSON": b"not JSON",
    "half of a body": b'{"id": "1", "te',
    "a NUL": b"\x00",
    "no UTF-8": b"\xff\xfe{\x00}\x00",
    "a number": b"7",
    "a text": b'"text"',
    "null": b"null",
    "a megabyte of nested lists": b"[" * 500_000 + b"]" * 500_000,
    "a megabyte of nested objects": b'{"a":' * 170_000 + b"1" + b"}" * 170_000,
}
"""Each can be signed, and none can be understood."""
_BENT: tuple[Any, ...] = (None, 7, -1e300, "", "\x00", "\ud800", "x" * 10_000, [], {}, [[]], True)


def misshapen(body: bytes) -> Iterator[bytes]:
    """Yield a sample with each of its values put out of shape, one at a time; none if no JSON."""
    try:
        payload = json.loads(body)
    except ValueError:
        return
    yield from (b"[]", b"{}")
    for bent in _bent(payload):
        yield json.dumps(bent).encode()


def _bent(value: Any) -> Iterator[Any]:
    yield from _BENT
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: bent} for bent in _bent(inner))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], bent, *value[place + 1 :]] for bent in _bent(inner))
