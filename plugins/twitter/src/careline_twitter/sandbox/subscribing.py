"""The endpoints of X Activity: subscriptions, and the stream of their events."""

from typing import Any, Final

from careline_twitter.sandbox.activity import KINDS, PRIVATE, Subscription
from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route, checked_id
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import forbidden, invalid, problem
from careline_twitter.sandbox.wire import Reply

MOST: Final = 1500


def create(call: Call) -> Reply:
    """Subscribe to one kind of event about one person."""
    body = call.json("event_type filter tag webhook_id")
    event_type = str(body.get("event_type", ""))
    if event_type not in KINDS:
        raise invalid(f"$.event_type: [{event_type}] is not known", {"event_type": event_type})
    wanted = _filter(call, event_type, body.get("filter"))
    webhook = str(body.get("webhook_id", ""))
    if webhook and webhook not in call.platform.webhooks:
        raise invalid("The webhook_id was not found", {"webhook_id": webhook})
    held = call.platform.subscriptions
    if any(one.event_type == event_type and one.filter == wanted for one in held.values()):
        raise problem(409, "Conflict", "This subscription is there already.", "conflict")
    if len(held) >= MOST:
        raise forbidden(f"There are {MOST} subscriptions already.")
    id, now = call.world.new_id(), call.now
    made = Subscription(id, event_type, wanted, str(body.get("tag", "")), webhook, now, now)
    held[id] = made
    told = {"subscription": made.told(), "total_subscriptions_for_instance_id": len(held)}
    return Reply({"data": told, "meta": {"total_subscriptions": len(held)}})


def _filter(call: Call, event_type: str, said: Any) -> dict[str, str]:
    if not isinstance(said, dict) or not said.keys() <= {"user_id", "keyword", "direction"}:
        raise invalid("$.filter: is missing or holds what it may not")
    user = call.user(checked_id("filter.user_id", said.get("user_id")))
    if event_type.startswith(PRIVATE) and call.who.user is not user:
        raise forbidden("Private events need the token of the user that they are about.")
    if event_type.startswith("dm.") and call.who.how == "oauth2":
        needs("dm.read").scope(call.who)
    return {name: str(value) for name, value in said.items()}


def listed(call: Call) -> Reply:
    """List the subscriptions."""
    held = [one.told() for one in call.platform.subscriptions.values()]
    return Reply({"data": held, "meta": {"result_count": len(held)}})


def update(call: Call) -> Reply:
    """Change a subscription's tag, or where it is told."""
    body, held = call.json("tag webhook_id"), call.platform.subscriptions
    one = _held(call, call.path["subscription_id"])
    one.tag, one.webhook_id = body.get("tag", one.tag), body.get("webhook_id", one.webhook_id)
    one.updated_at = call.now
    return Reply({"data": {"subscription": one.told(), "total_subscriptions": len(held)}})


def delete(call: Call) -> Reply:
    """End a subscription."""
    return _deleted(call, [call.path["subscription_id"]])


def delete_some(call: Call) -> Reply:
    """End those that are named."""
    return _deleted(call, call.listed("ids", MOST))


def _deleted(call: Call, ids: list[str]) -> Reply:
    for one in [_held(call, id) for id in ids]:
        del call.platform.subscriptions[one.id]
    left = len(call.platform.subscriptions)
    return Reply({"data": {"deleted": True}, "meta": {"total_subscriptions": left}})


def _held(call: Call, id: str) -> Subscription:
    one = call.platform.subscriptions.get(id)
    if one is None:
        raise problem(404, "Not Found", f"Could not find subscription with id: [{id}].")
    return one


def connect(call: Call) -> Reply:
    """Open the stream of events."""
    return Reply(pour=call.platform.streams.new("activity_stream", call.asked, call.shape("tweet")))


_PATH, _LIMIT = "/2/activity/subscriptions", Limit(500, 500)
_APP = needs(person=False)
ROUTES = (
    Route("POST", _PATH, create, needs("tweet.read"), _LIMIT),
    Route(
        "GET",
        _PATH,
        listed,
        needs("tweet.read"),
        _LIMIT,
        frozenset({"max_results", "pagination_token"}),
    ),
    Route("DELETE", _PATH, delete_some, _APP, _LIMIT, frozenset({"ids"})),
    Route("PUT", f"{_PATH}/{{subscription_id}}", update, _APP, _LIMIT),
    Route("DELETE", f"{_PATH}/{{subscription_id}}", delete, _APP, _LIMIT),
    Route(
        "GET",
        "/2/activity/stream",
        connect,
        _APP,
        Limit(450),
        frozenset({"backfill_minutes", "start_time", "end_time"}),
    ),
)
