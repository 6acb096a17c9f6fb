"""What the hostile channels derive from: a channel that breaks no rule."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeAlias, TypeVar

from pydantic import Field, SecretStr

from careline.plugin import (
    JSON,
    Author,
    Batch,
    Capability,
    Channel,
    Kind,
    Message,
    PluginConfig,
    Seen,
    Source,
)

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""When the first message was posted."""
T = TypeVar("T")


class HostileConfig(PluginConfig):
    """What every channel here is configured by."""

    token: SecretStr = Field(SecretStr("hostile-token-1"), description="A made-up credential.")


Config: TypeAlias = Any


class HostileChannel(Channel[Config]):
    """A channel that breaks no rule: three messages in two polls. The others derive from it."""

    kind: ClassVar[str] = "hostile-none"
    title: ClassVar[str] = "Hostile"
    Config: ClassVar[type[PluginConfig]] = HostileConfig
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.POLL})
    fails: ClassVar[str] = ""
    """The check of `ChannelSuite` that finds what it does."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """One source."""
        return (Source("posts"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Give messages 0 and 1, then 2, then nothing."""
        start = cursor if isinstance(cursor, int) else 0
        items = tuple(self.items()[start : start + 2])
        return Batch(items, start + len(items), more=start + 2 < len(self.items()))

    def items(self) -> list[Any]:
        """Return all there is."""
        return [Seen(message) for message in self.messages()]

    def messages(self) -> list[Message]:
        """Return three messages: a mention, a reply to it, another mention."""
        return [self.message(0), self.message(1, kind=Kind.REPLY, parent="h0"), self.message(2)]

    def message(self, number: int, **fields: Any) -> Message:
        """Return a message, with `fields` unlike the others."""
        known: dict[str, Any] = {
            "external_id": f"h{number}",
            "kind": Kind.MENTION,
            "posted_at": AT + timedelta(minutes=number),
            "author": Author(id="robin"),
            "text": "My anvil arrived cracked.",
        }
        return Message(**(known | fields))


def _below(base: type[T]) -> Iterator[type[T]]:
    for one in base.__subclasses__():
        yield one
        yield from _below(one)


def by_name(base: type[T]) -> Mapping[str, type[T]]:
    """Return `base` as `none` and all that derive from it by their own name, in kebab case.

    Each gets the kind `hostile-NAME`, unless its kind is what is wrong with it.
    """
    found: dict[str, Any] = {"none": base}
    for one in _below(base):
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in one.__name__).strip("-")
        found[name] = one
        if "kind" not in vars(one):
            found[name].kind = f"hostile-{name}"
    return found
