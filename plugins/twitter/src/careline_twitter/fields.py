"""Both vocabularies of the X API: `tweet.*` (up to 2.166) and `post.*` (from 2.167).

A request speaks one of them, by a setting. A response may speak either: both are read.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from careline_twitter.payload import members, objects, table

Vocabulary: TypeAlias = Literal["tweet", "post"]

_POST: Final = (
    "id,text,created_at,conversation_id,entities,attachments,lang,edit_controls,reply_settings"
    ",display_text_range,public_metrics,withheld"
)
_MEDIA: Final = "media_key,type,url,preview_image_url,alt_text,variants"
_USER: Final = "id,name,username,verified,protected,created_at,public_metrics"
_DIRECT: Final = "id,text,event_type,created_at,dm_conversation_id,attachments,entities"
_AROUND: Final = MappingProxyType({"media.fields": _MEDIA, "user.fields": _USER})


def post_parameters(vocabulary: Vocabulary) -> dict[str, str]:
    """Return what to ask of posts: in mentions, search and lookup; in streams say `tweet` always.

    What the new vocabulary has no field for, its expansions bring.
    """
    if vocabulary == "tweet":
        own = "author_id,in_reply_to_user_id,referenced_tweets,note_tweet,edit_history_tweet_ids"
        beside = (
            "author_id,referenced_tweets.id,referenced_tweets.id.author_id"
            ",attachments.media_keys,edit_history_tweet_ids"
        )
        return {"tweet.fields": f"{_POST},{own}", "expansions": beside, **_AROUND}
    beside = "author_id,referenced_posts,attachments.media_keys,edit_history_post_ids"
    return {"post.fields": f"{_POST},note_post", "expansions": beside, **_AROUND}


def direct_parameters(vocabulary: Vocabulary) -> dict[str, str]:
    """Return what to ask of direct messages."""
    own = ",sender_id,participant_ids" if vocabulary == "tweet" else ""
    beside = "sender_id,attachments.media_keys"
    return {"dm_event.fields": f"{_DIRECT}{own}", "expansions": beside, **_AROUND}


def user_parameters() -> dict[str, str]:
    """Return what to ask of users: it is the same in both vocabularies."""
    return {"user.fields": _USER}


def history(post: Mapping[str, Any]) -> list[Any]:
    """Return the ids of all versions of a post, as they are given."""
    return members(_either(post, "edit_history_tweet_ids", "edit_history_post_ids"))


def references(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return which posts a post answers, quotes or repeats."""
    return objects(_either(post, "referenced_tweets", "referenced_posts"))


def note(post: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole of a long post, with its entities; empty: the post is not long."""
    return table(_either(post, "note_tweet", "note_post"))


def included_posts(includes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the posts that a response brings beside its data."""
    return objects(_either(includes, "tweets", "posts"))


def reposts(metrics: Mapping[str, Any]) -> Any:
    """Return how often a post was repeated, as it is given."""
    return _either(metrics, "retweet_count", "repost_count")


def _either(found: Mapping[str, Any], old: str, new: str) -> Any:
    value = found.get(old)
    return found.get(new) if value is None else value
