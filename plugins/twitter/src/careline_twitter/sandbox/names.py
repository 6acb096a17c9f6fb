"""The names of fields and expansions in both vocabularies: those of 2.166, and of 2.167."""

from collections.abc import Mapping
from typing import Final, Literal

from careline_twitter.sandbox.problems import Vocabulary

Subject = Literal["posts", "users", "directs"]
"""What an endpoint is about: it tells which expansions there are."""
_BOTH_POST: Final = (
    "article attachments card_uri community_id context_annotations conversation_id created_at"
    " display_text_range edit_controls entities geo id lang matched_media_notes media_metadata"
    " non_public_metrics note_request_suggestions organic_metrics paid_partnership"
    " possibly_sensitive promoted_metrics public_metrics reply_settings scopes source"
    " suggested_source_links suggested_source_links_with_counts text withheld"
)
_BOTH_USER: Final = (
    "confirmed_email connection_status created_at description entities id is_identity_verified"
    " location name parody profile_banner_url profile_image_url protected public_metrics"
    " receives_your_dm subscription subscription_type url username verified"
    " verified_followers_count verified_type withheld"
)
_MEDIA: Final = (
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url"
    " promoted_metrics public_metrics type url variants width"
)
_POSTEXPANSIONS: Final = (
    "article.cover_media article.media_entities attachments.media_keys"
    " attachments.media_source_tweet attachments.poll_ids author_id entities.mentions.username"
    " geo.place_id in_reply_to_user_id"
)
_DMEXPANSIONS: Final = "attachments.media_keys participant_ids sender_id"
FIELDS: Final[Mapping[Vocabulary, Mapping[str, str]]] = {
    "tweet": {
        "tweet.fields": f"{_BOTH_POST} author_id edit_history_tweet_ids in_reply_to_user_id"
        " note_tweet referenced_tweets",
        "user.fields": f"{_BOTH_USER} affiliation most_recent_tweet_id pinned_tweet_id",
        "media.fields": _MEDIA,
        "dm_event.fields": "attachments created_at dm_conversation_id entities event_type id"
        " participant_ids referenced_tweets sender_id text",
    },
    "post": {
        "post.fields": f"{_BOTH_POST} article_title note_post",
        "user.fields": f"{_BOTH_USER} subscribes_to_you",
        "media.fields": _MEDIA,
        "dm_event.fields": "attachments created_at dm_conversation_id entities event_type id text",
    },
}
EXPANSIONS: Final[Mapping[Vocabulary, Mapping[Subject, str]]] = {
    "tweet": {
        "posts": f"{_POSTEXPANSIONS} edit_history_tweet_ids entities.note.mentions.username"
        " referenced_tweets.id referenced_tweets.id.attachments.media_keys"
        " referenced_tweets.id.author_id",
        "users": "affiliation.user_id most_recent_tweet_id pinned_tweet_id",
        "directs": f"{_DMEXPANSIONS} referenced_tweets.id",
    },
    "post": {
        "posts": f"{_POSTEXPANSIONS} edit_history_post_ids referenced_posts username",
        "users": "affiliation most_recent_post_id pinned_post_id",
        "directs": f"{_DMEXPANSIONS} referenced_posts",
    },
}
"""X's expansions, endpoint by endpoint."""
NEW_NAMES: Final[Mapping[str, str]] = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "tweets": "posts",
    "tweet_count": "post_count",
    "total_tweet_count": "total_post_count",
    "retweet_count": "repost_count",
    "most_recent_tweet_id": "most_recent_post_id",
    "pinned_tweet_id": "pinned_post_id",
}
BROUGHT: Final = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "referenced_tweets.id": "referenced_tweets",
    "sender_id": "sender_id",
}
"""In the new vocabulary these fields cannot be asked for: an expansion brings them."""
EXPANDED: Final = {
    "edit_history_post_ids": "edit_history_tweet_ids",
    "referenced_posts": "referenced_tweets.id",
}
