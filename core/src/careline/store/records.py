"""Durable records of credentials: committed before use, and only one of two writers wins."""

from sqlalchemy import Connection

from careline.store.bulk import insert_new, mark
from careline.store.store import Store
from careline.store.tables import credentials

_COLUMNS = ("credential", "key", "version", "value", "secret")


class StoreRecords:
    """The `Records` of `careline.context`, in table `credentials`. Values come sealed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, credential: str, key: str) -> tuple[bytes, int, bool] | None:
        """Return a record's value, version (from 1) and whether it is secret; None: no record."""
        return await self._store.read(lambda conn: _get(conn, credential, key))

    async def put(
        self, credential: str, key: str, value: bytes, *, version: int, secret: bool
    ) -> bool:
        """Write and commit version + 1 if the record has `version` (0: none yet), else False."""
        row = (credential, key, version + 1, value, secret)
        return await self._store.write(lambda conn: _put(conn, row))


def _get(conn: Connection, credential: str, key: str) -> tuple[bytes, int, bool] | None:
    sign = mark(conn)
    where = f"credential = {sign} AND key = {sign}"
    select = f"SELECT value, version, secret FROM credentials WHERE {where}"
    found = conn.exec_driver_sql(select, (credential, key)).first()
    return (bytes(found.value), found.version, bool(found.secret)) if found else None


def _put(conn: Connection, row: tuple[str, str, int, bytes, bool]) -> bool:
    credential, key, version, value, secret = row
    if version == 1:
        return insert_new(conn, credentials, _COLUMNS, [row]) == 1
    sign = mark(conn)
    update = (
        f"UPDATE credentials SET version = {sign}, value = {sign}, secret = {sign}"
        f" WHERE credential = {sign} AND key = {sign} AND version = {sign}"
    )
    values = (version, value, secret, credential, key, version - 1)
    return conn.exec_driver_sql(update, values).rowcount == 1
