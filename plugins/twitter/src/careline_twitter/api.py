"""The endpoints of X that we use: each answers with a JSON object, and its cost is booked."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import anyio

from careline.plugin import AuthFailed, Context, Transient
from careline_twitter import charges
from careline_twitter.asking import Asker, Call
from careline_twitter.auth import Credentials, Login, Tokens
from careline_twitter.auth.endpoint import login_again
from careline_twitter.bodies import direct_body, follow_body, hide_body, post_body
from careline_twitter.config import TwitterConfig
from careline_twitter.fields import direct_parameters, post_parameters, user_parameters
from careline_twitter.ledger import Ledger
from careline_twitter.limits import Left
from careline_twitter.media import Uploads
from careline_twitter.payload import objects, optional_id, table, words
from careline_twitter.streaming import Lines, stream_call

_PUBLIC: Final = ("app", "user")
_OWN: Final = ("user", "app")
_READ: Final = "tweet.read users.read"
_DEEP_LINK: Final = "https://x.com/messages/compose?recipient_id="
_RULES: Final = "/2/tweets/search/stream/rules"
_REMEMBERED: Final = 1000


class Api:
    """X for one account. It raises `Transient`, `AuthFailed` and `Rejected` only.

    What a call may cost is admitted before it, and what it cost is booked after it.
    """

    def __init__(self, config: TwitterConfig, context: Context) -> None:
        """Nothing is asked before the first call."""
        self._config, self._context = config, context
        self._state = context.state(f"twitter:{context.account}")
        self._tokens = Tokens(config, context)
        self._login = Login(config, context, self._tokens)
        self._asker = Asker(config, context, Credentials(config, context, self._tokens))
        self._uploads = Uploads(self._asker, context.clock)
        self._posted = deque[str](maxlen=_REMEMBERED)
        self.ledger = Ledger(context, config)

    async def open(self) -> None:
        """Nothing to prepare: connections open when they are used."""

    async def close(self) -> None:
        """Close all connections. The next call opens new ones."""
        await self._asker.close()

    async def begin_login(self, redirect: str) -> str:
        """Return the address that a person opens; X leads them back to `redirect`."""
        return await self._login.begin(redirect)

    async def finish_login(self, query: str) -> None:
        """Take the query with which X led the person back, and keep the tokens."""
        await self._login.finish(query)
        id, handle = await self._learned()
        if self._config.user_id not in (None, id):
            again = f"log in as the other: {login_again(self._context.account)}"
            raise AuthFailed(f"the login is of @{handle} ({id}), `user_id` names another: {again}")

    async def scopes(self) -> frozenset[str] | None:
        """Return what the account agreed to; None: that is not known."""
        return await self._asker.scopes()

    def left(self) -> Mapping[str, tuple[Left, ...]]:
        """Return the rate limits, as each endpoint told of them last."""
        return self._asker.left

    async def who_we_are(self) -> tuple[str, str]:
        """Return our user id and handle: from the configuration, from before, or from X."""
        id, handle = self._config.user_id, self._config.handle
        if not (id and handle):
            known, _ = await self._state.get("me")
            told = (known["id"], known["handle"]) if known else await self._learned()
            id, handle = id or told[0], handle or told[1]
        return id, handle.lstrip("@")

    async def me(self) -> dict[str, Any]:
        """Return the account whose tokens we hold."""
        call = Call("GET", "/2/users/me", scopes=_READ, query=user_parameters())
        return await self._listed(call, "user.read", 1)

    async def mentions(
        self,
        user_id: str,
        *,
        since_id: str | None = None,
        token: str | None = None,
        max_results: int = 100,
    ) -> dict[str, Any]:
        """Return a page of posts that mention somebody, newest first."""
        span = _said(since_id=since_id, pagination_token=token)
        path, query = f"/2/users/{user_id}/mentions", {**span, **self._of_posts()}
        call = Call("GET", path, _OWN, _READ, query)
        kind = "owned.read" if self._asker.way(call) == "user" else "post.read"
        return await self._page(call, kind, 5, max_results)

    async def search(
        self,
        query: str,
        *,
        since_id: str | None = None,
        start_time: datetime | None = None,
        token: str | None = None,
        max_results: int = 100,
    ) -> dict[str, Any]:
        """Return a page of the last seven days' posts that match a query, newest first."""
        start = f"{start_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if start_time else None
        span = _said(query=query, since_id=since_id, start_time=start, next_token=token)
        path = "/2/tweets/search/recent"
        call = Call("GET", path, _PUBLIC, _READ, {**span, **self._of_posts()})
        return await self._page(call, "post.read", 10, max_results)

    async def timeline(
        self,
        user_id: str,
        *,
        start_time: datetime | None = None,
        token: str | None = None,
        max_results: int = 100,
    ) -> dict[str, Any]:
        """Return a page of what somebody posted, newest first: there before search finds it."""
        start = f"{start_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if start_time else None
        span = _said(start_time=start, pagination_token=token)
        path, query = f"/2/users/{user_id}/tweets", {**span, **self._of_posts()}
        call = Call("GET", path, _OWN, _READ, query)
        kind = "owned.read" if self._asker.way(call) == "user" else "post.read"
        return await self._page(call, kind, 5, max_results)

    async def posts(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return up to 100 posts by their ids: those that are gone are told of in `errors`."""
        query = {"ids": ",".join(ids), **self._of_posts()}
        return await self._listed(
            Call("GET", "/2/tweets", _OWN, _READ, query), "post.read", len(ids)
        )

    async def users(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return up to 100 people by their ids."""
        query = {"ids": ",".join(ids), **user_parameters()}
        return await self._listed(
            Call("GET", "/2/users", _OWN, _READ, query), "user.read", len(ids)
        )

    async def dm_events(
        self, *, token: str | None = None, with_user: str | None = None, max_results: int = 100
    ) -> dict[str, Any]:
        """Return a page of direct messages, newest first: all, or those with one person."""
        path = f"/2/dm_conversations/with/{with_user}/dm_events" if with_user else "/2/dm_events"
        query = {**_said(pagination_token=token), **direct_parameters(self._config.vocabulary)}
        query["event_types"] = "MessageCreate"
        call = Call("GET", path, scopes=f"dm.read {_READ}", query=query)
        return await self._page(call, "dm.read", 1, max_results)

    async def post(
        self,
        text: str,
        *,
        reply_to: str | None = None,
        media: Sequence[str] = (),
        deep_link: bool = False,
        summoned: bool | None = None,
    ) -> dict[str, Any]:
        """Post, or answer. `deep_link`: invite to write to us in private.

        `summoned`: the author of `reply_to` called us, which costs less; None: unless it is ours.
        """
        link = f"{_DEEP_LINK}{(await self.who_we_are())[0]}" if deep_link else None
        body = post_body(text, in_reply_to=reply_to, media=media, deep_link=link)
        call = Call("POST", "/2/tweets", scopes=f"tweet.write {_READ}", json=body, writes=True)
        told = await self._done(call, self._kind_of(text, reply_to, summoned), "id")
        self._posted.append(words(table(told.get("data")).get("id")))
        return told

    async def found_post(
        self, id: str, text: str, reply_to: str | None, summoned: bool | None = None
    ) -> None:
        """Book a post of ours whose answer was lost: X billed it all the same."""
        await self.ledger.spend(self._kind_of(text, reply_to, summoned), [id])
        self._posted.append(id)

    async def found_dm(self, id: str) -> None:
        """Book a direct message of ours whose answer was lost."""
        await self.ledger.spend("dm.create", [id])

    async def dm(
        self,
        text: str,
        *,
        user: str | None = None,
        conversation: str | None = None,
        media: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Send a direct message, to somebody or into a conversation."""
        where = conversation if user is None else f"with/{user}"
        path = f"/2/dm_conversations/{where}/messages"
        scopes, body = f"dm.write {_READ}", direct_body(text, media)
        return await self._done(
            Call("POST", path, scopes=scopes, json=body, writes=True), "dm.create", "dm_event_id"
        )

    async def delete(self, id: str) -> dict[str, Any]:
        """Delete a post of ours."""
        call = Call("DELETE", f"/2/tweets/{id}", scopes=f"tweet.write {_READ}", writes=True)
        return await self._done(call, "delete")

    async def hide(self, id: str, hidden: bool) -> dict[str, Any]:
        """Hide a reply to us, or show it again."""
        path, scopes = f"/2/tweets/{id}/hidden", f"tweet.moderate.write {_READ}"
        body = hide_body(hidden=hidden)
        return await self._done(Call("PUT", path, scopes=scopes, json=body, writes=True), "other")

    async def follow(self, me: str, target: str) -> dict[str, Any]:
        """Follow somebody."""
        path, scopes = f"/2/users/{me}/following", f"follows.write {_READ}"
        body = follow_body(target)
        return await self._done(Call("POST", path, scopes=scopes, json=body, writes=True), "other")

    async def upload(self, content: bytes, type: str, category: str) -> dict[str, Any]:
        """Upload a file, ready to be used. `category`: `tweet_image`, `dm_video` ..."""
        return await self._uploads.upload(content, type, category)

    async def rules(self) -> dict[str, Any]:
        """Return the rules of the stream."""
        return await self._asker.ask(Call("GET", _RULES, ("app",)))

    async def change_rules(
        self,
        add: Sequence[Mapping[str, str]] = (),
        delete: Sequence[str] = (),
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Delete rules by their ids, then add those of `value` and `tag`; return the answer."""
        query, told = ({"dry_run": "true"} if dry_run else {}), dict[str, Any]()
        if delete:
            body: dict[str, Any] = {"delete": {"ids": list(delete)}}
            told = await self._asker.ask(Call("POST", _RULES, ("app",), query=query, json=body))
        if add:
            body = {"add": [dict(one) for one in add]}
            told = await self._asker.ask(Call("POST", _RULES, ("app",), query=query, json=body))
        return told

    def stream(self) -> Lines:
        """Return the lines of the filtered stream; close them when they are left early."""
        call = stream_call(post_parameters("tweet"))  # streams speak the old words only
        return Lines(self._asker, self.ledger, self._context.clock, call)

    async def free_stream_slot(self) -> dict[str, Any]:
        """End every connection that X believes to be open."""
        return await self._asker.ask(Call("DELETE", "/2/connections/all", ("app",)))

    async def usage(self, days: int = 7) -> dict[str, Any]:
        """Return what X counted itself, day by day."""
        query = {"days": str(days), "usage.fields": "daily_project_usage"}
        return await self._asker.ask(Call("GET", "/2/usage/tweets", ("app",), query=query))

    def _of_posts(self) -> dict[str, str]:
        return post_parameters(self._config.vocabulary)

    async def _learned(self) -> tuple[str, str]:
        """Ask X who we are, and keep it: a login may be of another than the one before it."""
        told = await (
            self.me() if self._config.speaks else self.users([self._config.user_id or ""])
        )
        data = next(iter(objects(told.get("data"))), {})
        id, handle = optional_id(data.get("id")), words(data.get("username"))
        if id is None:
            raise Transient("X does not say who we are", sent=False)
        _, version = await self._state.get("me")
        await self._state.put("me", {"id": id, "handle": handle}, version=version)
        return id, handle

    async def _page(self, call: Call, kind: str, least: int, most: int) -> dict[str, Any]:
        """Ask for a page, as long as there is money for; X gives none shorter than `least`."""
        await self.ledger.admit_all(charges.bundle(kind, least))
        fits = await self.ledger.room(charges.bundle(kind), max(least, most))
        query = {**call.query, "max_results": str(fits)}
        return await self._booked(replace(call, query=query), kind)

    async def _listed(self, call: Call, kind: str, count: int) -> dict[str, Any]:
        await self.ledger.admit_all(charges.bundle(kind, count))
        return await self._booked(call, kind)

    async def _booked(self, call: Call, kind: str) -> dict[str, Any]:
        told = await self._asker.ask(call)
        await self.ledger.spend_all(charges.of_page(told, kind))
        return told

    async def _done(self, call: Call, kind: str, id: str = "") -> dict[str, Any]:
        """Do what is billed; `id`: the name of the id in the answer, which is billed once."""
        await self.ledger.admit(kind)
        told = await self._asker.ask(call)
        with anyio.CancelScope(shield=True):  # it is done, whoever gives up now
            await self.ledger.spend(kind, [words(table(told.get("data")).get(id))])
        return told

    def _kind_of(self, text: str, reply_to: str | None, summoned: bool | None = None) -> str:
        if summoned is None:
            summoned = reply_to is not None and reply_to not in self._posted
        return charges.of_post(text, summoned=summoned)


def _said(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
