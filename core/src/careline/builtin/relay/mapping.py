"""From JSON to what we hear, and from what we do to JSON. Pure."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import to_json

from careline.plugin import (
    Answer,
    AnyAction,
    Delete,
    Delivered,
    Direct,
    Follow,
    Hide,
    Item,
    Malformed,
    Message,
    Observed,
    Post,
    PrivateReply,
    Removed,
    Revised,
    Seen,
)

_MOST: Final = 10_000
"""Items of one webhook."""
_TYPES: Final[dict[type[AnyAction], str]] = {
    Answer: "answer",
    Direct: "direct",
    PrivateReply: "private_reply",
    Post: "post",
    Hide: "hide",
    Delete: "delete",
    Follow: "follow",
}


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("an id must not hold control characters")
    return value


Id = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_printable)]
"""An id of the other system, as it gives it."""
_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Seen(_Told):
    type: Literal["seen"]
    message: Message
    context: bool = False

    def item(self) -> Item:
        return Seen(self.message, self.context)


class _Revised(_Told):
    type: Literal["revised"]
    message: Message
    of: Id
    at: AwareDatetime

    def item(self) -> Item:
        return Revised(self.message, self.of, self.at)


class _Removed(_Told):
    type: Literal["removed"]
    external_id: Id
    at: AwareDatetime
    by: Literal["author", "us", "platform", "unknown"] = "unknown"
    purge: bool = False

    def item(self) -> Item:
        return Removed(self.external_id, self.at, self.by, self.purge)


class _Observed(_Told):
    type: Literal["observed"]
    external_id: Id
    at: AwareDatetime
    likes: _Count | None = None
    reposts: _Count | None = None
    replies: _Count | None = None
    reach: _Count | None = None

    def item(self) -> Item:
        counts = (self.likes, self.reposts, self.replies, self.reach)
        return Observed(self.external_id, self.at, *counts)


class _Delivered(_Told):
    type: Literal["delivered"]
    external_id: Id
    at: AwareDatetime
    state: Literal["sent", "delivered", "read", "failed"]
    why: str = ""

    def item(self) -> Item:
        return Delivered(self.external_id, self.at, self.state, self.why)


_ANY: Final[TypeAdapter[_Seen | _Revised | _Removed | _Observed | _Delivered]] = TypeAdapter(
    Annotated[_Seen | _Revised | _Removed | _Observed | _Delivered, Field(discriminator="type")]
)


def items_of(body: bytes, place: str) -> tuple[Item, ...]:
    """Return what a webhook says: what is wrong in it is set aside, its neighbours are kept."""
    try:
        told = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return (Malformed(body, f"not JSON: {error}", place),)
    items = told.get("items") if isinstance(told, dict) else None
    if not isinstance(items, list):
        return (Malformed(body, 'not an object with a list of "items"', place),)
    if len(items) > _MOST:
        return (Malformed(body, f"more than {_MOST} items at once", place),)
    return tuple(_items(items, place))


def _items(items: list[Any], place: str) -> Iterator[Item]:
    for number, told in enumerate(items):
        try:
            yield _ANY.validate_python(told).item()
        except Invalid as error:
            raw = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace")
            yield Malformed(raw, _why(error), f"{place}:{number}")


def _why(error: Invalid) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def body_of(action: AnyAction) -> bytes:
    """Return an action as JSON: its type, and all its fields by their names."""
    named = {field.name: getattr(action, field.name) for field in fields(action)}
    return to_json({"type": _TYPES[type(action)], **named})
