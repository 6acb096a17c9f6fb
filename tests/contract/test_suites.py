"""The suites judge rightly: a well-behaved plugin passes, a hostile one fails its own check."""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest

from careline.testing import (
    HOSTILE_CHANNELS,
    HOSTILE_CLASSIFIERS,
    HOSTILE_NOTIFIERS,
    ChannelSuite,
    ClassifierSuite,
    NotifierSuite,
)

Outcomes = dict[str, list[tuple[str, str, str]]]
"""By class: what each check was called, its verdict, and what it said."""

HALVES = (0, 1)
"""The hostile plugins are tried by two processes, as a machine has two cores."""

STRANGER = """
from itertools import count
from careline.testing import *
from careline.testing.hostile import HostileHooks, Speaks

number = count()
for kind, suite, hostile in (
    ("channel", ChannelSuite, HOSTILE_CHANNELS),
    ("classifier", ClassifierSuite, HOSTILE_CLASSIFIERS),
    ("notifier", NotifierSuite, HOSTILE_NOTIFIERS),
):
    for name, one in hostile.items():
        patience = {"hangs": 0.2, "blocks": 0.2, "waits-for-ever": 2.0}.get(name, 30.0)
        facts = {kind: one, "patience": patience, "max_polls": 20}
        bases = (HostileHooks, suite) if issubclass(one, Speaks) else (suite,)
        if next(number) % 2 == HALF:
            globals()[f"Test:{kind}:{name}"] = type("Test", bases, facts)
if HALF:
    globals()["Test:alone"] = type("Test", (ChannelSuite,), {"channel": Speaks})
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
    "channel:gives-no-receipt": "which is no Receipt",
    "channel:names-nothing": "does not say the id",
    "channel:sent-tomorrow": "is after",
    "channel:sent-sometime": "has no zone",
    "channel:secret-in-refusal": "in an exception",
    "channel:forgetful": "it was done, but answer: find gives None",
    "channel:finds-no-kind": "finds no action that it declares",
    "channel:tries-the-gone": "410: answer: perform raises Transient",
    "channel:gone-for-no-reason": "whose reason is unknown",
    "channel:forgets-how-long": "whose retry_after is None",
    "channel:unsure-of-haste": "does not say sent=False",
    "channel:read-only-at-heart": "check says read_only",
    "channel:mumbles": "is no sentence",
    "channel:signs-optional": "it has no headers",
    "channel:chokes-on-signatures": "raises UnicodeEncodeError",
    "channel:chokes-on-rubbish": "RecursionError",
    "channel:loses-rubbish": "it is not set aside",
    "classifier:hangs": "classify did not return within 0.4 s",
    "classifier:opens-socket": "socket",
    "classifier:reads-clock": "time.monotonic",
    "notifier:blocks": "notify did not return within 0.4 s",
    "notifier:future-time": "yet to come",
    "notifier:gives-nothing": "notify gives None",
    "notifier:hangs": "notify did not return within 0.2 s",
    "notifier:naive-time": "has no zone",
    "notifier:needs-conversation": "not subscriptable",
    "notifier:needs-due-time": "isoformat",
    "notifier:numbers-its-receipts": "(7,) are no texts",
    "notifier:passes-it-on": "it raises RuntimeError",
    "notifier:raises": "a bug in this plugin",
    "notifier:reads-clock": "datetime.now",
    "notifier:really-sleeps": "calls sleep",
    "notifier:secret-in-error": "in an exception",
    "notifier:secret-in-log": "in the log",
    "notifier:secret-in-repr": "in the repr of the notifier",
    "notifier:swallows": "it says that the alert was brought",
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


def tried(folder: Path, half: int) -> list[ElementTree.Element]:
    """Run the suites over a half of the hostile plugins."""
    source = STRANGER.replace("HALF", str(half))
    (folder / "test_hostile.py").write_text(source, encoding="utf-8")
    done = run(folder, "--junitxml", "out.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    return [*ElementTree.parse(folder / "out.xml").iter("testcase")]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    found: Outcomes = {}
    folders = [tmp_path_factory.mktemp("stranger") for _ in HALVES]
    with ThreadPoolExecutor() as both:
        for case in chain(*both.map(tried, folders, HALVES)):
            name = case.get("classname", "").partition("Test:")[2]
            found.setdefault(name, []).append(verdict(case))
    return found


def red(outcomes: Outcomes, name: str) -> Iterator[tuple[str, str]]:
    return ((check, said) for check, tag, said in outcomes[name] if tag in ("failure", "error"))


HOSTILE = {
    "channel": HOSTILE_CHANNELS, "classifier": HOSTILE_CLASSIFIERS, "notifier": HOSTILE_NOTIFIERS,
}  # fmt: skip
NAMES = [f"{kind}:{name}" for kind, known in HOSTILE.items() for name in known]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_plugin_fails_its_own_check_and_no_other(outcomes: Outcomes, name: str) -> None:
    kind, _, short = name.partition(":")
    failed = dict(red(outcomes, name))
    assert {check.partition("[")[0] for check in failed} == {HOSTILE[kind][short].fails} - {""}
    backends = [backend for backend in ("asyncio", "trio") if any(backend in c for c in failed)]
    assert backends in ([], ["asyncio", "trio"])
    assert all(SAID.get(name, "") in said for said in failed.values()), failed


@pytest.mark.parametrize("name", ["channel:none", "channel:speaks", "classifier:none"])
def test_a_well_behaved_plugin_passes_every_check(outcomes: Outcomes, name: str) -> None:
    why = {said for _, tag, said in outcomes[name] if tag == "skipped"}
    passed = [check for check, tag, _ in outcomes[name] if tag == "passed"]
    undeclared = {
        "it declares no backfill",
        "it declares nothing that could be done",
        "it declares no find: a person looks at what is unknown",
        "it declares no answer",
        "it answers nothing in public",
        "it declares no webhooks",
    }
    assert why <= (undeclared if name == "channel:none" else {"it declares no backfill"})
    assert len(passed) > (100 if name == "channel:speaks" else 30)


def test_a_well_behaved_notifier_passes_every_check(outcomes: Outcomes) -> None:
    tags = [tag for _, tag, _ in outcomes["notifier:none"]]
    [why] = {said for _, tag, said in outcomes["notifier:none"] if tag == "skipped"}
    assert why.startswith("it asks nobody by HTTP")
    assert tags.count("passed") > 40


def test_a_channel_that_speaks_is_not_passed_untried(outcomes: Outcomes) -> None:
    [(check, said)] = red(outcomes, "alone")
    assert check == "test_what_is_declared_can_be_tried"
    assert "it declares answer, hide: return a stand-in for the platform in `platform`" in said
    assert "it declares webhook: return bodies that the platform sends in `payloads`" in said
    assert "it declares webhook: configure a second account in `other_config`" in said
    skipped = {why for _, tag, why in outcomes["alone"] if tag == "skipped"}
    assert f"{check} says: there is no platform to try it on" in skipped
    assert f"{check} says: there is no sample of a webhook" in skipped


def test_every_check_is_found_by_some_hostile_plugin(outcomes: Outcomes) -> None:
    checks = {check.partition("[")[0] for name in outcomes for check, _, _ in outcomes[name]}
    found = {one.fails for known in HOSTILE.values() for one in known.values()}
    elsewhere = {
        "test_backfill_keeps_to_its_span",
        "test_config_refuses_bad_ones",
        "test_config_takes_the_sample",
        "test_import_is_quiet",
        "test_it_can_be_made",
        "test_what_is_declared_can_be_tried",
    }
    assert checks - found == elsewhere


@pytest.mark.parametrize("suite", [ChannelSuite, ClassifierSuite, NotifierSuite])
def test_the_page_about_testing_names_every_check_and_its_rule(suite: type) -> None:
    page = (Path(__file__).parents[2] / "docs/develop/testing.md").read_text(encoding="utf-8")
    for name in dir(suite):
        if name.startswith("test_"):
            assert f"| `{name}` | " in page
            assert inspect.getdoc(getattr(suite, name))
