"""What a row says, and what the configuration adds to it."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from careline.builtin.archive.channel import ArchiveChannel
from careline.builtin.archive.mapping import BadRow, Mapper
from careline.plugin import Author, Brand, Direction, Kind, Visibility

ROW = {"id": "7", "at": "2024-05-06T07:08:09Z", "text": "Hello"}


def mapper(*handles, fields=None, **settings):
    columns = {"id": "id", "posted_at": "at", "text": "text", **(fields or {})}
    config = ArchiveChannel.Config.model_validate({"path": "x", "fields": columns, **settings})
    return Mapper(config, Brand(id="acme", name="Acme", handles=handles or ("@acme",)))


def test_every_field_reaches_the_message():
    names = ("thread", "parent", "quoted", "author", "author_name", "author_handle", "to", "title",
             "rating", "kind", "visibility", "addressed", "lang", "permalink")  # fmt: skip
    row = ROW | {
        "thread": "t1", "parent": 6, "quoted": "q", "author": "u1", "author_name": "Una",
        "author_handle": "@una", "to": "u2", "title": "Oh", "rating": "4.5", "kind": "Review",
        "visibility": "PRIVATE", "addressed": "yes", "lang": "en", "permalink": "https://e.example",
    }  # fmt: skip
    message = mapper(fields={name: name for name in names})(row)
    assert message.external_id == "7"
    assert message.posted_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (message.root, message.parent, message.quoted) == ("t1", "6", "q")
    assert message.author == Author(id="u1", name="Una", handle="@una")
    assert message.to == Author(id="u2")
    assert (message.title, message.text, message.rating) == ("Oh", "Hello", 4.5)
    assert (message.kind, message.visibility) == (Kind.REVIEW, Visibility.PRIVATE)
    assert message.addressed
    assert (message.lang, message.permalink) == ("en", "https://e.example")


@pytest.mark.parametrize(
    ("settings", "row", "kind"),
    [
        ({}, {}, Kind.MENTION),
        ({}, {"p": "1"}, Kind.REPLY),
        ({}, {"role": "us"}, Kind.POST),
        ({}, {"role": "us", "p": "1"}, Kind.REPLY),
        ({"rated": True}, {"stars": 3}, Kind.REVIEW),
        ({"rated": True}, {}, Kind.REVIEW),
        ({"rated": True}, {"role": "us", "p": "1"}, Kind.REPLY),
        ({"message_kind": "direct"}, {"p": "1"}, Kind.DIRECT),
    ],
)
def test_the_kind_where_no_column_tells(settings, row, kind):
    fields = {"parent": "p"} | ({"rating": "stars"} if settings.pop("rated", None) else {})
    rows = mapper(fields=fields, ours={"field": "role", "equals": "us"}, **settings)
    assert rows(ROW | row).kind is kind


@pytest.mark.parametrize(
    ("equals", "value", "ours"),
    [("brand", "brand", True), ("brand", "Brand", True), ("brand", "customer", False),
     (["agent", "bot"], "bot", True), (True, True, True), (True, "true", True), (1, "1", True),
     ("brand", None, False)],
)  # fmt: skip
def test_rows_of_ours_go_out_and_were_written_elsewhere(equals, value, ours):
    message = mapper(ours={"field": "role", "equals": equals})(ROW | {"role": value})
    assert (message.direction is Direction.OUT) is ours
    assert message.sent_by == "elsewhere"


@pytest.mark.parametrize(
    ("text", "parent", "addressed"),
    [
        ("@acme it broke", None, True),
        ("it broke @ACME!", None, True),
        ("@acme it broke", "1", False),
        ("@una @acme it broke", "1", False),
        ("@una ask @acme about it", "1", True),
        ("@una @acme", "1", False),
        ("@acmehelp it broke", None, False),
        ("@acme_uk it broke", None, False),
        ("mail me: una@acme.example", None, False),
        ("acme broke", None, False),
        ("", None, False),
    ],
)
def test_addressed_is_read_from_the_text(text, parent, addressed):
    row = ROW | {"text": text, "p": parent}
    assert mapper("acme", "@other", fields={"parent": "p"})(row).addressed is addressed


def test_our_own_rows_and_brands_without_handles_address_nobody():
    rows = mapper(ours={"field": "role", "equals": "us"})
    assert not rows(ROW | {"role": "us", "text": "@acme is back"}).addressed
    assert not mapper("@")(ROW | {"text": "@acme @ help"}).addressed


def test_the_day_alone_is_kept_as_such():
    message = mapper(timezone="America/Chicago")(ROW | {"at": "2024-05-06"})
    assert message.precision == "day"
    assert message.posted_at == datetime(2024, 5, 6, 5, tzinfo=UTC)


def test_empty_and_missing_values_are_left_out():
    message = mapper(fields={"parent": "p", "author": "who"})(ROW | {"text": None, "p": ""})
    assert (message.text, message.parent, message.author) == ("", None, None)


def test_what_no_database_can_hold_is_replaced_and_the_rest_is_kept():
    text = "\x00 \ud800 \u202e " + "x" * 2**20
    message = mapper()(ROW | {"text": text})
    assert message.text == "\ufffd \ufffd \u202e " + "x" * 2**20


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"at": "soon"}, 'posted_at: "soon" is no time'),
        ({"at": ""}, "posted_at: empty"),
        ({"id": None}, "id: empty"),
        ({"id": "a\nb"}, "id: .*control characters"),
        ({"id": "x" * 600}, "id: .*512"),
        ({"id": 7.0}, "id: .*string"),
        ({"id": 10**5000}, "digits"),
        ({"text": ["a"]}, "text: .*string"),
        ({"stars": "6"}, 'rating: "6" is not 1 to 5 stars'),
        ({"stars": float("nan")}, 'rating: "nan" is not'),
        ({"kind": "poem"}, "kind: .*'mention'"),
        ({"named": "perhaps"}, 'addressed: "perhaps" is neither'),
        ({"who": {"id": 1}}, "author.id: .*string"),
    ],
)
def test_a_bad_value_is_named_with_its_reason(change, why):
    fields = {"rating": "stars", "kind": "kind", "addressed": "named", "author": "who"}
    with pytest.raises(BadRow, match=why):
        mapper(fields=fields)(ROW | change)


@pytest.mark.parametrize("column", ["id", "at", "text"])
def test_a_row_without_a_needed_column_says_which(column):
    row = {key: value for key, value in ROW.items() if key != column}
    with pytest.raises(BadRow, match=f'no "{column}"'):
        mapper()(row)


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"timezone": "Mars/Base"}, "no time zone is named"), ({"colour": "red"}, "Extra inputs"),
     ({"delimiter": ",,"}, "at most 1"), ({"every": 0}, "greater than 0"),
     ({"every": float("inf")}, "finite"), ({"every": float("nan")}, "finite"),
     ({"every": 86_401}, "less than or equal to 86400")],
)  # fmt: skip
def test_a_bad_setting_is_refused(settings, why):
    with pytest.raises(ValidationError, match=why):
        mapper(**settings)
