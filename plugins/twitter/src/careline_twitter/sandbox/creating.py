"""Creating a post: what X takes, and every reason for which it refuses."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from careline_twitter.links import links
from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import forbidden, invalid
from careline_twitter.sandbox.records import Media, Post, Reference, User
from careline_twitter.sandbox.referring import answered, edited, quoted
from careline_twitter.sandbox.wire import Reply
from careline_twitter.sandbox.writing import LONGEST, LONGEST_PREMIUM, Draft

_BODY: Final = (
    "card_uri community_id direct_message_deep_link edit_options for_super_followers_only geo"
    " made_with_ai media nullcast paid_partnership poll quote_tweet_id reply reply_settings"
    " share_with_followers text"
)
_DEEP_LINK: Final = "https://x.com/messages/compose?recipient_id="
_REMEMBERED: Final = timedelta(days=1)


def create(call: Call) -> Reply:
    """Post something: a root, a reply, a quote, an edit."""
    body = call.json(_BODY)
    draft = _draft(call, body)
    _check_deep_link(body)
    _check_length(draft)
    _check_repeat(call, draft)
    post = call.world.post(draft)
    parent = post.references.get("replied_to")
    call.platform.did("edit" if draft.edits else "post", post=post, deep_link=_deep_link(body))
    call.bill(_billed(draft, parent, call.me))
    return Reply({"data": _told(call, post)}, 201)


def _draft(call: Call, body: Mapping[str, Any]) -> Draft:
    reply, part = _part(body, "reply"), _part(body, "edit_options")
    references: dict[Reference, Post] = {}
    edits = edited(call, part["previous_post_id"]) if part else None
    if edits is not None:
        references |= edits.references
    if reply:
        references["replied_to"] = answered(call, reply.get("in_reply_to_tweet_id"))
    if "quote_tweet_id" in body:
        references["quoted"] = quoted(call, body["quote_tweet_id"])
    return Draft(
        author=call.me,
        typed=_text(body),
        references=references,
        media=_media(call, _part(body, "media").get("media_ids", [])),
        edits=edits,
        silent=frozenset(reply.get("exclude_reply_user_ids", ())),
    )


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name, {})
    if not isinstance(part, dict):
        raise invalid(f"$.{name}: is not an object", {name: str(part)})
    return part


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("text", "")
    if not isinstance(text, str) or not (text.strip() or body.get("media")):
        raise invalid("Required fields: text or media", {"text": str(text)})
    return text


def _media(call: Call, ids: Any) -> tuple[Media, ...]:
    found = [call.world.media.get(one) for one in ids] if isinstance(ids, list) else [None]
    if any(m is None or m.state != "ready" or m.expires_at <= call.now for m in found):
        raise invalid("Your media IDs are invalid.", {"media.media_ids": str(ids)})
    return tuple(one for one in found if one)


def _check_deep_link(body: Mapping[str, Any]) -> None:
    if "direct_message_deep_link" in body and not _deep_link(body):
        raise invalid("Invalid direct_message_deep_link", {"direct_message_deep_link": ""})


def _deep_link(body: Mapping[str, Any]) -> str:
    link = str(body.get("direct_message_deep_link", ""))
    known = (_DEEP_LINK, _DEEP_LINK.replace("x.com", "twitter.com"))
    return link if link.startswith(known) else ""


def _check_length(draft: Draft) -> None:
    if draft.weight() > (LONGEST_PREMIUM if draft.author.premium else LONGEST):
        raise forbidden("Your Tweet text is too long.")


def _check_repeat(call: Call, draft: Draft) -> None:
    since, said = call.now - _REMEMBERED, draft.plain
    for post in call.world.posts.values():
        same = post.author is draft.author and post.created_at >= since and post.plain == said
        if same and not post.media and not draft.media:
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")


def _billed(draft: Draft, parent: Post | None, me: User) -> str:
    if links(draft.typed):
        return "post.create.url"
    summoned = parent is not None and parent.author is not me and parent.summons(me)
    return "post.create.summoned" if summoned else "post.create"


def _told(call: Call, post: Post) -> dict[str, Any]:
    told: dict[str, Any] = {"id": post.id, "text": post.short or post.text}
    history = "edit_history_post_ids" if call.vocabulary == "post" else "edit_history_tweet_ids"
    return told | {history: [one.id for one in post.versions]}


ROUTES = (
    Route(
        "POST",
        "/2/tweets",
        create,
        needs("tweet.read tweet.write users.read", app=False),
        Limit(user=100, app_day=10_000),
    ),
)
