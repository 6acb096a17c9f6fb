"""Brings events to those who subscribed: down the activity stream, and by webhook."""

from typing import TYPE_CHECKING, Any, Final

from careline_twitter.sandbox.activity import Activity, Subscription, activities
from careline_twitter.sandbox.world import Happening

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform

_BILLED: Final = {
    "post.delete": "event.free", "dm.sent": "event.free", "dm.received": "event.dm",
    "chat.received": "event.dm", "follow.follow": "event.follow", "follow.unfollow": "event.follow",
}  # fmt: skip


class Teller:
    """Tells the subscriptions what happened: on the activity stream, and by webhook."""

    def __init__(self, platform: "Platform") -> None:
        """It looks at the subscriptions of `platform`."""
        self._platform = platform

    def hear(self, happening: Happening) -> None:
        """Tell everybody who wants to know."""
        for event in activities(self._platform.world, happening):
            for one in self._platform.subscriptions.values():
                if one.wants(event):
                    self._tell(one, event)

    def _tell(self, to: Subscription, event: Activity) -> None:
        platform = self._platform
        data: dict[str, Any] = {
            "event_uuid": platform.world.new_id(),
            "filter": to.filter,
            "event_type": event.type,
            "payload": event.payload,
        }
        data |= {"tag": to.tag} if to.tag else {}
        data |= {"includes": event.includes} if event.includes else {}
        if self.send({"data": data}, to.webhook_id):
            platform.bill.add(platform.world.now(), _BILLED.get(event.type, "event.post"))

    def send(self, event: dict[str, Any], *webhooks: str) -> bool:
        """Send an event down the stream, and to webhooks; tell whether anybody gets it."""
        platform = self._platform
        got = [line.say(event) for line in platform.streams.lines("activity_stream")]
        hooks = [platform.webhooks[id] for id in webhooks if id in platform.webhooks]
        for hook in hooks:
            platform.courier.send(hook, event)
        return any(got) or bool(hooks)
