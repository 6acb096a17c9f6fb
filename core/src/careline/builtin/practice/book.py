"""What was done here, kept in a durable record: so it is heard again, and it can be looked up."""

from collections.abc import Callable
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from careline.plugin import Receipt, State

_KEY = "done"


class Done(BaseModel):
    """One thing that was done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Of the message that it made; else of the action."""
    action: str
    at: AwareDatetime
    does: Literal["say", "hide", "show", "delete"]
    text: str = ""
    about: str | None = None
    """The message that it answers, hides or deletes."""
    place: str | None = None
    """Where it was said. Left out: to everybody."""
    to: str | None = None
    """Whom a private word is for."""

    @property
    def receipt(self) -> Receipt:
        """What whoever did it is told."""
        said = self.does == "say"
        return Receipt((self.id,) if said else (), self.at, self.place if self.to else None)


class Book(BaseModel):
    """All that was done, as it came."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: tuple[Done, ...] = ()
    cut: tuple[str, ...] = ()
    """The lines of the day at which the connection was cut: it is so once."""

    def of(self, action: str) -> Done | None:
        """Return what an action did."""
        return next((one for one in self.done if one.action == action), None)

    @property
    def said(self) -> frozenset[str]:
        """The ids of our messages."""
        return frozenset(one.id for one in self.done if one.does == "say")

    def adding(self, done: Done) -> "Book":
        """Return the book with one thing more."""
        return self.model_copy(update={"done": (*self.done, done)})

    def cutting(self, line: str) -> "Book":
        """Return the book with one line more that was cut."""
        return self.model_copy(update={"cut": (*self.cut, line)})


async def read(state: State) -> Book:
    """Return the book as it is."""
    return (await _read(state))[0]


async def change(state: State, how: Callable[[Book], Book]) -> tuple[Book, Book]:
    """Write the book anew, whoever else writes; return it as it was and as it is."""
    while True:
        book, version = await _read(state)
        new = how(book)
        if new is book or await state.put(_KEY, new.model_dump(mode="json"), version=version):
            return book, new


async def _read(state: State) -> tuple[Book, int]:
    kept, version = await state.get(_KEY)
    return Book.model_validate(kept or {}), version
