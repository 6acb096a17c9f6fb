"""What the relay says to a host, over real HTTP, and what it makes of each of its answers."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook as Judge

from careline.builtin.relay.channel import RelayChannel
from careline.builtin.relay.config import RelayConfig
from careline.http import was_sent
from careline.plugin import (
    Answer,
    AuthFailed,
    Author,
    Capability,
    Delete,
    Direct,
    Direction,
    Follow,
    Hide,
    Kind,
    Post,
    PrivateReply,
    Receipt,
    Refusal,
    Rejected,
    ThreadFacts,
    Transient,
    Unsupported,
    Visibility,
    Word,
)
from careline.testing import FakeClock, MemoryContext
from careline.testing.clock import START
from careline.testing.host import LoopbackHost

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KIM = Author(id="u1", name="Kim")
WHO = {"id": "a/1 ?", "actor": "ann"}
ANSWER = Answer(
    **WHO, place="r", visibility=Visibility.PUBLIC, customer=KIM, in_reply_to="1", text="On it!"
)
HIDE = Hide(**WHO, message="1")
DONE = {"ids": ["m1", 2], "opened": "dm-1", "sent_at": "2026-01-05T08:59:00Z", "more": True}
RECEIPT = Receipt(("m1", "2"), START - timedelta(minutes=1), "dm-1")


class Host(LoopbackHost):
    """Answers as it is told, and checks each signature by the specification's own library."""

    status, headers, body = 200, {}, json.dumps(DONE).encode()

    def answer(self, request):
        id, stamp, said = (
            request.headers[f"webhook-{n}"] for n in ("id", "timestamp", "signature")
        )
        at = datetime.fromtimestamp(int(stamp), UTC)
        assert said == Judge(SECRET).sign(id, at, request.content.decode())
        assert at == START
        return httpx.Response(self.status, headers=self.headers, content=self.body)

    def says(self, status, body=b"", **headers):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
async def host(anyio_backend):
    async with Host() as host:
        yield host


@pytest.fixture
def relay(host):
    return channel(url=f"{host.base_url}/careline/")


def channel(**fields):
    config = RelayConfig(secret=SecretStr(SECRET), **fields)
    return RelayChannel(config, MemoryContext(account="shop", clock=FakeClock()))


async def raised(call):
    with pytest.raises((AuthFailed, Rejected, Transient)) as caught:
        await call
    return caught.value


async def test_an_answer_is_a_signed_post_and_its_answer_the_receipt(host, relay):
    assert await relay.perform(ANSWER) == RECEIPT
    [asked] = host.requests
    assert (asked.method, asked.url.path) == ("POST", "/careline")
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == WHO["id"]
    assert json.loads(asked.content)["text"] == "On it!"


async def test_the_time_of_a_receipt_is_never_ahead_of_ours(host, relay):
    host.says(201, {"ids": ["m1"], "sent_at": "2026-01-05T09:00:30Z"})
    assert await relay.perform(ANSWER) == Receipt(("m1",), START)
    host.says(200, {"ids": ["m1"]})
    assert await relay.perform(ANSWER) == Receipt(("m1",), START)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ids": []}'])
async def test_what_makes_no_message_needs_no_id(host, relay, body):
    host.says(204 if not body else 200, body)
    assert await relay.perform(HIDE) == Receipt((), START)


async def test_done_before_is_done(host, relay):
    host.says(409, DONE)
    assert await relay.perform(ANSWER) == RECEIPT


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b"", Refusal.INVALID),
        (422, {"reason": "no such reason"}, Refusal.INVALID),
        (422, {"reason": "duplicate"}, Refusal.DUPLICATE),
        (413, {"reason": "too_long", "limit": 280}, Refusal.TOO_LONG),
        (405, b"", Refusal.INVALID),
        (403, b"the customer has blocked you", Refusal.NOT_PERMITTED),
        (403, {"reason": "recipient_refuses"}, Refusal.RECIPIENT_REFUSES),
        (409, {"reason": "answered"}, Refusal.ANSWERED),
        (404, b"", Refusal.GONE),
        (410, b"", Refusal.GONE),
    ],
)
async def test_a_refusal_is_final_and_says_why(host, relay, status, body, reason):
    host.says(status, body)
    error = await raised(relay.perform(ANSWER))
    assert isinstance(error, Rejected)
    assert error.reason is reason
    assert str(error).startswith(f"it answers {status}")


async def test_a_refusal_tells_the_length_the_time_and_the_hosts_words(host, relay):
    host.says(
        422,
        {
            "reason": "too_long",
            "limit": 280,
            "until": "2026-01-06T09:00:00Z",
            "message": "Too\nlong. " * 99,
        },
    )
    error = await raised(relay.perform(ANSWER))
    assert (error.limit, error.until) == (280, START + timedelta(days=1))
    assert str(error).startswith("it answers 422 (Too long. Too long.")
    assert len(str(error)) < 250
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("status", "body"), [(401, b""), (403, b"wrong Signature"), (403, {"error": "token expired"})]
)
async def test_a_credential_that_is_refused_stops_the_account(host, relay, status, body):
    host.says(status, body)
    assert isinstance(await raised(relay.perform(ANSWER)), AuthFailed)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(START + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(START - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("Mon, 05 Jan 2026 09:00:10 -0000", None),
        ("٧", None),
    ],
)
async def test_a_host_that_asks_to_wait_is_waited_for(host, relay, told, seconds):
    host.says(429, b"", retry_after=told.encode())
    error = await raised(relay.perform(ANSWER))
    assert isinstance(error, Transient)
    assert (error.retry_after, error.sent) == (seconds, False)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (503, b""),
        (408, b""),
        (409, b""),
        (302, b""),
        (200, b""),
        (200, b"<p>ok</p>"),
        (200, {"ids": []}),
        (200, {"ids": "m1"}),
        (200, {"ids": [""]}),
        (200, {"ids": ["a\x00b"]}),
        (200, {"ids": ["m1"], "sent_at": "just now"}),
        (200, b"[" * 60_000),
        (200, b'{"ids": ["m1"], "pad": "' + b"x" * 70_000 + b'"}'),
        (200, json.dumps(DONE).encode()[:-9]),
    ],
)
async def test_what_tells_nothing_is_an_unknown_outcome(host, relay, status, body):
    host.says(status, body)
    error = await raised(relay.perform(ANSWER))
    assert isinstance(error, Transient)
    assert error.sent is not False


async def test_an_unreadable_answer_to_what_makes_no_message_is_unknown_too(host, relay):
    host.says(200, b"<p>ok</p>")
    assert isinstance(await raised(relay.perform(HIDE)), Transient)


@pytest.mark.parametrize("status", [301, 307, 308, 425])
async def test_what_was_surely_not_done_may_be_tried_again(host, relay, status):
    host.says(status, b"", location="https://elsewhere.example/")
    error = await raised(relay.perform(ANSWER))
    assert isinstance(error, Transient)
    assert error.sent is False
    assert len(host.requests) == 1


@pytest.mark.parametrize("how", ["cut-before", "cut-after"])
async def test_a_cut_line_is_an_unknown_outcome(host, relay, how):
    host.fail(how)
    error = await raised(relay.perform(ANSWER))
    assert isinstance(error, Transient)
    assert was_sent(error) is True


async def test_a_host_that_is_down_was_surely_not_reached():
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
    error = await raised(channel(url=f"http://127.0.0.1:{port}").perform(ANSWER))
    assert was_sent(error) is False


async def test_what_was_done_is_found_by_its_id(host, relay):
    assert await relay.find(ANSWER, START) == RECEIPT
    [asked] = host.requests
    assert (asked.method, asked.content) == ("GET", b"")
    assert asked.url.raw_path == b"/careline/a%2F1%20%3F"


async def test_what_is_not_found_was_surely_not_done(host, relay):
    host.says(404)
    assert await relay.find(ANSWER, START) is None


@pytest.mark.parametrize("status", [405, 501])
async def test_a_host_that_keeps_no_ids_cannot_be_asked(host, relay, status):
    host.says(status)
    assert isinstance(await raised(relay.find(ANSWER, START)), Unsupported)


@pytest.mark.parametrize(("status", "body"), [(500, b""), (429, b""), (200, b"<p>ok</p>")])
async def test_a_look_that_tells_nothing_is_no_answer(host, relay, status, body):
    host.says(status, body)
    assert isinstance(await raised(relay.find(ANSWER, START)), Transient)


async def test_without_an_address_nothing_can_be_said():
    silent = channel()
    assert silent.check(facts(), ANSWER).reason is Refusal.READ_ONLY
    assert (await raised(silent.perform(ANSWER))).reason is Refusal.READ_ONLY
    assert isinstance(await raised(silent.find(ANSWER, START)), Unsupported)


def facts(removed=False):
    words = (
        Word("1", Kind.MENTION, Direction.IN, START, addressed=True, removed=removed),
        Word("2", Kind.REPLY, Direction.OUT, START, addressed=False, removed=removed),
    )
    return ThreadFacts("r", Visibility.PUBLIC, KIM, words, START)


def test_it_knows_what_is_possible_before_anything_is_sent():
    able = channel(url="https://shop.example", max_length=280)
    possible = (
        ANSWER, Direct(**WHO, customer=KIM, text="Hi"), Post(**WHO, text="Hi"),
        PrivateReply(**WHO, message="1", customer=KIM, text="Hi"), HIDE, Delete(**WHO, message="2"),
        Follow(**WHO, customer=KIM), Hide(**WHO, message="long ago"),
    )  # fmt: skip
    for action in possible:
        permission = able.check(facts(), action)
        assert (permission.allowed, permission.max_length) == (True, 280)
    for action, reason in (
        (Delete(**WHO, message="1"), "That message is a customer's."),
        (Hide(**WHO, message="2"), "That message is ours."),
    ):
        permission = able.check(facts(), action)
        assert (permission.reason, permission.note) == (Refusal.NOT_PERMITTED, reason)
    for action in (ANSWER, HIDE, possible[3], Delete(**WHO, message="2")):
        assert able.check(facts(removed=True), action).reason is Refusal.GONE


def test_accounts_have_ids_of_their_own_and_know_who_we_are():
    assert channel().network == "relay:shop"
    assert channel().identity is None
    assert channel(identity="us").identity == Author(id="us")
    assert Capability.POLL not in RelayChannel.capabilities
