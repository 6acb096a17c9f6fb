"""Takes a request through all that X does with it: faults, credentials, limits, the endpoint."""

import re
from collections.abc import Mapping
from inspect import isawaitable
from typing import Final

from careline_twitter.sandbox import (
    connections,
    creating,
    directs,
    filtered,
    media,
    posts,
    rules,
    subscribing,
    timelines,
    usage,
    users,
    webhooks,
)
from careline_twitter.sandbox.auth import ORIGINS
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.faults import BEFORE, Fault, refusal
from careline_twitter.sandbox.paging import token_of
from careline_twitter.sandbox.platform import Platform
from careline_twitter.sandbox.problems import Refused, invalid, legacy, no_credits
from careline_twitter.sandbox.wire import Asked, Reply

_AREAS: Final = (
    connections, creating, directs, filtered, media, posts, rules, subscribing, timelines, usage,
    users, webhooks,
)  # fmt: skip
_HOLE = re.compile(r"\{(\w+)\}")
_AFTER: Final = ("500-after", "cut-after", "cut-body", "not-json")


class Router:
    """Answers requests."""

    def __init__(self, platform: Platform) -> None:
        """It finds the endpoints of all areas."""
        self._platform = platform
        routes = [route for area in _AREAS for route in area.ROUTES]
        fixed_first = sorted(routes, key=lambda route: route.path.count("{"))
        self._routes = [(_pattern(route), route) for route in fixed_first]

    async def answer(self, asked: Asked) -> Reply:
        """Answer one request, or fail as the script says."""
        platform = self._platform
        platform.requests.append(asked)
        for fault in platform.script.taken(asked, "slow"):
            await platform.world.clock.sleep(fault.seconds)
        if (failing := next(platform.script.taken(asked, *BEFORE), None)) is not None:
            return self._failed(failing)
        reply = platform.consent.answer(asked) or platform.tokens.answer(asked)
        reply = reply or await self._routed(asked)
        for fault in platform.script.taken(asked, *_AFTER):
            reply = self._broken(reply, fault)
        return reply

    def _failed(self, fault: Fault) -> Reply:
        if fault.how == "hang":
            return Reply(fate="hang")
        if fault.how == "cut-before":
            return Reply(fate="cut")
        platform = self._platform
        refused = refusal(fault, platform.world.now(), platform.app.id)
        return refused.reply(platform.vocabulary)

    def _broken(self, reply: Reply, fault: Fault) -> Reply:
        if fault.how == "500-after":
            return self._failed(fault)
        if fault.how == "not-json":
            return Reply("<p>Be right back</p>", reply.status, reply.headers, "text/html")
        reply.fate = "cut" if fault.how == "cut-after" else "cut-body"
        return reply

    async def _routed(self, asked: Asked) -> Reply:
        headers: dict[str, str] = {}
        vocabulary = self._platform.vocabulary
        try:
            call = self._call(asked, headers)
            vocabulary = call.vocabulary
            reply = call.route.handler(call)
            if isawaitable(reply):
                reply = await reply
        except Refused as refused:
            refused.headers = {**headers, **refused.headers}
            return refused.reply(vocabulary)
        if reply.status < 400:
            self._platform.charge(call.charges)
        if isinstance(reply.payload, dict):
            self._platform.spoiler.spoil(asked, reply.payload, token_of)
        reply.headers |= headers
        return reply

    def _call(self, asked: Asked, headers: dict[str, str]) -> Call:
        """Return the call that a request is, once all that stands before it is passed."""
        platform, now = self._platform, self._platform.world.now()
        route, path = self._found(asked)
        who = platform.credentials.identify(asked, now, (platform.origin, *ORIGINS))
        route.needs.kind(who)
        headers |= platform.limits.take(route.name, route.limit, who, now)
        route.needs.scope(who)
        if platform.balance is not None and platform.bill.total >= platform.balance:
            raise no_credits(platform.app.id)
        _check_names(asked, route)
        return Call(platform, route, asked, path, who)

    def _found(self, asked: Asked) -> tuple[Route, Mapping[str, str]]:
        others = False
        for pattern, route in self._routes:
            if (found := pattern.fullmatch(asked.path)) is not None:
                if route.method == asked.method:
                    return route, found.groupdict()
                others = True
        if others:
            raise legacy(405, 86, "This method requires another HTTP verb.")
        raise legacy(404, 34, "Sorry, that page does not exist.")


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(r"(?P<\1>[^/]+)", route.path))


def _check_names(asked: Asked, route: Route) -> None:
    for name, value in asked.query.items():
        if name not in route.query:
            known = ",".join(sorted(route.query))
            raise invalid(f"The query parameter [{name}] is not one of [{known}]", {name: value})
