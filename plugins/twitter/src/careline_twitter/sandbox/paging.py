"""Pages: newest first, each with a token that says where the next one begins."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from careline_twitter.sandbox.call import Call
from careline_twitter.sandbox.ids import first_id
from careline_twitter.sandbox.problems import invalid
from careline_twitter.sandbox.records import Post
from careline_twitter.sandbox.wire import stamp

SEARCHED: Final = timedelta(days=7)
_CLOSING: Final = timedelta(seconds=10)
PAGING: Final = frozenset({"max_results", "pagination_token"})
SPAN: Final = PAGING | {"since_id", "until_id", "start_time", "end_time"}


class Numbered(Protocol):
    """What has an id."""

    id: str


N = TypeVar("N", bound=Numbered)


class Page(NamedTuple):
    """One page of things, and the token of the next one."""

    items: Sequence[Any]
    next_token: str | None

    def meta(self) -> dict[str, Any]:
        """Return what is said of the page."""
        meta: dict[str, Any] = {"result_count": len(self.items)}
        if self.next_token:
            meta["next_token"] = self.next_token
        return meta

    def span(self) -> dict[str, str]:
        """Return its newest and its oldest id."""
        if not self.items:
            return {}
        return {"newest_id": self.items[0].id, "oldest_id": self.items[-1].id}


def token_of(id: str) -> str:
    """Return the token of the page that begins below an id."""
    return base64.b32hexencode(id.zfill(20).encode()).decode().lower()


def page_of(call: Call, things: Iterable[N], size: int) -> Page:
    """Return the page that a request asks for; `things` are in falling order of their ids."""
    items = list(islice(_from_token(call, things), size + 1))
    more = len(items) > size
    items = items[:size]
    return Page(items, token_of(items[-1].id) if more else None)


def _from_token(call: Call, things: Iterable[N]) -> Iterator[N]:
    """Yield what the page of a token, and those after it, can show."""
    below = _below(call)
    return (one for one in things if below is None or int(one.id) < below)


def _below(call: Call) -> int | None:
    for name in ("next_token", "pagination_token"):
        if (token := call.asked.query.get(name)) is not None:
            try:
                return int(base64.b32hexdecode(token.upper()))
            except (binascii.Error, ValueError):
                said = f"The '{name}' [{token}] is not valid"
                raise invalid(said, {name: token}) from None
    return None


def within(call: Call, posts: Iterator[Post]) -> Iterator[Post]:
    """Yield those of `posts` that lie in the span, and on the pages, that a request asks for."""
    since, until = call.id("since_id"), call.id("until_id")
    start, end = call.time("start_time"), call.time("end_time")
    if start and end and start >= end:
        raise invalid("'start_time' must be before 'end_time'", {"start_time": stamp(start)})
    for post in _from_token(call, posts):
        if since is not None and int(post.id) <= since:
            return
        below = until is None or int(post.id) < until
        if below and (not start or post.created_at >= start) and (not end or post.created_at < end):
            yield post


def check_recent(call: Call) -> None:
    """Refuse a span that recent search does not reach."""
    oldest, asked = call.now - SEARCHED, call.asked.query
    by_id = [name for name in ("since_id", "until_id") if name in asked]
    by_time = [name for name in ("start_time", "end_time") if name in asked]
    if by_id and by_time:
        said = "Invalid use of 'since_id' or 'until_id' in conjunction with"
        raise invalid(f"{said} 'start_time' or 'end_time'.")
    for name in by_id:
        if (id := call.id(name)) is not None and id < first_id(oldest):
            said = f"'{name}' must be a tweet id created after [{stamp(oldest)}]. Please use a"
            said += f" '{name}' that is larger than {first_id(oldest)}"
            raise invalid(said, {name: asked[name]})
    start, end = call.time("start_time"), call.time("end_time")
    if start and start < oldest:
        said = f"'start_time' must be on or after {stamp(oldest)}."
        raise invalid(said, {"start_time": asked["start_time"]})
    if end and end > call.now - _CLOSING:
        said = "'end_time' must be a minimum of 10 seconds prior to the request time."
        raise invalid(said, {"end_time": asked["end_time"]})
