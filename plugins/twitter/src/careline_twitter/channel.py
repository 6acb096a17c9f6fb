"""The `twitter` channel: one account on X, heard and answered through its API v2."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from careline.plugin import (
    JSON,
    AnyAction,
    Author,
    Batch,
    Capability,
    Challenge,
    Channel,
    Context,
    Denied,
    Finding,
    Permission,
    PrivateReply,
    Receipt,
    Refusal,
    Rejected,
    Source,
    ThreadFacts,
    Transient,
    Unsupported,
    Usage,
    Webhook,
)
from careline_twitter import webhook as pushed
from careline_twitter.api import Api
from careline_twitter.config import TwitterConfig
from careline_twitter.examining import Examiner
from careline_twitter.following import Following
from careline_twitter.hearing import Hearing
from careline_twitter.permission import Standing, check
from careline_twitter.query import RULE, SEARCH, queries, search_of
from careline_twitter.refusals import Refusals
from careline_twitter.speaking import Speaking, same_text
from careline_twitter.text import length
from careline_twitter.us import NETWORK, Us

_MENTIONS, _DIRECT, _STREAM, _SEARCH = "mentions", "direct", "stream", "search-"
_EVERY: Final[Mapping[str, float]] = {_MENTIONS: 20.0, _SEARCH: 30.0, _DIRECT: 75.0}
"""Seconds between two polls, well within X's limits: 300 in 15 minutes, of messages 15."""
_SWEEP: Final = 300.0
"""The same where news are pushed."""
_NO_LOGIN: Final = (
    "a login takes OAuth 2.0: give `client_id`, and leave out the `access_token` of OAuth 1.0a"
)


@dataclass(frozen=True, slots=True)
class _Open:
    """What there is once it is known who we are."""

    us: Us
    hearing: Hearing
    speaking: Speaking
    following: Following


class TwitterChannel(Channel[TwitterConfig]):
    """One account on X."""

    kind = "twitter"
    title = "X"
    Config = TwitterConfig
    capabilities = frozenset(
        {
            Capability.POLL,
            Capability.STREAM,
            Capability.WEBHOOK,
            Capability.ANSWER,
            Capability.DIRECT,
            Capability.POST,
            Capability.HIDE,
            Capability.DELETE,
            Capability.FOLLOW,
            Capability.FIND,
            Capability.LOGIN,
            Capability.USAGE,
        }
    )

    def __init__(self, config: TwitterConfig, context: Context) -> None:
        """Keep both; a brand that cannot be searched for raises `ValueError` here."""
        super().__init__(config, context)
        self._api = Api(config, context)
        self._refusals = Refusals(context)
        self._scopes: frozenset[str] | None = None
        self._spent_until: datetime | None = None
        self._queries = self._queries_of(tagged=False, limit=SEARCH) if config.search else ()
        self._open: _Open | None = None

    @property
    def network(self) -> str:
        """The ids of all of X are of one namespace."""
        return NETWORK

    @property
    def identity(self) -> Author | None:
        """Us: from the configuration, else from X once it is open."""
        us = self._open.us if self._open else None
        id = us.ids[0] if us else self.config.user_id
        handle = (self.config.handle or "").lstrip("@")
        return Author(id=id, handle=handle) if id else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Mentions, each search, messages; with `transport = "stream"` the stream beside them."""
        names = [_MENTIONS, *(f"{_SEARCH}{n}" for n in range(1, len(self._queries) + 1))]
        names += [_DIRECT] if self.config.hears_dms else []
        polled = tuple(Source(name, every=self._every(name)) for name in names)
        follows = self.config.transport == "stream" and self._rules()
        return (*polled, Source(_STREAM, mode="stream")) if follows else polled

    @property
    def concerns(self) -> tuple[str, ...]:
        """The limits of spending that are nearly reached."""
        return self._api.ledger.warnings

    async def open(self) -> None:
        """Learn who we are, what we may do, and who takes no messages from us."""
        await self._api.open()
        id, handle = await self._api.who_we_are()
        us = Us.of([id], [handle] if handle else self.context.brand.handles)
        self._scopes = await self._api.scopes() if self.config.speaks else None
        await self._refusals.load()
        hearing = Hearing(self._api, self.context, us)
        self._open = _Open(
            us,
            hearing,
            Speaking(self._api, self.config, self.context, us, self._refusals),
            Following(
                self._api,
                self.context,
                hearing,
                self._rules(),
                self._queries_of(tagged=True, limit=SEARCH),
            ),
        )

    async def close(self) -> None:
        """Close all connections."""
        self._open = None
        await self._api.close()

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return the next page of a timeline."""
        hearing = self._opened.hearing
        if source.name == _MENTIONS:
            return await hearing.mentions(source.name, cursor)
        if source.name == _DIRECT:
            return await hearing.directs(source.name, cursor)
        number = source.name.removeprefix(_SEARCH)
        if not number.isdigit() or not 0 < int(number) <= len(self._queries):
            raise Unsupported(f"the source {source.name}")
        return await hearing.search(source.name, self._queries[int(number) - 1], cursor)

    def stream(self, source: Source, cursor: JSON) -> AsyncIterator[Batch]:
        """Yield what the filtered stream says."""
        return self._opened.following.stream(source.name, cursor)

    @classmethod
    def receive(
        cls, webhook: Webhook, accounts: Mapping[str, Any]
    ) -> Mapping[str, Batch] | Challenge | Denied:
        """Return what a webhook says for each account that it concerns."""
        return pushed.receive(webhook, accounts)

    def check(self, thread: ThreadFacts, action: AnyAction) -> Permission:
        """Tell whether it is possible, how long it may be, and what it costs."""
        known = Standing(self.config, self._scopes, self._spent_until, self._refusals.since)
        return check(known, thread, action)

    async def perform(self, action: AnyAction) -> Receipt:
        """Do it, once."""
        if isinstance(action, PrivateReply):
            raise Unsupported("private replies: X ties no private message to a public one")
        try:
            return await self._opened.speaking.perform(action)
        except Rejected as error:
            if error.reason is Refusal.BUDGET_EXHAUSTED:
                self._spent_until = error.until
            raise

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look on X whether it was done."""
        return await self._opened.speaking.find(action, since)

    def length(self, text: str) -> int:
        """Return how long a text is as X counts posts."""
        return length(text)

    def same_text(self, sent: str, seen: str) -> bool:
        """Tell whether `seen` is what X makes of `sent`."""
        return same_text(sent, seen)

    async def begin_login(self, redirect: str) -> str:
        """Return the page of X on which the account lets us in."""
        if not self.config.needs_login:
            raise Rejected(Refusal.UNSUPPORTED, _NO_LOGIN)
        return await self._api.begin_login(redirect)

    async def finish_login(self, query: str) -> None:
        """Take what X led the person back with, and keep the tokens."""
        if not self.config.needs_login:
            raise Rejected(Refusal.UNSUPPORTED, _NO_LOGIN)
        await self._api.finish_login(query)

    async def examine(self) -> Sequence[Finding]:
        """Ask X with each credential who we are, what we may do, and what is left."""
        return await Examiner(self._api, self.config, self.context.account).findings()

    async def usage(self) -> Sequence[Usage]:
        """Return what was spent today and this month, kind by kind."""
        rows = await self._api.ledger.usage()
        return [Usage(row.period, row.kind, row.objects, row.dollars, "USD") for row in rows]

    @property
    def _opened(self) -> _Open:
        if self._open is None:
            raise Transient("the channel is not open", sent=False)
        return self._open

    def _every(self, name: str) -> float:
        every = _EVERY[_SEARCH if name.startswith(_SEARCH) else name]
        return every if self.config.transport == "poll" else max(every, _SWEEP)

    def _rules(self) -> tuple[str, ...]:
        return self._queries_of(tagged=True, limit=RULE)

    def _queries_of(self, *, tagged: bool, limit: int) -> tuple[str, ...]:
        ours = [one for one in (self.config.handle, self.config.user_id) if one][:1]
        search = search_of(
            self.context.brand, ours=ours, without=self.config.exclude, tagged=tagged
        )
        return queries(search, limit)
