"""The endpoints of people: who we are, lookups, following."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route, checked_id
from careline_twitter.sandbox.includes import answer
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import forbidden, invalid, missing, no_access, not_found
from careline_twitter.sandbox.records import User
from careline_twitter.sandbox.vocabulary import shaping
from careline_twitter.sandbox.wire import Reply

_NAME = re.compile(r"[A-Za-z0-9_]{1,15}")
_SHAPING = shaping("users")


def me(call: Call) -> Reply:
    """Show who asks."""
    return answer(call, [call.me], kind="user.read", single=True)


def by_ids(call: Call) -> Reply:
    """Show people by their ids."""
    ids = [checked_id("ids", id) for id in call.listed("ids")]
    return _looked_up(call, "ids", ids, call.world.users.get)


def by_names(call: Call) -> Reply:
    """Show people by their names."""
    names = call.listed("usernames")
    for name in names:
        if not _NAME.fullmatch(name):
            said = (
                f"The `usernames` query parameter value [{name}] does not match ^{_NAME.pattern}$"
            )
            raise invalid(said, {"usernames": name})
    return _looked_up(call, "usernames", names, lambda name: call.world.names.get(name.lower()))


def by_name(call: Call) -> Reply:
    """Show one person by their name."""
    found = call.world.names.get(call.path["username"].lower())
    if found is None:
        raise not_found("user", "username", call.path["username"])
    return answer(call, [found], kind="user.read", single=True)


def by_id(call: Call) -> Reply:
    """Show one person by their id."""
    return answer(call, [call.user(call.path["id"])], kind="user.read", single=True)


def _looked_up(
    call: Call, parameter: str, values: Iterable[str], find: Callable[[str], User | None]
) -> Reply:
    words = call.shape().vocabulary
    found = {value: find(value) for value in values}
    errors = [missing("user", parameter, v, words) for v, user in found.items() if user is None]
    return answer(call, [user for user in found.values() if user], errors=errors, kind="user.read")


def follow(call: Call) -> Reply:
    """Follow somebody; who is protected has to agree first."""
    whom = _target(call, call.json("target_user_id").get("target_user_id"))
    pending = whom.protected and whom.id not in call.me.follows
    if not pending and whom.id not in call.me.follows:
        call.world.follow(call.me, whom)
        call.platform.did("follow", to=whom)
    call.bill("other")
    return Reply({"data": {"following": not pending, "pending_follow": pending}})


def unfollow(call: Call) -> Reply:
    """Follow somebody no more."""
    whom = _target(call, call.path["target_user_id"])
    if whom.id in call.me.follows:
        call.world.unfollow(call.me, whom)
        call.platform.did("unfollow", to=whom)
    call.bill("other")
    return Reply({"data": {"following": False}})


def _target(call: Call, id: Any) -> User:
    if call.platform.app.level == "self-serve":
        raise no_access()
    who = call.path.get("id") or call.path["source_user_id"]
    if who != call.me.id:
        said = f"The `id` path parameter value [{who}] must be the same as the authenticating user"
        raise invalid(said, {"id": who})
    whom = call.user(checked_id("target_user_id", id))
    if whom is call.me:
        raise forbidden("You cannot follow yourself.")
    return whom


_READ = needs("tweet.read users.read")
_READ_OURS = needs("tweet.read users.read", app=False)
_FOLLOW = needs("follows.write tweet.read users.read", app=False)
ROUTES = (
    Route("GET", "/2/users/me", me, _READ_OURS, Limit(user=75), _SHAPING, "users"),
    Route("GET", "/2/users", by_ids, _READ, Limit(300, 900), _SHAPING | {"ids"}, "users"),
    Route(
        "GET", "/2/users/by", by_names, _READ, Limit(300, 900), _SHAPING | {"usernames"}, "users"
    ),
    Route(
        "GET", "/2/users/by/username/{username}", by_name, _READ, Limit(300, 900), _SHAPING, "users"
    ),
    Route("GET", "/2/users/{id}", by_id, _READ, Limit(300, 900), _SHAPING, "users"),
    Route("POST", "/2/users/{id}/following", follow, _FOLLOW, Limit(user=50)),
    Route(
        "DELETE",
        "/2/users/{source_user_id}/following/{target_user_id}",
        unfollow,
        _FOLLOW,
        Limit(user=50),
    ),
)
