"""One post, as API v2 gives it, as a message. Pure: the same payload gives the same message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from careline.plugin import Author, Direction, Kind, Message
from careline_twitter.around import Around
from careline_twitter.fields import history, note, references
from careline_twitter.payload import (
    Odd,
    born,
    members,
    moment,
    needed_id,
    number_of,
    optional_id,
    table,
    tally,
    words,
)
from careline_twitter.us import Scene, Us
from careline_twitter.wording import addressed, language, shown


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it came, and what it says about other posts."""

    raw: Mapping[str, Any]
    id: str
    versions: tuple[str, ...]
    """The ids of all its versions, the first one first."""
    parent: str | None
    quoted: str | None
    repeats: str | None
    """The post that it repeats: a retweet has no words of its own."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """Read a post; raises `Odd`."""
        if not isinstance(raw, dict):
            raise Odd("it is no object")
        id = str(number_of(needed_id(raw, "id")))
        refers = {words(one.get("type")): optional_id(one.get("id")) for one in references(raw)}
        parent = refers.get("replied_to") or optional_id(raw.get("in_reply_to_tweet_id"))
        quoted = refers.get("quoted")
        return cls(
            raw,
            id,
            _versions(raw, id),
            None if parent == id else parent,
            None if quoted == id else quoted,
            refers.get("retweeted"),
        )

    @property
    def posted_at(self) -> datetime:
        """When it was posted: by its own word, else by its id; raises `Odd`."""
        posted_at = moment(self.raw.get("created_at")) or born(self.id)
        if posted_at is None:
            raise Odd("it has no created_at")
        return posted_at

    def message(self, around: Around, scene: Scene, *, heard: bool) -> Message:
        """Return it as a message; raises `Odd`.

        `heard`: it came for its own sake, so that it is about us; else it stands beside another.
        """
        author = self._author(around)
        ours = author is not None and scene.us.is_user({"id": author.id, "username": author.handle})
        said, entities = self._said()
        names = not ours and (self._names(said, entities, scene.us) or (heard and scene.named))
        files = around.attachments(table(self.raw.get("attachments")).get("media_keys"))
        return Message(
            external_id=self.id,
            kind=self._kind(about_us=not ours and (heard or names)),
            posted_at=self.posted_at,
            direction=Direction.OUT if ours else Direction.IN,
            author=author,
            parent=self.parent,
            root=self._root(),
            quoted=self.quoted,
            addressed=names,
            text=shown(said, entities, has_files=bool(files)),
            lang=language(self.raw.get("lang")),
            permalink=permalink(self.id, author.handle if author else ""),
            attachments=files,
        )

    def _author(self, around: Around) -> Author | None:
        id = optional_id(self.raw.get("author_id"))
        return around.author(id, words(self.raw.get("username"))) if id else None

    def _said(self) -> tuple[str, dict[str, Any]]:
        """Return the whole text as X writes it, and what X marks in it."""
        long, entities = note(self.raw), table(self.raw.get("entities"))
        if text := words(long.get("text")):
            return text, table(long.get("entities")) or {"urls": entities.get("urls")}
        if not isinstance(self.raw.get("text"), str) and not table(self.raw.get("withheld")):
            raise Odd("it has no text")
        return words(self.raw.get("text")), entities

    def _names(self, said: str, entities: Mapping[str, Any], us: Us) -> bool:
        span = members(self.raw.get("display_text_range"))
        visible_from = tally(span[0]) if span and not note(self.raw) else None
        reply = self.parent is not None
        return addressed(said, entities, us, reply=reply, visible_from=visible_from)

    def _kind(self, *, about_us: bool) -> Kind:
        if self.parent:
            return Kind.REPLY
        if self.quoted:
            return Kind.QUOTE
        return Kind.MENTION if about_us else Kind.POST

    def _root(self) -> str | None:
        """Return the post with which its conversation begins: by its first id, if it was edited."""
        root = optional_id(self.raw.get("conversation_id"))
        return self.versions[0] if root in self.versions else root


def permalink(id: str, handle: str = "") -> str:
    """Return where people read a post; X finds it without its author's handle, too."""
    return f"https://x.com/{handle or 'i'}/status/{id}"


def _versions(raw: Mapping[str, Any], id: str) -> tuple[str, ...]:
    ids = {optional_id(one) or "" for one in history(raw)} - {""}
    return tuple(sorted(ids, key=number_of)) if id in ids else (id,)
