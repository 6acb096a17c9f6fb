"""Receiving: what platforms push to us. A webhook is answered only once all it said is kept.

The plugin reads the raw bytes. What it cannot read is set aside whole and counts as received: the
platform would only send the same again. That has its bounds (`unread`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

import anyio
from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection

from careline.contract.channel import Challenge, Channel, Denied, PluginConfig, Webhook
from careline.contract.context import Log
from careline.contract.items import Item, Malformed
from careline.engine.asking import checked
from careline.engine.catchup import CAUGHT_UP
from careline.engine.facts import Micros
from careline.engine.gathering import Gathering
from careline.engine.health import Unavailable
from careline.engine.hearing import Hearing
from careline.engine.seldom import Seldom
from careline.engine.unread import Unread
from careline.errors import NotFound, StoreError
from careline.store.bulk import insert_new
from careline.store.tables import counts, cursors

WEBHOOK: Final = "webhook"
"""The source under which is kept what was pushed, and how its messages are said to be found."""
HOOKS: Final = "/hooks"
"""The path under which each kind has its endpoint."""
_PATIENCE: Final = 30.0
"""Real seconds that a plugin may take to read one webhook."""
_AT_ONCE: Final = 8
"""Threads for the webhooks of one kind: what hangs there holds up nobody else."""
_NOT_MADE: Final = "its plugin failed when it was made"

Received: TypeAlias = frozenset[str] | Challenge | Denied
"""The accounts for which something was kept, or the plugin's own answer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the webhooks of one kind come in: for all enabled accounts of that kind."""

    channel: type[Channel[Any]]
    configs: Mapping[str, PluginConfig]
    """By account."""
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_AT_ONCE))


def expect_pushes(
    conn: Connection, endpoints: Iterable[Endpoint], asked: Collection[str], now: Micros
) -> None:
    """Note since when pushes are expected: what is said after that is live, from the first on.

    An account that is not `asked` for anything, too, has nothing to catch up with.
    """
    names = [name for endpoint in endpoints for name in endpoint.configs]
    rows = [(name, WEBHOOK, "null", now, now) for name in names]
    insert_new(conn, cursors, ("account", "source", "cursor", "at", "caught_up_at"), rows)
    told = [(name, CAUGHT_UP, now) for name in names if name not in asked]
    insert_new(conn, counts, ("account", "what", "value"), told)


@dataclass(slots=True)
class Receiving:
    """Takes webhooks, whether a run is going on or not."""

    hearing: Hearing
    endpoints: Mapping[str, Endpoint]
    """By the channel's kind."""
    log: Log
    failed: Callable[[str, Exception], None]
    """Told of a kind whose plugin could not read a webhook, and why."""
    hide: Callable[[str], str]
    """Takes secrets out of reasons."""
    unread: Unread
    denials: Seldom
    _gathered: dict[str, Gathering] = field(default_factory=dict)
    in_trouble: bool = False
    """Whether the last webhook could not be kept."""

    async def receive(self, kind: str, webhook: Webhook) -> Received:
        """Read a webhook, and return once all it says is kept.

        Raises:
            NotFound: no channel of this kind takes webhooks.
            StoreError: it could not be kept, so the platform has to repeat it.
            Unavailable: it is for an account that could not be made, or too much that its plugin
                could not read is set aside: likewise.
        """
        if kind not in self.endpoints:
            raise NotFound(f"no channel of kind {kind!r} takes webhooks here")
        try:
            received = await self._receive(kind, webhook)
        except StoreError as error:
            if not self.in_trouble:
                self.log.error("webhooks cannot be kept: they have to be repeated", reason=error)
            self.in_trouble = True
            raise
        if self.in_trouble:
            self.log.info("webhooks are kept again")
        self.in_trouble = False
        return received

    async def _receive(self, kind: str, webhook: Webhook) -> Received:
        try:
            said = _allowed(await _ask(self.endpoints[kind], webhook))
        except Exception as error:
            return await self._set_aside(kind, webhook, error)
        if isinstance(said, Challenge):
            return said
        if isinstance(said, Denied):
            self._deny(kind, said)
            return said
        return await self._keep(kind, webhook, said)

    def _deny(self, kind: str, said: Denied) -> None:
        """Say that webhooks are denied, with the reason of the last: anybody can cause it."""
        if count := self.denials.count(kind):
            self.log.warning(
                "a webhook is denied", kind=kind, status=said.status, why=said.why, count=count
            )

    async def _keep(self, kind: str, webhook: Webhook, said: Mapping[str, object]) -> Received:
        """Keep what each account was told; what is no batch of an account's is a plugin's bug."""
        kept: set[str] = set()
        known = self.endpoints[kind].configs
        for name, value in said.items():
            try:
                if name not in known:
                    raise LookupError(f"it is for {name!r}, which is no account of kind {kind!r}")
                items = checked(value).items
            except Exception as error:
                kept |= await self._set_aside(kind, webhook, error)
            else:
                if name in self.hearing.accounts:
                    kept |= await self._take(name, items)
        for name in (said.keys() & known.keys()) - self.hearing.accounts.keys():
            raise Unavailable(name, _NOT_MADE, next_try=None, called=False)
        return frozenset(kept)

    async def _take(self, name: str, items: tuple[Item, ...]) -> frozenset[str]:
        if name not in self._gathered:
            keep = partial(self.hearing.take, self.hearing.accounts[name], WEBHOOK, WEBHOOK)
            self._gathered[name] = Gathering(keep)
        await self._gathered[name].add(items)
        self.hearing.supervisor.was_pushed_to(name)
        return frozenset((name,))

    async def _set_aside(self, kind: str, webhook: Webhook, error: Exception) -> frozenset[str]:
        """Keep the whole body under one account of the kind: nobody can tell whose it is."""
        names = self.endpoints[kind].configs.keys()
        name = next((name for name in names if name in self.hearing.accounts), None)
        if name is None:
            raise Unavailable(kind, _NOT_MADE, next_try=None, called=False) from error
        why = self.hide(f"its plugin could not read it: {type(error).__name__}: {error}")
        aside = Malformed(webhook.body, why.partition("\n")[0], WEBHOOK)
        await self.unread.admit(name, len(webhook.body))
        kept = await self._take(name, (aside,))
        self.failed(kind, error)
        return kept


async def _ask(endpoint: Endpoint, webhook: Webhook) -> object:
    with anyio.move_on_after(_PATIENCE):
        return await to_thread.run_sync(
            _receive, endpoint, webhook, abandon_on_cancel=True, limiter=endpoint.threads
        )
    raise TimeoutError(f"it did not return within {_PATIENCE:g} s")


def _receive(endpoint: Endpoint, webhook: Webhook) -> object:
    try:
        return endpoint.channel.receive(webhook, endpoint.configs)
    except SystemExit as error:
        raise RuntimeError("it raised SystemExit, which is not for a plugin to raise") from error


def _allowed(said: object) -> Mapping[str, object] | Challenge | Denied:
    """Return what a plugin gave, if it is something that it may give."""
    match said:
        case Challenge(body=bytes(), content_type=str()):
            return said
        case Denied(status=int(status)) if 400 <= status < 500:
            return said
        case Mapping():
            return dict(said)
    raise TypeError(f"receive gives batches by account, a Challenge or a Denied, not {said!r:.100}")
