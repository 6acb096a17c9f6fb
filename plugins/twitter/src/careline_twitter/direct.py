"""From direct messages, as API v2 gives them, to items. Pure.

A message's id begins with that of our account: two accounts of ours may be in one conversation.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from careline.plugin import Attachment, Author, Direction, Item, Kind, Message, Seen, Visibility
from careline_twitter.around import Around
from careline_twitter.payload import (
    Odd,
    born,
    data_of,
    moment,
    needed_id,
    optional_id,
    set_aside,
    table,
    words,
)
from careline_twitter.us import Scene, Us
from careline_twitter.wording import shown

_NO_MESSAGES: Final = frozenset({"ParticipantsJoin", "ParticipantsLeave"})
_PAIR: Final = re.compile(r"(\d{1,24})[-:](\d{1,24})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A direct message, whatever shape it came in."""

    id: str
    sent_at: datetime | None
    sender: Author
    room: str | None
    """The conversation, as X names it."""
    people: tuple[Author, ...]
    """Both of them, where they are two."""
    text: str
    files: tuple[Attachment, ...] = ()

    def message(self, us: Us) -> Message:
        """Return it as a message; raises `Odd`."""
        if self.sent_at is None:
            raise Odd("it has no created_at")
        ours = us.is_user({"id": self.sender.id, "username": self.sender.handle})
        others = [one for one in self.people if one.id != self.sender.id]
        return Message(
            external_id=private_id(self._account(us, others, ours=ours), self.id),
            kind=Kind.DIRECT,
            posted_at=self.sent_at,
            direction=Direction.OUT if ours else Direction.IN,
            visibility=Visibility.PRIVATE,
            author=self.sender,
            to=others[0] if ours and others else None,
            root=self.room,
            text=self.text,
            permalink="https://x.com/messages",
            attachments=self.files,
        )

    def _account(self, us: Us, others: list[Author], *, ours: bool) -> str:
        """Return which of us is in this conversation."""
        if ours:
            return self.sender.id
        known = [one.id for one in others if one.id in us.ids or us.is_called(one.handle)]
        known = known or ([] if others else list(us.ids))
        if not known:
            raise Odd("a direct message of two people, and neither is known to be us")
        return known[0]


def private_id(account: str, id: str) -> str:
    """Return the id under which a direct message is kept."""
    return f"{account}:{id}"


def room_of(room: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return a conversation's name, the same from either side, and its two people's ids."""
    found = _PAIR.fullmatch(room or "")
    if found is None:
        return room, ()
    pair = sorted(found.groups(), key=int)
    return "-".join(pair), tuple(pair)


def items_of(page: Mapping[str, Any], scene: Scene) -> tuple[Item, ...]:
    """Return what a page of `dm_events` says; who joins or leaves a group is no message."""
    around = Around.of(page.get("includes"))
    return tuple(item for event in data_of(page) for item in _items(event, around, scene))


def _items(event: Any, around: Around, scene: Scene) -> Iterator[Item]:
    try:
        kind = words(table(event).get("event_type"))
        if kind == "MessageCreate":
            yield Seen(_sent(table(event), around).message(scene.us))
        elif kind not in _NO_MESSAGES:
            raise Odd(f'an event of direct messages of the unknown kind "{kind[:40]}"')
    except (Odd, ValidationError) as error:
        yield set_aside(event, error, scene.place)


def _sent(event: Mapping[str, Any], around: Around) -> Sent:
    id = needed_id(event, "id")
    room, pair = room_of(optional_id(event.get("dm_conversation_id")))
    entities = table(event.get("entities")) or {"urls": event.get("urls")}
    files = around.attachments(table(event.get("attachments")).get("media_keys"))
    return Sent(
        id=id,
        sent_at=moment(event.get("created_at")) or born(id),
        sender=around.author(needed_id(event, "sender_id")),
        room=room,
        people=tuple(map(around.author, pair)),
        text=shown(words(event.get("text")), entities, has_files=bool(files)),
        files=files,
    )
