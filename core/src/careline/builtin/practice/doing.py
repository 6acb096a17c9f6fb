"""What becomes of an action here. Pure: the book as it is, and the book as it will be."""

from datetime import datetime
from typing import Any, Final, Literal

from careline.builtin.practice.book import Book, Done
from careline.builtin.practice.story import Line, Story
from careline.plugin import (
    Answer,
    AnyAction,
    Delete,
    Direct,
    Direction,
    Hide,
    Kind,
    Permission,
    Post,
    Refusal,
    Rejected,
    ThreadFacts,
    Unsupported,
    Visibility,
)

MAX_LENGTH: Final = 280
_NOTE: Final = "This is practice: nobody but you will read it."
_NOT_FOR: Final = {Delete: Direction.IN, Hide: Direction.OUT}
"""Whose messages an action is not for."""


def permission(thread: ThreadFacts, action: AnyAction) -> Permission:
    """Tell whether `action` can be done, as far as the stored thread says."""
    if not isinstance(action, Answer | Direct | Post | Hide | Delete):
        return Permission.no(Refusal.UNSUPPORTED, "There is no such thing here.")
    if isinstance(action, Answer) and action.visibility is not thread.visibility:
        return Permission.no(Refusal.NOT_PERMITTED, f"This thread is {thread.visibility.value}.")
    word = next((one for one in thread.words if one.external_id == _about(action)), None)
    if word is not None and word.removed:
        return Permission.no(Refusal.GONE, "That message was removed.")
    if word is not None and word.direction is _NOT_FOR.get(type(action)):
        whose = "ours" if word.direction is Direction.OUT else "a customer's"
        return Permission.no(Refusal.NOT_PERMITTED, f"That message is {whose}.")
    if isinstance(action, Hide | Delete):
        return Permission.yes(note=_NOTE)
    return Permission.yes(max_length=MAX_LENGTH, note=_NOTE)


def act(book: Book, story: Story, action: AnyAction, now: datetime, *, live: bool) -> Book:
    """Return the book with `action` done; done before, it is as it was.

    `live`: the day's staff are ours. What they say is known by the ids of the day, so that
    customers can go on from it, and the connection is cut where the day says so: once.
    """
    if book.of(action.id):
        return book
    about = _about(action)
    if about is not None and about not in book.said and not story.has(about):
        raise Rejected(Refusal.GONE, f"there is no message {about} here")
    line = _scripted(book, story, action) if live else None
    if line is not None and line.cut and line.id not in book.cut:
        book = book.cutting(line.id)
        if line.cut == "before":
            return book
    id = line.id if line is not None else f"said-{len(book.done) + 1}"
    return book.adding(_done(action, id, now))


def _about(action: AnyAction) -> str | None:
    if isinstance(action, Answer):
        return action.in_reply_to
    return action.message if isinstance(action, Hide | Delete) else None


def _scripted(book: Book, story: Story, action: AnyAction) -> Line | None:
    """Return the line of the day that this is: the next one of staff to the same word."""
    if not isinstance(action, Answer | Direct):
        return None
    private = isinstance(action, Direct) or action.visibility is Visibility.PRIVATE
    for line in story.lines:
        same = (line.re, line.where is Kind.DIRECT) == (_about(action), private)
        whom = not private or line.to == action.customer.id
        if line.by == "agent" and line.id not in book.said and same and whom:
            return line
    return None


def _done(action: AnyAction, id: str, at: datetime) -> Done:
    who: Any = {"action": action.id, "at": at}
    match action:
        case Answer():
            private = action.visibility is Visibility.PRIVATE
            return Done(
                **who, id=id, does="say", text=action.text, about=action.in_reply_to,
                place=action.place, to=action.customer.id if private else None,
            )  # fmt: skip
        case Direct():
            place = f"dm-{action.customer.id}"
            return Done(
                **who, id=id, does="say", text=action.text, place=place, to=action.customer.id
            )
        case Post():
            return Done(**who, id=id, does="say", text=action.text)
        case Hide():
            how: Literal["hide", "show"] = "hide" if action.hidden else "show"
            return Done(**who, id=action.id, does=how, about=action.message)
        case Delete():
            return Done(**who, id=action.id, does="delete", about=action.message)
    raise Unsupported(type(action).__name__)
