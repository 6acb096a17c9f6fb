"""The same on a real database: tokens encrypted at rest, renewed once, the ledger right."""

import anyio
import pytest

from careline.context import Cipher, CredentialState
from careline.logs import Redactor
from careline.store import migrations
from careline.store.records import StoreRecords
from careline.store.store import Store
from careline.testing import FakeClock, MemoryContext, Recorder
from careline_twitter.api import Api
from careline_twitter.config import TwitterConfig
from careline_twitter.sandbox import SCOPES, TOKENS, TwitterSandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def x(anyio_backend):
    async with TwitterSandbox(FakeClock()) as x:
        yield x


@pytest.fixture
def file(tmp_path):
    return tmp_path / "careline.db"


@pytest.fixture
def states(file):
    """What the workers of an account share: it lies in a file."""
    store = Store(f"sqlite:///{file}")
    migrations.ensure(store)
    records, cipher = StoreRecords(store), Cipher("k" * 40)
    names = ("twitter:acme-x", "twitter:acme-x:spending")
    yield {name: CredentialState(name, records, cipher, Redactor()) for name in names}
    store.close()


async def test_workers_on_one_database_renew_once_and_book_to_the_cent(x, states, file):
    clock, log = FakeClock(auto=True), Recorder()
    record = {name: TOKENS[name] for name in ("access", "refresh")}
    record |= {"expires_at": clock.now().timestamp(), "scope": " ".join(SCOPES)}
    assert await states["twitter:acme-x"].put("oauth2", record, version=0, secret=True)
    for n in range(120):
        x.post(f"fan{n % 9}", f"@acme broke, {n}")
    config = TwitterConfig(
        base_url=x.base_url,
        client_id=x.app.client_id,
        client_secret=x.app.client_secret,
        budget={"month": 100},
    )
    told = {"account": "acme-x", "clock": clock, "log": log, "states": states}
    workers = [Api(config, MemoryContext(**told)) for _ in range(3)]

    async def work(api):
        told = await api.mentions(x.us.id)
        await api.mentions(x.us.id, token=told["meta"]["next_token"])
        await api.post(f"Hello {workers.index(api)}")

    async with anyio.create_task_group() as tasks:
        for api in workers:
            tasks.start_soon(work, api)
    for api in workers:
        await api.close()
    asked = [one for one in x.requests if one.path == "/2/oauth2/token"]
    assert len(asked) == 1
    rows = [row for row in await workers[0].ledger.usage() if row.period == "2026-01"]
    assert sum(row.dollars for row in rows) == x.spend.total
    grant = x.app.grants[0]
    assert grant.refresh != "sandbox-refresh"
    for path in file.parent.iterdir():
        content = path.read_bytes()
        assert grant.access.encode() not in content
        assert grant.refresh.encode() not in content
        assert grant.access not in log.text
