"""An in-memory `Context`: all that the core hands to a plugin, without the core."""

import json
from collections.abc import Mapping
from ipaddress import ip_address
from random import Random

import httpx

from careline.http import ClientFactory
from careline.logs import Redactor
from careline.plugin import JSON, Brand, Clock, Http, Log, State
from careline.testing.clock import FakeClock
from careline.testing.recorder import Recorder

BRAND = Brand(id="acme", name="Acme", handles=("@acme",), terms=("acme anvil",), languages=("en",))
"""The brand of tests."""


class MemoryState:
    """Durable records that last as long as the test."""

    def __init__(self) -> None:
        """Start with no record."""
        self._records: dict[str, tuple[str, int]] = {}
        self.secret: set[str] = set()
        """The keys whose records were marked secret."""

    async def get(self, key: str) -> tuple[JSON, int]:
        """Return the record and its version; `(None, 0)` where there is none."""
        text, version = self._records.get(key, ("null", 0))
        return json.loads(text), version

    async def put(self, key: str, value: JSON, *, version: int, secret: bool = False) -> bool:
        """Write the record if it still has `version`."""
        if version != self._records.get(key, ("", 0))[1]:
            return False
        self._records[key] = (json.dumps(value), version + 1)
        if secret:
            self.secret.add(key)
        return True


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")


async def _refuse_strangers(request: httpx.Request) -> None:
    if not is_loopback(request.url.host):
        raise AssertionError(f"a test must not call {request.url.host}: use a sandbox on 127.0.0.1")


class LoopbackHttp(ClientFactory):
    """The core's own maker of HTTP clients, held to this machine: any other host raises."""

    def __call__(
        self, base_url: str = "", *, headers: Mapping[str, str] | None = None, timeout: float = 20.0
    ) -> httpx.AsyncClient:  # noqa: TID251 -- named, not made: the core's factory makes it
        """Return a client that refuses every host but this machine."""
        client = super().__call__(base_url, headers=headers, timeout=timeout)
        if self._network is None:
            client.event_hooks = {"request": [_refuse_strangers]}
        return client


class MemoryContext:
    """A `Context` for tests: name what matters to yours, the rest has a sensible value."""

    def __init__(
        self,
        *,
        account: str = "test",
        brand: Brand = BRAND,
        clock: Clock | None = None,
        log: Log | None = None,
        random: Random | None = None,
        mount: str | None = "https://care.example/hooks/test",
        network: httpx.AsyncBaseTransport | None = None,
        states: dict[str, State] | None = None,
    ) -> None:
        """`network`: what answers instead of loopback (`httpx.MockTransport`).

        `states`: shared by contexts that stand for workers of one desk.
        """
        self.account, self.brand, self.mount = account, brand, mount
        self.clock: Clock = clock or FakeClock()
        self.log: Log = log or Recorder()
        self.random = random or Random(1)  # noqa: S311 -- repeatable on purpose
        self.redactor = Redactor()
        self.http: Http = LoopbackHttp(self.clock, self.log, self.redactor, network=network)
        self._states = {} if states is None else states

    def new_id(self) -> str:
        """Return a new id, from the seeded randomness."""
        return f"{self.random.getrandbits(64):016x}"

    def state(self, credential: str) -> State:
        """Return the records of a credential."""
        return self._states.setdefault(credential, MemoryState())
