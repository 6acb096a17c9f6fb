"""The suites judge rightly: a well-behaved plugin passes, a hostile one fails its own check."""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from careline.testing import (
    HOSTILE_CHANNELS,
    HOSTILE_CLASSIFIERS,
    ChannelSuite,
    ClassifierSuite,
)

Outcomes = dict[str, list[tuple[str, str, str]]]
"""By class: what each check was called, its verdict, and what it said."""

STRANGER = """
from careline.testing import *

for kind, suite, hostile in (
    ("channel", ChannelSuite, HOSTILE_CHANNELS),
    ("classifier", ClassifierSuite, HOSTILE_CLASSIFIERS),
):
    for name, one in hostile.items():
        patience = 0.2 if name in ("hangs", "blocks") else 30.0
        facts = {kind: one, "patience": patience, "max_polls": 20}
        globals()[f"Test:{kind}:{name}"] = type("Test", (suite,), facts)
"""

# Where several plugins break one rule, each must be found by what it did.
SAID = {
    "channel:reads-clock": "datetime.now",
    "channel:really-sleeps": "calls sleep",
    "channel:secret-in-error": "in an exception",
    "channel:secret-in-log": "in the log",
    "channel:secret-in-repr": "in the repr of the channel",
    "channel:hangs": "poll 'posts' did not return within 0.2 s",
    "channel:blocks": "poll 'posts' did not return within 0.4 s",
    "channel:gives-list": "not a Batch",
    "channel:list-in-batch": "a batch holds list",
    "channel:closes-once": "already closed",
    "channel:leaks-on-close": "left open",
    "channel:twin-sources": "named",
    "channel:over-declared": "no source uses it",
    "classifier:hangs": "classify did not return within 0.4 s",
    "classifier:opens-socket": "socket",
    "classifier:reads-clock": "time.monotonic",
}


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest as a stranger does, without any setting of ours."""
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *arguments]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )


def verdict(case: ElementTree.Element) -> tuple[str, str, str]:
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            return case.get("name", ""), child.tag, child.get("message", "")
    return case.get("name", ""), "passed", ""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "test_hostile.py").write_text(STRANGER, encoding="utf-8")
    done = run(folder, "--junitxml", "out.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    found: Outcomes = {}
    for case in ElementTree.parse(folder / "out.xml").iter("testcase"):
        name = case.get("classname", "").partition("Test:")[2]
        found.setdefault(name, []).append(verdict(case))
    return found


def red(outcomes: Outcomes, name: str) -> Iterator[tuple[str, str]]:
    return ((check, said) for check, tag, said in outcomes[name] if tag in ("failure", "error"))


NAMES = [f"channel:{n}" for n in HOSTILE_CHANNELS] + [
    f"classifier:{n}" for n in HOSTILE_CLASSIFIERS
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_plugin_fails_its_own_check_and_no_other(outcomes: Outcomes, name: str) -> None:
    kind, _, short = name.partition(":")
    known = HOSTILE_CHANNELS if kind == "channel" else HOSTILE_CLASSIFIERS
    failed = dict(red(outcomes, name))
    assert {check.partition("[")[0] for check in failed} == {known[short].fails} - {""}
    backends = [backend for backend in ("asyncio", "trio") if any(backend in c for c in failed)]
    assert backends in ([], ["asyncio", "trio"])
    assert all(SAID.get(name, "") in said for said in failed.values()), failed


@pytest.mark.parametrize("name", ["channel:none", "classifier:none", "channel:malformer"])
def test_a_well_behaved_plugin_passes_every_check(outcomes: Outcomes, name: str) -> None:
    skipped = {check.partition("[")[0] for check, tag, _ in outcomes[name] if tag == "skipped"}
    passed = [check for check, tag, _ in outcomes[name] if tag == "passed"]
    assert skipped <= {"test_backfill_keeps_to_its_span"}
    assert len(passed) > 30


def test_every_check_is_found_by_some_hostile_plugin(outcomes: Outcomes) -> None:
    checks = {check.partition("[")[0] for name in outcomes for check, _, _ in outcomes[name]}
    found = {one.fails for one in (*HOSTILE_CHANNELS.values(), *HOSTILE_CLASSIFIERS.values())}
    elsewhere = {
        "test_backfill_keeps_to_its_span",
        "test_config_refuses_bad_ones",
        "test_config_takes_the_sample",
        "test_import_is_quiet",
        "test_it_can_be_made",
    }
    assert checks - found == elsewhere


@pytest.mark.parametrize("suite", [ChannelSuite, ClassifierSuite])
def test_the_page_about_testing_names_every_check_and_its_rule(suite: type) -> None:
    page = (Path(__file__).parents[2] / "docs/develop/testing.md").read_text(encoding="utf-8")
    for name in dir(suite):
        if name.startswith("test_"):
            assert f"| `{name}` | " in page
            assert inspect.getdoc(getattr(suite, name))
