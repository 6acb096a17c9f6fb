"""The report of real archives says what a plain computation from their rows says."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .desks import Desk, Replay, data, need_data, rows_of
from .oracle import Case, Figures, cases, figures

need_data()

SECOND = [
    "kind=archive",
    "network=second",
    *(f"fields.{field}={column}" for field, column in (
        ("id", "id"), ("thread", "conv_id"), ("author", "author_id"), ("parent", "in_reply_to"),
        ("posted_at", "created_at"), ("text", "text"),
    )),
    "ours.field=role",
    "ours.equals=brand",
]  # fmt: skip


def _reported(group: Mapping[str, Any]) -> Figures:
    return Figures(*(group[name] for name in Figures._fields))


def _by_intent(some: Iterable[Case], exported: Iterable[Mapping[str, Any]]) -> dict[Any, Figures]:
    """Which intent a word has, the classifier says; which its case has, follows from that."""
    said = {r["external_id"]: r["labels"].get("intent", {}).get("primary") for r in exported}
    groups: dict[str | None, list[Case]] = defaultdict(list)
    for case in some:
        groups[case.intent(said)].append(case)
    return {intent: figures(group) for intent, group in groups.items()}


def test_conversations_are_the_same(replay: Replay) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for record in replay.exported:
        if record["conversation_id"]:
            found[record["conversation_id"]].add(record["external_id"])
    computed = {frozenset(case.ids) for case in cases(replay.rows)}
    differing = {min(ids) for ids in computed ^ {frozenset(ids) for ids in found.values()}}
    assert not differing


def test_response_times_are_the_same_in_total(replay: Replay) -> None:
    computed = figures(cases(replay.rows))
    assert _reported(replay.report["total"]) == computed


def test_response_times_are_the_same_for_each_intent(replay: Replay) -> None:
    reported = {row["intent"]: _reported(row) for row in replay.report["rows"]}
    computed = _by_intent(cases(replay.rows), replay.exported)
    assert reported == computed


def test_response_times_are_the_same_for_each_of_two_accounts(tmp_path: Path) -> None:
    paths = {"history": data("ibm_cdp"), "second": data("twcs_head")}
    settings = [*SECOND, f"path={paths['second']}"]
    desk = Desk(
        tmp_path,
        [f"channels.history.path={paths['history']}", *(f"channels.second.{s}" for s in settings)],
    )
    desk.careline("run", "--once")
    exported = desk.export()
    computed = {}
    for account, path in paths.items():
        own = [record for record in exported if record["account"] == account]
        for intent, one in _by_intent(cases(rows_of(path)), own).items():
            computed[account, intent] = one
    reported = {(row["account"], row["intent"]): _reported(row) for row in desk.report()["rows"]}
    assert reported == computed
