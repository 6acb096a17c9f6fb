"""What goes over the wire: a request as it was read, and the reply to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl

from anyio.streams.memory import MemoryObjectReceiveStream

JSON_TYPE = "application/json; charset=utf-8"
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query, in order."""
        return tuple(parse_qsl(self.raw_query, keep_blank_values=True))

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query by name."""
        return dict(self.pairs)

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The body as a form; empty where it is none."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Pour(Protocol):
    """The endless body of a stream."""

    chunks: MemoryObjectReceiveStream[bytes]

    @property
    def clean(self) -> bool:
        """Whether it ends as HTTP has it, rather than with a cut line."""
        ...

    async def beat(self) -> None:
        """Run beside it, for as long as it is open."""
        ...

    def gone(self) -> None:
        """Take note that the other side has hung up."""
        ...


@dataclass(slots=True)
class Reply:
    """One reply. `payload`: JSON, or a text of `content_type`."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE
    pour: Pour | None = None
    fate: Literal["", "cut", "cut-body", "hang"] = ""
    """What becomes of the line: it is cut before a word, within the body, or never answers."""

    @property
    def body(self) -> bytes:
        """The bytes of the body."""
        if self.payload is None:
            return b""
        text = self.payload if isinstance(self.payload, str) else encoded(self.payload)
        return text.encode()


def encoded(payload: Any) -> str:
    """Return JSON as X writes it: no spaces, every script as it is."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def stamp(at: datetime) -> str:
    """Return a time as X writes it: UTC, with milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
