import json
import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ConfigDict

from careline.config import schema
from careline.plugin import Channel, PluginConfig, hookimpl
from careline.registry import Registry


def accepts(rule: Any, value: Any, defs: dict[str, Any]) -> bool:
    """Judge a value by the part of JSON Schema that ours uses."""
    if isinstance(rule, bool):
        return rule
    if "$ref" in rule:
        rule = defs[rule["$ref"].rpartition("/")[2]]
    types = {
        "object": dict, "array": list, "string": str, "boolean": bool,
        "number": (int, float), "integer": int,
    }  # fmt: skip
    checks = [
        "anyOf" not in rule or any(accepts(one, value, defs) for one in rule["anyOf"]),
        "type" not in rule or isinstance(value, types[rule["type"]]),
        "not" not in rule or not accepts(rule["not"], value, defs),
        "const" not in rule or value == rule["const"],
        "enum" not in rule or value in rule["enum"],
    ]
    if isinstance(value, str) and "pattern" in rule:
        checks.append(re.search(rule["pattern"], value) is not None)
    if isinstance(value, list) and "items" in rule:
        checks += [accepts(rule["items"], one, defs) for one in value]
    if isinstance(value, dict):
        known = rule.get("properties", {})
        checks += [name in value for name in rule.get("required", ())]
        checks += [len(value) <= rule.get("maxProperties", len(value))]
        for name, one in value.items():
            checks.append(accepts(rule.get("propertyNames", True), name, defs))
            checks.append(
                accepts(known.get(name, rule.get("additionalProperties", True)), one, defs)
            )
    return all(checks)


def judge(registry: Registry, text: str) -> bool:
    """Tell whether the schema accepts a TOML text."""
    made = json.loads(json.dumps(schema(registry)))  # it is JSON
    value = json.loads(json.dumps(tomllib.loads(text), default=str))
    return accepts(made, value, made["$defs"])


BIRD = '[channels.a]\nkind = "bird"\ntoken = {env = "T"}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        BIRD
        + 'tags = "one"\nlimits = {per_hour = 3, key = {file = "k"}}\nbackup = [{env = "B"}]\n',
        BIRD + 'since = 2025-01-31\nopens = ["mention"]\nfolder = "in"\nregion = "us"\n',
        '[store]\nurl = {credential = "db"}\n',
        '[brands.acme]\nname = "A"\nhours = {mon = ["09:00-12:00"], holidays = [2026-12-25]}\n',
        '[[deadlines]]\nwhen = {intent = "problem", needs_reply = true, brand = ["a"]}\n'
        'first_reply = "1h30m"\nwarn = ["50%", 0.8]\n',
        '[notifiers.p]\nkind = "pager"\nto = ["ann"]\n',
        files("careline.cli").joinpath("starter.toml").read_text(encoding="utf-8"),
    ],
)
def test_the_schema_accepts_what_careline_accepts(registry: Registry, text: str) -> None:
    assert judge(registry, text)


@pytest.mark.parametrize(
    "text",
    [
        "[brnds]",
        BIRD + 'tokn = "x"',
        '[channels.a]\nkind = "bird"\ntoken = "plain"',
        '[channels.a]\nkind = "bird"',
        '[channels.a]\nkind = "brid"',
        '[channels."A B"]\nkind = "practice"',
        '[channels.a]\nkind = "practice"\ntoken = {env = "T"}',
        '[security]\nkey = "plain"',
        '[brands.acme]\nname = "A"\nhours = {monday = []}',
        '[[deadlines]]\nwhen = {intent = "problm"}',
        "[deadlines]",
    ],
)
def test_the_schema_refuses_what_careline_refuses(registry: Registry, text: str) -> None:
    assert not judge(registry, text)


def test_it_says_what_each_key_means_and_which_kinds_there_are(registry: Registry) -> None:
    made = schema(registry)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["additionalProperties"] is False
    kinds = made["properties"]["channels"]["additionalProperties"]["anyOf"]
    assert [one["properties"]["kind"]["const"] for one in kinds] == ["bird", "practice"]
    token = kinds[0]["properties"]["token"]
    assert token == {"$ref": "#/$defs/Reference"}
    assert kinds[0]["properties"]["region"]["description"] == "Where it is asked."


def test_a_type_that_json_schema_cannot_tell_takes_no_other_plugin_down() -> None:
    class Odd(PluginConfig):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        thing: Registry | None = None
        text: str = ""

    class OddChannel(Channel[Odd]):
        kind = "odd"
        title = "Odd"
        Config = Odd
        capabilities = frozenset()

    class Hooks:
        @hookimpl
        def careline_channels(self) -> list[type[Channel[Odd]]]:
            return [OddChannel]

    registry = Registry.load(extra=[Hooks()])
    assert judge(registry, '[channels.a]\nkind = "odd"\ntext = "x"\n')
    assert not judge(registry, '[channels.a]\nkind = "odd"\ntxt = "x"\n')


def test_without_any_plugin_no_channel_is_possible() -> None:
    assert judge(Registry([], []), "[brands.acme]\nname = 'A'")
    assert not judge(Registry([], []), "[channels.a]\nkind = 'bird'")
