"""Each answer of the sandbox, held against X's own OpenAPI files by somebody else's code."""

import pytest
from jsonschema import ValidationError
from openapi_core.validation.response.exceptions import InvalidData

from . import judges
from .tour import NEW, OLD, Tour, hooked

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning"),
]


async def test_all_that_is_asked_and_answered_in_the_old_words_is_valid_by_2_166(x, us, app):
    tour = Tour(x, hooked(us, judges.by_2_166), hooked(app, judges.by_2_166), OLD)
    assert await tour.all() > 70


async def test_all_that_is_asked_and_answered_in_the_new_words_is_valid_by_2_167(x, us, app):
    x.speak("post")
    tour = Tour(x, hooked(us, judges.by_2_167), hooked(app, judges.by_2_167), NEW)
    assert await tour.all() > 70


@pytest.mark.parametrize("judge", [judges.by_2_166, judges.by_2_167])
async def test_the_judges_find_what_is_wrong(us, judge):
    answer = await us.get("/2/users/me")
    judge(answer.request, answer)
    answer._content = b'{"data": {"id": 7, "name": "Acme", "username": "acme"}}'
    with pytest.raises((InvalidData, ValidationError)):
        judge(answer.request, answer)


async def test_the_old_words_are_not_valid_by_2_167(x, us):
    answer = await us.get(f"/2/users/{x.us.id}/mentions", params={"tweet.fields": "author_id"})
    judges.by_2_166(answer.request, answer)
    with pytest.raises(AssertionError, match=r"tweet\.fields is no parameter of getUsersMentions"):
        judges.by_2_167(answer.request, answer)


async def test_a_video_is_processed_before_it_can_be_posted(x, us):
    hooked(us, judges.by_2_167)  # 2.166 asks for a `type` of the processing, and describes none
    x.speak("post")
    begun = {"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": 10}
    id = (await us.post("/2/media/upload/initialize", json=begun)).json()["data"]["id"]
    for index in (1, 0):
        part = {"media": "aGVsbG8=", "segment_index": index}
        await us.post(f"/2/media/upload/{id}/append", json=part)
    ended = (await us.post(f"/2/media/upload/{id}/finalize")).json()["data"]
    assert (ended["size"], ended["processing_info"]["state"]) == (10, "pending")
    post = {"text": "Look", "media": {"media_ids": [id]}}
    assert (await us.post("/2/tweets", json=post)).status_code == 400
    query = {"media_id": id, "command": "STATUS"}
    now = (await us.get("/2/media/upload", params=query)).json()["data"]
    assert now["processing_info"]["state"] == "succeeded"
    assert (await us.post("/2/tweets", json=post)).status_code == 201
