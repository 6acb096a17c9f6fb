"""What a plugin is handed when it is made: the `Context`, with its durable records."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from json import dumps, loads
from random import Random
from typing import Protocol
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from careline.config.problems import ConfigError, Problem
from careline.contract.context import Clock, Http, Log
from careline.contract.items import JSON
from careline.errors import StoreError
from careline.logs import Redactor
from careline.models import Brand

_SHORTEST = 16  # shorter words in a secret record are names and dates: logs may show them


class Records(Protocol):
    """Where the records of credentials lie. The store implements it."""

    async def get(self, credential: str, key: str) -> tuple[bytes, int, bool] | None:
        """Return a record's value, version (from 1) and whether it is secret; None: no record."""
        ...

    async def put(
        self, credential: str, key: str, value: bytes, *, version: int, secret: bool
    ) -> bool:
        """Write and commit version + 1 if the record has `version` (0: none yet), else False."""
        ...


class Cipher:
    """Encrypts secret records, each under a key of its own, so that none passes for another."""

    def __init__(self, key: str | None) -> None:
        """`key`: the `[security] key`, at least as random as a password of 32 characters."""
        self._key = key

    def seal(self, credential: str, key: str, value: bytes) -> bytes:
        """Encrypt a record's value."""
        return self._fernet(credential, key).encrypt(value)

    def open(self, credential: str, key: str, value: bytes) -> bytes:
        """Decrypt a record's value."""
        try:
            return self._fernet(credential, key).decrypt(value)
        except InvalidToken as error:
            raise StoreError(
                f"the record {key!r} of credential {credential!r} was not written under this"
                " [security] key: put the former key back, or sign in to the platform again"
            ) from error

    def _fernet(self, credential: str, key: str) -> Fernet:
        if not self._key:
            raise ConfigError([_no_key(credential, key)])
        info = dumps(["careline credential", credential, key]).encode()
        derived = HKDF(SHA256(), 32, salt=None, info=info).derive(self._key.encode())
        return Fernet(urlsafe_b64encode(derived))


def _no_key(credential: str, key: str) -> Problem:
    return Problem(
        None,
        None,
        "security.key",
        f"missing, and the record {key!r} of credential {credential!r} has to be encrypted",
        'Add key = {env = "CARELINE_KEY"} under [security], with 32 random characters or more.',
    )


class CredentialState:
    """The `State` of one credential: JSON, compare-and-set, encrypted where marked secret."""

    def __init__(
        self, credential: str, records: Records, cipher: Cipher, redactor: Redactor
    ) -> None:
        self._credential, self._records = credential, records
        self._cipher, self._redactor = cipher, redactor

    async def get(self, key: str) -> tuple[JSON, int]:
        """Return the record and its version; `(None, 0)` where there is none."""
        found = await self._records.get(self._credential, key)
        if found is None:
            return None, 0
        raw, version, secret = found
        value = loads(self._cipher.open(self._credential, key, raw) if secret else raw)
        self._hide(key, value, secret)
        return value, version

    async def put(self, key: str, value: JSON, *, version: int, secret: bool = False) -> bool:
        """Write the record if it still has `version`; return False if another was faster."""
        self._hide(key, value, secret)
        raw = dumps(value, allow_nan=False, separators=(",", ":")).encode()
        if secret:
            raw = self._cipher.seal(self._credential, key, raw)
        return await self._records.put(self._credential, key, raw, version=version, secret=secret)

    def _hide(self, key: str, value: JSON, secret: bool) -> None:
        """Keep tokens that were given to us at run time out of the logs too."""
        if secret:
            words = [word for word in _words(value) if len(word) >= _SHORTEST]
            self._redactor.hide(f"{self._credential}/{key}", words)


def _words(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _words(inner)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContext:
    """The `Context` of one account, classifier, notifier or listener."""

    account: str
    brand: Brand
    http: Http
    clock: Clock
    log: Log
    random: Random
    records: Records
    cipher: Cipher
    redactor: Redactor
    mount: str | None = None

    def new_id(self) -> str:
        """Return a new unique id: a UUID, as random as `random` is."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def state(self, credential: str) -> CredentialState:
        """Return the durable records of a credential, by a name that holds no secret."""
        return CredentialState(credential, self.records, self.cipher, self.redactor)
