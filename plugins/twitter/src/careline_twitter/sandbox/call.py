"""A request on its way: who asks, for what, and what it will cost."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from careline_twitter.sandbox.app import Who
from careline_twitter.sandbox.auth import Needs
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.names import Subject
from careline_twitter.sandbox.problems import Vocabulary, invalid, not_found
from careline_twitter.sandbox.records import User
from careline_twitter.sandbox.vocabulary import Shape, shape_of
from careline_twitter.sandbox.wire import Asked, Reply
from careline_twitter.sandbox.world import World

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform

Handler: TypeAlias = Callable[["Call"], Reply | Awaitable[Reply]]
_ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    handler: Handler
    needs: Needs
    limit: Limit
    query: frozenset[str] = frozenset()
    """The names of the parameters that it takes."""
    subject: Subject = "posts"

    @property
    def name(self) -> str:
        """By which its limits are counted."""
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Call:
    """One request for an endpoint."""

    platform: "Platform"
    route: Route
    asked: Asked
    path: Mapping[str, str]
    who: Who
    charges: list[tuple[str, str]] = field(default_factory=list)

    @property
    def world(self) -> World:
        """People and their words."""
        return self.platform.world

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.world.now()

    @property
    def me(self) -> User:
        """Who asks, where the endpoint takes nobody but people."""
        if self.who.user is None:
            raise TypeError(f"{self.route.name} takes an app alone")
        return self.who.user

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the request, as far as its names tell."""
        return "post" if "post.fields" in self.asked.query else self.platform.vocabulary

    def shape(self, usual: Vocabulary | None = None) -> Shape:
        """Return what the request wants to see of each object."""
        return shape_of(self.asked.query, usual or self.platform.vocabulary, self.route.subject)

    def bill(self, kind: str, object: str = "") -> None:
        """Bill something, should the request go well."""
        self.charges.append((kind, object))

    def number(self, name: str, usual: int, low: int, high: int) -> int:
        """Return a number of the query within its bounds."""
        said = self.asked.query.get(name, str(usual))
        if not said.isascii() or not said.isdigit() or not low <= int(said) <= high:
            told = f"The `{name}` query parameter value [{said}] is not between {low} and {high}"
            raise invalid(told, {name: said})
        return int(said)

    def id(self, name: str) -> int | None:
        """Return an id of the query, as a number to compare."""
        said = self.asked.query.get(name)
        return None if said is None else int(checked_id(name, said))

    def time(self, name: str) -> datetime | None:
        """Return a time of the query."""
        said = self.asked.query.get(name)
        if said is None:
            return None
        if not _TIME.fullmatch(said):
            told = f"The `{name}` query parameter value [{said}] is not a valid RFC3339 date-time"
            raise invalid(told, {name: said})
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", said))

    def listed(self, name: str, most: int = 100) -> list[str]:
        """Return a list of the query that must be there."""
        listed = [one for one in self.asked.query.get(name, "").split(",") if one]
        if not 1 <= len(listed) <= most:
            said = f"The number of values in the `{name}` query parameter list [{len(listed)}]"
            raise invalid(f"{said} is not between 1 and {most}", {name: ",".join(listed)})
        return listed

    def user(self, id: str) -> User:
        """Return somebody by their id, or say that nobody has it."""
        checked_id("id", id)
        found = self.world.users.get(id)
        if found is None:
            raise not_found("user", "id", id)
        return found

    def json(self, allowed: str = "") -> dict[str, Any]:
        """Return the body, a JSON object with no fields but those `allowed`."""
        try:
            body = json.loads(self.asked.body or b"{}")
        except ValueError:
            raise invalid("Unable to parse the request body as JSON.") from None
        if not isinstance(body, dict):
            raise invalid("The request body must be a JSON object.")
        for name in body if allowed else ():
            if name not in allowed.split():
                raise invalid(f"$.{name}: is not defined in the schema", {name: str(body[name])})
        return body


def checked_id(name: str, value: object) -> str:
    """Return an id, or refuse what is none."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        told = f"The `{name}` parameter value [{value}] does not match ^[0-9]{{1,19}}$"
        raise invalid(told, {name: str(value)})
    return value
