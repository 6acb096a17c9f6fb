"""Databases for all tests: each on SQLite and on PostgreSQL, fresh, with today's schema."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from careline.store import migrations
from careline.store.store import Store

POSTGRES = os.environ.get(
    "CARELINE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)

# A run that decides whether something lands looks at the same examples as the one before it.
settings.register_profile("landing", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("landing")


EACH_PAIR = ("engine", "store")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each event loop and each database is tested; each pair of them by these folders alone."""
    spared = [item for item in items if "trio-postgresql" in item.name and not _is_of(item)]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in set(spared)]


def _is_of(item: pytest.Item) -> bool:
    return item.path.parent.name in EACH_PAIR


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a throw-away database."""
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    name = f"careline_test_{uuid4().hex[:12]}"
    try:
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        admin.dispose()
        why = f"no PostgreSQL at {make_url(POSTGRES).render_as_string()}: {error.orig}"
        if os.environ.get("CARELINE_REQUIRE_POSTGRES"):
            pytest.fail(why)
        pytest.skip(f"{why} (CARELINE_TEST_POSTGRES names another)")
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: a file, or a schema of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'careline.db'}"
        return
    base = request.getfixturevalue("postgres")
    schema = f"s{uuid4().hex[:12]}"
    engine = create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE SCHEMA {schema}"))
    # no test cuts the server's power: waiting for its disk would take most of their time
    yield f"{base}?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
    with engine.connect() as conn:
        conn.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def empty(url: str) -> Iterator[Store]:
    """A store without any table."""
    opened = Store(url)
    yield opened
    opened.close()


@pytest.fixture
def store(empty: Store) -> Store:
    """A store as `careline run` makes it."""
    migrations.ensure(empty)
    return empty
