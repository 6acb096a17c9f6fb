"""Who we are on X, and what else a payload does not say: when it came, and where from."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from careline_twitter.payload import optional_id, words

NETWORK: Final = "x"
"""The namespace of ids: what an archive holds and what is heard live is one and the same."""


@dataclass(frozen=True, slots=True)
class Us:
    """Our user ids, that of the account first, and our handles, lower case and without `@`."""

    ids: tuple[str, ...] = ()
    handles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str] = (), handles: Iterable[str] = ()) -> Self:
        """Return us, of ids and handles as people write them."""
        names = (handle.strip().lstrip("@").lower() for handle in handles)
        return cls(tuple(dict.fromkeys(ids)), frozenset(name for name in names if name))

    def is_called(self, handle: str) -> bool:
        """Tell whether a handle is ours."""
        return handle.lower() in self.handles

    def is_user(self, user: Mapping[str, Any]) -> bool:
        """Tell whether a user, or the user of a mention, is one of us."""
        return optional_id(user.get("id")) in self.ids or self.is_called(
            words(user.get("username"))
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """Who hears, when, and where."""

    us: Us
    at: datetime
    """When the payload came: counts are of that time."""
    place: str = ""
    """Where what could not be understood is said to come from."""
    asked: Collection[str] = ()
    """The ids that were asked for."""
    named: bool = False
    """X says that each post names us beyond the mentions that a reply carries of itself."""
