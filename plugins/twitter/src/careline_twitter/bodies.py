"""What we do, as bodies of requests: the same names in both vocabularies. Pure."""

from collections.abc import Sequence
from typing import Any


def post_body(
    text: str,
    *,
    in_reply_to: str | None = None,
    media: Sequence[str] = (),
    deep_link: str | None = None,
) -> dict[str, Any]:
    """Return the body that posts or answers; `deep_link` invites to write to us in private."""
    body: dict[str, Any] = {"text": text}
    if in_reply_to:
        body["reply"] = {"in_reply_to_tweet_id": in_reply_to}
    if media:
        body["media"] = {"media_ids": list(media)}
    if deep_link:
        body["direct_message_deep_link"] = deep_link
    return body


def direct_body(text: str, media: Sequence[str] = ()) -> dict[str, Any]:
    """Return the body that sends a direct message."""
    body: dict[str, Any] = {"text": text} if text else {}
    if media:
        body["attachments"] = [{"media_id": one} for one in media]
    return body


def hide_body(*, hidden: bool) -> dict[str, Any]:
    """Return the body that hides a reply, or shows it again."""
    return {"hidden": hidden}


def follow_body(user: str) -> dict[str, Any]:
    """Return the body that follows a user."""
    return {"target_user_id": user}
