"""What a request wants to see of each object, in the vocabulary that it speaks.

Inside, everything has its old name; what is asked and said in the new words is translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from careline_twitter.sandbox.names import (
    BROUGHT,
    EXPANDED,
    EXPANSIONS,
    FIELDS,
    NEW_NAMES,
    Subject,
)
from careline_twitter.sandbox.problems import Vocabulary, invalid


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request wants to see of each object, in the old names."""

    vocabulary: Vocabulary
    posts: frozenset[str]
    users: frozenset[str]
    media: frozenset[str]
    directs: frozenset[str]
    expansions: frozenset[str]

    def words(self, payload: Any) -> Any:
        """Return `payload` in the words of the request."""
        return payload if self.vocabulary == "tweet" else _renamed(payload)


def shape_of(query: Mapping[str, str], usual: Vocabulary, subject: Subject = "posts") -> Shape:
    """Return what a query asks for, or refuse a field that its vocabulary does not know."""
    vocabulary = _vocabulary(query, usual, subject)
    known = {**FIELDS[vocabulary], "expansions": EXPANSIONS[vocabulary][subject]}
    asked = {name: _asked(query, name, values.split()) for name, values in known.items()}
    expansions = {EXPANDED.get(one, one) for one in asked["expansions"]}
    posts = {"note_tweet" if one == "note_post" else one for one in asked[f"{vocabulary}.fields"]}
    brought = {BROUGHT[one] for one in expansions & BROUGHT.keys() if vocabulary == "post"}
    return Shape(
        vocabulary,
        frozenset({"id", "text", "edit_history_tweet_ids", *posts, *brought}),
        frozenset({"id", "name", "username", *asked["user.fields"]}),
        frozenset({"media_key", "type", *asked["media.fields"]}),
        frozenset({"id", "text", "event_type", *asked["dm_event.fields"], *brought}),
        frozenset(expansions),
    )


def shaping(subject: Subject) -> frozenset[str]:
    """Return the names of parameters by which a request shapes what it sees."""
    of_directs = {"dm_event.fields"} if subject == "directs" else set()
    names = (set(FIELDS["tweet"]) | set(FIELDS["post"])) - {"dm_event.fields"} | of_directs
    return frozenset(names | {"expansions", "poll.fields", "place.fields"})


def _vocabulary(query: Mapping[str, str], usual: Vocabulary, subject: Subject) -> Vocabulary:
    """Tell by the names which vocabulary a query speaks; most fit both."""
    if "tweet.fields" in query or "post.fields" in query:
        return "tweet" if "tweet.fields" in query else "post"
    other: Vocabulary = "post" if usual == "tweet" else "tweet"
    wanted = set(query.get("expansions", "").split(",")) - {""}
    fits = {one: wanted <= set(EXPANSIONS[one][subject].split()) for one in (usual, other)}
    return other if fits[other] and not fits[usual] else usual


def _asked(query: Mapping[str, str], name: str, known: list[str]) -> list[str]:
    asked = [one for one in query.get(name, "").split(",") if one]
    for one in asked:
        if one not in known:
            said = f"The `{name}` query parameter value [{one}] is not one of [{','.join(known)}]"
            raise invalid(said, {name: one})
    return asked


def _renamed(payload: Any) -> Any:
    if isinstance(payload, dict):
        return {NEW_NAMES.get(key, key): _renamed(value) for key, value in payload.items()}
    return [_renamed(one) for one in payload] if isinstance(payload, list) else payload
