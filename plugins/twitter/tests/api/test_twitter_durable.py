"""The same on a real database: tokens encrypted at rest, renewed once, the ledger right."""

import anyio
import pytest

from careline.context import Cipher, CredentialState
from careline.logs import Redactor
from careline.store import migrations
from careline.store.records import StoreRecords
from careline.store.store import Store
from careline.testing import FakeClock

from .conftest import OAUTH2

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "careline.db"


@pytest.fixture
def durable(desk, file):
    """A desk whose state lies in a file."""
    store = Store(f"sqlite:///{file}")
    migrations.ensure(store)
    records, cipher = StoreRecords(store), Cipher("k" * 40)
    for name in ("twitter:acme-x", "twitter:acme-x:spending"):
        desk.states[name] = CredentialState(name, records, cipher, Redactor())
    yield desk
    store.close()


async def test_workers_on_one_database_renew_once_and_book_to_the_cent(durable, x, file):
    await durable.logged_in(expires_in=0)
    for n in range(120):
        x.post(f"fan{n % 9}", f"@acme broke, {n}")
    clock = FakeClock(auto=True)
    workers = [durable.api(clock, **OAUTH2, budget={"month": 100}) for _ in range(3)]

    async def work(api):
        told = await api.mentions(x.us.id)
        await api.mentions(x.us.id, token=told["meta"]["next_token"])
        await api.post(f"Hello {workers.index(api)}")

    async with anyio.create_task_group() as tasks:
        for api in workers:
            tasks.start_soon(work, api)
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
