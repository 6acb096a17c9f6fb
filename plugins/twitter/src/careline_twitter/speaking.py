"""Speaking: what we do on X, once, and the look whether it was done."""

import html
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from careline.plugin import (
    Answer,
    AnyAction,
    Context,
    Delete,
    Direct,
    Follow,
    Hide,
    Post,
    Receipt,
    Refusal,
    Rejected,
    Unsupported,
)
from careline_twitter import mapping
from careline_twitter.api import Api
from careline_twitter.around import Around
from careline_twitter.chain import LONGEST, MOST, Chains, carried, parts_of
from careline_twitter.config import TwitterConfig
from careline_twitter.direct import private_id, room_of
from careline_twitter.links import links
from careline_twitter.marks import number
from careline_twitter.payload import Odd, born, data_of, moment, optional_id, table, words
from careline_twitter.permission import ENCRYPTED, LONGEST_DIRECT, is_private
from careline_twitter.post import Post as Read
from careline_twitter.refusals import Refusals
from careline_twitter.text import TODAY, length
from careline_twitter.us import Scene, Us
from careline_twitter.wording import shown

_SKEW: Final = timedelta(seconds=5)
"""X's clock may be so far behind ours."""
_SHORT: Final = re.compile(r"https?://t\.co/\w+", re.ASCII)
_LEADING: Final = re.compile(r"(?:\s*@\w{1,15}(?!\w))+\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Speaking:
    """Speaks as one account."""

    api: Api
    config: TwitterConfig
    context: Context
    us: Us
    refusals: Refusals

    async def perform(self, action: AnyAction) -> Receipt:
        """Do it, once."""
        match action:
            case Answer() | Direct() if is_private(action):
                return await self._write(action)
            case Answer() | Post():
                return await self._post(action)
            case Hide():
                await self.api.hide(_public(action.message), action.hidden)
            case Delete():
                await self.api.delete(_public(action.message))
            case Follow() if self.config.tier == "enterprise":
                await self.api.follow(self.us.ids[0], action.customer.id)
            case Follow():
                raise Rejected(
                    Refusal.NOT_PERMITTED, "X takes Enterprise access to follow somebody"
                )
            case _:
                raise Unsupported(type(action).__name__)
        return Receipt((), self.context.clock.now())

    async def find(self, action: AnyAction, since: datetime) -> Receipt | None:
        """Look whether it was done after `since`."""
        match action:
            case Answer() | Direct() if is_private(action):
                return await self._written(action, since - _SKEW)
            case Answer() | Post():
                return await self._posted(action, since - _SKEW)
            case Delete():
                return await self._deleted(_public(action.message))
        raise Unsupported("find")  # X does not tell what is hidden, or whom we follow

    async def _post(self, action: Answer | Post) -> Receipt:
        parts = self._parts(action)
        _check_files(action)
        out = await self._chains.out(action.id) if len(parts) > 1 else ()
        for part in parts[len(out) :]:
            out = (*out, await self._said(action, part, out, len(parts)))
            if len(parts) > 1:
                await self._chains.note(action.id, out)
        return self._receipt_of(out)

    async def _said(
        self, action: Answer | Post, part: str, out: tuple[str, ...], parts: int
    ) -> str:
        """Post one part, in reply to the one before it."""
        link = self._invites(action) and not out
        try:
            told = await self.api.post(
                part,
                reply_to=_parent(action, out),
                deep_link=link,
                summoned=False if out else None,
            )
        except Rejected as error:
            if not out:
                raise
            said = f"{len(out)} of {parts} posts are out, then: {error}"
            raise Rejected(error.reason, said, until=error.until, limit=error.limit) from error
        return words(table(told.get("data")).get("id"))

    def _parts(self, action: Answer | Post) -> tuple[str, ...]:
        """Return the posts of a text; one that is too long is refused."""
        if not self.config.split:
            _check(length(action.text, carried(action)), TODAY.maximum)
        else:
            _check(length(action.text), LONGEST)
        parts = parts_of(action, split_it=self.config.split)
        if len(parts) > MOST:
            raise Rejected(Refusal.TOO_LONG, f"it takes {len(parts)} posts, {MOST} at the most")
        return parts

    @property
    def _chains(self) -> Chains:
        return Chains(self.context)

    def _invites(self, action: Answer | Post) -> bool:
        """Tell whether it offers to write to us: to whom we may not write ourselves."""
        now = self.context.clock.now()
        return isinstance(action, Answer) and bool(self.refusals.since(action.customer.id, now))

    async def _write(self, action: Answer | Direct) -> Receipt:
        if (action.place or "").startswith(ENCRYPTED):
            raise Rejected(Refusal.ENCRYPTED_UNREADABLE)
        _check(len(action.text), LONGEST_DIRECT)
        _check_files(action)
        user = action.customer.id
        try:
            if action.place and not room_of(action.place)[1]:
                told = await self.api.dm(action.text, conversation=action.place)
            else:
                told = await self.api.dm(action.text, user=user)
        except Rejected as error:
            if error.reason is Refusal.RECIPIENT_REFUSES:
                await self.refusals.note(user, refuses=True)
            raise
        await self.refusals.note(user, refuses=False)
        data = table(told.get("data"))
        return self._receipt_of_direct(
            words(data.get("dm_event_id")), optional_id(data.get("dm_conversation_id"))
        )

    async def _posted(self, action: Answer | Post, since: datetime) -> Receipt | None:
        """Look which posts of a text are out; all that are found are kept for the next attempt."""
        parts = self._parts(action)
        out = await self._chains.out(action.id) if len(parts) > 1 else ()
        for part in parts[len(out) :]:
            id = await self._found(part, _parent(action, out), since)
            if id is None:
                return None
            await self.api.found_post(id, part, _parent(action, out), False if out else None)
            out = (*out, id)
            if len(parts) > 1:
                await self._chains.note(action.id, out)
        return self._receipt_of(out)

    async def _found(self, text: str, parent: str | None, since: datetime) -> str | None:
        """Look through what we posted since, the oldest first: an attempt comes before a copy."""
        found: list[str] = []
        token: str | None = None
        while True:
            page = await self.api.timeline(self.us.ids[0], start_time=since, token=token)
            read = (self._is_it(one, text, parent, since) for one in data_of(page))
            found += [id for id in read if id]
            token, before = optional_id(table(page.get("meta")).get("next_token")), token
            if token is None or token == before:
                return min(found, key=number) if found else None

    def _is_it(self, raw: Any, sent: str, parent: str | None, since: datetime) -> str | None:
        try:
            post = Read.of(raw)
            at = born(post.id) or post.posted_at
        except Odd:
            return None
        said = Scene(self.us, at)
        text = post.message(Around.of(None), said, heard=False).text
        here = post.parent == parent and not post.repeats and at >= since
        return post.id if here and same_text(sent, text) else None

    async def _written(self, action: Answer | Direct, since: datetime) -> Receipt | None:
        found: list[tuple[str, str | None]] = []
        token: str | None = None
        while True:
            page = await self.api.dm_events(with_user=action.customer.id, token=token)
            fresh = [one for one in map(table, data_of(page)) if _sent_at(one) >= since]
            found += [
                (words(one.get("id")), optional_id(one.get("dm_conversation_id")))
                for one in fresh
                if optional_id(one.get("sender_id")) in (*self.us.ids, None)
                and same_text(
                    action.text, shown(words(one.get("text")), table(one.get("entities")))
                )
            ]
            token, before = optional_id(table(page.get("meta")).get("next_token")), token
            if token in (None, before) or len(fresh) < len(data_of(page)):
                first = min(found, key=lambda pair: number(pair[0])) if found else None
                if first is None:
                    return None
                await self.api.found_dm(first[0])
                return self._receipt_of_direct(*first)

    async def _deleted(self, id: str) -> Receipt | None:
        now = self.context.clock.now()
        page = await self.api.posts([id])
        gone = mapping.gone(page, Scene(self.us, now, asked=(id,)))
        return Receipt((), now) if gone else None

    def _receipt(self, id: str, opened: str | None = None, *, kept: str = "") -> Receipt:
        now = self.context.clock.now()
        return Receipt((kept or id,), min(born(id) or now, now), opened)

    def _receipt_of(self, ids: tuple[str, ...]) -> Receipt:
        now = self.context.clock.now()
        return Receipt(ids, min(born(ids[-1]) or now, now))

    def _receipt_of_direct(self, id: str, room: str | None) -> Receipt:
        return self._receipt(id, room_of(room)[0], kept=private_id(self.us.ids[0], id))


def same_text(sent: str, seen: str) -> bool:
    """Tell whether X would show `sent` as `seen`: links shortened, `&` escaped, names in front."""
    ours, theirs = _plain(sent), _plain(seen)
    return ours == theirs or ours == _LEADING.sub("", theirs, count=1) != ""


def _plain(text: str) -> str:
    """Return a text without what X changes: every link is the same link."""
    text, made, at = html.unescape(text), "", 0
    for link in links(text):
        made, at = f"{made}{text[at : link.start]}\x00", link.end
    return " ".join(_SHORT.sub("\x00", made + text[at:]).split())


def _sent_at(event: dict[str, Any]) -> datetime:
    at = born(words(event.get("id"))) or moment(event.get("created_at"))
    if at is None:
        raise Rejected(Refusal.UNKNOWN, "X does not say when a direct message was sent")
    return at


def _parent(action: Answer | Post, out: tuple[str, ...]) -> str | None:
    """Return what the next post answers: the one before it, or what the first one answers."""
    if out:
        return out[-1]
    return action.in_reply_to if isinstance(action, Answer) else None


def _public(id: str) -> str:
    if ":" in id:
        raise Rejected(Refusal.UNSUPPORTED, "X lets no app take back a direct message")
    return id


def _check(long: int, longest: int) -> None:
    if long > longest:
        raise Rejected(Refusal.TOO_LONG, f"it is {long} long, X takes {longest}", limit=longest)


def _check_files(action: Answer | Direct | Post) -> None:
    if getattr(action, "attachments", ()):
        raise Rejected(Refusal.UNSUPPORTED, "files cannot be sent to X from here yet")
