"""The filtered stream: new posts that a rule matches, as they come."""

from typing import TYPE_CHECKING, Any

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.fields import shown
from careline_twitter.sandbox.includes import Beside
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.lines import Line
from careline_twitter.sandbox.operators import View
from careline_twitter.sandbox.problems import too_many_connections
from careline_twitter.sandbox.records import Post
from careline_twitter.sandbox.rules import Rule
from careline_twitter.sandbox.vocabulary import shaping
from careline_twitter.sandbox.wire import Reply
from careline_twitter.sandbox.world import Happening

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform


def connect(call: Call) -> Reply:
    """Open the stream."""
    if not call.platform.rules:
        raise too_many_connections("RuleConfigurationIssue", 409)
    shape = call.shape("tweet")  # streams keep the old names, unless the new ones are asked for
    return Reply(pour=call.platform.streams.new("filtered_stream", call.asked, shape))


class Filter:
    """Sends new posts down the lines of the filtered stream."""

    def __init__(self, platform: "Platform") -> None:
        """It looks at the rules and the lines of `platform`."""
        self._platform = platform

    def hear(self, happening: Happening) -> None:
        """Send a post, if a rule matches it."""
        post, view = happening.post, View(stream=True)
        if happening.what != "post" or post is None or post.author.protected:
            return
        matching = [one for one in self._platform.rules.values() if one.match(post, view)]
        for line in self._platform.streams.lines("filtered_stream") if matching else ():
            self._send(line, post, matching)

    def _send(self, line: Line, post: Post, matching: list[Rule]) -> None:
        beside = Beside(self._platform.world, line.shape, None)
        beside.of_post(post)
        payload: dict[str, Any] = {"data": shown(self._platform.world, line.shape.posts, post)}
        payload |= {"includes": included} if (included := beside.payload()) else {}
        payload |= {"errors": beside.errors} if beside.errors else {}
        rules = [{"id": rule.id, **rule.tagged()} for rule in matching]
        if line.say(line.shape.words(payload) | {"matching_rules": rules}):
            self._platform.bill_post(post, beside)


ROUTES = (
    Route(
        "GET",
        "/2/tweets/search/stream",
        connect,
        needs(person=False),
        Limit(50),
        shaping("posts") | {"backfill_minutes", "start_time", "end_time"},
    ),
)
