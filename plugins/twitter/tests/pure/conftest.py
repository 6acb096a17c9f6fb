"""Finds the cases and samples of others, which lie beside the repository; says so where not."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from careline_twitter.us import Scene, Us

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def specs() -> Path:
    """The folder of specifications: `CARELINE_SPECS`, or `shared/specs` beside the repository."""
    told = os.environ.get("CARELINE_SPECS")
    beside = (folder / "shared" / "specs" for folder in Path(__file__).resolve().parents)
    return Path(told) if told else next((one for one in beside if one.is_dir()), Path("no-specs"))


@pytest.fixture(scope="session")
def spec() -> Callable[[str], Any]:
    """Reads a specification, or skips the test and says what is missing."""

    def read(name: str) -> Any:
        path = specs() / name
        if not path.is_file():
            pytest.skip(f"no {name} in ../shared/specs (CARELINE_SPECS names another folder)")
        if path.suffix == ".json":
            return json.loads(path.read_text("utf-8"))
        return pytest.importorskip("yaml").safe_load(path.read_text("utf-8"))

    return read


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Acme hears: user 1, called @acme."""
    return Scene(Us.of(["1"], ["@Acme"]), NOW, "mentions")
