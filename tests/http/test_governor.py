"""Limits that a platform declares are kept without asking it again."""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from careline.errors import Transient
from careline.http import ClientFactory, was_sent
from careline.logs import Redactor
from careline.testing.clock import START, FakeClock
from careline.testing.recorder import Recorder

EPOCH = START.timestamp()


class Platform:
    """Answers each request with the next of its answers, and counts what reached it."""

    def __init__(self, *answers: tuple[int, Mapping[str, str]]) -> None:
        self.answers, self.seen = list(answers), list[str]()
        self.clock = FakeClock()
        network = httpx.MockTransport(self.answer)
        self.http = ClientFactory(self.clock, Recorder(), Redactor(), network=network)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.url.path}")
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return httpx.Response(status, headers=headers)

    async def ask(self, path: str = "/2/users/44/mentions", method: str = "GET") -> int:
        async with self.http("https://x.example") as client:
            return (await client.request(method, path)).status_code


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(EPOCH + 900)}),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 900)}),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "900"}),
        (429, {"retry-after": "900"}),
        (503, {"retry-after": "900"}),
        (429, {"retry-after": format_datetime(START + timedelta(seconds=900), usegmt=True)}),
        (429, {"x-rate-limit-reset": str(EPOCH + 900)}),
        (429, {"x-rate-limit-remaining": "none", "x-rate-limit-reset": str(EPOCH + 900)}),
        (429, {"retry-after": "900", "x-rate-limit-reset": "60", "x-rate-limit-remaining": "0"}),
        (
            429,
            {
                "x-rate-limit-remaining": "170",
                "x-rate-limit-reset": str(EPOCH + 60),
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": str(EPOCH + 900),
            },
        ),
    ],
    ids=str,
)
async def test_a_limit_that_is_used_up_is_not_asked_again_until_its_reset(
    answer: tuple[int, dict[str, str]],
) -> None:
    platform = Platform(answer)
    assert await platform.ask() == answer[0]
    platform.clock.advance(100)
    with pytest.raises(Transient, match="used up for another 800 s") as caught:
        await platform.ask()
    assert caught.value.retry_after == pytest.approx(800)
    assert was_sent(caught.value) is False
    assert len(platform.seen) == 1
    platform.clock.advance(800)
    assert await platform.ask() == 200


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}),
        (200, {"x-rate-limit-remaining": "1", "x-rate-limit-reset": str(EPOCH + 900)}),
        (200, {"retry-after": "900"}),
        (429, {}),
        (429, {"retry-after": "soon"}),
        (429, {"retry-after": "-5"}),
        (429, {"retry-after": "nan"}),
        (200, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(EPOCH - 900)}),
        (200, {"x-rate-limit-remaining": "0"}),
        (200, {"x-rate-limit-remaining": "none", "x-rate-limit-reset": "later"}),
    ],
    ids=str,
)
async def test_anything_else_holds_nothing_up(answer: tuple[int, dict[str, str]]) -> None:
    platform = Platform(answer)
    await platform.ask()
    assert await platform.ask() == 200


async def test_a_429_of_which_requests_remain_is_about_something_else() -> None:
    told = {"x-rate-limit-remaining": "7", "x-rate-limit-reset": str(EPOCH + 900)}
    platform = Platform((429, told))
    assert await platform.ask("/2/tweets/search/stream") == 429
    assert await platform.ask("/2/tweets/search/stream") == 200


async def test_a_limit_holds_for_its_host_method_and_kind_of_path() -> None:
    platform = Platform((429, {"retry-after": "900"}))
    await platform.ask("/2/users/44/mentions")
    with pytest.raises(Transient):
        await platform.ask("/2/users/45/mentions")
    assert await platform.ask("/2/users/44/mentions", "POST") == 200
    assert await platform.ask("/2/tweets") == 200
    assert await platform.ask("https://other.example/2/users/44/mentions") == 200


async def test_no_header_silences_an_account_for_more_than_a_day() -> None:
    platform = Platform((429, {"retry-after": "1e300"}))
    await platform.ask()
    platform.clock.advance(86_400)
    assert await platform.ask() == 200


async def test_accounts_do_not_share_their_limits() -> None:
    platform, other = Platform((429, {"retry-after": "900"})), Platform()
    await platform.ask()
    assert await other.ask() == 200
