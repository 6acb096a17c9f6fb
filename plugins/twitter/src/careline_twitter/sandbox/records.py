"""What X holds: people, posts, direct messages, media."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Reference = Literal["replied_to", "quoted", "retweeted"]


@dataclass(slots=True, eq=False)
class User:
    """Somebody on X."""

    id: str
    username: str
    name: str
    created_at: datetime
    followers: int = 0
    verified: bool = False
    premium: bool = False
    """May write long posts, and edit."""
    protected: bool = False
    refuses_dms: bool = False
    posts: int = 0
    follows: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"@{self.username}"


@dataclass(frozen=True, slots=True)
class Link:
    """What a short address in a text stands for."""

    url: str
    expanded: str
    display: str
    media_key: str = ""


@dataclass(slots=True, eq=False)
class Media:
    """An uploaded file."""

    id: str
    owner: User
    category: str
    type: str
    size: int
    expires_at: datetime
    state: Literal["open", "pending", "ready"] = "ready"
    parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key by which posts and messages refer to it."""
        return f"{_KEYS[self.kind]}_{self.id}"

    @property
    def kind(self) -> str:
        """`photo`, `animated_gif` or `video`."""
        if self.category.endswith("_gif"):
            return "animated_gif"
        return "video" if self.category.endswith("_video") else "photo"


_KEYS = {"photo": 3, "video": 7, "animated_gif": 16}


@dataclass(slots=True, eq=False, kw_only=True)
class Post:
    """One version of a post."""

    id: str
    author: User
    typed: str
    """What was typed, without what X adds."""
    plain: str
    """By which it is known that the same was posted before."""
    text: str
    """The whole text as X shows it: with the mentions of a reply, short links, escapes."""
    display: tuple[int, int]
    """Where in `text` stands what was typed."""
    short: str = ""
    """What is shown of a long post where its whole text is not asked for."""
    created_at: datetime
    seen_from: datetime
    """When timelines and search begin to show it; a stream does at once."""
    conversation_id: str
    lang: str
    links: Mapping[str, Link]
    mentions: tuple[User, ...]
    named: tuple[User, ...]
    """Those of `mentions` that were typed, not added by X to a reply."""
    references: Mapping[Reference, "Post"]
    media: tuple[Media, ...]
    versions: list["Post"]
    """All versions, oldest first: one list, which they share."""
    metrics: dict[str, int]
    hidden: bool = False
    deleted: bool = False

    @property
    def parent(self) -> "Post | None":
        """The post that this one answers."""
        return self.references.get("replied_to")

    @property
    def is_latest(self) -> bool:
        """Whether no edit came after it."""
        return self.versions[-1] is self

    def summons(self, user: User) -> bool:
        """Tell whether it names `user`, or quotes them: then an app may answer it for them."""
        quoted = self.references.get("quoted")
        return user in self.mentions or (quoted is not None and quoted.author is user)


@dataclass(slots=True, eq=False)
class Direct:
    """One direct message."""

    id: str
    sender: User
    to: User
    typed: str
    text: str
    created_at: datetime
    links: Mapping[str, Link]
    media: tuple[Media, ...] = ()
    deleted: bool = False

    @property
    def conversation_id(self) -> str:
        """The conversation of the two."""
        return conversation_of(self.sender, self.to)


def conversation_of(one: User, other: User) -> str:
    """Return the id of the conversation of two people."""
    return "-".join(sorted((one.id, other.id), key=int))
