"""Uploads: what X takes, in one go or in parts."""

import pytest

from careline.plugin import Refusal, Rejected, Transient
from careline.testing import FakeClock

from .conftest import OAUTH1, OAUTH2

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("secrets_stay")]
MB = 1024 * 1024
BYTES = bytes(range(256))


@pytest.mark.parametrize("who", [OAUTH1, OAUTH2], ids=["oauth1", "oauth2"])
async def test_a_picture_goes_up_at_once_and_is_posted(desk, x, who):
    await desk.logged_in()
    api = desk.api(**who)
    told = await api.upload(BYTES * 100, "image/png", "tweet_image")
    assert (told["data"]["size"], len(x.requests)) == (25_600, 1)
    await api.post("Look", media=[told["data"]["id"]])
    there = await api.upload(b"--\r\n\r\n--", "image/jpeg", "dm_image")
    await api.dm("", user=x.user("kim").id, media=[there["data"]["id"]])
    assert [one.what for one in x.sent] == ["post", "direct"]


@pytest.mark.parametrize(
    ("type", "category", "parts"),
    [("image/gif", "tweet_gif", 1), ("video/mp4", "tweet_video", 3), ("video/mp4", "dm_video", 3)],
)
async def test_what_moves_goes_up_in_parts_and_is_waited_for(desk, x, type, category, parts):
    api = desk.api(FakeClock(auto=True), **OAUTH1)
    content = BYTES * (4096 * 4 * parts - 10)
    told = await api.upload(content, type, category)
    assert told["data"]["size"] == len(content)
    assert sum(asked.path.endswith("/append") for asked in x.requests) == parts
    assert x.platform.world.media[told["data"]["id"]].state == "ready"


@pytest.mark.parametrize(
    ("size", "type", "category", "says"),
    [
        (5 * MB + 1, "image/png", "tweet_image", "X takes 5242880 of a image"),
        (15 * MB + 1, "image/gif", "dm_gif", "X takes 15728640 of a gif"),
        (1, "text/html", "tweet_image", "X takes no text/html"),
        (1, "video/mp4", "tweet_image", "X takes no video/mp4 as tweet_image"),
        (0, "image/png", "tweet_image", "empty"),
    ],
)
async def test_what_x_would_not_take_is_refused_before_it_is_asked(
    desk, x, size, type, category, says
):
    with pytest.raises(Rejected, match=says) as caught:
        await desk.api(**OAUTH1).upload(b"x" * size, type, category)
    assert caught.value.reason is Refusal.INVALID
    assert not x.requests


@pytest.mark.parametrize("how", ["500", "cut-after", "429", "cut-body"])
async def test_an_upload_that_fails_has_posted_nothing(desk, x, how):
    x.fail(how, on="POST /2/media/*", times=1)
    with pytest.raises(Transient) as caught:
        await desk.api(**OAUTH1).upload(BYTES, "image/png", "tweet_image")
    assert caught.value.sent is False
