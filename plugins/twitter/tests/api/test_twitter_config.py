"""What an operator may write, and what is refused with its way out."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from careline_twitter.config import TwitterConfig
from careline_twitter.prices import PRICES
from careline_twitter.sandbox import PRICES as BILLED

OAUTH1 = {"consumer_key": "k", "consumer_secret": "s", "access_token": "t", "access_secret": "u"}


@pytest.mark.parametrize(
    "said",
    [
        {"bearer": "b", "user_id": "1"},
        {"bearer": "b", "user_id": 1},
        {"client_id": "c"},
        {"client_id": "c", "client_secret": "s", "bearer": "b", "transport": "stream"},
        OAUTH1,
        {**OAUTH1, "transport": "webhook"},
        {"client_id": "c", "bearer": "b", "consumer_secret": "s", "transport": "webhook"},
        {"client_id": "c", "base_url": "http://127.0.0.1:8080", "budget": {"day": 5}},
    ],
)
def test_what_can_work_is_taken(said):
    assert TwitterConfig.model_validate(said)


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        ({}, "give `client_id`, then run `careline channel login`"),
        ({"bearer": "b"}, "give `user_id` too"),
        ({"bearer": "b", "user_id": "1", "dms": True}, "set it to false"),
        ({"client_id": "c", "bearer": " "}, "is the variable or the file"),
        ({"bearer": "b", "user_id": "1", "client_secret": "s"}, "belongs to a `client_id`"),
        ({**OAUTH1, "access_secret": None}, "give `access_secret`"),
        ({**OAUTH1, "client_id": "c"}, "leave one of them out"),
        ({"client_id": "c", "transport": "stream"}, "give `bearer`, or say transport"),
        ({"client_id": "c", "bearer": "b", "transport": "webhook"}, "give `consumer_secret`"),
        ({"client_id": "c", "consumer_secret": "s", "transport": "webhook"}, "give `bearer`"),
        ({"client_id": "c", "budget": {"day": 5, "month": 1}}, "raise the one, or lower"),
        ({"client_id": "c", "prices": {"post.raed": 1}}, "those are for: post.read"),
        ({"client_id": "c", "base_url": "http://api.x.com"}, "https only"),
        ({"client_id": "c", "base_url": "api.x.com"}, "written like https"),
    ],
)
def test_what_cannot_work_is_refused_with_a_way_out(said, way_out):
    with pytest.raises(ValidationError) as caught:
        TwitterConfig.model_validate(said)
    assert way_out in str(caught.value)


def test_secrets_are_not_shown():
    config = TwitterConfig.model_validate({**OAUTH1, "consumer_key": "hidden-words"})
    assert "hidden-words" not in repr(config) + str(config) + config.model_dump_json()


def test_every_setting_says_what_it_is_for():
    for name, field in TwitterConfig.model_fields.items():
        assert field.description, name


def test_prices_are_those_that_the_stand_in_bills():
    assert {kind: BILLED[kind] for kind in PRICES} == dict(PRICES)


def test_a_price_of_the_operators_own_holds():
    config = TwitterConfig.model_validate({"client_id": "c", "prices": {"post.read": 0.0075}})
    assert config.price("post.read") == Decimal("0.0075")
    assert config.price("user.read") == PRICES["user.read"]
