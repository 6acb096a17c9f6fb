"""What a call will cost at the most, and what an answer has cost. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from careline_twitter.fields import included_posts
from careline_twitter.links import links
from careline_twitter.payload import data_of, objects, optional_id, table

BUNDLES: Final[Mapping[str, Mapping[str, int]]] = {
    "post.read": {"post.read": 3, "user.read": 3},
    "owned.read": {"owned.read": 1, "post.read": 2, "user.read": 3},
    "dm.read": {"dm.read": 1, "user.read": 1},
    "user.read": {"user.read": 1},
}
"""What one object of a page may cost: a post brings its author, what it answers, what it quotes."""


def bundle(kind: str, count: int = 1) -> dict[str, int]:
    """Return what `count` objects of a page may cost, with all that they bring along."""
    return {one: each * count for one, each in BUNDLES[kind].items()}


def of_page(page: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """Yield what an answer has cost: kinds and ids. Whatever stands beside the data counts too."""
    for one in data_of(page):
        if isinstance(one, dict) and (id := optional_id(one.get("id"))):
            yield kind, id
    includes = table(page.get("includes"))
    yield from _ids("user.read", objects(includes.get("users")))
    yield from _ids("post.read", included_posts(includes))


def of_post(text: str, *, summoned: bool) -> str:
    """Return as what a post is billed: an address in it costs most."""
    if links(text):
        return "post.create.url"
    return "post.create.summoned" if summoned else "post.create"


def _ids(kind: str, found: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in found:
        if id := optional_id(one.get("id")):
            yield kind, id
