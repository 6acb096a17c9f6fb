"""What one section says of another: accounts of brands, rules and agents of both."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from careline.config.checker import Checker
from careline.config.problems import KeyPath, nearest
from careline.config.settings import RULES, AccountSettings
from careline.config.tables import BrandSettings

_NAMING = {"brand": "brands", "channel": "channels"}


def join_brands(
    checker: Checker, accounts: Mapping[str, AccountSettings | None], brands: Mapping[str, Any]
) -> dict[str, Any]:
    """Give every account its brand, and its `since` that brand's time zone."""
    return {name: _joined(checker, name, account, brands) for name, account in accounts.items()}


def _joined(
    checker: Checker, name: str, account: AccountSettings | None, brands: Mapping[str, Any]
) -> AccountSettings | None:
    path = ("channels", name, "brand")
    said = account.brand if account else checker.document.get(path)
    if said is None and len(brands) > 1:
        checker.add(path, "is missing: there is more than one", nearest("", brands))
    brand = said if isinstance(said, str) else next(iter(brands))
    checker.unknown(path, "brand", brand, brands)
    if account is None:
        return None
    since = _localised(account.since, brands.get(brand))
    return account.model_copy(update={"brand": brand, "since": since})


def _localised(since: datetime | None, brand: BrandSettings | None) -> datetime | None:
    if since is None:
        return None
    zone = ZoneInfo(brand.timezone if brand else "UTC")
    return (since if since.tzinfo else since.replace(tzinfo=zone)).astimezone(UTC)


def check_names(checker: Checker, parts: Mapping[str, Any]) -> None:
    """Check the names that rules and agents speak of, also of those that have other problems."""
    for section in RULES:
        for index, rule in enumerate(parts[section]):
            for key, named in _NAMING.items():
                said = getattr(rule.when, key) if rule else None
                _check(checker, (section, index, "when", key), said, key, parts[named])
    for index, rule in enumerate(parts["alerts"]):
        said = rule.to if rule else None
        _check(checker, ("alerts", index, "to"), said, "notifier", parts["notifiers"])
    for name, agent in parts["agents"].items():
        said = agent.accounts if agent else None
        _check(checker, ("agents", name, "accounts"), said, "channel", parts["channels"])


def _check(checker: Checker, path: KeyPath, said: Any, what: str, known: Mapping[str, Any]) -> None:
    for name in _strings(checker.document.get(path) if said is None else said):
        checker.unknown(path, what, name, known)


def _strings(value: Any) -> Iterator[str]:
    listed = value if isinstance(value, list | tuple) else [value]
    return (one for one in listed if isinstance(one, str))
