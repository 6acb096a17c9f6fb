"""The JSON Schema of the whole file, as the plugins that are installed make it."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from careline.config.checker import Kinds
from careline.config.references import WAYS
from careline.config.settings import BROUGHT, NAMED, RULES, SINGLE
from careline.errors import PluginError

Schema: TypeAlias = dict[str, Any]
_ANY_NAME = {"pattern": "^[a-z0-9-]+$"}
_REFERENCE = {"$ref": "#/$defs/Reference"}
_FREE_TEXT = (None, "path", "file-path", "directory-path", "uri")


def schema(registry: Kinds) -> Schema:
    """Return the schema by which an editor checks a `careline.toml`."""
    configs = _configs(registry)
    core = [*SINGLE.values(), *NAMED.values(), *RULES.values(), *BROUGHT.values()]
    defs = _Definitions([*core, *configs.values()])
    sections = {name: defs.table(model) for name, model in SINGLE.items()}
    for name, model in NAMED.items():
        sections[name] = _named(defs.table(model))
    for name in BROUGHT:
        kinds = {kind: config for (group, kind), config in configs.items() if group == name}
        sections[name] = _named(_by_kind(defs, BROUGHT[name], kinds))
    for name, model in RULES.items():
        sections[name] = {"type": "array", "items": defs.table(model)}
    whole = _as_written({"properties": sections, "$defs": defs})
    whole["$defs"]["Reference"] = _reference()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "careline.toml",
        "type": "object",
        "additionalProperties": False,
        **whole,
    }


def _configs(registry: Kinds) -> dict[tuple[str, str], type[BaseModel]]:
    """Return the configuration of each kind that one plugin stands for."""
    found = {}
    for group in BROUGHT:
        for kind in registry.kinds(group):
            try:
                found[group, kind] = registry.get(group, kind).cls.Config
            except PluginError:  # claimed twice: the file cannot use it
                continue
    return found


class _Generator(GenerateJsonSchema):
    """Says what may be written where a type only says what becomes of it."""

    def function_before_schema(
        self, schema: core_schema.BeforeValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """Also allow one for a list of it, and text for what is no text."""
        inner = super().function_before_schema(schema)
        if "json_schema_input_schema" in schema:
            return inner
        if inner.get("type") == "array":
            return {"anyOf": [inner, inner.get("items", {})]}
        timely = inner.get("type") == "string" and "format" in inner
        if timely or inner.get("type") in ("number", "integer", "boolean"):
            return {"anyOf": [inner, {"type": "string"}]}
        return inner

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        """Allow anything where a plugin's type cannot be told in JSON Schema."""
        return {}

    def emit_warning(self, kind: Any, detail: str) -> None:
        """Keep quiet: a default that JSON cannot hold is left out."""


class _Definitions(dict[str, Schema]):
    """All definitions by name, and the table of each model among them."""

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        wanted: list[tuple[type[BaseModel], Any]] = [
            (model, "validation") for model in dict.fromkeys(models)
        ]
        self._at, whole = models_json_schema(wanted, schema_generator=_Generator)
        super().__init__(whole.get("$defs", {}))

    def table(self, model: type[BaseModel]) -> Schema:
        """Return the model's own schema, out of the definitions."""
        return self[self._at[model, "validation"]["$ref"].rpartition("/")[2]]


def _named(table: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ANY_NAME, "additionalProperties": table}


def _by_kind(
    defs: _Definitions, core: type[BaseModel], configs: Mapping[str, type[BaseModel]]
) -> Schema:
    """Return a table whose `kind` says which keys it may have."""
    tables = [_of_kind(defs.table(core), kind, defs.table(c)) for kind, c in configs.items()]
    return {"anyOf": tables} if tables else {"not": {}}


def _of_kind(core: Schema, kind: str, config: Schema) -> Schema:
    own = config.get("properties", {})
    return config | {
        "title": kind,
        "properties": core["properties"] | own | {"kind": {"const": kind}},
        "required": sorted({"kind", *config.get("required", ())}),
    }


def _as_written(node: Any) -> Any:
    """Allow references where text goes, nothing else for secrets; TOML has no null."""
    if isinstance(node, list):
        return [_as_written(part) for part in node if part != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "password":
        return _REFERENCE
    plain = {k: v if k in ("default", "examples") else _as_written(v) for k, v in node.items()}
    plain = {k: v for k, v in plain.items() if (k, v) != ("default", None)}
    if node.get("type") != "string" or "enum" in node or node.get("format") not in _FREE_TEXT:
        return plain
    return {"anyOf": [plain, _REFERENCE]}


def _reference() -> Schema:
    """Return what stands for a secret: exactly one way to it."""
    ways = {way: {"type": "string", "minLength": 1} for way in WAYS}
    one = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"type": "object", "properties": ways, **one}
