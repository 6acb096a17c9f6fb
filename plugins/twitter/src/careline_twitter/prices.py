"""What X bills for: objects read and things done, by its price list of 2026."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

PRICES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "post.read": Decimal("0.005"),
        "owned.read": Decimal("0.001"),
        "user.read": Decimal("0.010"),
        "dm.read": Decimal("0.010"),
        "post.create": Decimal("0.015"),
        "post.create.url": Decimal("0.200"),
        "post.create.summoned": Decimal("0.010"),
        "dm.create": Decimal("0.015"),
        "delete": Decimal("0.010"),
        "other": Decimal("0.015"),
        "event.post": Decimal("0.005"),
        "event.dm": Decimal("0.010"),
        "event.follow": Decimal("0.010"),
    }
)
"""Dollars for one of each. `owned.read`: a mention of ours, read with our own token."""

SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {"post.read": "post", "owned.read": "post", "user.read": "user", "dm.read": "dm"}
)
"""Objects that are billed once a day (UTC), however often they are read."""
