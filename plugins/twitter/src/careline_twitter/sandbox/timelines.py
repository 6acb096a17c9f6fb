"""The endpoints that list posts: mentions, somebody's posts, search, counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.includes import answer
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.operators import View
from careline_twitter.sandbox.paging import SEARCHED, SPAN, check_recent, page_of, within
from careline_twitter.sandbox.problems import hidden, invalid
from careline_twitter.sandbox.query import search_query
from careline_twitter.sandbox.records import Post, User
from careline_twitter.sandbox.vocabulary import shaping
from careline_twitter.sandbox.wire import Reply, stamp

_MENTIONS = 800  # so many of the newest can be reached
_STEPS = {"minute": 60, "hour": 3600, "day": 86400}
_SHAPING = shaping("posts")


def mentions(call: Call) -> Reply:
    """List the posts that name somebody."""
    user = call.user(call.path["id"])
    reached = islice((post for post in _seen(call) if user in post.mentions), _MENTIONS)
    return _listed(call, within(call, reached), user)


def posts_of(call: Call) -> Reply:
    """List somebody's posts."""
    user, without = call.user(call.path["id"]), call.asked.query.get("exclude", "").split(",")
    if not call.world.may_see(call.who.user, user):
        error = hidden("user", "id", user.id, call.shape().vocabulary)
        return answer(call, [], errors=[error])
    posts = (post for post in _seen(call) if post.author is user)
    if "replies" in without:
        posts = (post for post in posts if post.parent is None)
    if "retweets" in without:
        posts = (post for post in posts if "retweeted" not in post.references)
    return _listed(call, within(call, posts), user)


def _listed(call: Call, posts: Iterator[Post], user: User) -> Reply:
    page = page_of(call, posts, call.number("max_results", 10, 5, 100))
    own = call.who.user is user and user is call.platform.us
    return answer(
        call,
        page.items,
        meta={**page.meta(), **page.span()},
        kind="owned.read" if own else "post.read",
    )


def search(call: Call) -> Reply:
    """List what matches a query within the last seven days."""
    page = page_of(call, _found(call), call.number("max_results", 10, 10, 100))
    return answer(call, page.items, meta={**page.span(), **page.meta()}, kind="post.read")


def counts(call: Call) -> Reply:
    """Count what matches a query, step by step, oldest first."""
    found = _found(call)
    step = _STEPS.get(call.asked.query.get("granularity", "hour"))
    if step is None:
        raise invalid("The `granularity` query parameter is not one of [minute,hour,day]")
    times = [post.created_at for post in found]
    call.bill("counts")
    start = call.time("start_time") or call.now - SEARCHED
    data = list(_counted(times, start, call.time("end_time") or call.now, timedelta(seconds=step)))
    payload = {"data": data, "meta": {"total_tweet_count": len(times)}}
    return Reply(call.shape().words(payload))


def _counted(
    times: list[datetime], at: datetime, end: datetime, step: timedelta
) -> Iterator[dict[str, object]]:
    while at < end:
        upto = min(at + step, end)
        found = sum(at <= time < upto for time in times)
        yield {"start": stamp(at), "end": stamp(upto), "tweet_count": found}
        at = upto


def _found(call: Call) -> Iterator[Post]:
    """Return what a search finds, or refuse it."""
    text = call.asked.query.get("query", "")
    if not text:
        raise invalid("The `query` query parameter can not be empty", {"query": ""})
    match, view = search_query(text), View()
    check_recent(call)
    return (post for post in within(call, _recent(call)) if match(post, view))


def _recent(call: Call) -> Iterator[Post]:
    oldest = call.now - SEARCHED
    within_reach = takewhile(lambda post: post.created_at >= oldest, _seen(call))
    return (post for post in within_reach if "retweeted" not in post.references)


def _seen(call: Call) -> Iterator[Post]:
    viewer = call.who.user
    return (post for post in call.world.shown() if call.world.may_see(viewer, post.author))


_READ = needs("tweet.read users.read")
_QUERY = SPAN | {"query", "next_token"}
ROUTES = (
    Route("GET", "/2/users/{id}/mentions", mentions, _READ, Limit(450, 300), _SHAPING | SPAN),
    Route(
        "GET",
        "/2/users/{id}/tweets",
        posts_of,
        _READ,
        Limit(1500, 900),
        _SHAPING | SPAN | {"exclude"},
    ),
    Route(
        "GET",
        "/2/tweets/search/recent",
        search,
        _READ,
        Limit(450, 300),
        _SHAPING | _QUERY | {"sort_order"},
    ),
    Route(
        "GET",
        "/2/tweets/counts/recent",
        counts,
        needs(person=False),
        Limit(300),
        _QUERY | {"granularity", "search_count.fields"},
    ),
)
