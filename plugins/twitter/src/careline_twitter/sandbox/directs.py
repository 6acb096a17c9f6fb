"""The endpoints of direct messages: all of them, one conversation's, and sending."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route, checked_id
from careline_twitter.sandbox.includes import answer
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.paging import PAGING, page_of
from careline_twitter.sandbox.problems import forbidden, invalid, problem
from careline_twitter.sandbox.records import Direct, Media, User, conversation_of
from careline_twitter.sandbox.vocabulary import shaping
from careline_twitter.sandbox.wire import Reply

LONGEST: Final = 10_000
_KEPT: Final = timedelta(days=30)
_TYPES: Final = ("MessageCreate", "ParticipantsJoin", "ParticipantsLeave")


def events(call: Call) -> Reply:
    """List the direct messages of whoever asks, both ways."""
    return _listed(call, lambda direct: True)


def events_with(call: Call) -> Reply:
    """List those with one person."""
    other = call.user(checked_id("participant_id", call.path["participant_id"]))
    return _listed(call, lambda direct: other in (direct.sender, direct.to))


def events_of(call: Call) -> Reply:
    """List those of one conversation."""
    return _listed(call, lambda direct: direct.conversation_id == call.path["id"])


def event(call: Call) -> Reply:
    """Show one of them."""
    id = checked_id("event_id", call.path["event_id"])
    found = next((one for one in _mine(call) if one.id == id), None)
    if found is None:
        raise problem(404, "Not Found", f"Could not find dm_event with event_id: [{id}].")
    return answer(call, [found], kind="dm.read", single=True)


def _listed(call: Call, wanted: Callable[[Direct], bool]) -> Reply:
    types = call.asked.query.get("event_types", ",".join(_TYPES)).split(",")
    for one in types:
        if one not in _TYPES:
            raise invalid(f"The `event_types` query parameter value [{one}] is not known")
    messages = (one for one in _mine(call) if wanted(one) and "MessageCreate" in types)
    page = page_of(call, messages, call.number("max_results", 100, 1, 100))
    return answer(call, page.items, meta=page.meta(), kind="dm.read")


def _mine(call: Call) -> Iterator[Direct]:
    oldest = call.now - _KEPT
    for one in sorted(call.world.directs.values(), key=lambda one: int(one.id), reverse=True):
        if not one.deleted and call.me in (one.sender, one.to) and one.created_at >= oldest:
            yield one


def send_to(call: Call) -> Reply:
    """Send somebody a direct message."""
    return _sent(call, call.user(checked_id("participant_id", call.path["participant_id"])))


def send_in(call: Call) -> Reply:
    """Send a direct message into a conversation."""
    known, me = call.path["dm_conversation_id"], call.me
    for user in call.world.users.values():
        if user is not me and conversation_of(me, user) == known:
            return _sent(call, user)
    raise problem(404, "Not Found", f"Could not find dm_conversation with id: [{known}].")


def _sent(call: Call, to: User) -> Reply:
    body = call.json("text attachments")
    text, media = body.get("text", ""), _attached(call, body.get("attachments", []))
    if not isinstance(text, str) or not (text or media):
        raise invalid("$.text: is missing but it is required")
    if len(text) > LONGEST:
        raise invalid(f"$.text: may only be {LONGEST} characters long", {"text": text[:50]})
    if to.refuses_dms or to is call.me:
        raise forbidden("You do not have permission to DM one or more participants.")
    direct = call.world.direct(call.me, to, text, media)
    call.platform.did("direct", direct=direct)
    call.bill("dm.create")
    told = {"dm_conversation_id": direct.conversation_id, "dm_event_id": direct.id}
    return Reply({"data": told}, 201)


def _attached(call: Call, listed: Any) -> tuple[Media, ...]:
    if not isinstance(listed, list) or len(listed) > 1:
        raise invalid("$.attachments: there must be one attachment at the most")
    ids = [one.get("media_id", "") for one in listed if isinstance(one, dict)]
    found = tuple(media for id in ids if (media := call.world.media.get(str(id))))
    fresh = all(one.state == "ready" and one.expires_at > call.now for one in found)
    if len(found) < len(listed) or not fresh:
        raise invalid("Your media IDs are invalid.", {"attachments": str(listed)})
    return found


_READ = needs("dm.read tweet.read users.read", app=False)
_WRITE = needs("dm.write tweet.read users.read", app=False)
_READS, _SENDS = Limit(user=15), Limit(user=15, user_day=1440, app_day=1440)
_QUERY = shaping("directs") | PAGING | {"event_types"}
_WITH, _IN = "/2/dm_conversations/with/{participant_id}", "/2/dm_conversations"
ROUTES = (
    Route("GET", "/2/dm_events", events, _READ, _READS, _QUERY, "directs"),
    Route("GET", "/2/dm_events/{event_id}", event, _READ, _READS, shaping("directs"), "directs"),
    Route("GET", f"{_WITH}/dm_events", events_with, _READ, _READS, _QUERY, "directs"),
    Route("GET", f"{_IN}/{{id}}/dm_events", events_of, _READ, _READS, _QUERY, "directs"),
    Route("POST", f"{_WITH}/messages", send_to, _WRITE, _SENDS),
    Route("POST", f"{_IN}/{{dm_conversation_id}}/messages", send_in, _WRITE, _SENDS),
)
