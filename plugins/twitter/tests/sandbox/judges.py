"""Judges of requests and answers: X's own OpenAPI files, each read by somebody else's code.

The files are not ours to publish: they are looked for beside this repository, or where
CARELINE_SPECS says. What needs them is skipped without them, and says so.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS30Validator

SPECS = Path(
    os.environ.get("CARELINE_SPECS") or Path(__file__).parents[4].parent / "shared" / "specs"
)
OLD, NEW = "x/openapi-2.166-tweet-vocab.json", "x/openapi-2.167-post-vocab.json"
PROBLEM = "application/problem+json"
_HOST = "https://api.x.com"
_HOLE = re.compile(r"\{[^}]+\}")
_SCALARS: Mapping[str, Any] = {"integer": int, "boolean": {"true": True, "false": False}.get}


@cache
def _text(name: str) -> str:
    path = SPECS / name
    return path.read_text("utf-8") if path.exists() else ""


@cache
def read(name: str) -> Any:
    """Return a file of X's, or skip the test."""
    if not _text(name):
        pytest.skip(f"{SPECS / name} is not there: CARELINE_SPECS names the folder of specs")
    return json.loads(_text(name))


def by_2_166(request: httpx.Request, response: httpx.Response) -> None:
    """Have openapi-core hold both against the last file of the old vocabulary."""
    asked = MockRequest(
        _HOST,
        request.method.lower(),
        request.url.path,
        args=dict(request.url.params),
        headers={"Authorization": request.headers["authorization"]},
        data=request.content or None,
        content_type=request.headers.get("content-type", ""),
    )
    if response.status_code < 400:
        _openapi().validate_request(asked)
    kind = media_type(response)
    said = MockResponse(response.content, response.status_code, content_type=kind)
    _openapi().validate_response(asked, said)
    if kind == PROBLEM:
        _by_its_type(response.json())


@cache
def _openapi() -> OpenAPI:
    config = Config(extra_media_type_deserializers={PROBLEM: json.loads})
    return OpenAPI.from_dict(read(OLD), config=config)


def _by_its_type(problem: Mapping[str, Any]) -> None:
    """Hold a problem against the schema of its type; openapi-core stops at what all share."""
    schemas = read(OLD)["components"]["schemas"]
    types = schemas["Problem"]["discriminator"]["mapping"]
    if problem["type"] in types:
        OAS30Validator(
            {"$ref": types[problem["type"]], "components": {"schemas": schemas}}
        ).validate(problem)


def by_2_167(request: httpx.Request, response: httpx.Response) -> None:
    """Hold both against the first file of the new vocabulary, which openapi-core refuses."""
    operation = _operation(request)
    if response.status_code < 400:
        for schema, value in _asked(operation, request):
            valid(schema, value)
    answers = operation["responses"]
    content = answers.get(str(response.status_code), answers["default"])["content"]
    said, kind = response.json(), media_type(response)
    if "errors" in said and kind != PROBLEM:
        said["errors"] = [error for error in said["errors"] if _known(error)]
    valid(content[kind]["schema"] if kind != PROBLEM or _known(said) else {}, said)


def _known(problem: Mapping[str, Any]) -> bool:
    """Tell whether 2.167 has a problem: it lost those of rules, streams, clients and usage."""
    return (
        problem["type"] in read(NEW)["components"]["schemas"]["Problem"]["discriminator"]["mapping"]
    )


def _asked(operation: Mapping[str, Any], request: httpx.Request) -> Iterator[tuple[Any, Any]]:
    known = {one["name"]: one["schema"] for one in map(_found, operation.get("parameters", []))}
    for name, value in request.url.params.items():
        assert name in known, f"{name} is no parameter of {operation['operationId']}"
        schema = _found(known[name])
        kind = schema.get("type")
        values = value.split(",") if kind == "array" else value
        yield schema, _SCALARS[kind](value) if kind in _SCALARS else values
    if "json" in request.headers.get("content-type", ""):
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        yield body, json.loads(request.content)


def _operation(request: httpx.Request) -> Any:
    paths = read(NEW)["paths"]
    for path in sorted(paths, key=lambda path: path.count("{")):
        if re.fullmatch(_HOLE.sub("[^/]+", path), request.url.path):
            return paths[path][request.method.lower()]
    raise AssertionError(f"2.167 knows no {request.url.path}")


def _found(schema: Any) -> Any:
    if "$ref" not in schema:
        return schema
    where: Any = read(NEW)
    for part in schema["$ref"].split("/")[1:]:
        where = where[part]
    return where


def valid(schema: Mapping[str, Any], value: Any, file: str = NEW) -> None:
    """Hold a value against a schema of one of the files."""
    OAS30Validator({**schema, "components": read(file)["components"]}).validate(value)


def media_type(response: httpx.Response) -> str:
    """Return what sort of body came."""
    return response.headers["content-type"].partition(";")[0]
