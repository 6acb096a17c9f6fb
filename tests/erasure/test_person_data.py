"""All that is kept of a person, as one document."""

import json

import pytest

from careline.errors import NotFound

from .conftest import SECRETS, holding


def shape(value):
    """Return names and types; of a list, those of its first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value)


VERSION = {
    "revised_at": None, "text": str, "title": str, "lang": str, "permalink": str,
    "attachments": [{"url": str, "type": str, "size": None, "description": str}],
    "erased_at": None,
}  # fmt: skip


async def test_it_holds_everything_that_names_or_quotes_them(told):
    found = await told.desk.person_data("x:@kimhandle")
    document = json.loads(found.model_dump_json())
    assert document["schema_version"] == 1
    assert [(one["network"], one["user"]) for one in document["identities"]] == [
        ("page", "k-on-page"), ("x", "u4711k"),
    ]  # fmt: skip
    assert {one["evidence"] for one in document["links"]} == {"zanzibar, both times"}
    assert [one["id"] for one in document["conversations"]] == [
        told.case("1"), told.case("1", "page"),
    ]  # fmt: skip
    texts = [[one["text"] for one in said["versions"]] for said in document["messages"]]
    assert texts == [
        ["It is broken, says zanzibar", "It is broken still, zanzibar"],
        ["thanks zanzibar"],
        ["Why? Zanzibar"],
        ["Where is it? zanzibar"],
    ]
    answers = [said["versions"][0]["text"] for said in document["answers"]]
    assert answers == [
        "We look into it, zanzibar", "Glad, zanzibar", "Because, zanzibar", "And so, zanzibar",
        "Sent, zanzibar",
    ]  # fmt: skip
    case, page = document["conversations"]
    assert [note["text"] for note in case["notes"]] == ["Zanzibar is upset"]
    assert [draft["text"] for draft in case["drafts"]] == ["Draft, zanzibar"]
    assert [row["text"] for row in document["outbox"]] == [
        "Sent, zanzibar", "Dead, zanzibar", "Queued, zanzibar",
    ]  # fmt: skip
    assert [row["raw"] for row in document["rejected"]] == ['{"who": "U4711K", "text": "zanzibar"}']
    assert document["messages"][0]["labels"]["intent"]["primary"] == "problem"
    assert shape(document["messages"][0]["versions"][0]) == VERSION
    assert page["account"] == "acme-page"
    assert "(lee)" not in str(document)


async def test_of_whoever_was_erased_the_facts_alone_are_left(told):
    await told.desk.erase("x:@kimhandle", actor="ann")
    document = json.loads((await told.desk.person_data(told.case("1"))).model_dump_json())
    assert holding({"all": [json.dumps(document).lower()]}, *SECRETS) == {}
    assert len(document["messages"]) == 4
    assert {one["user"] for one in document["identities"]} == {None}


async def test_a_name_that_nobody_has_is_told(told):
    with pytest.raises(NotFound, match="there is no customer 'x:nobody'"):
        await told.desk.person_data("x:nobody")
