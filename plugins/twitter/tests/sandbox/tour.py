"""A tour of the endpoints: once in the old words, once in the new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from careline_twitter.sandbox import TwitterSandbox

from .conftest import Client

_BOTH = "created_at,conversation_id,entities,attachments,public_metrics,edit_controls,lang"
_FILES = {"media.fields": "url,height,width,variants,preview_image_url,duration_ms,alt_text"}
_PEOPLE = {"user.fields": "public_metrics,verified,created_at,protected,verified_type"}


@dataclass(frozen=True)
class Words:
    """How one vocabulary asks for all there is."""

    posts: Mapping[str, str]
    directs: Mapping[str, str]


OLD = Words(
    {
        "tweet.fields": f"{_BOTH},author_id,referenced_tweets,in_reply_to_user_id,note_tweet,"
        "display_text_range,reply_settings,possibly_sensitive,edit_history_tweet_ids",
        "expansions": "author_id,in_reply_to_user_id,referenced_tweets.id,attachments.media_keys,"
        "referenced_tweets.id.author_id,edit_history_tweet_ids,entities.mentions.username",
        **_FILES,
        **_PEOPLE,
    },
    {
        "dm_event.fields": "id,text,event_type,created_at,dm_conversation_id,sender_id,entities",
        "expansions": "sender_id,participant_ids",
        **_PEOPLE,
    },
)
NEW = Words(
    {
        "post.fields": f"{_BOTH},note_post,display_text_range,reply_settings,possibly_sensitive",
        "expansions": "author_id,in_reply_to_user_id,referenced_posts,attachments.media_keys,"
        "edit_history_post_ids,entities.mentions.username",
        **_FILES,
        **_PEOPLE,
    },
    {
        "dm_event.fields": "id,text,event_type,created_at,dm_conversation_id,entities",
        "expansions": "sender_id,participant_ids",
        **_PEOPLE,
    },
)


class Tour:
    """Sees everything that there is to see, and does everything once."""

    def __init__(self, x: TwitterSandbox, us: Client, app: Client, words: Words) -> None:
        self.x, self.us, self.app, self.words = x, us, app, words
        x.user("kim", verified=True, premium=True)
        self.asks = x.post("kim", "@acme my kettle broke: https://example.com/a?b=1 #fail $ACME 😡")
        self.long = x.post("kim", "@acme " + "It broke & it broke. " * 40, media=1)
        self.edited = x.edit(x.post("kim", "@acme helo"), "@acme hello")
        self.ours = x.post(x.us, "A new kettle")
        self.reply = x.post("kim", "Nice", reply_to=self.ours, media=2)
        x.post("robin", "Look at that", quote=self.ours)
        self.gone = x.post("robin", "A kettle")
        x.post("robin", "@acme hm", reply_to=self.gone)
        x.delete(self.gone)
        self.hers = x.dm("kim", "Where is my order <4711>? https://example.com/o @acme")

    async def all(self) -> int:
        """Go everywhere; return how many answers came."""
        before = len(self.x.requests)
        for part in (
            self.reads, self.pages, self.lookups, self.searches, self.messages, self.speaks,
            self.uploads, self.moderates, self.rules, self.subscribes, self.is_refused,
        ):  # fmt: skip
            await part()
        return len(self.x.requests) - before

    async def reads(self) -> None:
        await self.us.get("/2/users/me", params=_PEOPLE)
        await self.us.get(f"/2/users/{self.x.us.id}/mentions", params=self.words.posts)
        await self.us.get(f"/2/users/{self.x.us.id}/tweets", params=self.words.posts)
        await self.app.get("/2/usage/tweets", params={"days": "2"})
        shown = "daily_project_usage,daily_client_app_usage,cap_reset_day"
        await self.app.get("/2/usage/tweets", params={"usage.fields": shown})

    async def pages(self) -> None:
        path, token = f"/2/users/{self.x.us.id}/mentions", None
        for number in range(20):
            self.x.post("robin", f"@acme {number}")
        while True:
            query = {"max_results": "5"} | ({"pagination_token": token} if token else {})
            page = (await self.us.get(path, params=query)).json()
            token = page["meta"].get("next_token")
            if token is None:
                break
        newest = {"since_id": page["data"][-1]["id"], "max_results": "100"}
        await self.us.get(path, params=newest | self.words.posts)
        await self.us.get(path, params={"since_id": "9000000000000000000"})

    async def lookups(self) -> None:
        kim = self.asks.author
        for path, query in (
            ("/2/tweets", {"ids": f"{self.asks.id},{self.gone.id}", **self.words.posts}),
            (f"/2/tweets/{self.edited.id}", self.words.posts),
            (f"/2/tweets/{self.gone.id}", {}),
            ("/2/users", {"ids": f"{kim.id},12"}),
            ("/2/users/by", {"usernames": "kim,nobody", **_PEOPLE}),
            ("/2/users/by/username/kim", {}),
            (f"/2/users/{kim.id}", {}),
        ):
            await self.app.get(path, params=query)

    async def searches(self) -> None:
        query = {"query": '(kettle OR "my order") -from:acme lang:en'}
        await self.app.get("/2/tweets/search/recent", params=query | self.words.posts)
        await self.app.get("/2/tweets/search/recent", params={"query": "nothing"})
        await self.app.get("/2/tweets/counts/recent", params={**query, "granularity": "day"})

    async def messages(self) -> None:
        kim, ours = self.asks.author.id, self.hers.conversation_id
        await self.us.get("/2/dm_events", params=self.words.directs)
        await self.us.get(f"/2/dm_events/{self.hers.id}", params=self.words.directs)
        await self.us.get(f"/2/dm_conversations/with/{kim}/dm_events", params={"max_results": "1"})
        await self.us.get(f"/2/dm_conversations/{ours}/dm_events")
        await self.us.post(f"/2/dm_conversations/with/{kim}/messages", json={"text": "One moment"})
        await self.us.post(f"/2/dm_conversations/{ours}/messages", json={"text": "Found it"})

    async def speaks(self) -> None:
        answer = {"text": "On it!", "reply": {"in_reply_to_tweet_id": self.asks.id}}
        link = f"https://x.com/messages/compose?recipient_id={self.x.us.id}"
        await self.us.post("/2/tweets", json=answer)
        await self.us.post("/2/tweets", json=answer)
        said = await self.us.post(
            "/2/tweets",
            json={
                "text": "Write to us",
                "direct_message_deep_link": link,
                "reply": {
                    "in_reply_to_tweet_id": self.reply.id,
                    "exclude_reply_user_ids": [self.reply.author.id],
                },
            },
        )
        await self.us.delete(f"/2/tweets/{said.json()['data']['id']}")

    async def uploads(self) -> None:
        photo = {"media": "aGVsbG8=", "media_category": "tweet_image"}
        file = (await self.us.post("/2/media/upload", json=photo)).json()["data"]
        media = {"media": {"media_ids": [file["id"]]}}
        await self.us.post("/2/tweets", json={"text": "Look", **media})
        begun = await self.us.post(
            "/2/media/upload/initialize",
            json={"media_category": "dm_image", "media_type": "image/png", "total_bytes": 5},
        )
        part = f"/2/media/upload/{begun.json()['data']['id']}"
        chunk = {"media": "aGVsbG8=", "segment_index": 0}
        await self.us.post(f"{part}/append", json=chunk)
        await self.us.post(f"{part}/finalize")
        attached = {"attachments": [{"media_id": begun.json()["data"]["id"]}]}
        kim = self.asks.author.id
        await self.us.post(f"/2/dm_conversations/with/{kim}/messages", json=attached)

    async def moderates(self) -> None:
        for hidden in (True, False):
            await self.us.put(f"/2/tweets/{self.reply.id}/hidden", json={"hidden": hidden})
        self.x.app.level = "enterprise"
        kim, following = self.asks.author.id, f"/2/users/{self.x.us.id}/following"
        await self.us.post(following, json={"target_user_id": kim})
        await self.us.delete(f"{following}/{kim}")
        self.x.app.level = "self-serve"

    async def rules(self) -> None:
        path = "/2/tweets/search/stream/rules"
        for rules in (
            {"add": [{"value": "kettle -is:retweet", "tag": "brand"}, {"value": "@acme"}]},
            {"add": [{"value": "@acme"}]},
            {"add": [{"value": "-kettle"}]},
        ):
            await self.app.post(path, json=rules, params={"dry_run": "false"})
        held = (await self.app.get(path)).json()["data"]
        await self.app.post(path, json={"delete": {"ids": [held[0]["id"]]}})
        await self.app.get("/2/connections", params={"status": "all"})
        await self.app.delete("/2/connections/filtered_stream")
        await self.app.request("DELETE", "/2/connections", json={"uuids": ["1"]})
        await self.app.delete("/2/connections/all")

    async def subscribes(self) -> None:
        path, us = "/2/activity/subscriptions", {"user_id": self.x.us.id}
        for kind in ("post.mention.create", "post.delete"):
            wanted = {"event_type": kind, "filter": us, "tag": kind}
            made = (await self.app.post(path, json=wanted)).json()["data"]["subscription"]
        await self.us.post(path, json={"event_type": "dm.received", "filter": us})
        await self.app.get(path)
        one = f"{path}/{made['subscription_id']}"
        await self.app.put(one, json={"tag": "new"})
        await self.app.delete(one)
        await self.app.get("/2/webhooks")

    async def is_refused(self) -> None:
        """Meet the problems, one after the other."""
        mentions, kim = f"/2/users/{self.x.us.id}/mentions", self.asks.author.id
        self.x.refuse_dms("kim")
        await self.us.post(f"/2/dm_conversations/with/{kim}/messages", json={"text": "Hello?"})
        await self.us.get(mentions, params={"max_results": "1"})
        await self.us.get("/2/usage/tweets")
        await self.app.get("/2/dm_events")
        await self.app.get("/2/users/12/mentions")
        await self.app.get("/2/tweets/search/recent", params={"query": "-kettle"})
        for how in ("401", "403-token", "403-policy", "404", "429", "500", "usage-capped"):
            self.x.fail(how, times=1)
            await self.us.get(mentions)
        self.x.fail("too-many-connections", times=1)
        await self.app.get("/2/tweets/search/stream")


def hooked(client: Client, judge: Any) -> Client:
    """Have each answer that a client gets held against a file."""

    async def held(response: httpx.Response) -> None:
        await response.aread()
        judge(response.request, response)

    client.event_hooks = {"response": [held]}
    return client
