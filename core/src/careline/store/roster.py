"""The roster: brands, accounts and agents of the configuration, as reports and joins need them."""

import json
from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import Connection

from careline.config import Settings
from careline.models import Author
from careline.store.bulk import put
from careline.store.tables import accounts, agents, brands


class _Channel(Protocol):
    @property
    def network(self) -> str: ...
    @property
    def identity(self) -> Author | None: ...


class _Account(Protocol):
    @property
    def channel(self) -> _Channel: ...


def put_roster(conn: Connection, settings: Settings, made: Mapping[str, _Account]) -> None:
    """Keep who there is; those who left the configuration stay, for their history's sake."""
    put(conn, brands, ("id", "name"), [(id, b.name) for id, b in settings.brands.items()])
    rows = [
        (name, one.brand, one.kind, *_of_channel(made.get(name)), one.role)
        for name, one in settings.channels.items()
    ]
    put(conn, accounts, ("id", "brand", "kind", "network", "identity", "role"), rows)
    people = [(id, a.name, json.dumps(a.teams)) for id, a in settings.agents.items()]
    put(conn, agents, ("id", "name", "teams"), people)


def _of_channel(account: _Account | None) -> tuple[str | None, str | None]:
    if account is None:
        return None, None
    who = account.channel.identity
    return account.channel.network, who.id if who else None
