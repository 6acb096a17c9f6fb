"""The channel suite, at the sandbox."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from urllib.parse import urlencode

from careline.plugin import (
    Answer,
    Author,
    Capability,
    Delete,
    Direct,
    Follow,
    Hide,
    Post,
    Visibility,
    Webhook,
)
from careline.testing import ChannelSuite, FakeClock, MemoryContext
from careline.testing.clock import START
from careline_twitter.channel import TwitterChannel
from careline_twitter.sandbox import TOKENS, TwitterSandbox
from careline_twitter.webhook import SIGNATURE, seal


class X(TwitterSandbox):
    """X on a day on which Kim complained, as the suite asks of a platform."""

    def __init__(self) -> None:
        super().__init__(FakeClock(START))
        self.app.level = "enterprise"
        hour = START - timedelta(hours=1)
        self.kim = self.user("kim", name="Kim")
        self.mention = self.post("kim", "@acme it is broken", at=hour)
        self.ours = self.post("acme", "New anvils!", at=hour)
        self.reply = self.post("kim", "@acme thanks", reply_to=self.ours, at=hour)
        self.term = self.post("robin", "an acme anvil fell on me", at=hour)
        # the suite's clock leaps over every silence, so that the line is opened again and again
        self.leave(1_000_000, "GET /2/tweets/search/stream")
        self.letter = self.dm("kim", "Order 77", at=hour)

    @property
    def config(self) -> dict[str, Any]:
        return {"base_url": self.base_url}


DAY = X()
_LUCK = count(1)
ANN: Any = {"actor": "ann"}
KIM = Author(id=DAY.kim.id, name="Kim", handle="kim")


class TestTwitter(ChannelSuite):
    channel = TwitterChannel
    config = {  # noqa: RUF012
        "user_id": DAY.us.id,
        "handle": "@acme",
        "bearer": DAY.app.bearer,
        "consumer_key": DAY.app.consumer_key,
        "consumer_secret": DAY.app.consumer_secret,
        "access_token": TOKENS["oauth1"],
        "access_secret": TOKENS["oauth1_secret"],
        "transport": "stream",
        "tier": "enterprise",
        "base_url": "http://127.0.0.1:9",
    }
    other_config = {"user_id": "4242", "handle": "@acme_care"}  # noqa: RUF012
    bad_configs = ({}, {**config, "base_url": "http://api.example"}, {**config, "user_id": "acme"})
    actions = {  # noqa: RUF012
        Capability.ANSWER: Answer(
            id="a1",
            **ANN,
            place=DAY.mention.id,
            visibility=Visibility.PUBLIC,
            customer=KIM,
            in_reply_to=DAY.mention.id,
            text="On it! https://acme.com/help?a=1&b=2",
        ),
        Capability.DIRECT: Direct(id="d1", **ANN, customer=KIM, text="Which order & when?"),
        Capability.POST: Post(id="p1", **ANN, text="We are back."),
        Capability.HIDE: Hide(id="h1", **ANN, message=DAY.reply.id),
        Capability.DELETE: Delete(id="x1", **ANN, message=DAY.ours.id),
        Capability.FOLLOW: Follow(id="f1", **ANN, customer=KIM),
    }

    def make_context(self, seed: int = 1, **overrides: Any) -> MemoryContext:
        """X takes a nonce of OAuth 1.0a once: each context gets luck of its own."""
        return super().make_context(**{"random": Random(next(_LUCK)), **overrides})

    def platform(self) -> X:
        return X()

    def payloads(self, config: Any) -> Sequence[bytes]:
        user, at = config.user_id, (START - timedelta(minutes=5)).isoformat()
        post = {"id": "1995000000000000001", "text": "@acme hello", "author_id": "77"}
        named = {**post, "created_at": at, "conversation_id": post["id"]}
        told = {"event_uuid": "u1", "filter": {"user_id": user}}
        mention = {"event_type": "post.mention.create", "payload": named, **told}
        gone = {"event_type": "PostDelete", "payload": {"id": post["id"]}, **told}
        return tuple(json.dumps({"data": one}).encode() for one in (mention, gone))

    def signed(self, body: bytes, config: Any, at: datetime) -> Webhook:
        headers = {SIGNATURE: seal(config.consumer_secret.get_secret_value(), body)}
        return Webhook("POST", "/hooks/twitter", "", headers, body, at)

    def handshakes(self, config: Any) -> Sequence[Webhook]:
        query = urlencode({"crc_token": "token & more", "nonce": "1"})
        return (Webhook("GET", "/hooks/twitter", query, {}, b"", START),)
