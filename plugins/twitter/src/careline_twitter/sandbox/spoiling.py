"""What a faulty page looks like: doubled, out of order, empty, with nulls, with new fields."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from careline_twitter.sandbox.faults import Script
from careline_twitter.sandbox.problems import hidden
from careline_twitter.sandbox.wire import Asked

_FIRST: Final = "9" * 19  # above every id
_OPTIONAL: Final = (
    "in_reply_to_user_id", "referenced_tweets", "entities", "attachments", "note_tweet", "lang",
    "sender_id", "location", "url", "withheld",
)  # fmt: skip
_NEW: Final = {"x_grok_summary": {"text": "new", "score": 0.5}, "x_new_flag": True}


class Spoiler:
    """Changes good pages as the script says."""

    def __init__(self, script: Script, random: Random) -> None:
        """`random` shuffles."""
        self._script, self._random = script, random
        self._last: list[Any] = []
        self._ways: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "duplicates": self._duplicate,
            "shuffled": lambda page: self._random.shuffle(page["data"]),
            "nulls": _null,
            "unknown": _extend,
            "errors": _complain,
        }

    def spoil(self, asked: Asked, page: dict[str, Any], token_of: Callable[[str], str]) -> None:
        """Change a page that answers a request."""
        if not page.get("data") or not isinstance(page["data"], list):
            return
        token = asked.query.get("next_token") or asked.query.get("pagination_token")
        if next(self._script.taken(asked, "empty-page"), None):
            page["meta"] = {"result_count": 0, "next_token": token or token_of(_FIRST)}
            del page["data"]
            page.pop("includes", None)
            return
        if token and next(self._script.taken(asked, "same-token"), None):
            page["meta"]["next_token"] = token
        for fault in self._script.taken(asked, *self._ways):
            self._ways[fault.how](page)
        self._last = page["data"][-2:]

    def _duplicate(self, page: dict[str, Any]) -> None:
        page["data"] = [*self._last, *page["data"], page["data"][0]]
        page["meta"]["result_count"] = len(page["data"])


def _null(page: dict[str, Any]) -> None:
    included = [one for kind in page.get("includes", {}).values() for one in kind]
    for each in [*page["data"], *included]:
        for name in _OPTIONAL:
            each.setdefault(name, None)


def _extend(page: dict[str, Any]) -> None:
    page["x_new"] = _NEW
    for each in page["data"]:
        each |= _NEW


def _complain(page: dict[str, Any]) -> None:
    error = hidden("tweet", "referenced_tweets.id", "1500000000000000001", "tweet")
    page["errors"] = [*page.get("errors", []), error]
