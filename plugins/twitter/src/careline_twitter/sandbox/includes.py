"""A reply that shows objects: the data, what was expanded beside it, and what could not be."""

from collections.abc import Iterator, Sequence
from typing import Any

from careline_twitter.sandbox.call import Call
from careline_twitter.sandbox.fields import shown
from careline_twitter.sandbox.problems import hidden, missing
from careline_twitter.sandbox.records import Direct, Media, Post, User
from careline_twitter.sandbox.vocabulary import Shape
from careline_twitter.sandbox.wire import Reply
from careline_twitter.sandbox.world import World


class Beside:
    """Collects what an answer includes beside its data, each once."""

    def __init__(self, world: World, shape: Shape, viewer: User | None) -> None:
        """`viewer`: who asks; None: an app alone."""
        self._world, self._shape, self._viewer = world, shape, viewer
        self.users: dict[str, User] = {}
        self.posts: dict[str, Post] = {}
        self.media: dict[str, Media] = {}
        self.errors: list[dict[str, Any]] = []

    def wants(self, expansion: str) -> bool:
        """Tell whether an expansion is asked for."""
        return expansion in self._shape.expansions

    def of_post(self, post: Post) -> None:
        """Collect what stands beside a post."""
        if self.wants("author_id"):
            self._user(post.author)
        if self.wants("in_reply_to_user_id") and post.parent:
            self._user(post.parent.author)
        if self.wants("entities.mentions.username"):
            for user in post.mentions:
                self._user(user)
        if self.wants("attachments.media_keys"):
            self.media |= {one.key: one for one in post.media}
        if self.wants("edit_history_tweet_ids"):
            self.posts |= {one.id: one for one in post.versions if one is not post}
        if self.wants("referenced_tweets.id") or self.wants("referenced_tweets.id.author_id"):
            for referenced in post.references.values():
                self._reference(referenced)

    def of_direct(self, direct: Direct) -> None:
        """Collect what stands beside a direct message."""
        if self.wants("sender_id"):
            self._user(direct.sender)
        if self.wants("participant_ids"):
            self._user(direct.sender)
            self._user(direct.to)
        if self.wants("attachments.media_keys"):
            self.media |= {one.key: one for one in direct.media}

    def _user(self, user: User) -> None:
        self.users[user.id] = user

    def _reference(self, post: Post) -> None:
        name, words = "referenced_tweets.id", self._shape.vocabulary
        if post.deleted:
            self.errors.append(missing("tweet", name, post.id, words))
        elif not self._world.may_see(self._viewer, post.author):
            self.errors.append(hidden("tweet", name, post.id, words))
        else:
            self.posts[post.id] = post
            if self.wants("referenced_tweets.id.author_id"):
                self._user(post.author)
            if self.wants("referenced_tweets.id.attachments.media_keys"):
                self.media |= {one.key: one for one in post.media}

    def charges(self, *, all: bool) -> Iterator[tuple[str, str]]:
        """Yield what is billed of it: `all`, or nothing."""
        for id in self.users if all else ():
            yield "user.read", id
        for id in self.posts if all else ():
            yield "post.read", id

    def payload(self) -> dict[str, Any]:
        """Return it as it is shown."""
        kinds = (
            ("users", self._shape.users, self.users),
            ("tweets", self._shape.posts, self.posts),
            ("media", self._shape.media, self.media),
        )
        return {
            kind: [shown(self._world, fields, one) for one in held.values()]
            for kind, fields, held in kinds
            if held
        }


def answer(
    call: Call,
    things: Sequence[Any],
    *,
    meta: dict[str, Any] | None = None,
    errors: Sequence[dict[str, Any]] = (),
    kind: str = "",
    single: bool = False,
) -> Reply:
    """Return the reply that shows `things`. `kind`: as what they are billed."""
    shape, world = call.shape(), call.world
    beside = Beside(world, shape, call.who.user)
    for one in things:
        if isinstance(one, Post):
            beside.of_post(one)
        elif isinstance(one, Direct):
            beside.of_direct(one)
    _bill(call, things, beside, kind)
    data = [shown(world, _fields(shape, one), one) for one in things]
    payload = dict(_parts(data[0] if single and data else data, beside, errors, meta))
    return Reply(shape.words(payload))


def _parts(
    data: Any, beside: Beside, errors: Sequence[dict[str, Any]], meta: dict[str, Any] | None
) -> Iterator[tuple[str, Any]]:
    if data:
        yield "data", data
    if included := beside.payload():
        yield "includes", included
    if told := [*errors, *beside.errors]:
        yield "errors", told
    if meta is not None:
        yield "meta", meta


def _fields(shape: Shape, thing: Any) -> frozenset[str]:
    fields = {Post: shape.posts, User: shape.users, Direct: shape.directs, Media: shape.media}
    return fields[type(thing)]


def _bill(call: Call, things: Sequence[Any], beside: Beside, kind: str) -> None:
    for one in things if kind else ():
        call.bill(kind, one.id)
    for included, id in beside.charges(all=call.platform.bills_includes):
        call.bill(included, id)
