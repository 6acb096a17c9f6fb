"""What we send has the names and the shape that X documents, in both of its vocabularies."""

import pytest

from careline_twitter.bodies import direct_body, follow_body, hide_body, post_body

FILES = ["x/openapi-2.166-tweet-vocab.json", "x/openapi-2.167-post-vocab.json"]
BODIES = [
    ("post", "/2/tweets", post_body("We are back.")),
    (
        "post", "/2/tweets",
        post_body("On it!", in_reply_to="7", media=["5"], deep_link="https://x.com/messages/compose"),
    ),
    ("post", "/2/dm_conversations/with/{participant_id}/messages", direct_body("Hi", ["5"])),
    ("post", "/2/dm_conversations/with/{participant_id}/messages", direct_body("", ["5"])),
    ("put", "/2/tweets/{tweet_id}/hidden", hide_body(hidden=True)),
    ("post", "/2/users/{id}/following", follow_body("7")),
]  # fmt: skip


def fits(value, schema, spec):
    """Tell whether a value has the shape of a schema, as far as our bodies use schemas."""
    if "$ref" in schema:
        return fits(value, spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]], spec)
    if "anyOf" in schema:
        rest = {name: one for name, one in schema.items() if name != "anyOf"}
        return any(fits(value, {**rest, **one}, spec) for one in schema["anyOf"])
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return set(schema.get("required", ())) <= set(value) <= set(known) and all(
            fits(one, known[name], spec) for name, one in value.items()
        )
    if isinstance(value, list):
        return schema["type"] == "array" and all(fits(one, schema["items"], spec) for one in value)
    return schema["type"] == ("boolean" if isinstance(value, bool) else "string")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("method", "path", "body"), BODIES)
def test_a_body_is_one_that_x_documents(spec, file, method, path, body):
    known = spec(file)
    content = known["paths"][path][method]["requestBody"]["content"]["application/json"]
    assert fits(body, content["schema"], known)


def test_what_is_not_said_is_left_out():
    assert post_body("On it!") == {"text": "On it!"}
    assert direct_body("", ["5"]) == {"attachments": [{"media_id": "5"}]}
