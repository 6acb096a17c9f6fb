"""The rules of the filtered stream: adding, deleting, listing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.operators import Match, Wrong
from careline_twitter.sandbox.problems import invalid, type_of
from careline_twitter.sandbox.query import LONGEST_RULE, parse
from careline_twitter.sandbox.wire import Reply, stamp

MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the stream."""

    id: str
    value: str
    tag: str
    match: Match

    def told(self) -> dict[str, str]:
        """Return it as it is shown."""
        return {"id": self.id, "value": self.value, **self.tagged()}

    def tagged(self) -> dict[str, str]:
        """Return its tag, where it has one."""
        return {"tag": self.tag} if self.tag else {}


def listed(call: Call) -> Reply:
    """List the rules."""
    ids = call.asked.query.get("ids")
    rules = [one for one in call.platform.rules.values() if ids is None or one.id in ids.split(",")]
    meta = {"sent": stamp(call.now), "result_count": len(rules)}
    data = {"data": [rule.told() for rule in rules]} if rules else {}
    return Reply({**data, "meta": meta})


def change(call: Call) -> Reply:
    """Delete rules, add rules; a dry run only tells what would be."""
    body, held = call.json("add delete"), call.platform.rules
    if call.asked.query.get("delete_all") == "true":
        body = {"delete": {"ids": list(held)}}
    if not body:
        raise invalid("$.add: is missing but it is required")
    dry = call.asked.query.get("dry_run") == "true"
    summary = _delete(held, body["delete"], dry) if "delete" in body else {}
    made, errors = _made(call, body.get("add", []))
    if "add" in body:
        summary |= {"created": len(made), "not_created": len(errors)}
        summary |= {"valid": len(made), "invalid": len(errors)}
    if not dry:
        held |= {rule.id: rule for rule in made}
    return Reply(dict(_changed(call, made, errors, summary)))


def _changed(
    call: Call, made: list[Rule], errors: list[dict[str, Any]], summary: dict[str, int]
) -> Iterator[tuple[str, Any]]:
    if made:
        yield "data", [rule.told() for rule in made]
    yield "meta", {"sent": stamp(call.now), "summary": summary}
    if errors:
        yield "errors", errors


def _delete(held: dict[str, Rule], which: Mapping[str, Any], dry: bool) -> dict[str, int]:
    ids, values = which.get("ids", []), which.get("values", [])
    known = [rule.id for rule in held.values() if rule.id in ids or rule.value in values]
    for id in () if dry else known:
        del held[id]
    return {"deleted": len(known), "not_deleted": len(ids) + len(values) - len(known)}


def _made(call: Call, wanted: Any) -> tuple[list[Rule], list[dict[str, Any]]]:
    held, made, errors = list(call.platform.rules.values()), list[Rule](), list[dict[str, Any]]()
    for one in wanted:
        value, tag = str(one.get("value", "")), str(one.get("tag", ""))
        try:
            made.append(_one(call, value, tag, [*held, *made]))
        except _NotMade as error:
            errors.append(error.told)
    return made, errors


class _NotMade(Exception):
    def __init__(self, title: str, type: str, value: str, **more: str) -> None:
        super().__init__(title)
        self.told = {"value": value, "title": title, "type": type_of(type, "tweet"), **more}


def _one(call: Call, value: str, tag: str, held: list[Rule]) -> Rule:
    same = next((rule for rule in held if rule.value == value), None)
    if same is not None:
        raise _NotMade("DuplicateRule", "duplicate-rules", value, id=same.id)
    if len(held) >= MOST:
        raise _NotMade("RulesCap", "rule-cap", value)
    try:
        return Rule(call.world.new_id(), value, tag, parse(value, LONGEST_RULE))
    except Wrong as error:
        raise _NotMade("UnprocessableEntity", "invalid-rules", value, detail=str(error)) from error


_NEEDS = needs(person=False)
_PATH = "/2/tweets/search/stream/rules"
ROUTES = (
    Route(
        "GET",
        _PATH,
        listed,
        _NEEDS,
        Limit(450),
        frozenset({"ids", "max_results", "pagination_token"}),
    ),
    Route("POST", _PATH, change, _NEEDS, Limit(100), frozenset({"dry_run", "delete_all"})),
)
