"""Each request that we make, held against X's own OpenAPI files by somebody else's code."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from careline.testing import FakeClock

from .conftest import BEARER, OAUTH2

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("secrets_stay"),
    pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning"),
]
BYTES = bytes(range(256)) * 10


@pytest.fixture(scope="module")
def judges():
    """The judges of the sandbox's own tests."""
    pytest.importorskip("openapi_core")
    path = Path(__file__).parents[1] / "sandbox" / "judges.py"
    found = spec_from_file_location("twitter_judges", path)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("words", "judge"), [("tweet", "by_2_166"), ("post", "by_2_167")])
async def test_all_requests_and_their_answers_are_valid(desk, x, judges, words, judge):
    await desk.logged_in(scope="")
    seen = []

    def judged(request, response):
        if "/stream" in request.url.path and "rules" not in request.url.path:
            return
        if request.headers.get("content-type", "").startswith("multipart"):
            return  # no judge of the two reads one: the sandbox does
        seen.append(request.url.path)
        getattr(judges, judge)(request, response)

    x.speak(words)
    x.app.level = "enterprise"
    said = {**OAUTH2, **BEARER, "vocabulary": words, "tier": "enterprise"}
    api = desk.api(FakeClock(auto=True), judged, **said)
    kim = x.user("kim")
    hers = x.post("kim", "@acme it broke", media=1)
    x.post("kim", "@acme look", reply_to=hers, quote=hers)
    x.post("robin", "@acme edited")
    x.dm("kim", "are you there?")
    await api.me()
    page = await api.mentions(x.us.id, max_results=5)
    await api.mentions(x.us.id, since_id=hers.id)
    assert page["data"]
    found = await api.search("acme -is:retweet", start_time=x.platform.world.now(), max_results=10)
    assert found["meta"]
    await api.search("acme", since_id=hers.id)
    await api.posts([hers.id, "20"])
    await api.users([kim.id, "20"])
    event = (await api.dm_events())["data"][0]
    await api.dm_events(with_user=kim.id, max_results=1)
    await api.dm("Here we are", user=kim.id)
    await api.dm("And here", conversation=event["dm_conversation_id"])
    media = (await api.upload(BYTES, "image/png", "tweet_image"))["data"]["id"]
    if words == "post":  # 2.166 asks for a `type` of the processing, and describes none
        await api.upload(BYTES, "image/gif", "tweet_gif")
    mine = await api.post("Sorry!", reply_to=hers.id, media=[media], deep_link=True)
    ours = x.post(x.us, "Good morning")
    await api.hide(x.post("kim", "boo", reply_to=ours).id, True)
    await api.follow(x.us.id, kim.id)
    await api.delete(mine["data"]["id"])
    await api.change_rules([{"value": "acme", "tag": "a"}], dry_run=True)
    told = await api.change_rules([{"value": "acme", "tag": "a"}])
    await api.rules()
    await api.change_rules(delete=[told["data"][0]["id"]])
    await api.usage(3)
    await api.free_stream_slot()
    assert len(seen) >= 22
