"""The endpoints of single posts: lookup, create, delete, hide."""

from typing import Any, Final

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route, checked_id
from careline_twitter.sandbox.includes import answer
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import forbidden, hidden, invalid, missing, not_found
from careline_twitter.sandbox.records import Post
from careline_twitter.sandbox.vocabulary import shaping
from careline_twitter.sandbox.wire import Reply

_SHAPING: Final = shaping("posts")


def by_ids(call: Call) -> Reply:
    """Show posts by their ids: what is gone, or not for us, is told beside them."""
    words, found, errors = call.shape().vocabulary, list[Post](), list[dict[str, Any]]()
    for id in dict.fromkeys(checked_id("ids", one) for one in call.listed("ids")):
        post = call.world.posts.get(id)
        if post is None or post.deleted:
            errors.append(missing("tweet", "ids", id, words))
        elif not call.world.may_see(call.who.user, post.author):
            errors.append(hidden("tweet", "ids", id, words))
        else:
            found.append(post)
    return answer(call, found, errors=errors, kind="post.read")


def by_id(call: Call) -> Reply:
    """Show one post."""
    id = checked_id("id", call.path["id"])
    post, words = call.world.posts.get(id), call.shape().vocabulary
    if post is None or post.deleted:
        return answer(call, [], errors=[missing("tweet", "id", id, words)], single=True)
    if not call.world.may_see(call.who.user, post.author):
        return answer(call, [], errors=[hidden("tweet", "id", id, words)], single=True)
    return answer(call, [post], kind="post.read", single=True)


def delete(call: Call) -> Reply:
    """Delete a post of one's own, with all its versions."""
    post = _there(call, checked_id("id", call.path["id"]))
    if post.author is not call.me:
        raise forbidden("You are not authorized to delete this Tweet.")
    call.world.delete(post)
    call.platform.did("delete", post=post)
    call.bill("delete")
    return Reply({"data": {"deleted": True}})


def hide(call: Call) -> Reply:
    """Hide a reply in a conversation of one's own, or show it again."""
    wanted = call.json("hidden").get("hidden")
    if not isinstance(wanted, bool):
        raise invalid("$.hidden: is missing or not a boolean")
    post = _there(call, checked_id("tweet_id", call.path["tweet_id"]))
    root = call.world.posts.get(post.conversation_id)
    if root is None or root.author is not call.me or post.parent is None:
        raise forbidden()
    for version in post.versions:
        version.hidden = wanted
    call.platform.did("hide" if wanted else "unhide", post=post)
    call.bill("other")
    return Reply({"data": {"hidden": wanted}})


def _there(call: Call, id: str) -> Post:
    post = call.world.posts.get(id)
    if post is None or post.deleted or not call.world.may_see(call.me, post.author):
        raise not_found("tweet", "id", id)
    return post


_READ = needs("tweet.read users.read")
_WRITE = needs("tweet.read tweet.write users.read", app=False)
_MODERATE = needs("tweet.moderate.write tweet.read users.read", app=False)
ROUTES = (
    Route("GET", "/2/tweets", by_ids, _READ, Limit(3500, 5000), _SHAPING | {"ids"}),
    Route("GET", "/2/tweets/{id}", by_id, _READ, Limit(450, 900), _SHAPING),
    Route("DELETE", "/2/tweets/{id}", delete, _WRITE, Limit(user=50)),
    Route("PUT", "/2/tweets/{tweet_id}/hidden", hide, _MODERATE, Limit(user=50)),
)
