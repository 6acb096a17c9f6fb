"""The posts that a new post may refer to: what it answers, what it quotes, what it edits."""

from typing import Any

from careline_twitter.sandbox.call import Call, checked_id
from careline_twitter.sandbox.fields import EDIT_WINDOW, EDITS
from careline_twitter.sandbox.problems import forbidden
from careline_twitter.sandbox.records import Post


def _visible(call: Call, name: str, id: Any) -> Post | None:
    post = call.world.posts.get(checked_id(name, id))
    if post is None or post.deleted or not call.world.may_see(call.me, post.author):
        return None
    return post


def answered(call: Call, id: Any) -> Post:
    """Return the post that is answered: an app may answer only who called us."""
    post = _visible(call, "in_reply_to_tweet_id", id)
    if post is None:
        raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
    own = post.author is call.me
    if call.platform.app.level == "self-serve" and not own and not post.summons(call.me):
        raise forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or"
            " otherwise engaged by the author of the post you are replying to."
        )
    return post


def quoted(call: Call, id: Any) -> Post:
    """Return the post that is quoted, where the access level has quotes."""
    post = _visible(call, "quote_tweet_id", id)
    if post is None:
        raise forbidden("You attempted to quote a Tweet that is deleted or not visible to you.")
    if call.platform.app.level == "self-serve":
        raise forbidden("Quoting this post is not allowed for your access level.")
    return post


def edited(call: Call, id: Any) -> Post:
    """Return the post that is edited: our own, a few times within the hour."""
    post = _visible(call, "previous_post_id", id)
    first = post.versions[0] if post else None
    if post is None or first is None or post.author is not call.me or not call.me.premium:
        raise forbidden()
    if call.now - first.created_at > EDIT_WINDOW or len(post.versions) > EDITS:
        raise forbidden("This Post can no longer be edited.")
    return post
