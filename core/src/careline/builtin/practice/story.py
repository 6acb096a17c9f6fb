"""The day as data: who says what, when and where. `day.toml` holds it."""

import tomllib
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from careline.plugin import Author, Kind

_DAY = date(2000, 1, 1)  # any: times of day have no difference


class Line(BaseModel):
    """One line of the day: a message, an edit of one, or its deletion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: time
    who: str = ""
    """A name in `people`. Left out: the brand."""
    id: str = ""
    where: Kind = Kind.REPLY
    text: str = ""
    re: str | None = None
    """The message it answers, or our post that it stands under."""
    to: str | None = None
    """Whom a private word of the brand is for."""
    rating: float | None = None
    by: Literal["agent", "automation", "elsewhere"] = "elsewhere"
    """Who of the brand. `agent`: from here, where the staff of the day are ours."""
    cut: Literal["before", "after"] | None = None
    """The connection is cut once, before or after that is sent from here."""
    edits: str | None = None
    deletes: str | None = None


class Person(BaseModel):
    """A customer, or the brand itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    handle: str
    followers: int | None = None

    def author(self, id: str) -> Author:
        """Return this person as a platform names them."""
        return Author(id=id, name=self.name, handle=self.handle, followers=self.followers)


class Story(BaseModel):
    """A brand, its customers, and their lines in order of time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: time
    brand: Person
    people: dict[str, Person]
    lines: tuple[Line, ...] = Field(alias="line")

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        """Refuse a line out of time's order, or one that names who or what is not there."""
        said: set[str] = set()
        last = self.begins
        for line in self.lines:
            named = {line.re, line.edits, line.deletes} - {None}
            unknown = {line.who, line.to or ""} - {*self.people, ""}
            if line.at < last or not named <= said or unknown:
                raise ValueError(f"the line of {line.at} is out of order, or names {unknown}")
            said.add(line.id)
            last = line.at
        return self

    def after(self, line: Line) -> timedelta:
        """Return how long after the day's begin a line is said."""
        return datetime.combine(_DAY, line.at) - datetime.combine(_DAY, self.begins)

    def author(self, who: str) -> Author:
        """Return who says a line: `""` is the brand."""
        return self.people[who].author(who) if who else self.brand.author(self.brand.handle[1:])

    def has(self, id: str) -> bool:
        """Tell whether the day has a message `id`."""
        return any(line.id == id for line in self.lines)

    def line(self, id: str) -> Line:
        """Return the line that first said message `id`."""
        return next(line for line in self.lines if line.id == id)


@cache
def brightwater() -> Story:
    """Return the day of Brightwater Kettles."""
    text = files(__package__).joinpath("day.toml").read_text("utf-8")
    return Story.model_validate(tomllib.loads(text))
