"""Direct messages as webhooks bring them: in the shape of v1, or encrypted. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from careline.plugin import Attachment, Author, Delivered, Item, Seen
from careline_twitter.around import author_of, picture_type
from careline_twitter.direct import Sent, private_id, room_of
from careline_twitter.payload import (
    Odd,
    born,
    from_milliseconds,
    members,
    needed_id,
    optional_id,
    set_aside,
    table,
    words,
)
from careline_twitter.us import Scene, Us
from careline_twitter.wording import shown

ENCRYPTED: Final = "[An encrypted message. Open it in X to read it.]"


def messages(payload: Mapping[str, Any], scene: Scene) -> Iterator[Item]:
    """Yield the messages of an event, and those of ours that were read."""
    users = {id: table(user) for id, user in table(payload.get("users")).items()}
    for event in members(payload.get("direct_message_events")):
        try:
            yield Seen(_sent(table(event), users).message(scene.us))
        except (Odd, ValidationError) as error:
            yield set_aside(event, error, scene.place)
    for event in members(payload.get("direct_message_mark_read_events")):
        try:
            yield from _read(table(event), scene.us)
        except Odd as error:
            yield set_aside(event, error, scene.place)


def encrypted(payload: Mapping[str, Any], scene: Scene) -> Iterator[Item]:
    """Yield that an encrypted message was sent: what it says only X's own app can show."""
    try:
        yield Seen(_sealed(payload).message(scene.us))
    except (Odd, ValidationError) as error:
        yield set_aside(payload, error, scene.place)


def _sent(event: Mapping[str, Any], users: Mapping[str, dict[str, Any]]) -> Sent:
    if words(event.get("type")) != "message_create":
        raise Odd(f'a direct message of the unknown type "{words(event.get("type"))[:40]}"')
    id, said = needed_id(event, "id"), table(event.get("message_create"))
    sender, target = needed_id(said, "sender_id"), table(said.get("target"))
    recipient = optional_id(target.get("recipient_id"))
    group = optional_id(target.get("conversation_id"))
    room, pair = room_of(f"{sender}-{recipient}" if recipient else group)
    data = table(said.get("message_data"))
    files = _files(data)
    return Sent(
        id=id,
        sent_at=from_milliseconds(event.get("created_timestamp")) or born(id),
        sender=_user(sender, users),
        room=room,
        people=tuple(_user(one, users) for one in pair),
        text=shown(words(data.get("text")), table(data.get("entities")), has_files=bool(files)),
        files=files,
    )


def _user(id: str, users: Mapping[str, dict[str, Any]]) -> Author:
    return author_of({**users.get(id, {}), "id": id})


def _files(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    media = table(table(data.get("attachment")).get("media"))
    url = words(media.get("media_url_https"))
    return (Attachment(url=url, type=picture_type(url)),) if url else ()


def _sealed(payload: Mapping[str, Any]) -> Sent:
    room, pair = room_of(needed_id(payload, "conversation_id"))
    return Sent(
        id=needed_id(payload, "id"),
        sent_at=from_milliseconds(payload.get("created_at_msec")),
        sender=Author(id=needed_id(payload, "sender_id")),
        room=f"encrypted:{room}",
        people=tuple(Author(id=one) for one in pair),
        text=ENCRYPTED,
    )


def _read(event: Mapping[str, Any], us: Us) -> Iterator[Item]:
    """Yield that a customer has read up to a message of ours; what we read ourselves is no news."""
    reader, id = needed_id(event, "sender_id"), needed_id(event, "last_read_event_id")
    at = from_milliseconds(event.get("created_timestamp"))
    account = optional_id(table(event.get("target")).get("recipient_id"))
    if at is None or account is None:
        raise Odd("it does not say when it was read, or whose message")
    if account in us.ids and reader not in us.ids:
        yield Delivered(private_id(account, id), at, "read")
