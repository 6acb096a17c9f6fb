"""Outfit: makes the operator's accounts and classifiers from their settings and plugins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from careline.config import Settings
from careline.config.settings import BROUGHT, PluginSettings
from careline.context import AccountContext, Cipher, Records
from careline.contract.channel import Capability, Channel, PluginConfig
from careline.contract.classifier import Classifier, DeferredClassifier
from careline.contract.context import Clock
from careline.contract.staff import Listener, Notifier
from careline.engine.account import Account
from careline.engine.arrivals import Intake
from careline.engine.deadlines import Calendar, RuleBook
from careline.engine.receiving import HOOKS, WEBHOOK, Endpoint
from careline.errors import PluginError
from careline.http import ClientFactory
from careline.ids import identity_id
from careline.logs import Redactor, bind, secrets_of
from careline.models import Brand, Kind
from careline.store.alerts import NOTIFIER
from careline.store.times import to_micros


class Kinds(Protocol):
    """What the outfit asks of the registry."""

    def channel(self, kind: str) -> type[Channel[Any]]:
        """Return the channel class of a kind."""
        ...

    def classifier(self, kind: str) -> type[Classifier[Any]] | type[DeferredClassifier[Any]]:
        """Return the classifier class of a kind."""
        ...

    def notifier(self, kind: str) -> type[Notifier[Any]]:
        """Return the notifier class of a kind."""
        ...

    def listener(self, kind: str) -> type[Listener[Any]]:
        """Return the listener class of a kind."""
        ...


@dataclass(slots=True)
class Outfitter:
    """Makes plugin objects, each with its own context."""

    settings: Settings
    registry: Kinds
    records: Records
    clock: Clock
    random: Random
    redactor: Redactor = field(default_factory=Redactor)
    broken: dict[str, Exception] = field(default_factory=dict)
    """Accounts whose plugin failed when they were made."""

    def context(
        self, name: str, brand: Brand, config: object, mount: str | None = None
    ) -> AccountContext:
        """Return what one plugin object is handed."""
        source = f"{name} {id(config):x}"  # a channel and a notifier may share a name
        self.redactor.hide(source, list(secrets_of(config)))
        log = bind(name, self.redactor)
        key = self.settings.security.key
        return AccountContext(
            account=name,
            brand=brand,
            http=ClientFactory(self.clock, log, self.redactor),
            clock=self.clock,
            log=log,
            random=self.random,
            records=self.records,
            cipher=Cipher(key.get_secret_value() if key else None),
            redactor=self.redactor,
            mount=mount,
        )

    def accounts(self) -> dict[str, Account]:
        """Return the enabled accounts, ready to hear; `broken` says which could not be made."""
        made = {
            name: channel
            for name, account in self.settings.channels.items()
            if account.enabled and (channel := self._channel(name)) is not None
        }
        kinds = {name: account.kind for name, account in self.settings.channels.items()}
        ours = frozenset(self._ours(made))
        return {name: self._account(name, made[name], kinds, ours) for name in made}

    def _channel(self, name: str) -> Channel[Any] | None:
        """Make a channel; a plugin that fails at it stops no other account."""
        settings = self.settings.channels[name]
        kind = self.registry.channel(settings.kind)
        web, brand = self.settings.web, self.settings.brand(settings.brand)
        mount = f"{web.mount}{HOOKS}/{settings.kind}" if web and web.mount else None
        context = self.context(name, brand, settings.config, mount)
        try:
            return _checked(kind(settings.config, context))
        except Exception as error:
            self.broken[name] = error
            return None

    def _ours(self, channels: Mapping[str, Channel[Any]]) -> list[str]:
        return [
            identity_id(channel.network, who.scope, who.id)
            for channel in channels.values()
            if (who := channel.identity) is not None
        ]

    def _account(
        self, name: str, channel: Channel[Any], kinds: Mapping[str, str], ours: frozenset[str]
    ) -> Account:
        settings = self.settings.channels[name]
        opens = settings.opens
        if opens is None:
            opens = tuple(kind for kind in Kind if kind is not Kind.POST)
        intake = Intake(
            account=name,
            brand=settings.brand,
            channel=settings.kind,
            network=channel.network,
            ours=ours,
            since=to_micros(settings.since) if settings.since else None,
            channels=kinds,
            opens=frozenset(kind.value for kind in opens),
            same_text=channel.same_text,
            receipt=settings.receipt,
        )
        sources = {source.name: source for source in channel.sources}
        return Account(name, channel, intake, sources)

    def endpoints(self) -> dict[str, Endpoint]:
        """Return where webhooks come in, by the kind of the enabled accounts that take them."""
        found: dict[str, dict[str, PluginConfig]] = {}
        for name, one in self.settings.channels.items():
            if one.enabled and Capability.WEBHOOK in self.registry.channel(one.kind).capabilities:
                found.setdefault(one.kind, {})[name] = one.config
        return {kind: Endpoint(self.registry.channel(kind), found[kind]) for kind in found}

    def called(self) -> dict[str, tuple[str, str]]:
        """Return all that is ever called, by name: its section and its kind."""
        found: dict[str, tuple[str, str]] = {}
        for section in BROUGHT:
            before = NOTIFIER if section == "notifiers" else ""
            for name, one in getattr(self.settings, section).items():
                found.setdefault(before + name, (section, one.kind))
        return found

    def classifiers(self) -> dict[str, Classifier[Any] | DeferredClassifier[Any]]:
        """Return the enabled classifiers, in the operator's order."""
        found = self.settings.classifiers.items()
        return {n: self._make(n, one, self.registry.classifier) for n, one in found if one.enabled}

    def told(self) -> frozenset[str]:
        """Return the enabled notifiers by name, also those that cannot be made as they are."""
        return frozenset(name for name, one in self.settings.notifiers.items() if one.enabled)

    def notifiers(self) -> dict[str, Notifier[Any]]:
        """Return the enabled notifiers; `broken` says which could not be made."""
        made: dict[str, Notifier[Any]] = {}
        for name, one in self.settings.notifiers.items():
            if one.enabled:
                try:
                    made[name] = self._make(name, one, self.registry.notifier)
                except PluginError as error:
                    self.broken[NOTIFIER + name] = error
        return made

    def listeners(self) -> dict[str, Listener[Any]]:
        """Return the enabled listeners."""
        found = self.settings.listeners.items()
        return {n: self._make(n, one, self.registry.listener) for n, one in found if one.enabled}

    def _make(self, name: str, one: PluginSettings, kinds: Callable[[str], Any]) -> Any:
        """Make what serves all brands: without it the desk would not do what it was told."""
        kind = kinds(one.kind)
        brand = self.settings.brand(next(iter(self.settings.brands)))
        try:
            return kind(one.config, self.context(name, brand, one.config))
        except Exception as error:
            raise PluginError(f"{name} ({one.kind}) could not be made: {error}") from error

    def rules(self) -> RuleBook:
        """Return what is promised from now on."""
        calendars = {
            name: Calendar(zone=brand.timezone, hours=brand.hours)
            for name, brand in self.settings.brands.items()
        }
        return RuleBook(rules=self.settings.deadlines, calendars=calendars)


def _checked(channel: Channel[Any]) -> Channel[Any]:
    """Refuse a channel whose own source would share a cursor with what is pushed."""
    if any(source.name == WEBHOOK for source in channel.sources):
        raise PluginError(f"no source may be named {WEBHOOK!r}: so is what comes by itself")
    return channel
