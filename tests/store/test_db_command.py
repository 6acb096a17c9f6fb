"""`careline db`: an operator sees which version the database has, and brings it to this one."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from careline.cli.db import db
from careline.store import migrations
from careline.store.store import Store
from careline.store.tables import meta

CONFIG = '[plugins]\ndisabled = ["cues"]\n[store]\nurl = "{url}"\n[brands.acme]\nname = "Acme"\n'


@pytest.fixture
def config(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "careline.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CARELINE_CONFIG", raising=False)


def run(*args: str) -> Result:
    return CliRunner().invoke(db, list(args))


def current() -> Any:
    result = run("current", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def shown(database: int) -> dict[str, int]:
    return {"schema_version": 1, "database": database, "latest": migrations.LATEST}


@pytest.mark.usefixtures("config")
def test_a_database_that_is_not_there_yet_is_shown_but_not_made(tmp_path: Path) -> None:
    assert current() == shown(0)
    assert not list(tmp_path.glob("*.db*"))
    assert "run `careline db upgrade`" in run("current").stdout


@pytest.mark.usefixtures("config")
def test_an_upgrade_brings_any_older_database_to_this_version(url: str) -> None:
    assert "from schema version 0 to 3" in run("upgrade").stderr
    assert current() == shown(migrations.LATEST)
    assert "at 3 already" in run("upgrade").stderr
    assert "that is this careline's" in run("current").stdout


@pytest.mark.usefixtures("config")
def test_a_newer_database_is_shown_but_not_touched(url: str) -> None:
    run("upgrade")
    store = Store(url)
    store.write_now(lambda conn: conn.execute(meta.update().values(value="99")))
    store.close()
    assert current() == shown(99)
    assert "install a later one" in run("current").stdout
    result = run("upgrade")
    assert "version 99" in str(result.exception)
    assert current() == shown(99)
