"""The endpoints of webhooks: registration with its challenge, validation, replay."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from careline_twitter.sandbox.auth import Needs, needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.courier import Delivery, Hook
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import Refused, invalid, problem
from careline_twitter.sandbox.wire import Reply, stamp

MOST: Final = 5
_LONGEST: Final = 200


async def create(call: Call) -> Reply:
    """Register a webhook: it has to answer a challenge first."""
    url = str(call.json("url").get("url", ""))
    _check(call, url)
    hook = Hook(call.world.new_id(), url, call.now)
    if not await call.platform.courier.challenge(hook):
        raise _failed("CrcValidationFailed", "The callback did not answer the challenge rightly.")
    call.platform.webhooks[hook.id] = hook
    told = hook.told()
    return Reply(told if call.vocabulary == "tweet" else {"data": told})


def _check(call: Call, url: str) -> None:
    parts, held = urlsplit(url), call.platform.webhooks.values()
    public = parts.scheme == "https" and ":" not in parts.netloc and bool(parts.netloc)
    here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not (public or here) or len(url) > _LONGEST:
        raise _failed("UrlValidationFailed", "It must be an https address without a port.")
    if any(hook.url == url for hook in held):
        raise _failed("DuplicateUrlFailed", "A webhook with this url is registered already.")
    if len(held) >= MOST:
        raise _failed("WebhookLimitExceeded", f"There are {MOST} webhooks already.")


def _failed(reason: str, said: str) -> Refused:
    return invalid(f"{reason}: {said}")


def listed(call: Call) -> Reply:
    """List the webhooks."""
    held = [hook.told() for hook in call.platform.webhooks.values()]
    data = {"data": held} if held else {}
    return Reply({**data, "meta": {"result_count": len(held)}})


async def validate(call: Call) -> Reply:
    """Challenge a webhook anew: one that had failed is valid again."""
    hook = _held(call, call.path["webhook_id"])
    if not await call.platform.courier.challenge(hook):
        raise _failed("CrcValidationFailed", "The callback did not answer the challenge rightly.")
    told = {"valid": True} if call.vocabulary == "post" else {"attempted": True}
    return Reply({"data": told})


def delete(call: Call) -> Reply:
    """Let a webhook go."""
    del call.platform.webhooks[_held(call, call.path["webhook_id"]).id]
    return Reply({"data": {"deleted": True}})


def replay(call: Call) -> Reply:
    """Bring again what happened in a span, whether it had been brought or lost."""
    body = call.json("webhook_id from_date to_date")
    hook = _held(call, str(body.get("webhook_id", "")))
    start, end = _minute(body, "from_date"), _minute(body, "to_date")
    courier = call.platform.courier
    again = [one for one in [*courier.delivered, *courier.lost] if one.hook is hook]
    for one in sorted(again, key=lambda one: one.at):
        if start <= one.at < end:
            courier.bring(Delivery(hook, one.body, one.at))
    told = {"job_id": call.world.new_id(), "created_at": stamp(call.now)}
    return Reply(told if call.vocabulary == "tweet" else {"data": told})


def _minute(body: dict[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(str(body.get(name, "")), "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        raise invalid(
            f"$.{name}: does not match ^[0-9]{{12}}$", {name: str(body.get(name))}
        ) from None


def _held(call: Call, id: str) -> Hook:
    hook = call.platform.webhooks.get(id)
    if hook is None:
        said = f"WebhookIdInvalid: there is no webhook [{id}] of this app."
        raise problem(404, "Not Found", said)
    return hook


_LIMIT = Limit(450, 450)
_APP = needs(person=False)
_BOTH = Needs(("app", "oauth1"))
ROUTES = (
    Route("POST", "/2/webhooks", create, _BOTH, _LIMIT),
    Route("GET", "/2/webhooks", listed, _APP, _LIMIT, frozenset({"webhook_config.fields"})),
    Route("PUT", "/2/webhooks/{webhook_id}", validate, _BOTH, _LIMIT),
    Route("DELETE", "/2/webhooks/{webhook_id}", delete, _BOTH, _LIMIT),
    Route("POST", "/2/webhooks/replay", replay, _APP, _LIMIT),
)
